/**
 * @file measure.h
 * @brief Passes of one model over one cloud: timed ones until their median is settled, and a traced one for the checksum.
 */
#ifndef RUNNER_MEASURE_H
#define RUNNER_MEASURE_H

#include "bgnn.h"
#include "options.h"
#include "watch.h"

typedef struct {
    bgnn_model *model;
    bgnn_model_info info;
    float *xyz; /* (points, 3) */
    int32_t points, k, threads;
    void *arena;
    size_t arena_size;
    float *logits; /* (classes), of the last pass */
} job;

typedef struct {
    int64_t *samples, *sorted;         /* (count): in order of time, ascending */
    int64_t *steps;                    /* (count, step_count) */
    int64_t passes, stride;            /* measured; one of stride is kept */
    bgnn_step layout[BGNN_MAX_STEPS];  /* the steps of the last pass */
    int32_t count, step_count;
    double spread;          /* stats_spread of the samples */
    const char *stopped_by; /* "settled", "max_runs", "max_seconds" or "soak" */
} measurement;

/** @brief One pass; false, and why, when the library refuses it or the logits overflow. */
bool measure_pass(const job *j, bgnn_trace *trace, char message[MESSAGE_SIZE]);

/** @brief The first pass, cold: its wall time, and in m what the steps are. */
bool measure_first(const job *j, measurement *m, int64_t *ns, char message[MESSAGE_SIZE]);

/** @brief Warm up, then measure. All room is allocated before the first timed pass; measure_free frees it, whatever came back. */
bool measure(const job *j, const options *o, watch *w, measurement *m, char message[MESSAGE_SIZE]);
void measure_free(measurement *m);

/**
 * @brief The instructions of one more pass, on one thread: others would count their waiting. -1 where they are not counted; *absent says why.
 */
bool measure_instructions(const job *j, int64_t *instructions, const char **absent, char message[MESSAGE_SIZE]);

/**
 * @brief FNV-1a over, for each layer, its graph (int32) and from layer 2 on its input (uint64 words, or float32), then the logits.
 * Refuses when the logits are not those of the pass before.
 */
bool measure_checksum(const job *j, uint64_t *sum, char message[MESSAGE_SIZE]);

#endif
