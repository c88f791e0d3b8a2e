/**
 * @file team.h
 * @brief A team of threads that lives for one call: the same function on each, with barriers between its steps.
 */
#ifndef BGNN_TEAM_H
#define BGNN_TEAM_H

#include <stddef.h>

#define BGNN_MAX_THREADS 64

typedef struct bgnn_team bgnn_team;

/**
 * @brief Run work(context, team, id) on up to `threads` (1 ... BGNN_MAX_THREADS) threads, id 0 being the caller; return
 * when all have. Where no more threads are to be had the team is smaller, at least the caller.
 */
void bgnn_team_run(size_t threads, void (*work)(void *context, bgnn_team *team, size_t id), void *context);

/** @brief Wait until every member is here. */
void bgnn_team_wait(bgnn_team *team);

/** @brief The share of member `id` in 0 ... n - 1, cut at multiples of `unit`. */
void bgnn_team_share(const bgnn_team *team, size_t id, size_t n, size_t unit, size_t *first, size_t *last);

#endif
