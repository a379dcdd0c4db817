/* Lets writes and syncs of the server's database fail with EIO while the file $FAILING_DISK exists; and has sleeps by the
   monotonic clock reach the kernel, for libfaketime 0.9.10 answers EINVAL to those of Python's time.sleep. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int fails(int fd) {
    const char *flag = getenv("FAILING_DISK");
    char link[64], name[4096];
    ssize_t length;
    if (flag == NULL || access(flag, F_OK) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, name, sizeof name - 1);
    if (length < 0)
        return 0;
    name[length] = '\0';
    return strstr(name, "wharfinger.db") != NULL;
}

#define REAL(name) static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int fsync(int fd) {
    REAL(fsync);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t offset) {
    REAL(pwrite64);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, from, count, offset);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset) {
    REAL(pwrite);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, from, count, offset);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left) {
    return syscall(SYS_clock_nanosleep, clock, flags, until, left) == 0 ? 0 : errno;
}
