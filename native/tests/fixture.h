/**
 * @file fixture.h
 * @brief What the C tests share: seeded numbers, buffers that end at a guard page, a checksum.
 */
#ifndef BGNN_FIXTURE_H
#define BGNN_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/** @brief The same numbers on every machine: seed, then draw. */
void seed(uint64_t value);
uint64_t draw(void);
/** @brief A float in [-1, 1), a multiple of 2^-10: sums of few of them tie often. */
float draw_float(void);
void draw_floats(float *to, size_t count);
void draw_words(uint64_t *to, size_t rows, size_t channels); /* pad bits 0 */

/** @brief A buffer whose last byte lies before a page that may not be touched; zeroed, freed by free_all. Exits when there is no memory. */
void *guarded(size_t count, size_t size);
void free_all(void);

/** @brief FNV-1a over all that was fed so far. */
void feed(const void *data, size_t bytes);
uint64_t checksum(void);

#endif
