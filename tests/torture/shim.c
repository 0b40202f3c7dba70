/* Preloaded into the program: counts its changes of files below FAULT_ROOT, and lets the one numbered FAULT_AT go wrong as
 * FAULT_MODE says: `before` and `after` kill the program there (`after` tears a write in two), `EIO` and `ENOSPC` fail it,
 * `stop` stops it, so that somebody else can.
 * OPENED names a file to which the path of every file that is opened for reading is appended, a line each.
 * Without FAULT_AT the number of changes is written to FAULT_COUNT when the program ends. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

static atomic_long changes;
static _Atomic char tracked[4096];

static int below_root(const char *path) {
    const char *root = getenv("FAULT_ROOT");
    return root && (path[0] != '/' || strncmp(path, root, strlen(root)) == 0);
}

static int is(const char *mode) {
    const char *wanted = getenv("FAULT_MODE");
    return wanted && strcmp(wanted, mode) == 0;
}

static void die(void) { kill(getpid(), SIGKILL); pause(); }

/* Whether this change is the one; it has been dealt with as far as it comes before it. */
static int due(void) {
    long number = atomic_fetch_add(&changes, 1) + 1;
    const char *at = getenv("FAULT_AT");
    if (!at || atol(at) != number) return 0;
    if (is("before")) die();
    if (is("stop")) raise(SIGSTOP);
    return 1;
}

static int fails(void) {
    if (is("EIO")) { errno = EIO; return 1; }
    if (is("ENOSPC")) { errno = ENOSPC; return 1; }
    return 0;
}

#define CHANGE(counted, call) \
    int hit = (counted) && due(); \
    if (hit && fails()) return -1; \
    int result = (call); \
    if (hit && is("after")) die(); \
    return result

static int opened(int fd, int flags, const char *path) {
    if (fd >= 0 && fd < 4096) tracked[fd] = (flags & O_ACCMODE) != O_RDONLY && below_root(path);
    return fd;
}

/* Notes a file that is opened for reading. */
static void read_from(const char *path, int flags) {
    const char *list = getenv("OPENED");
    if (!list || (flags & O_ACCMODE) != O_RDONLY) return;
    FILE *file = fopen(list, "a");
    if (file) { fprintf(file, "%s\n", path); fclose(file); }
}

int open64(const char *path, int flags, ...) {
    va_list arguments; va_start(arguments, flags); mode_t mode = va_arg(arguments, mode_t); va_end(arguments);
    REAL(open64);
    read_from(path, flags);
    CHANGE((flags & (O_CREAT | O_TRUNC)) && below_root(path), opened(real(path, flags, mode), flags, path));
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    int hit = fd >= 0 && fd < 4096 && tracked[fd] && due();
    if (hit && fails()) return -1;
    if (hit && is("after")) { real(fd, bytes, count / 2); die(); }
    return real(fd, bytes, count);
}

int fsync(int fd) { REAL(fsync); CHANGE(fd >= 0 && fd < 4096 && tracked[fd], real(fd)); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); CHANGE(fd >= 0 && fd < 4096 && tracked[fd], real(fd, size)); }
int rename(const char *from, const char *to) { REAL(rename); CHANGE(below_root(to), real(from, to)); }
int unlink(const char *path) { REAL(unlink); CHANGE(below_root(path), real(path)); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); CHANGE(below_root(path), real(path, mode)); }

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) { fprintf(file, "%ld", atomic_load(&changes)); fclose(file); }
}
