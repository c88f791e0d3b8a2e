/**
 * @file passes_base.c
 * @brief The passes for what every CPU of the architecture has: SSE2, NEON; and the choice of a table.
 */
#include "passes.h"

#include "bgnn.h"

enum { LANES = 4 };

static inline unsigned same(const float *z, const float *end) {
    unsigned bits = 0;
    for (unsigned i = 0; i < LANES; i++) bits |= (unsigned)(z[i] == end[i]) << i;
    return bits;
}

#define PASSES bgnn_passes_base
#define ISA "scalar"
#include "passes_body.h"

const bgnn_passes *bgnn_passes_in_use(void) {
    const char *isa = bgnn_isa();
    if (isa == NULL) return NULL;
#if defined(__x86_64__)
    static const bgnn_passes *const VECTOR[] = {&bgnn_passes_avx2, &bgnn_passes_avx512};
    for (size_t i = 0; i < sizeof VECTOR / sizeof *VECTOR; i++)
        if (strcmp(VECTOR[i]->isa, isa) == 0) return VECTOR[i];
#endif
    return &bgnn_passes_base;
}
