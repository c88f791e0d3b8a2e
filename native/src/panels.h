/**
 * @file panels.h
 * @brief The layouts of right operands (kernels.h), and the arena they are carved from.
 */
#ifndef BGNN_PANELS_H
#define BGNN_PANELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BGNN_ALIGNMENT 64

/** @brief A bump allocator over one block. With base NULL it only counts, so one function both sizes and lays out. */
typedef struct {
    char *base;
    size_t used;
    bool overflow;
} bgnn_carver;

/** @brief rows * columns * size bytes, 64-byte aligned; NULL while counting or after an overflow. */
void *bgnn_carve(bgnn_carver *carver, size_t rows, size_t columns, size_t size);

static inline size_t bgnn_ceil(size_t n, size_t unit) { return n / unit + (n % unit != 0); }
static inline size_t bgnn_min(size_t a, size_t b) { return a < b ? a : b; }

/** @brief Elements of a panel operand of `rows` rows. */
size_t bgnn_octets_size(size_t rows, size_t bytes);
size_t bgnn_floats_size(size_t rows, size_t channels);
size_t bgnn_signs_size(size_t rows, size_t channels);

/** @brief Fill panels first ... last - 1 from (rows, word_stride) packed rows, of which `bytes` bytes matter. */
void bgnn_octets_fill(const uint64_t *words, size_t word_stride, size_t rows, size_t bytes, size_t first, size_t last,
                      uint8_t *panels);
void bgnn_floats_fill(const float *values, size_t stride, size_t rows, size_t channels, size_t first, size_t last,
                      float *panels);
void bgnn_signs_fill(const uint64_t *words, size_t word_stride, size_t rows, size_t channels, uint32_t *panels);

/** @brief OR `count` bits of from, starting at bit `start`, into `to` at bit `at`; pad bits of both are 0. */
void bgnn_bits_copy(const uint64_t *from, size_t start, size_t count, uint64_t *to, size_t at);

static inline bool bgnn_bit(const uint64_t *words, size_t i) { return words[i / 64] >> (i % 64) & 1; }

#endif
