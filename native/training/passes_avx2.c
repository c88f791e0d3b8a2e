/**
 * @file passes_avx2.c
 * @brief The passes for AVX2.
 */
#include "passes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt,bmi"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,popcnt,bmi")
#endif

enum { LANES = 8 };

static inline unsigned same(const float *z, const float *end) {
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(z), _mm256_loadu_ps(end), _CMP_EQ_OQ));
}

#define PASSES bgnn_passes_avx2
#define ISA "avx2"
#include "passes_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
