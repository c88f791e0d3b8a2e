/**
 * @file stats.h
 * @brief Order statistics of samples.
 */
#ifndef RUNNER_STATS_H
#define RUNNER_STATS_H

#include <stddef.h>
#include <stdint.h>

/** @brief Put a value into its place among `count` ascending ones; the array has room for one more. */
void stats_insert(int64_t *sorted, size_t count, int64_t value);
void stats_sort(int64_t *values, size_t count);

/** @brief A percentile of `count` >= 1 ascending values, linear between neighbours (numpy's default). */
double stats_percentile(const int64_t *sorted, size_t count, double percent);
double stats_mean(const int64_t *values, size_t count);
double stats_deviation(const int64_t *values, size_t count); /* of the population: divided by count */

/** @brief Half the width of the median's 95 % confidence interval, over the median; infinite below 8 values. */
double stats_spread(const int64_t *sorted, size_t count);

#endif
