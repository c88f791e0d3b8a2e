/**
 * @file layer_real.c
 * @brief Graph layers on real features or by real weights: EdgeConv, BinEdgeConv, layer 1, all layers of the stages tanh and sign.
 */
#include "activation.h"
#include "forward.h"

#include <string.h>

enum { TILE = 32, NODES = 8 };

/* The edges of node i in layer 1, (k, 6): x_j - x_i, then x_i. */
static void gather_points(const bgnn_pass *pass, size_t i, float *edges) {
    const float *x = pass->xyz + 3 * i;
    for (size_t e = 0; e < pass->k; e++)
        for (size_t c = 0; c < 3; c++) {
            edges[6 * e + c] = pass->xyz[3 * (size_t)pass->knn[i * pass->k + e] + c] - x[c];
            edges[6 * e + 3 + c] = x[c];
        }
}

/* The edge half of node i in a later layer, (k, C_in): x_j - x_i, of +-1 values -x_j x_i (xor), or x_j itself (cat). */
static void gather_edges(const bgnn_pass *pass, size_t l, size_t i, float *edges) {
    const bgnn_model_info *info = &pass->model->info;
    size_t in = pass->prepared->conv[l].in, row;
    const float *x = bgnn_real_input(pass, l, &row), *x_i = x + i * row;
    bool cat = info->edge_op == BGNN_EDGE_CAT, xor = info->edge_op == BGNN_EDGE_XOR && info->stage == BGNN_SIGN;
    for (size_t e = 0; e < pass->k; e++) {
        const float *x_j = x + (size_t)pass->knn[i * pass->k + e] * row;
        float *edge = edges + e * in;
        for (size_t c = 0; c < in; c++) edge[c] = cat ? x_j[c] : xor ? -x_j[c] * x_i[c] : x_j[c] - x_i[c];
    }
}

/* The x_i halves' products of some nodes (nodes, out), for layers whose two halves are apart. */
static void own_products(const bgnn_pass *pass, size_t l, size_t from, size_t nodes, float *inputs, float *products) {
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    size_t in = conv->in, row;
    const float *x = bgnn_real_input(pass, l, &row);
    for (size_t n = 0; n < nodes; n++) memcpy(inputs + n * in, x + (from + n) * row, in * sizeof *inputs);
    bgnn_enter_product(&pass->model->conv[l], pass->kernels->real, inputs, in, nodes, in, in);
    pass->kernels->real->gemm(inputs, in, nodes, conv->own_floats, in, conv->out, products, conv->out);
}

/* From the layer's value at a node of XorEdgeConv to its next feature. */
static void activate_node(const bgnn_pass *pass, size_t l, size_t i, float *value) {
    size_t out = pass->prepared->conv[l].out, words = bgnn_words(out);
    if (l > 0 && pass->model->info.real_skip) bgnn_add_skip(pass, l, i, value);
    if (pass->model->info.on_bits)
        pass->kernels->bits->pack(value, out, 1, out, NULL, NULL, pass->bits[(l + 1) % 2] + i * words, words);
    if (bgnn_is_binary(pass)) {
        bgnn_join_bits(pass, l, i);
        return;
    }
    float *feature = pass->features + i * pass->prepared->channels + bgnn_channel_offset(pass, l);
    memcpy(feature, value, out * sizeof *feature);
    if (pass->model->info.on_bits) bgnn_sign_rows(feature, out, 1, out, NULL, NULL, 0);
    else bgnn_tanh_rows(feature, out, 1, out);
}

void bgnn_real_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_layer *layer = &pass->model->conv[l];
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    const bgnn_real_kernels *real = pass->kernels->real;
    bool whole = l == 0; /* both halves in one product */
    size_t k = pass->k, in = conv->in, out = conv->out, width = whole ? 2 * in : in;
    size_t rows = conv->ends_decide ? 2 : k; /* per node: the least and the greatest product, or those of all edges */
    float *edges = bgnn_carve(scratch, k, width, sizeof *edges);
    float *inputs = whole ? NULL : bgnn_carve(scratch, NODES, in, sizeof *inputs);
    float *own = whole ? NULL : bgnn_carve(scratch, NODES, out, sizeof *own);
    float *values = bgnn_carve(scratch, rows, out, sizeof *values);
    float *most = bgnn_carve(scratch, 1, out, sizeof *most);
    bool late_norm = pass->model->info.max_before_norm != 0, on_real = pass->model->info.conv == BGNN_BIN_EDGE_CONV;
    bgnn_chain before_max = conv->chain, after_max = {.gain = conv->chain.gain, .offset = conv->chain.offset, .leak = 1.0f};
    if (late_norm) before_max.gain = before_max.offset = NULL;
    if (first == last) return;
    const float *panels = whole ? conv->floats : conv->edge_floats;
    for (size_t i = first; i < last; i++) {
        if (whole) gather_points(pass, i, edges);
        else gather_edges(pass, l, i, edges);
        bgnn_enter_product(layer, real, edges, width, k, 0, width);
        if (conv->ends_decide) real->gemm_extremes(edges, width, k, panels, width, out, values, values + out);
        else real->gemm(edges, width, k, panels, width, out, values, out);
        size_t n = (i - first) % NODES;
        if (!whole && n == 0) own_products(pass, l, i, bgnn_min(NODES, last - i), inputs, own);
        for (size_t r = 0; !whole && r < rows; r++)
            for (size_t o = 0; o < out; o++) values[r * out + o] += own[n * out + o];
        real->chain(values, out, rows, out, &before_max);
        float *to = on_real          ? pass->features + i * pass->prepared->channels + bgnn_channel_offset(pass, l)
                    : pass->reals[0] ? pass->reals[(l + 1) % 2] + i * out
                                     : most;
        real->gather_max(values, out, NULL, rows, out, to);
        if (on_real) continue;
        if (late_norm) real->chain(to, out, 1, out, &after_max);
        activate_node(pass, l, i, to);
    }
}

