/**
 * @file team.c
 * @brief Threads for one call: started, met at barriers, joined. No pool outlives the call, so there is nothing to shut down.
 */
#include "team.h"

#include "panels.h"

#include <pthread.h>
#include <stdatomic.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Looks at the phase before a member sleeps: some 20 us, less than it takes to be woken. */
enum { LOOKS = 2000 };

struct bgnn_team {
    size_t members; /* 0 until it is known how many threads could be started */
    atomic_size_t waiting;
    atomic_uint phase; /* one more at every barrier */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*work)(void *context, bgnn_team *team, size_t id);
    void *context;
};

typedef struct {
    bgnn_team *team;
    size_t id;
    pthread_t thread;
} member;

static void *start(void *argument) {
    member *me = argument;
    bgnn_team *team = me->team;
    pthread_mutex_lock(&team->lock);
    while (team->members == 0) pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
    team->work(team->context, team, me->id);
    return NULL;
}

void bgnn_team_run(size_t threads, void (*work)(void *context, bgnn_team *team, size_t id), void *context) {
    bgnn_team team = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .work = work, .context = context};
    member others[BGNN_MAX_THREADS];
    size_t members = 1;
    while (members < threads) {
        member *next = &others[members];
        *next = (member){.team = &team, .id = members};
        if (pthread_create(&next->thread, NULL, start, next) != 0) break;
        members++;
    }
    pthread_mutex_lock(&team.lock);
    team.members = members;
    pthread_cond_broadcast(&team.changed);
    pthread_mutex_unlock(&team.lock);
    work(context, &team, 0);
    for (size_t i = 1; i < members; i++) pthread_join(others[i].thread, NULL);
    pthread_cond_destroy(&team.changed);
    pthread_mutex_destroy(&team.lock);
}

/* Leave the core to the other one of a pair for a moment. */
static void pause_briefly(void) {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void bgnn_team_wait(bgnn_team *team) {
    if (team->members == 1) return;
    unsigned phase = atomic_load(&team->phase);
    if (atomic_fetch_add(&team->waiting, 1) + 1 == team->members) {
        atomic_store(&team->waiting, 0);
        pthread_mutex_lock(&team->lock);
        atomic_store(&team->phase, phase + 1);
        pthread_cond_broadcast(&team->changed);
        pthread_mutex_unlock(&team->lock);
        return;
    }
    for (int look = 0; look < LOOKS; look++, pause_briefly())
        if (atomic_load(&team->phase) != phase) return;
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->phase) == phase) pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

void bgnn_team_share(const bgnn_team *team, size_t id, size_t n, size_t unit, size_t *first, size_t *last) {
    size_t units = bgnn_ceil(n, unit), each = units / team->members, more = units % team->members;
    size_t start = id * each + bgnn_min(id, more);
    *first = bgnn_min(start * unit, n);
    *last = bgnn_min((start + each + (id < more)) * unit, n);
}
