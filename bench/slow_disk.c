/* A slow disk for bench/fanout: LD_PRELOADed, it lets pwrite(2) and pread(2) take as long as a disk of
 * SLOW_DISK_BYTES_PER_SECOND would. Files only: sockets have no offset. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER; /* one head */

static void take_time(ssize_t bytes)
{
    const char* rate = getenv("SLOW_DISK_BYTES_PER_SECOND");
    if (rate == NULL || bytes <= 0)
        return;
    const double seconds = (double)bytes / atof(rate);
    struct timespec span = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    pthread_mutex_lock(&disk);
    nanosleep(&span, NULL);
    pthread_mutex_unlock(&disk);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset)
{
    static ssize_t (*real)(int, const void*, size_t, off64_t);
    if (real == NULL)
        real = (ssize_t(*)(int, const void*, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    const ssize_t done = real(fd, bytes, count, offset);
    take_time(done);
    return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset)
{
    return pwrite64(fd, bytes, count, offset);
}