void bgnn_edge_products(const bgnn_pass *pass, size_t l, size_t first, size_t last) {
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    const bgnn_real_kernels *real = pass->kernels->real;
    size_t stride, channels = pass->prepared->channels, out = conv->out;
    const float *x = bgnn_real_input(pass, l, &stride);
    float *own = pass->features + bgnn_channel_offset(pass, l);
    for (size_t i = first; i < last; i += TILE) {
        size_t rows = bgnn_min(TILE, last - i);
        real->gemm(x + i * stride, stride, rows, conv->edge_floats, conv->in, out, pass->products + i * out, out);
        real->gemm(x + i * stride, stride, rows, conv->own_floats, conv->in, out, own + i * channels, channels);
    }
}

void bgnn_edge_max(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    size_t out = conv->out, k = pass->k;
    float *most = bgnn_carve(scratch, 1, out, sizeof *most);
    for (size_t i = first; i < last; i++) {
        float *own = pass->features + i * pass->prepared->channels + bgnn_channel_offset(pass, l);
        pass->kernels->real->gather_max(pass->products, out, pass->knn + i * k, k, out, most);
        for (size_t o = 0; o < out; o++) own[o] = most[o] + own[o];
        pass->kernels->real->chain(own, out, 1, out, &conv->chain);
    }
}

void bgnn_bin_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_layer *layer = &pass->model->conv[l];
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    const bgnn_bits_kernels *bits = pass->kernels->bits;
    const bgnn_real_kernels *real = pass->kernels->real;
    size_t in = conv->in, out = conv->out, words = bgnn_words(in), k = pass->k, stride;
    float *differences = bgnn_carve(scratch, k, in, sizeof *differences);
    uint64_t *edges = bgnn_carve(scratch, k, words, sizeof *edges);
    uint64_t *node = bgnn_carve(scratch, NODES, words, sizeof *node);
    int32_t *own = bgnn_carve(scratch, NODES, out, sizeof *own);
    int32_t *ends = bgnn_carve(scratch, 2, out, sizeof *ends); /* least, then greatest popcount */
    float *values = bgnn_carve(scratch, 2, out, sizeof *values);
    if (first == last) return;
    const float *x = bgnn_real_input(pass, l, &stride);
    for (size_t from = first; from < last; from += NODES) {
        size_t nodes = bgnn_min(NODES, last - from);
        bits->pack(x + from * stride, stride, nodes, in, layer->threshold + in, conv->own_flip, node, words);
        bits->hamming(node, words, nodes, conv->own_octets, conv->bytes, out, own, out);
        for (size_t n = 0; n < nodes; n++) {
            size_t i = from + n;
            for (size_t e = 0; e < k; e++) {
                const float *x_j = x + (size_t)pass->knn[i * k + e] * stride, *x_i = x + i * stride;
                for (size_t c = 0; c < in; c++) differences[e * in + c] = x_j[c] - x_i[c];
            }
            bits->pack(differences, in, k, in, layer->threshold, conv->edge_flip, edges, words);
            bits->extremes(edges, words, k, conv->edge_octets, conv->bytes, out, ends, ends + out);
            for (size_t o = 0; o < out; o++) {
                ends[o] += own[n * out + o];
                ends[out + o] += own[n * out + o];
            }
            /* scale, then PReLU: rising, falling, or falling and then rising in the popcount, so an end has the maximum. */
            real->dots(ends, 2 * out, layer->in, values);
            real->chain(values, out, 2, out, &conv->chain);
            real->gather_max(values, out, NULL, 2, out,
                             pass->features + i * pass->prepared->channels + bgnn_channel_offset(pass, l));
        }
    }
}
