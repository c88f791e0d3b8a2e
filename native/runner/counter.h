/**
 * @file counter.h
 * @brief Instructions that the processor retired, as the kernel counts them. Where it does not, why: never 0.
 */
#ifndef RUNNER_COUNTER_H
#define RUNNER_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int file;
    const char *absent; /* why there is no count, or NULL */
} counter;

/** @brief Open a counter of this thread, of user code alone; c->absent says why there is none. */
void counter_open(counter *c);

/** @brief Count from now on. */
void counter_start(counter *c);

/** @brief Instructions since counter_start; -1, with c->absent, when they were not counted all the time. Closes the counter. */
int64_t counter_stop(counter *c);

#endif
