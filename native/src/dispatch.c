/**
 * @file dispatch.c
 * @brief The only file that knows CPU features: one table of kernels per ISA, chosen once, forced by BGNN_ISA or a call.
 */
#include "bgnn.h"
#include "kernels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#define HAVE_AVX 1
#elif defined(__aarch64__)
#define HAVE_NEON 1
#elif defined(__arm__) && defined(__ARM_FP) && defined(__linux__)
#include <sys/auxv.h>
#define HAVE_NEON_32 1
#endif

static bool always(void) { return true; }

#ifdef HAVE_AVX
/* FMA, leaf 7's bits in ebx and ecx, and an operating system that saves the registers of `state`: Intel SDM, volume 1,
   section 14.5. Not __builtin_cpu_supports, which says no in programs that Zig links. */
static bool cpu_has(unsigned state, unsigned in_ebx, unsigned in_ecx) {
    unsigned a, b, c, d, saved, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_FMA) || !(c & bit_OSXSAVE)) return false;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if ((saved & state) != state || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    return (b & in_ebx) == in_ebx && (c & in_ecx) == in_ecx;
}

enum { XMM_YMM = 0x06, XMM_YMM_ZMM = 0xe6 };
static bool has_avx2(void) { return cpu_has(XMM_YMM, bit_AVX2, 0); }

static bool has_avx512(void) {
    return cpu_has(XMM_YMM_ZMM, bit_AVX2 | bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL,
                   bit_AVX512VPOPCNTDQ | bit_AVX512VBMI | bit_AVX512VBMI2);
}
#endif

#ifdef HAVE_NEON_32
enum { HWCAP_BIT_NEON = 1 << 12, HWCAP_BIT_VFPV4 = 1 << 16 }; /* Linux, arch/arm/include/uapi/asm/hwcap.h */
static bool has_neon(void) { return (getauxval(AT_HWCAP) & HWCAP_BIT_NEON) != 0; }
static bool has_neon_vfpv4(void) { return has_neon() && (getauxval(AT_HWCAP) & HWCAP_BIT_VFPV4) != 0; }
#endif

static const struct {
    bgnn_kernels kernels;
    bool (*runs)(void);
} TABLE[] = {
    /* the best last */
    {{"scalar", &bgnn_bits_scalar, &bgnn_real_scalar, &bgnn_select_scalar}, always},
#ifdef HAVE_AVX
    {{"avx2", &bgnn_bits_avx2, &bgnn_real_avx2, &bgnn_select_avx2}, has_avx2},
    {{"avx512", &bgnn_bits_avx512, &bgnn_real_avx512, &bgnn_select_avx512}, has_avx512},
#endif
#ifdef HAVE_NEON
    {{"neon", &bgnn_bits_neon, &bgnn_real_neon, &bgnn_select_neon}, always},
#endif
#ifdef HAVE_NEON_32
    {{"neon", &bgnn_bits_neon, &bgnn_real_scalar, &bgnn_select_neon}, has_neon},
    {{"neon-vfpv4", &bgnn_bits_neon, &bgnn_real_vfpv4, &bgnn_select_neon}, has_neon_vfpv4},
#endif
};
enum { ROWS = sizeof TABLE / sizeof *TABLE };

static _Atomic(const bgnn_kernels *) in_use;

static const bgnn_kernels *named(const char *name) {
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(TABLE[i].kernels.name, name) == 0 && TABLE[i].runs()) return &TABLE[i].kernels;
    return NULL;
}

static const bgnn_kernels *best(void) {
    size_t i = ROWS - 1;
    while (!TABLE[i].runs()) i--;
    return &TABLE[i].kernels;
}

const bgnn_kernels *bgnn_kernels_in_use(void) {
    const bgnn_kernels *kernels = atomic_load(&in_use);
    if (kernels == NULL) {
        const char *name = getenv("BGNN_ISA");
        kernels = name == NULL || *name == '\0' ? best() : named(name);
        atomic_store(&in_use, kernels);
    }
    return kernels;
}

const char *bgnn_isa_name(int32_t i) {
    for (size_t row = 0; row < ROWS; row++)
        if (TABLE[row].runs() && i-- == 0) return TABLE[row].kernels.name;
    return NULL;
}

const char *bgnn_isa(void) {
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    return kernels == NULL ? NULL : kernels->name;
}

bgnn_status bgnn_set_isa(const char *name) {
    const bgnn_kernels *kernels = name == NULL ? NULL : named(name);
    if (name != NULL && kernels == NULL) return BGNN_NO_ISA;
    atomic_store(&in_use, kernels);
    return BGNN_OK;
}
