/**
 * @file report.h
 * @brief The lines model, init and result.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "measure.h"

/* What is known once a run has ended, beside its times. */
typedef struct {
    int64_t peak_rss_bytes;          /* -1: unknown */
    int64_t instructions;            /* of one pass on one thread; -1: not counted */
    const char *instructions_absent; /* why not, or NULL */
    uint64_t checksum;
} outcome;

void report_model(const job *j);
void report_init(const job *j, int64_t open_ns);
void report_result(const job *j, const options *o, measurement *m, const outcome *end);

#endif
