/**
 * @file real_vfpv4.c
 * @brief The float kernels of plain C for 32-bit ARM with VFPv4, whose one multiply-add instruction is fmaf, denormals included;
 * without it fmaf is a call.
 */
#if defined(__arm__) && defined(__ARM_FP)
#if defined(__clang__)
/* vfp4d16sp implies fp16, which some toolchains take away by name. */
#pragma clang attribute push(__attribute__((target("fp16,vfp4d16sp"))), apply_to = function)
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
