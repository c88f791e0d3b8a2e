/**
 * @file kernels.h
 * @brief The kernel table: one set of function pointers per ISA, fetched once per call, never per row.
 *
 * Every kernel gives the same bits on every ISA (order contract of bgnn.h). Strides count elements. Outputs are written
 * exactly: no kernel reads or writes past the arrays it is given. Right operands are panels, made once by panels.c:
 *   octets  (ceil(columns / 32), bytes, 32)     byte b of 32 packed rows side by side, absent rows 0
 *   floats  (ceil(columns / 16), channels, 16)  channel c of 16 rows side by side, absent rows 0
 *   signs   (ceil(columns / 32), channels)      bit r of a word: the sign of channel c in row r of the panel
 */
#ifndef BGNN_KERNELS_H
#define BGNN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed words are read byte by byte: a little-endian machine is needed"
#endif

#define BGNN_OCTET_PANEL 32
#define BGNN_FLOAT_PANEL 16
#define BGNN_GROUPS 64
#define BGNN_NARROW_BYTES 31 /* 8 * 31 = 248: the most bytes whose popcount fits in 8 bits */

/** @brief What follows a product, per channel, in this order; absent parts are NULL. */
typedef struct {
    const float *scale;  /* v = scale * v */
    const float *slope;  /* v = v > 0 ? v : slope * v */
    const float *gain;   /* v = fmaf(gain, v, offset), or v + offset where gain is NULL */
    const float *offset;
    float leak;          /* v = v > 0 ? v : leak * v; 1 when there is none */
} bgnn_chain;

/** @brief Kernels whose left operand is packed words. */
typedef struct {
    /** words (rows, ceil(channels / 64)): bit = (value < threshold) ^ flip; threshold 0 and no flip when they are NULL. */
    void (*pack)(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride);
    /** out (rows, columns): popcounts of a_i ^ b_j over the first `bytes` bytes of each row. */
    void (*hamming)(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                    size_t columns, int32_t *out, size_t stride);
    /** The same in bytes; `bytes` is at most BGNN_NARROW_BYTES. */
    void (*hamming_u8)(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                       size_t columns, uint8_t *out, size_t stride);
    /** least, most (columns): extremes over the rows of the same popcounts; rows >= 1. */
    void (*extremes)(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                     size_t columns, int32_t *least, int32_t *most);
    /** least, most (columns): extremes over the rows index[0 ... rows - 1] of counts; rows >= 1. */
    void (*gather_extremes)(const int32_t *counts, size_t stride, const int32_t *index, size_t rows, size_t columns,
                            int32_t *least, int32_t *most);
    /** words: bit c = p hits for p of least[c] or of most[c], where p of n is own[c] + n, or own[c] + in - n where in > 0, and
        p hits if (uint32_t)(p - low[c]) <= span[c]. */
    void (*hits)(const int32_t *least, const int32_t *most, const int32_t *own, int32_t in, const int32_t *low, const int32_t *span,
                 size_t columns, uint64_t *words);
} bgnn_bits_kernels;

/** @brief Kernels on floats. */
typedef struct {
    /** out (rows, columns) = a (rows, channels) . b^T */
    void (*gemm)(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                 float *out, size_t out_stride);
    /** least, most (columns): extremes over the rows of a . b^T; rows >= 1. */
    void (*gemm_extremes)(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                          float *least, float *most);
    /** out (rows, columns): squared L2 distances, NaN always with its sign bit clear. */
    void (*distance)(const float *a, size_t stride, size_t rows, const float *panels, size_t channels, size_t columns,
                     float *out, size_t out_stride);
    /** out (columns) = a (channels) . b^T, b being signs. */
    void (*signed_gemv)(const float *a, const uint32_t *signs, size_t channels, size_t columns, float *out);
    /** values = (float)(in - 2 counts): dot products from popcounts; may work in place. */
    void (*dots)(const int32_t *counts, size_t count, int32_t in, float *values);
    void (*chain)(float *values, size_t stride, size_t rows, size_t channels, const bgnn_chain *chain);
    /** out (columns): maximum over the rows index[0 ... rows - 1] (NULL: 0, 1, ...); m = v > m ? v : m; rows >= 1. */
    void (*gather_max)(const float *values, size_t stride, const int32_t *index, size_t rows, size_t columns, float *out);
    /** most = max(most, rows), sum += rows in ascending order. */
    void (*pool)(const float *values, size_t stride, size_t rows, size_t columns, float *most, float *sum);
} bgnn_real_kernels;

/** @brief Kernels on a row of non-negative int32 distances (the bits of non-negative floats are such integers too). */
typedef struct {
    /** How many of the row are <= limit. */
    size_t (*count)(const int32_t *row, size_t length, int32_t limit);
    /** keys: value << 32 | index of the first `room` with low <= value <= high, by index. Returns how many. */
    size_t (*keys)(const int32_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *keys);
    /** least (BGNN_GROUPS): g of it is the least of elements g, g + BGNN_GROUPS, ... of the row; INT32_MAX where there is none. */
    void (*minima)(const int32_t *row, size_t length, int32_t *least);
    /** keys of a row of bytes. */
    size_t (*keys_u8)(const uint8_t *row, size_t length, int32_t low, int32_t high, size_t room, uint64_t *keys);
    /** Of a row of bytes: the least limit that k or more of the minima of its groups (255 where there is none) are within. */
    int32_t (*reach_u8)(const uint8_t *row, size_t length, size_t k);
    /** sorted: distinct keys below 2^63 in ascending order, by counting the smaller ones: for few of them. */
    void (*sort)(const uint64_t *keys, size_t count, uint64_t *sorted);
} bgnn_select_kernels;

typedef struct {
    const char *name;
    const bgnn_bits_kernels *bits;
    const bgnn_real_kernels *real;
    const bgnn_select_kernels *select;
} bgnn_kernels;

/** @brief The table in use; NULL when BGNN_ISA names none of this CPU's. */
const bgnn_kernels *bgnn_kernels_in_use(void);

extern const bgnn_bits_kernels bgnn_bits_scalar, bgnn_bits_avx2, bgnn_bits_avx512, bgnn_bits_neon;
extern const bgnn_real_kernels bgnn_real_scalar, bgnn_real_avx2, bgnn_real_avx512, bgnn_real_neon, bgnn_real_vfpv4;
extern const bgnn_select_kernels bgnn_select_scalar, bgnn_select_avx2, bgnn_select_avx512, bgnn_select_neon;

#endif
