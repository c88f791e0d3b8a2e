/**
 * @file bits_neon.c
 * @brief Packed-word kernels for NEON, of 64-bit and of 32-bit ARM.
 *
 * Popcounts: a byte of 16 columns sits in one vector, so no sum crosses lanes: xor with a row's byte, cnt, add.
 */
#include "neon.h"

#ifdef BGNN_NEON

#include <string.h>

enum {
    ROWS = 4, /* 4 rows x 2 vectors: 8 accumulators of 32 registers */
    PANELS = 1
};

/* Popcounts of ROWS rows against one panel over at most BGNN_NARROW_BYTES bytes. */
static inline void count4(const uint8_t *const row[ROWS], const uint8_t *panel, size_t bytes, uint8x16_t count_u8x32[ROWS][2]) {
    uint8x16_t sum[ROWS][2];
    for (int r = 0; r < ROWS; r++) sum[r][0] = sum[r][1] = vdupq_n_u8(0);
    for (size_t b = 0; b < bytes; b++, panel += BGNN_OCTET_PANEL) {
        uint8x16_t octets[2] = {vld1q_u8(panel), vld1q_u8(panel + 16)};
        for (int r = 0; r < ROWS; r++) {
            uint8x16_t byte = vld1q_dup_u8(row[r] + b);
            for (int i = 0; i < 2; i++) sum[r][i] = vaddq_u8(sum[r][i], vcntq_u8(veorq_u8(octets[i], byte)));
        }
    }
    memcpy(count_u8x32, sum, sizeof sum);
}

/* Store (or add) 32 byte counts as int32. */
static inline void widen(const uint8x16_t count_u8x32[2], int32_t *out, int add) {
    for (int i = 0; i < 2; i++, out += 16) {
        uint16x8_t half[2] = {vmovl_u8(vget_low_u8(count_u8x32[i])), vmovl_u8(vget_high_u8(count_u8x32[i]))};
        int32x4_t part[4] = {
            vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(half[0]))), vreinterpretq_s32_u32(vmovl_u16(vget_high_u16(half[0]))),
            vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(half[1]))), vreinterpretq_s32_u32(vmovl_u16(vget_high_u16(half[1])))};
        for (int j = 0; j < 4; j++)
            vst1q_s32(out + 4 * j, add ? vaddq_s32(vld1q_s32(out + 4 * j), part[j]) : part[j]);
    }
}

static inline void tile(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, int32_t *out, size_t stride) {
    (void)panels;
    size_t blocks = (bytes + BGNN_NARROW_BYTES - 1) / BGNN_NARROW_BYTES, each = (bytes + blocks - 1) / blocks;
    for (size_t first = 0; first < bytes; first += each) {
        const uint8_t *from[ROWS];
        for (int r = 0; r < ROWS; r++) from[r] = row[r] + first;
        uint8x16_t count[ROWS][2];
        count4(from, panel + first * BGNN_OCTET_PANEL, bytes - first < each ? bytes - first : each, count);
        for (int r = 0; r < ROWS; r++) widen(count[r], out + (size_t)r * stride, first > 0);
    }
}

static inline void tile_u8(const uint8_t *const row[ROWS], const uint8_t *panel, size_t panels, size_t bytes, uint8_t *out, size_t stride) {
    (void)panels;
    uint8x16_t count[ROWS][2];
    count4(row, panel, bytes, count);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < 2; i++) vst1q_u8(out + r * stride + 16 * i, count[r][i]);
}

#include "bits_tiles.h"

/* Extremes of one panel when counts fit in bytes. */
static inline void extremes_u8(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *panel, size_t panels,
                               size_t bytes, int32_t *least, int32_t *most) {
    (void)panels;
    uint8x16_t low[2] = {vdupq_n_u8(255), vdupq_n_u8(255)}, high[2] = {vdupq_n_u8(0), vdupq_n_u8(0)};
    for (size_t first = 0; first < rows; first += ROWS) {
        const uint8_t *row[ROWS];
        take_rows(a, word_stride, first, rows, row);
        uint8x16_t count[ROWS][2];
        count4(row, panel, bytes, count);
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < 2; i++) {
                low[i] = vminq_u8(low[i], count[r][i]);
                high[i] = vmaxq_u8(high[i], count[r][i]);
            }
    }
    widen(low, least, 0);
    widen(high, most, 0);
}

#include "bits_extremes.h"

