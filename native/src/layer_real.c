/**
 * @file layer_real.c
 * @brief Graph layers on real features: layer 1 of the binary networks, EdgeConv, BinEdgeConv.
 */
#include "forward.h"

enum { TILE = 32, NODES = 8 };

void bgnn_first_layer(const bgnn_pass *pass, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_layer *layer = &pass->model->conv[0];
    const bgnn_graph_layer *conv = &pass->prepared->conv[0];
    const bgnn_real_kernels *real = pass->kernels->real;
    size_t k = pass->k, out = conv->out;
    size_t rows = conv->ends_decide ? 2 : k; /* per node: the least and the greatest product, or those of all edges */
    float *edges = bgnn_carve(scratch, k, 6, sizeof *edges);
    float *values = bgnn_carve(scratch, rows, out, sizeof *values);
    float *most = bgnn_carve(scratch, 1, out, sizeof *most);
    bool late_norm = pass->model->info.max_before_norm != 0;
    bgnn_chain before_max = conv->chain, pre = {.gain = layer->pre_gain, .offset = layer->pre_offset, .leak = 1.0f};
    bgnn_chain after_max = {.gain = conv->chain.gain, .offset = conv->chain.offset, .leak = 1.0f};
    if (late_norm) before_max.gain = before_max.offset = NULL;
    for (size_t i = first; i < last; i++) {
        const float *x = pass->xyz + 3 * i;
        for (size_t e = 0; e < k; e++)
            for (size_t c = 0; c < 3; c++) {
                edges[6 * e + c] = pass->xyz[3 * (size_t)pass->knn[i * k + e] + c] - x[c];
                edges[6 * e + 3 + c] = x[c];
            }
        if (layer->pre_gain != NULL) real->chain(edges, 6, k, 6, &pre);
        if (conv->ends_decide) real->gemm_extremes(edges, 6, k, conv->floats, 6, out, values, values + out);
        else real->gemm(edges, 6, k, conv->floats, 6, out, values, out);
        real->chain(values, out, rows, out, &before_max);
        float *to = pass->features != NULL ? pass->features + i * pass->prepared->channels
                    : pass->reals[1] != NULL ? pass->reals[1] + i * out
                                             : most;
        real->gather_max(values, out, NULL, rows, out, to);
        if (pass->features != NULL) continue;
        if (late_norm) real->chain(to, out, 1, out, &after_max);
        pass->kernels->bits->pack(to, out, 1, out, NULL, NULL, pass->bits[1] + i * bgnn_words(out), bgnn_words(out));
        bgnn_join_bits(pass, 0, i);
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
