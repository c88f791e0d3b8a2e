/**
 * @file passes_avx512.c
 * @brief The passes for AVX-512.
 */
#include "passes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi")
#endif

enum { LANES = 16 };

static inline unsigned same(const float *z, const float *end) {
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(z), _mm512_loadu_ps(end), _CMP_EQ_OQ);
}

#define PASSES bgnn_passes_avx512
#define ISA "avx512"
#include "passes_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
