/**
 * @file activation.h
 * @brief What enters a product at the stages tanh and sign: a pre norm, then tanh, or the sign as +-1.
 */
#ifndef BGNN_ACTIVATION_H
#define BGNN_ACTIVATION_H

#include "kernels.h"
#include "model.h"
#include "panels.h"

/** @brief tanh in place of (rows, channels) floats; see bgnn_tanh. */
void bgnn_tanh_rows(float *values, size_t stride, size_t rows, size_t channels);

/** @brief Signs as -1 and +1 in place: bit = value < 0, or (value < threshold) ^ flip by channels `first` on. */
void bgnn_sign_rows(float *values, size_t stride, size_t rows, size_t channels, const float *threshold, const uint64_t *flip,
                    size_t first);

/** @brief Take (rows, channels) real inputs, channels `first` on of a layer, through its pre norm and activation, as far as it has them. */
void bgnn_enter_product(const bgnn_layer *layer, const bgnn_real_kernels *real, float *values, size_t stride, size_t rows, size_t first,
                        size_t channels);

#endif
