/* Records, in the order in which they take effect, the calls that change files of one folder; for LD_PRELOAD.
 *
 * POWERLOSS_FOLDER names the folder, POWERLOSS_LOG the log. A record: a kind, the path's and the data's length, an
 * offset or a length, the path, the data. Calls are made one at a time, so that the log has the one true order. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MOST];
static int log_fd = -2;
static ssize_t (*real_write)(int, const void *, size_t);

static const char *folder(void) { const char *f = getenv("POWERLOSS_FOLDER"); return f ? f : "\n"; }

static void record(char kind, const char *path, uint64_t at, const void *data, uint32_t size) {
    if (log_fd == -2) {
        int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        const char *name = getenv("POWERLOSS_LOG");
        log_fd = name ? real_open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    if (log_fd < 0) return;
    struct __attribute__((packed)) { char kind; uint32_t path, size; uint64_t at; } head =
        { kind, (uint32_t)strlen(path), size, at };
    struct iovec parts[3] = { { &head, sizeof head }, { (void *)path, head.path }, { (void *)data, size } };
    if (writev(log_fd, parts, 3) < 0) abort();
}

static void opened(int fd, const char *path, int flags) {
    char whole[PATH_MAX];
    if (fd < 0 || fd >= MOST) return;
    free(paths[fd]);
    paths[fd] = NULL;
    if (!realpath(path, whole) || strncmp(whole, folder(), strlen(folder()))) return;
    paths[fd] = strdup(whole);
    if (flags & O_CREAT) record('c', whole, 0, NULL, 0);
    if (flags & O_TRUNC) record('t', whole, 0, NULL, 0);
}

#define LOCKED(type, call, after) pthread_mutex_lock(&lock); type done = (call); after; pthread_mutex_unlock(&lock); return done
#define REAL(name, type, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define KNOWN(fd) ((fd) >= 0 && (fd) < MOST && paths[fd])

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    REAL(#name, int, const char *, int, ...); \
    LOCKED(int, real(path, flags, mode), opened(done, path, flags)); }
OPEN(open)
OPEN(open64)

#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    REAL(#name, int, int, const char *, int, ...); \
    LOCKED(int, real(at, path, flags, mode), opened(done, path, flags)); }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    REAL("close", int, int);
    LOCKED(int, real(fd), if (KNOWN(fd)) { free(paths[fd]); paths[fd] = NULL; });
}

#define PWRITE(name) ssize_t name(int fd, const void *data, size_t size, off_t at) { \
    REAL(#name, ssize_t, int, const void *, size_t, off_t); \
    LOCKED(ssize_t, real(fd, data, size, at), if (done > 0 && KNOWN(fd)) record('w', paths[fd], (uint64_t)at, data, (uint32_t)done)); }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t size) {
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    if (!KNOWN(fd)) return real_write(fd, data, size);
    LOCKED(ssize_t, real_write(fd, data, size),
           if (done > 0) record('w', paths[fd], (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), data, (uint32_t)done));
}

#define TRUNCATE(name) int name(int fd, off_t size) { \
    REAL(#name, int, int, off_t); \
    LOCKED(int, real(fd, size), if (!done && KNOWN(fd)) record('t', paths[fd], (uint64_t)size, NULL, 0)); }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name) int name(int fd) { \
    REAL(#name, int, int); \
    LOCKED(int, real(fd), if (!done && KNOWN(fd)) record('s', paths[fd], 0, NULL, 0)); }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    char whole[PATH_MAX];
    int ours = realpath(path, whole) && !strncmp(whole, folder(), strlen(folder()));
    REAL("unlink", int, const char *);
    LOCKED(int, real(path), if (!done && ours) record('u', whole, 0, NULL, 0));
}
