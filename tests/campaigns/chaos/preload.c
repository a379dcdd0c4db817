/* Lets writes and syncs of the server's database fail with EIO while the file $FAILING_DISK exists, and has the wall
   clock be ahead by as many seconds as the file $WALL_CLOCK says (a number of 64 bits): read at each look, so that it
   steps at once. Unlike libfaketime's it takes no lock that a child forked meanwhile would wait for without end. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
/* Moments of the clocks since the start of the machine are smaller: thirty years of it. */
#define OF_THE_WALL 1000000000

static const int64_t none = 0;
static const volatile int64_t *ahead = &none;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("WALL_CLOCK");
    int fd = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    void *shared = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED)
        ahead = shared;
    if (fd >= 0)
        close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int failed = real(clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(gettimeofday);
    int failed = real(now, zone);
    if (failed == 0)
        now->tv_sec += *ahead;
    return failed;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where != NULL)
        *where = now.tv_sec;
    return now.tv_sec;
}

/* Return the moment as the kernel's wall clock has it, where it is one of a wall clock. */
static struct timespec true_time(const struct timespec *until) {
    struct timespec moment = *until;
    if (moment.tv_sec > OF_THE_WALL)
        moment.tv_sec -= *ahead;
    return moment;
}

int pthread_cond_timedwait(pthread_cond_t *told, pthread_mutex_t *held, const struct timespec *until) {
    static __typeof__(&pthread_cond_timedwait) real;
    struct timespec moment = true_time(until);
    if (real == NULL) /* The unversioned name may be that of conditions as they were before 2002. */
        real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL)
        real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return real(told, held, &moment);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    REAL(sem_timedwait);
    struct timespec moment = true_time(until);
    return real(semaphore, &moment);
}

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

ssize_t pwrite64(int fd, const void *from, size_t count, off_t offset) {
    REAL(pwrite64);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, from, count, offset);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t offset) {
    REAL(pwrite);
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, from, count, offset);
}
