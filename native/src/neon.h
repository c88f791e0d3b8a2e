/**
 * @file neon.h
 * @brief What the integer kernels of NEON need on both ARM architectures: BGNN_NEON is 64 or 32, and absent elsewhere.
 *
 * On 32-bit ARM, NEON is a pragma of the files that use it: dispatch.c asks the system for it. Its floats flush denormals to
 * zero, which breaks the order contract, so that float kernels are plain C there.
 */
#ifndef BGNN_NEON_H
#define BGNN_NEON_H

#include "kernels.h"

#if defined(__aarch64__)
#define BGNN_NEON 64
#define BGNN_NEON_END
#elif defined(__arm__) && defined(__ARM_FP)
#define BGNN_NEON 32
#if defined(__clang__)
#define BGNN_NEON_END _Pragma("clang attribute pop")
#pragma clang attribute push(__attribute__((target("neon"))), apply_to = function)
#else
#define BGNN_NEON_END
#pragma GCC target("fpu=neon")
#endif
#endif

#ifdef BGNN_NEON
#include <arm_neon.h>

static inline uint32_t sum_u32(uint32x4_t v) {
#if BGNN_NEON == 64
    return vaddvq_u32(v);
#else
    uint32x2_t half = vadd_u32(vget_low_u32(v), vget_high_u32(v));
    return vget_lane_u32(vpadd_u32(half, half), 0);
#endif
}

/* Modulo 256. */
static inline uint8_t sum_u8(uint8x16_t v) {
#if BGNN_NEON == 64
    return vaddvq_u8(v);
#else
    return (uint8_t)sum_u32(vpaddlq_u16(vpaddlq_u8(v)));
#endif
}

/* Whether all lanes are 0. */
static inline int none_u32(uint32x4_t v) {
#if BGNN_NEON == 64
    return vmaxvq_u32(v) == 0;
#else
    uint32x2_t half = vorr_u32(vget_low_u32(v), vget_high_u32(v));
    return vget_lane_u64(vreinterpret_u64_u32(half), 0) == 0;
#endif
}
#endif

#endif
