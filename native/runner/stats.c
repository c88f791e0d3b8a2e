/**
 * @file stats.c
 * @brief Order statistics of samples.
 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void stats_insert(int64_t *sorted, size_t count, int64_t value) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] <= value) low = middle + 1;
        else high = middle;
    }
    memmove(sorted + low + 1, sorted + low, (count - low) * sizeof *sorted);
    sorted[low] = value;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void stats_sort(int64_t *values, size_t count) { qsort(values, count, sizeof *values, ascending); }

double stats_percentile(const int64_t *sorted, size_t count, double percent) {
    double rank = percent / 100 * (double)(count - 1);
    size_t below = (size_t)rank, above = below + 1 < count ? below + 1 : below;
    return (double)sorted[below] + (rank - (double)below) * (double)(sorted[above] - sorted[below]);
}

double stats_mean(const int64_t *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    return sum / (double)count;
}

double stats_deviation(const int64_t *values, size_t count) {
    double mean = stats_mean(values, count), sum = 0;
    for (size_t i = 0; i < count; i++) sum += ((double)values[i] - mean) * ((double)values[i] - mean);
    return sqrt(sum / (double)count);
}

/* The ranks are those of the normal approximation to the binomial, n/2 -+ 0.98 sqrt(n), rounded outwards
   (Le Boudec, "Performance Evaluation of Computer and Communication Systems", 2010, section 2.2). */
double stats_spread(const int64_t *sorted, size_t count) {
    double half = 0.5 * (double)count, reach = 0.98 * sqrt((double)count);
    double first = floor(half - reach), last = ceil(half + 1 + reach); /* from 1 */
    if (first < 1) return INFINITY;
    if (last > (double)count) last = (double)count;
    double width = (double)(sorted[(size_t)last - 1] - sorted[(size_t)first - 1]);
    return width / 2 / stats_percentile(sorted, count, 50);
}
