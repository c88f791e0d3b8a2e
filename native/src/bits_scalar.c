/**
 * @file bits_scalar.c
 * @brief Packed-word kernels in plain C: the oracle of the other ISAs.
 *
 * Popcounts come from a table: compilers turn every bit trick into the very vector instruction that is to be checked.
 */
#include "kernels.h"

#include <string.h>

#define B2(n) n, n + 1, n + 1, n + 2
#define B4(n) B2(n), B2(n + 1), B2(n + 1), B2(n + 2)
#define B6(n) B4(n), B4(n + 1), B4(n + 1), B4(n + 2)
static const uint8_t POPCOUNT[256] = {B6(0), B6(1), B6(1), B6(2)};

static void pack(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride) {
    size_t count = (channels + 63) / 64;
    for (size_t r = 0; r < rows; r++, values += stride, words += word_stride) {
        memset(words, 0, count * sizeof *words);
        for (size_t c = 0; c < channels; c++) {
            uint64_t bit = values[c] < (threshold != NULL ? threshold[c] : 0.0f);
            if (flip != NULL) bit ^= flip[c / 64] >> (c % 64) & 1;
            words[c / 64] |= bit << (c % 64);
        }
    }
}

static int32_t popcount(const uint8_t *row, const uint8_t *octets, size_t bytes, size_t column) {
    const uint8_t *other = octets + column / BGNN_OCTET_PANEL * bytes * BGNN_OCTET_PANEL + column % BGNN_OCTET_PANEL;
    int32_t sum = 0;
    for (size_t b = 0; b < bytes; b++) sum += POPCOUNT[row[b] ^ other[b * BGNN_OCTET_PANEL]];
    return sum;
}

static void hamming(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                    size_t columns, int32_t *out, size_t stride) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            out[r * stride + c] = popcount((const uint8_t *)(a + r * word_stride), octets, bytes, c);
}

static void hamming_u8(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                       size_t columns, uint8_t *out, size_t stride) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            out[r * stride + c] = (uint8_t)popcount((const uint8_t *)(a + r * word_stride), octets, bytes, c);
}

static void extremes(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                     size_t columns, int32_t *least, int32_t *most) {
    for (size_t c = 0; c < columns; c++) {
        least[c] = INT32_MAX, most[c] = INT32_MIN;
        for (size_t r = 0; r < rows; r++) {
            int32_t p = popcount((const uint8_t *)(a + r * word_stride), octets, bytes, c);
            if (p < least[c]) least[c] = p;
            if (p > most[c]) most[c] = p;
        }
    }
}

static void gather_extremes(const int32_t *counts, size_t stride, const int32_t *index, size_t rows, size_t columns,
                            int32_t *least, int32_t *most) {
    for (size_t c = 0; c < columns; c++) {
        least[c] = INT32_MAX, most[c] = INT32_MIN;
        for (size_t r = 0; r < rows; r++) {
            int32_t p = counts[(size_t)index[r] * stride + c];
            if (p < least[c]) least[c] = p;
            if (p > most[c]) most[c] = p;
        }
    }
}

static void hits(const int32_t *least, const int32_t *most, const int32_t *own, int32_t in, const int32_t *low, const int32_t *span,
                 size_t columns, uint64_t *words) {
    memset(words, 0, (columns + 63) / 64 * sizeof *words);
    for (size_t c = 0; c < columns; c++) {
        uint32_t from = (uint32_t)low[c], reach = (uint32_t)span[c];
        int32_t a = in > 0 ? own[c] + in - least[c] : own[c] + least[c], b = in > 0 ? own[c] + in - most[c] : own[c] + most[c];
        uint64_t hit = (uint32_t)a - from <= reach || (uint32_t)b - from <= reach;
        words[c / 64] |= hit << (c % 64);
    }
}

const bgnn_bits_kernels bgnn_bits_scalar = {pack, hamming, hamming_u8, extremes, gather_extremes, hits};
