/**
 * @file watch.h
 * @brief The thread beside the measurement: a heartbeat every second, and the end when standard input ends or a signal comes.
 */
#ifndef RUNNER_WATCH_H
#define RUNNER_WATCH_H

#include "bgnn.h"
#include "sensors.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct {
    const sensors *board;
    bool on_stdin;
    int64_t start_ns;
    _Atomic(const char *) phase; /* static text */
    atomic_llong runs;           /* measured so far */
    atomic_int layers;           /* how many have a sum */
    atomic_llong layer_ns[BGNN_MAX_LAYERS + 2]; /* over the passes measured so far: of each layer, the embedding and the head */
    int wake[2];                 /* a pipe: its end ends the thread */
    pthread_t thread;
} watch;

int64_t watch_now_ns(void);

/** @brief To be called before any thread is started: SIGINT, SIGTERM and SIGHUP wait for the watching thread. */
void watch_hold_signals(void);

/** @brief Write a first heartbeat and start watching; false when there is no thread to be had. Ends the process, with status 3, from its own thread. */
bool watch_start(watch *w, const sensors *board, bool on_stdin);

/** @brief End the thread; with a last heartbeat, if asked. */
void watch_stop(watch *w, bool heartbeat);

#endif
