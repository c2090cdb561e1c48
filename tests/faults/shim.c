/* Stands before libc in a program (LD_PRELOAD), counts its calls on files below a folder, and lets the n-th one fail, be
 * interrupted, come out short, or find the file changed. tests/faults/faults.py says what must then hold.
 *
 *   FAULTS_UNDER    the folder; calls on other files are let through, uncounted
 *   FAULTS_STREAMS  standard streams that count too, as "01"
 *   FAULTS_LOG      a file to which each counted call is written: name, tabulator, path
 *   FAULTS_CALL     which calls are hit: a name as in the log
 *   FAULTS_ENDING   only those on paths that end so
 *   FAULTS_AT       which of them, from 1
 *   FAULTS_ON       with any value: all from that one on
 *   FAULTS_ERROR    what the call fails with, as a number
 *   FAULTS_DO       or what happens to the file just before the call: unlink, truncate N, append FILE, replace FILE
 *   FAULTS_TO       to this file instead of the call's
 *   FAULTS_SHORT    a seed: reads and writes come out short
 *   FAULTS_SIGNALS  a seed: half of all opens, reads and writes are interrupted
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *under, *streams, *call_hit, *ending, *what, *to;
static size_t under_length;
static long at, failing_with;
static int goes_on, log_to = -1, is_short, has_signals;
static long hits;
static uint64_t draws;

__attribute__((constructor)) static void begin(void)
{
    const char *text;
    under = getenv("FAULTS_UNDER");
    under_length = under ? strlen(under) : 0;
    streams = getenv("FAULTS_STREAMS");
    call_hit = getenv("FAULTS_CALL");
    ending = getenv("FAULTS_ENDING");
    what = getenv("FAULTS_DO");
    to = getenv("FAULTS_TO");
    at = (text = getenv("FAULTS_AT")) ? atol(text) : 0;
    failing_with = (text = getenv("FAULTS_ERROR")) ? atol(text) : 0;
    goes_on = getenv("FAULTS_ON") != NULL;
    is_short = (text = getenv("FAULTS_SHORT")) != NULL;
    draws = text ? (uint64_t)atol(text) : 0;
    has_signals = (text = getenv("FAULTS_SIGNALS")) != NULL;
    if (text)
        draws = (uint64_t)atol(text);
    if ((text = getenv("FAULTS_LOG")))
        log_to = (int)syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* SplitMix64 of a counter: threads share one sequence. */
