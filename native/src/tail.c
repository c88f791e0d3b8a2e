/**
 * @file tail.c
 * @brief From the features of all layers to the logits: embedding, pooling, head.
 */
#include "activation.h"
#include "forward.h"

#include <math.h>
#include <string.h>

enum { TILE = 32, COLUMNS = 64 }; /* a tile of (32, 64) floats is 8 KB: it stays in the first cache level */

static bgnn_chain chain_from(const bgnn_chain *chain, size_t first) {
    return (bgnn_chain){chain->scale != NULL ? chain->scale + first : NULL, chain->slope != NULL ? chain->slope + first : NULL,
                        chain->gain != NULL ? chain->gain + first : NULL, chain->offset != NULL ? chain->offset + first : NULL,
                        chain->leak};
}

/* A right operand from output `first` on, a multiple of its panel width. */
static const float *floats_from(const bgnn_dense_layer *layer, size_t first) { return layer->floats + first * layer->in; }
static const uint8_t *octets_from(const bgnn_dense_layer *layer, size_t first) { return layer->octets + first * layer->bytes; }

void bgnn_enter_embedding(const bgnn_pass *pass, size_t first, size_t last) {
    const bgnn_layer *layer = &pass->model->embedding;
    size_t channels = pass->prepared->channels, words = bgnn_words(channels);
    float *values = pass->features + first * channels;
    if (bgnn_is_binary(pass))
        pass->kernels->bits->pack(values, channels, last - first, channels, layer->threshold, layer->flip, pass->joined + first * words,
                                  words);
    else bgnn_enter_product(layer, pass->kernels->real, values, channels, last - first, 0, channels);
}

/* Note the first row of a tile that gave each column its new maximum; `point` is the tile's first row. */
static void note_winners(const float *values, size_t rows, size_t columns, const float *before, const float *most, size_t point,
                         int32_t *winners) {
    for (size_t c = 0; c < columns; c++) {
        if (point != 0 && !(most[c] > before[c])) continue;
        size_t r = 0;
        while (r + 1 < rows && values[r * columns + c] != most[c]) r++;
        winners[c] = (int32_t)(point + r);
    }
}

void bgnn_embed_and_pool(const bgnn_pass *pass, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_dense_layer *layer = &pass->prepared->embedding;
    const bgnn_real_kernels *real = pass->kernels->real;
    int32_t *counts = bgnn_carve(scratch, TILE, COLUMNS, sizeof *counts);
    float *values = bgnn_carve(scratch, TILE, COLUMNS, sizeof *values);
    float before[COLUMNS];
    int32_t *winners = pass->trace != NULL ? pass->trace->winners : NULL;
    size_t in = layer->in, words = bgnn_words(in);
    for (size_t o = first; o < last; o += COLUMNS) {
        size_t columns = bgnn_min(COLUMNS, last - o);
        bgnn_chain chain = chain_from(&layer->chain, o);
        float *most = pass->pooled + o, *mean = pass->pooled + layer->out + o;
        for (size_t c = 0; c < columns; c++) most[c] = -INFINITY, mean[c] = 0.0f;
        for (size_t i = 0; i < pass->points; i += TILE) {
            size_t rows = bgnn_min(TILE, pass->points - i);
            if (layer->floats != NULL) {
                real->gemm(pass->features + i * in, in, rows, floats_from(layer, o), in, columns, values, columns);
            } else {
                pass->kernels->bits->hamming(pass->joined + i * words, words, rows, octets_from(layer, o), layer->bytes, columns,
                                             counts, columns);
                real->dots(counts, rows * columns, (int32_t)in, values);
            }
            real->chain(values, columns, rows, columns, &chain);
            if (winners != NULL) memcpy(before, most, columns * sizeof *most);
            real->pool(values, columns, rows, columns, most, mean);
            if (winners != NULL) note_winners(values, rows, columns, before, most, i, winners + o);
        }
        for (size_t c = 0; c < columns; c++) mean[c] /= (float)pass->points;
    }
}

void bgnn_head_block(const bgnn_pass *pass, size_t b, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_layer *layer = &pass->model->linear[b];
    const bgnn_dense_layer *dense = &pass->prepared->linear[b];
    const bgnn_real_kernels *real = pass->kernels->real;
    size_t in = dense->in, columns = last - first;
    float *normed = bgnn_carve(scratch, 1, in, sizeof *normed);
    uint64_t *signs = bgnn_carve(scratch, 1, bgnn_words(in), sizeof *signs);
    int32_t *counts = bgnn_carve(scratch, 1, dense->out, sizeof *counts);
    if (columns == 0) return;
    const float *values = b == 0 ? pass->pooled : pass->hidden[b - 1];
    float *out = (b == 2 ? pass->logits : pass->hidden[b]) + first;
    if (dense->octets != NULL) {
        pass->kernels->bits->pack(values, in, 1, in, layer->threshold, layer->flip, signs, bgnn_words(in));
        pass->kernels->bits->hamming(signs, bgnn_words(in), 1, octets_from(dense, first), dense->bytes, columns, counts, columns);
        real->dots(counts, columns, (int32_t)in, out);
    } else {
        if (layer->pre_gain != NULL) {
            memcpy(normed, values, in * sizeof *normed);
            bgnn_enter_product(layer, real, normed, in, 1, 0, in);
            values = normed;
        }
        if (dense->floats != NULL) real->gemm(values, in, 1, floats_from(dense, first), in, columns, out, columns);
        else real->signed_gemv(values, dense->signs + first / BGNN_OCTET_PANEL * in, in, columns, out);
    }
    bgnn_chain chain = chain_from(&dense->chain, first);
    real->chain(out, columns, 1, columns, &chain);
}
