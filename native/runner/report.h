/**
 * @file report.h
 * @brief The lines model, init and result.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "measure.h"

void report_model(const job *j);
void report_init(const job *j, int64_t open_ns);
void report_result(const job *j, const options *o, measurement *m, int64_t peak_rss_bytes, uint64_t checksum);

#endif
