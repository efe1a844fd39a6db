/* The calendar clock of one process, some days ahead: preloaded, by ATOLL_DAYS_AHEAD. The steady clock stays.

   Debian's libfaketime stops Python 3.11's waits, with or without its own steady clock. Times of files stay the
   kernel's: a file that is written now looks as old as the clock is ahead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead;

__attribute__((constructor)) static void read_days(void) {
    const char *days = getenv("ATOLL_DAYS_AHEAD");
    ahead = days ? atol(days) * 86400L : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)) now->tv_sec += ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *now, int base) {
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, now) ? base : 0;
}

/* A wait until a moment of our clock would last days by the kernel's. Moments of the steady clock are much smaller. */
static struct timespec kernels(const struct timespec *ours) {
    struct timespec moment = *ours;
    if (moment.tv_sec > time(NULL) - ahead / 2) moment.tv_sec -= ahead;
    return moment;
}

#define THE_NEXT(name, version) \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlvsym(RTLD_NEXT, #name, version); \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    THE_NEXT(pthread_cond_timedwait, "GLIBC_2.3.2"); /* the first of two in x86's glibc is of another shape */
    struct timespec moment = kernels(until);
    return next(condition, mutex, &moment);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    THE_NEXT(pthread_mutex_timedlock, "GLIBC_2.34");
    struct timespec moment = kernels(until);
    return next(mutex, &moment);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    THE_NEXT(sem_timedwait, "GLIBC_2.34");
    struct timespec moment = kernels(until);
    return next(semaphore, &moment);
}
