/**
 * @file shares.h
 * @brief Work in a number of equal shares, done by the threads of torch where they were given, else by a team of our own.
 *
 * Results depend on the number of shares, but not on who takes which.
 */
#ifndef BGNN_SHARES_H
#define BGNN_SHARES_H

#include "panels.h"

/** @brief Run work(context, share) for each of 0 ... shares - 1, shares >= 1; return when all are done. */
void bgnn_shares_run(size_t shares, void (*work)(void *context, size_t share), void *context);

/** @brief Where share begins of `units` things in `shares` shares, and the next one ends. */
static inline size_t bgnn_share_start(size_t share, size_t shares, size_t units) {
    return units / shares * share + bgnn_min(share, units % shares);
}

#endif