static void gather_extremes(const int32_t *counts, size_t stride, const int32_t *index, size_t rows, size_t columns,
                            int32_t *least, int32_t *most) {
    size_t c = 0;
    for (; c + 8 <= columns; c += 8) {
        int32x4_t low[2], high[2];
        for (int i = 0; i < 2; i++) low[i] = vdupq_n_s32(INT32_MAX), high[i] = vdupq_n_s32(INT32_MIN);
        for (size_t r = 0; r < rows; r++) {
            const int32_t *from = counts + (size_t)index[r] * stride + c;
            for (int i = 0; i < 2; i++) {
                int32x4_t p = vld1q_s32(from + 4 * i);
                low[i] = vminq_s32(low[i], p);
                high[i] = vmaxq_s32(high[i], p);
            }
        }
        for (int i = 0; i < 2; i++) {
            vst1q_s32(least + c + 4 * i, low[i]);
            vst1q_s32(most + c + 4 * i, high[i]);
        }
    }
    bgnn_bits_scalar.gather_extremes(counts + c, stride, index, rows, columns - c, least + c, most + c);
}

/* Bits 0-3 of a vector of all-ones or all-zeros lanes. */
static inline uint64_t lane_bits(uint32x4_t mask) {
    static const uint32_t BIT[4] = {1, 2, 4, 8};
    return sum_u32(vandq_u32(mask, vld1q_u32(BIT)));
}

static inline uint32x4_t in_reach(const int32_t *n, uint32x4_t flip, uint32x4_t start, uint32x4_t span) {
    return vcleq_u32(vaddq_u32(start, veorq_u32(vreinterpretq_u32_s32(vld1q_s32(n)), flip)), span);
}

static void hits(const int32_t *least, const int32_t *most, const int32_t *own, int32_t in, const int32_t *low, const int32_t *span,
                 size_t columns, uint64_t *words) {
    /* -n = (n ^ -1) + 1 */
    const uint32x4_t flip = vdupq_n_u32(in > 0 ? UINT32_MAX : 0), more = vdupq_n_u32(in > 0 ? (uint32_t)in + 1 : 0);
    size_t c = 0;
    for (; c + 64 <= columns; c += 64) {
        uint64_t word = 0;
        for (size_t i = 0; i < 64; i += 4) {
            uint32x4_t from = vsubq_u32(more, vreinterpretq_u32_s32(vld1q_s32(low + c + i)));
            uint32x4_t start = vaddq_u32(from, vreinterpretq_u32_s32(vld1q_s32(own + c + i)));
            uint32x4_t reach = vreinterpretq_u32_s32(vld1q_s32(span + c + i));
            word |= lane_bits(vorrq_u32(in_reach(least + c + i, flip, start, reach), in_reach(most + c + i, flip, start, reach))) << i;
        }
        words[c / 64] = word;
    }
    bgnn_bits_scalar.hits(least + c, most + c, own + c, in, low + c, span + c, columns - c, words + c / 64);
}

#if BGNN_NEON == 64
static void pack(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride) {
    for (size_t r = 0; r < rows; r++, values += stride, words += word_stride) {
        size_t c = 0;
        for (; c + 64 <= channels; c += 64) {
            uint64_t word = 0;
            for (size_t i = 0; i < 64; i += 4) {
                float32x4_t limit = threshold != NULL ? vld1q_f32(threshold + c + i) : vdupq_n_f32(0.0f);
                word |= lane_bits(vcltq_f32(vld1q_f32(values + c + i), limit)) << i;
            }
            words[c / 64] = flip != NULL ? word ^ flip[c / 64] : word;
        }
        bgnn_bits_scalar.pack(values + c, stride, 1, channels - c, threshold != NULL ? threshold + c : NULL,
                              flip != NULL ? flip + c / 64 : NULL, words + c / 64, word_stride);
    }
}

#else
/* 32-bit NEON takes denormals for 0. */
static void pack(const float *values, size_t stride, size_t rows, size_t channels, const float *threshold,
                 const uint64_t *flip, uint64_t *words, size_t word_stride) {
    bgnn_bits_scalar.pack(values, stride, rows, channels, threshold, flip, words, word_stride);
}
#endif

const bgnn_bits_kernels bgnn_bits_neon = {pack, hamming, hamming_u8, extremes, gather_extremes, hits};

BGNN_NEON_END
#endif
