/**
 * @file prepare.h
 * @brief What opening derives from the tensors: right operands as panels, split halves, chains.
 */
#ifndef BGNN_PREPARE_H
#define BGNN_PREPARE_H

#include "kernels.h"
#include "model.h"

#include <stdbool.h>

/** @brief A graph layer: the weights of the edge half and of the x_i half apart. */
typedef struct {
    size_t in, out;     /* channels of one half; outputs */
    size_t bytes;       /* of a packed half */
    const float *floats;           /* layer 1 of rf and bf*: (out) x 6 real or +-1 weights */
    bool ends_decide;              /* real products: the maximum over the edges is that of the least or of the greatest product */
    const float *edge_floats;      /* EdgeConv: W1, and W2 - W1, rows of negative gain negated; stages tanh and sign: W1, and W2 */
    const float *own_floats;
    const uint8_t *edge_octets;    /* binary layers >= 2 */
    const uint8_t *own_octets;
    const uint64_t *edge_flip;     /* BinEdgeConv layers >= 2 */
    const uint64_t *own_flip;
    bgnn_chain chain;              /* EdgeConv: with gains made positive, so that max commutes with it */
    /* XorEdgeConv: outputs whose result over the edges does not follow from the least and the greatest popcount. */
    size_t interior;
    const int32_t *interior_column;  /* (interior) */
    const uint8_t *interior_octets;  /* edge half of those rows */
} bgnn_graph_layer;

/** @brief The embedding, or a head block: one of the three operands is there. */
typedef struct {
    size_t in, out, bytes;
    const float *floats;
    const uint8_t *octets;
    const uint32_t *signs; /* +-1 weights on real inputs */
    bgnn_chain chain;
} bgnn_dense_layer;

typedef struct {
    bgnn_graph_layer conv[BGNN_MAX_LAYERS];
    bgnn_dense_layer embedding;
    bgnn_dense_layer linear[3];
    size_t channels; /* sum of widths */
} bgnn_prepared;

#endif
