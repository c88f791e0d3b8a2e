/**
 * @file panels.c
 * @brief Right operands side by side, so that kernels vectorise over outputs; the arena; copies of bit ranges.
 */
#include "panels.h"

#include "kernels.h"

#include <string.h>

/* A product that saturates: bgnn_carve refuses SIZE_MAX. */
static size_t times(size_t a, size_t b) { return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b; }

void *bgnn_carve(bgnn_carver *carver, size_t rows, size_t columns, size_t size) {
    size_t bytes = times(times(rows, columns), size);
    if (carver->overflow || bytes > SIZE_MAX - BGNN_ALIGNMENT || bytes + BGNN_ALIGNMENT > SIZE_MAX - carver->used) {
        carver->overflow = true;
        return NULL;
    }
    size_t at = carver->used;
    carver->used += bgnn_ceil(bytes, BGNN_ALIGNMENT) * BGNN_ALIGNMENT;
    return carver->base == NULL ? NULL : carver->base + at;
}

size_t bgnn_octets_size(size_t rows, size_t bytes) {
    return times(bgnn_ceil(rows, BGNN_OCTET_PANEL), times(bytes, BGNN_OCTET_PANEL));
}

size_t bgnn_floats_size(size_t rows, size_t channels) {
    return times(bgnn_ceil(rows, BGNN_FLOAT_PANEL), times(channels, BGNN_FLOAT_PANEL));
}

size_t bgnn_signs_size(size_t rows, size_t channels) { return times(bgnn_ceil(rows, BGNN_OCTET_PANEL), channels); }

void bgnn_octets_fill(const uint64_t *words, size_t word_stride, size_t rows, size_t bytes, size_t first, size_t last,
                      uint8_t *panels) {
    for (size_t p = first; p < last; p++) {
        uint8_t *panel = panels + p * bytes * BGNN_OCTET_PANEL;
        for (size_t r = 0; r < BGNN_OCTET_PANEL; r++) {
            size_t row = p * BGNN_OCTET_PANEL + r;
            const uint8_t *from = row < rows ? (const uint8_t *)(words + row * word_stride) : NULL;
            for (size_t b = 0; b < bytes; b++) panel[b * BGNN_OCTET_PANEL + r] = from != NULL ? from[b] : 0;
        }
    }
}

void bgnn_floats_fill(const float *values, size_t stride, size_t rows, size_t channels, size_t first, size_t last,
                      float *panels) {
    for (size_t p = first; p < last; p++) {
        float *panel = panels + p * channels * BGNN_FLOAT_PANEL;
        for (size_t r = 0; r < BGNN_FLOAT_PANEL; r++) {
            size_t row = p * BGNN_FLOAT_PANEL + r;
            const float *from = row < rows ? values + row * stride : NULL;
            for (size_t c = 0; c < channels; c++) panel[c * BGNN_FLOAT_PANEL + r] = from != NULL ? from[c] : 0.0f;
        }
    }
}

void bgnn_signs_fill(const uint64_t *words, size_t word_stride, size_t rows, size_t channels, uint32_t *panels) {
    for (size_t row = 0; row < rows; row++) {
        uint32_t *panel = panels + row / BGNN_OCTET_PANEL * channels;
        if (row % BGNN_OCTET_PANEL == 0) memset(panel, 0, channels * sizeof *panel);
        for (size_t c = 0; c < channels; c++)
            panel[c] |= (uint32_t)bgnn_bit(words + row * word_stride, c) << (row % BGNN_OCTET_PANEL);
    }
}

void bgnn_bits_copy(const uint64_t *from, size_t start, size_t count, uint64_t *to, size_t at) {
    while (count > 0) {
        size_t in_from = 64 - start % 64, in_to = 64 - at % 64;
        size_t n = bgnn_min(count, bgnn_min(in_from, in_to));
        uint64_t bits = from[start / 64] >> (start % 64);
        if (n < 64) bits &= (UINT64_C(1) << n) - 1;
        to[at / 64] |= bits << (at % 64);
        start += n, at += n, count -= n;
    }
}
