/**
 * @file cost.c
 * @brief N N C for a graph, N k 2C out for an edge convolution, in x out for everything else.
 */
#include "cost.h"

#include <stdbool.h>

static void add(cost *sum, bool bits, int64_t operations) { *(bits ? &sum->bit_ops : &sum->macs) += operations; }

cost cost_of(const bgnn_model_info *info, int32_t points, int32_t k, int32_t layer) {
    cost sum = {0, 0};
    int64_t N = points, joined = 0, pooled = 2 * (int64_t)info->embedding, L = info->layers;
    bool binary = info->stage == BGNN_BINARY;
    for (int32_t l = 0; l < L; l++) joined += info->widths[l];
    if (layer <= L) {
        int64_t in = layer == 1 ? 3 : info->widths[layer - 2], out = info->widths[layer - 1];
        add(&sum, layer > 1 && info->on_bits, N * N * in);
        add(&sum, layer > 1 && binary, N * k * 2 * in * out);
    } else if (layer == L + 1) {
        add(&sum, binary, N * joined * info->embedding);
    } else {
        add(&sum, binary && !info->real_head_inputs, pooled * info->head[0] + (int64_t)info->head[0] * info->head[1]);
        add(&sum, false, (int64_t)info->head[1] * info->classes);
    }
    return sum;
}
