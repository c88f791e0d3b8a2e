/**
 * @file cost.h
 * @brief Operations of each layer, as the definition of the network has them (not as the engine saves them).
 */
#ifndef RUNNER_COST_H
#define RUNNER_COST_H

#include "bgnn.h"

typedef struct {
    int64_t macs;    /* multiply-adds of real values */
    int64_t bit_ops; /* the same of two bits: one XOR and its count */
} cost;

/** @brief Layer 1 ... L, L + 1 (embedding) or L + 2 (head) on a cloud of N points with k neighbours. */
cost cost_of(const bgnn_model_info *info, int32_t points, int32_t k, int32_t layer);

#endif
