/**
 * @file passes.h
 * @brief The passes over one group of rows: one table per instruction set, all compiled from passes_body.h.
 */
#ifndef BGNN_PASSES_H
#define BGNN_PASSES_H

#include "bgnn_training.h"

#include "panels.h"

enum { BLOCK = 32, STRIP = 128 }; /* columns of a weight, and of z, that a thread takes at once */

/** @brief The channels that a row wins. */
typedef struct {
    uint32_t *channels;
    size_t count;
} bgnn_winners;

typedef struct {
    const char *isa; /* as bgnn_isa names it */
    /** most (columns): the largest of each column of z (rows, columns), rows >= 1, and count (columns), how many rows attain it;
        winners (rows, ceil(columns / 64)): bit c % 64 of word c / 64 is 1 where the row attains that of column c. */
    void (*largest)(const float *z, size_t rows, size_t columns, float *most, uint64_t *winners, float *count);
    void (*smallest)(const float *z, size_t rows, size_t columns, float *least, uint64_t *winners, float *count);
    /** From winners (rows, ceil(columns / 64)): found (rows), whose lists have room for all columns. */
    void (*list)(const uint64_t *winners, size_t rows, size_t columns, bgnn_winners *found);
    /** For each row of x (groups, rows, in) and each channel c that it wins, found (groups, rows), add share[c] (groups, out) times
        channel c of the weight to its row of of_x, and that times its row of x to channel c of of_weight. Both weights are in blocks,
        (ceil(in / BLOCK), out, BLOCK), with zeros at the end: what is read together lies together. */
    void (*spread)(const float *x, size_t groups, size_t rows, size_t in, const float *weight, size_t out, const float *share,
                   const bgnn_winners *found, float *of_x, float *of_weight);
    /** `width` columns from `first` on, at most STRIP, of the functions in bgnn_training.h. */
    void (*summary)(const bgnn_prelu *prelu, size_t first, size_t width, const bgnn_summary *summary);
    void (*gradient)(const bgnn_prelu *prelu, size_t first, size_t width, const bgnn_summary *of_summary, float *of_z, float *of_own,
                     float *of_slope);
} bgnn_passes;

/** @brief The table for the instruction set in use; NULL as bgnn_isa. */
const bgnn_passes *bgnn_passes_in_use(void);

extern const bgnn_passes bgnn_passes_base, bgnn_passes_avx2, bgnn_passes_avx512;

#endif