static uint64_t draw(void)
{
    uint64_t z = __atomic_add_fetch(&draws, 0x9e3779b97f4a7c15u, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int path_of(int fd, char *path)
{
    char link[64];
    if (fd >= 0 && fd <= 2) {
        static const char *names[] = {"<0>", "<1>", "<2>"};
        if (!streams || !strchr(streams, '0' + fd))
            return 0;
        strcpy(path, names[fd]);
        return 1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, (size_t)PATH_MAX);
    if (length < 0)
        return 0;
    path[length] = 0;
    return 1;
}

static int path_at(int folder, const char *name, char *path)
{
    if (name[0] == '/') {
        snprintf(path, 2 * PATH_MAX, "%s", name);
        return 1;
    }
    char before[PATH_MAX + 1];
    if (folder == AT_FDCWD) {
        if (syscall(SYS_getcwd, before, sizeof before) < 0)
            return 0;
    } else if (!path_of(folder, before))
        return 0;
    snprintf(path, 2 * PATH_MAX, "%s/%s", before, name);
    return 1;
}

static void change(const char *path)
{
    const char *file = to ? to : path;
    char argument[PATH_MAX + 1] = "";
    static char bytes[1 << 16];
    sscanf(what, "%*s %4096[^\n]", argument);
    if (!strncmp(what, "unlink", 6))
        syscall(SYS_unlinkat, AT_FDCWD, file, 0);
    else if (!strncmp(what, "truncate", 8))
        syscall(SYS_truncate, file, atol(argument));
    else if (!strncmp(what, "replace", 7))
        syscall(SYS_renameat, AT_FDCWD, argument, AT_FDCWD, file);
    else if (!strncmp(what, "append", 6)) {
        int in = (int)syscall(SYS_openat, AT_FDCWD, argument, O_RDONLY, 0);
        int out = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND, 0);
        long count;
        while ((count = syscall(SYS_read, in, bytes, sizeof bytes)) > 0)
            syscall(SYS_write, out, bytes, count);
        syscall(SYS_close, in);
        syscall(SYS_close, out);
    } else
        abort();
}

/* Whether this call is to fail; errno is set then. */
static int hit(const char *call, const char *path)
{
    int is_stream = path[0] == '<';
    if (!under || (!is_stream && strncmp(path, under, under_length)))
        return 0;
    int saved = errno;
    if (log_to >= 0) {
        char line[2 * PATH_MAX + 32];
        int length = snprintf(line, sizeof line, "%s\t%s\n", call, path);
        syscall(SYS_write, log_to, line, (size_t)length);
    }
    errno = saved;
    if (!call_hit || strcmp(call_hit, call))
        return 0;
    size_t length = strlen(path);
    if (ending && (strlen(ending) > length || strcmp(path + length - strlen(ending), ending)))
        return 0;
    long number = __atomic_add_fetch(&hits, 1, __ATOMIC_RELAXED);
    if (number != at && !(goes_on && number > at))
        return 0;
    if (what) {
        change(path);
        errno = saved;
        return 0;
    }
    if (log_to >= 0) {
        char line[2 * PATH_MAX + 32];
        int told = snprintf(line, sizeof line, "HIT %s\t%s\n", call, path);
        syscall(SYS_write, log_to, line, (size_t)told);
    }
    errno = (int)failing_with;
    return 1;
}

static int hit_fd(const char *call, int fd)
{
    char path[2 * PATH_MAX];
    return path_of(fd, path) && hit(call, path);
}

static int hit_at(const char *call, int folder, const char *name)
{
    char path[2 * PATH_MAX];
    return name && path_at(folder, name, path) && hit(call, path);
}

static int interrupts(int fd)
{
    char path[2 * PATH_MAX];
    if (!has_signals || !path_of(fd, path) || (path[0] != '<' && strncmp(path, under, under_length)) || draw() & 1)
        return 0;
    errno = EINTR;
    return 1;
}

/* What a read or write of so many bytes asks for. */
static size_t shortened(int fd, size_t count)
{
    char path[2 * PATH_MAX];
    if (!is_short || count < 2 || !path_of(fd, path) || (path[0] != '<' && strncmp(path, under, under_length)))
        return count;
    size_t most = draw() % 4 ? count : count < 16 ? count : 16;
    return 1 + draw() % most;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Opens */
static mode_t mode_of(int flags, va_list more)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

static int interrupts_open(int folder, const char *name)
{
    char path[2 * PATH_MAX];
    if (!has_signals || !path_at(folder, name, path) || strncmp(path, under, under_length) || draw() & 1)
        return 0;
    errno = EINTR;
    return 1;
}

static int opened(int folder, const char *name, int flags, mode_t mode)
{
    if (interrupts_open(folder, name) || hit_at(flags & (O_WRONLY | O_RDWR) ? "create" : "open", folder, name))
        return -1;
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define OPEN(name)                                    \
    int name(const char *path, int flags, ...)        \
    {                                                 \
        va_list more;                                 \
        va_start(more, flags);                        \
        mode_t mode = mode_of(flags, more);           \
        va_end(more);                                 \
        return opened(AT_FDCWD, path, flags, mode);   \
    }
#define OPENAT(name)                                       \
    int name(int folder, const char *path, int flags, ...) \
    {                                                      \
        va_list more;                                      \
        va_start(more, flags);                             \
        mode_t mode = mode_of(flags, more);                \
        va_end(more);                                      \
        return opened(folder, path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* Reads and writes */
#define ON_FD(result, name, call, parameters, arguments, fd) \
    result name parameters                                  \
    {                                                       \
        if (((call)[0] == 'r' || (call)[0] == 'w') && interrupts(fd)) \
            return -1;                                      \
        if (hit_fd(call, fd))                               \
            return -1;                                      \
        return REAL(name) arguments;                        \
    }
ON_FD(ssize_t, read, "read", (int fd, void *to_, size_t n), (fd, to_, shortened(fd, n)), fd)
ON_FD(ssize_t, pread, "read", (int fd, void *to_, size_t n, off_t o), (fd, to_, shortened(fd, n), o), fd)
ON_FD(ssize_t, pread64, "read", (int fd, void *to_, size_t n, off64_t o), (fd, to_, shortened(fd, n), o), fd)
ON_FD(ssize_t, write, "write", (int fd, const void *b, size_t n), (fd, b, shortened(fd, n)), fd)
ON_FD(ssize_t, pwrite, "write", (int fd, const void *b, size_t n, off_t o), (fd, b, shortened(fd, n), o), fd)
ON_FD(ssize_t, pwrite64, "write", (int fd, const void *b, size_t n, off64_t o), (fd, b, shortened(fd, n), o), fd)

/* The first piece alone is a short read or write that the kernel might give too. */
ssize_t readv(int fd, const struct iovec *pieces, int count)
{
    if (interrupts(fd) || hit_fd("read", fd))
        return -1;
    if (is_short && count > 0 && pieces[0].iov_len > 0)
        return syscall(SYS_read, fd, pieces[0].iov_base, shortened(fd, pieces[0].iov_len));
    return syscall(SYS_readv, fd, pieces, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    if (interrupts(fd) || hit_fd("write", fd))
        return -1;
    if (is_short && count > 0 && pieces[0].iov_len > 0)
        return syscall(SYS_write, fd, pieces[0].iov_base, shortened(fd, pieces[0].iov_len));
    return syscall(SYS_writev, fd, pieces, count);
}

/* Not there: whoever uses them has to read and write. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *into, size_t n, unsigned flags)
{
    (void)in, (void)from, (void)out, (void)into, (void)n, (void)flags;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *from, size_t n)
{
    (void)out, (void)in, (void)from, (void)n;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t n)
{
    (void)out, (void)in, (void)from, (void)n;
    errno = ENOSYS;
    return -1;
}

ON_FD(int, fsync, "sync", (int fd), (fd), fd)
ON_FD(int, fdatasync, "sync", (int fd), (fd), fd)
ON_FD(int, flock, "lock", (int fd, int how), (fd, how), fd)
ON_FD(off_t, lseek, "seek", (int fd, off_t o, int how), (fd, o, how), fd)
ON_FD(off64_t, lseek64, "seek", (int fd, off64_t o, int how), (fd, o, how), fd)
ON_FD(int, ftruncate, "cut", (int fd, off_t n), (fd, n), fd)
ON_FD(int, ftruncate64, "cut", (int fd, off64_t n), (fd, n), fd)
ON_FD(int, fchmod, "chmod", (int fd, mode_t mode), (fd, mode), fd)

/* Names */
#define ON_NAME(result, name, call, parameters, arguments, folder, path) \
    result name parameters                                              \
    {                                                                   \
        if (hit_at(call, folder, path))                                 \
            return -1;                                                  \
        return REAL(name) arguments;                                    \
    }
ON_NAME(int, rename, "rename", (const char *a, const char *b), (a, b), AT_FDCWD, a)
ON_NAME(int, renameat, "rename", (int d, const char *a, int e, const char *b), (d, a, e, b), d, a)
ON_NAME(int, renameat2, "rename", (int d, const char *a, int e, const char *b, unsigned f), (d, a, e, b, f), d, a)
ON_NAME(int, link, "rename", (const char *a, const char *b), (a, b), AT_FDCWD, a)
ON_NAME(int, linkat, "rename", (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f), d, a)
ON_NAME(int, unlink, "remove", (const char *path), (path), AT_FDCWD, path)
ON_NAME(int, unlinkat, "remove", (int d, const char *path, int f), (d, path, f), d, path)
ON_NAME(int, rmdir, "remove", (const char *path), (path), AT_FDCWD, path)
ON_NAME(int, mkdir, "mkdir", (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
ON_NAME(int, mkdirat, "mkdir", (int d, const char *path, mode_t mode), (d, path, mode), d, path)
ON_NAME(int, chmod, "chmod", (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
ON_NAME(int, lstat64, "stat", (const char *path, struct stat64 *about), (path, about), AT_FDCWD, path)
ON_NAME(int, stat64, "stat", (const char *path, struct stat64 *about), (path, about), AT_FDCWD, path)

int fstat64(int fd, struct stat64 *about)
{
    return hit_fd("stat", fd) ? -1 : REAL(fstat64)(fd, about);
}

int statx(int folder, const char *path, int flags, unsigned mask, struct statx *about)
{
    /* Rust asks once whether there is such a call, with null, which the header says cannot be. */
    const char *volatile name = path;
    if (name && (name[0] ? hit_at("stat", folder, path) : hit_fd("stat", folder)))
        return -1;
    return (int)syscall(SYS_statx, folder, path, flags, mask, about);
}

char *realpath(const char *path, char *out)
{
    return hit_at("stat", AT_FDCWD, path) ? NULL : REAL(realpath)(path, out);
}

DIR *opendir(const char *path)
{
    return hit_at("list", AT_FDCWD, path) ? NULL : REAL(opendir)(path);
}

struct dirent64 *readdir64(DIR *folder)
{
    return hit_fd("list", dirfd(folder)) ? NULL : REAL(readdir64)(folder);
}
