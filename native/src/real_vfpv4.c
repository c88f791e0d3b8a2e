/**
 * @file real_vfpv4.c
 * @brief The float kernels of plain C for 32-bit ARM with VFPv4, whose one multiply-add instruction is fmaf, denormals included;
 * without it fmaf is a call.
 */
#if defined(__arm__) && defined(__ARM_FP)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("vfp4d16"))), apply_to = function)
#else
#pragma GCC target("fpu=vfpv4-d16")
#endif
#define fmaf __builtin_fmaf
#define bgnn_real_scalar bgnn_real_vfpv4
#include "real_scalar.c"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
#include "kernels.h"
#endif
