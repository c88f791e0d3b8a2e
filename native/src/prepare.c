/**
 * @file prepare.c
 * @brief Derive the kernels' operands from the file's layout, once, in one block.
 *
 * Every function here runs twice: with a counting carver it only asks for memory, with a real one it also fills it.
 */
#include "prepare.h"

#include "panels.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

#define LEAKY_SLOPE 0.2f

static float *float_operand(bgnn_carver *block, size_t rows, size_t channels) {
    size_t count = bgnn_floats_size(rows, channels);
    float *panels = bgnn_carve(block, count, 1, sizeof *panels);
    if (panels != NULL) memset(panels, 0, count * sizeof *panels);
    return panels;
}

static float *at(float *panels, size_t channels, size_t row, size_t channel) {
    return panels + (row / BGNN_FLOAT_PANEL * channels + channel) * BGNN_FLOAT_PANEL + row % BGNN_FLOAT_PANEL;
}

/* Rows of channels start ... start + count - 1 of a packed matrix, as octets; `pick` names the rows, or all when NULL. */
static const uint8_t *octet_operand(bgnn_carver *block, const bgnn_layer *layer, size_t start, size_t count,
                                    const int32_t *pick, size_t rows) {
    size_t bytes = bgnn_ceil(count, 8), row_words = bgnn_ceil((size_t)layer->in, 64);
    size_t size = bgnn_octets_size(rows, bytes);
    uint8_t *octets = bgnn_carve(block, size, 1, 1);
    if (octets == NULL) return NULL;
    memset(octets, 0, size);
    for (size_t r = 0; r < rows; r++) {
        const uint64_t *row = layer->words + (pick != NULL ? (size_t)pick[r] : r) * row_words;
        uint8_t *panel = octets + r / BGNN_OCTET_PANEL * bytes * BGNN_OCTET_PANEL + r % BGNN_OCTET_PANEL;
        for (size_t b = 0; b < bytes; b++) {
            uint64_t byte = 0;
            bgnn_bits_copy(row, start + 8 * b, bgnn_min(8, count - 8 * b), &byte, 0);
            panel[b * BGNN_OCTET_PANEL] = (uint8_t)byte;
        }
    }
    return octets;
}

static const uint64_t *half_of(bgnn_carver *block, const uint64_t *bits, size_t start, size_t count) {
    uint64_t *half = bgnn_carve(block, 1, bgnn_ceil(count, 64), sizeof *half);
    if (half == NULL) return NULL;
    memset(half, 0, bgnn_ceil(count, 64) * sizeof *half);
    bgnn_bits_copy(bits, start, count, half, 0);
    return half;
}

/* Whether the extremes of the popcounts do not decide the result over the edges: a kink inside. */
static bool is_interior(const bgnn_layer *layer, size_t o) {
    size_t in = (size_t)layer->in;
    if (layer->table == NULL) {
        uint32_t low = (uint32_t)layer->hit_low[o], span = (uint32_t)layer->hit_span[o];
        bool first = 0 - low <= span, last = (uint32_t)layer->in - low <= span;
        return !first && !last && low <= (uint32_t)layer->in;
    }
    /* The larger end wins if the row falls and then rises; for the smaller end, of the negated row. */
    const float *row = layer->table + o * (in + 1);
    float side = bgnn_bit(layer->table_min, o) ? -1.0f : 1.0f;
    bool rising = false;
    for (size_t p = 1; p <= in; p++) {
        float before = side * row[p - 1], here = side * row[p];
        if (here < before ? rising : !(here >= before)) return true;
        rising |= here > before;
    }
    return false;
}

/* Scale, PReLU and norm are each monotone, rounding included, but for a PReLU of negative slope, which falls and then rises: the
   maximum is at an end unless a norm before it turns that into a rise and a fall. */
static bool ends_decide(const bgnn_model *model, const bgnn_layer *layer) {
    for (int32_t o = 0; o < layer->out; o++)
        if (layer->slope[o] < 0.0f && layer->post_gain != NULL && layer->post_gain[o] < 0.0f && !model->info.max_before_norm)
            return false;
    return true;
}

static void graph_layer(const bgnn_model *model, int32_t l, bgnn_carver *block, bgnn_graph_layer *to) {
    const bgnn_layer *layer = &model->conv[l];
    size_t in = (size_t)layer->in / 2, out = (size_t)layer->out;
    to->in = in, to->out = out, to->bytes = bgnn_ceil(in, 8);
    to->chain = (bgnn_chain){layer->scale, layer->slope, layer->post_gain, layer->post_offset, 1.0f};
    if (model->info.conv == BGNN_EDGE_CONV) {
        float *edge = float_operand(block, out, in), *own = float_operand(block, out, in);
        float *gain = bgnn_carve(block, 1, out, sizeof *gain);
        for (size_t o = 0; gain != NULL && o < out; o++) {
            float side = layer->post_gain[o] < 0.0f ? -1.0f : 1.0f;
            const float *row = layer->weight + o * 2 * in;
            gain[o] = side * layer->post_gain[o];
            for (size_t c = 0; c < in; c++) {
                *at(edge, in, o, c) = side * row[c];
                *at(own, in, o, c) = side * (row[in + c] - row[c]);
            }
        }
        to->edge_floats = edge, to->own_floats = own;
        to->chain.gain = gain, to->chain.leak = LEAKY_SLOPE;
        return;
    }
    if (l == 0) {
        float *panels = float_operand(block, out, 2 * in);
        for (size_t o = 0; panels != NULL && o < out; o++)
            for (size_t c = 0; c < 2 * in; c++)
                *at(panels, 2 * in, o, c) = layer->weight != NULL                ? layer->weight[o * 2 * in + c]
                                            : bgnn_bit(layer->words + o, c) ? -1.0f
                                                                            : 1.0f;
        to->floats = panels;
        to->ends_decide = ends_decide(model, layer);
        return;
    }
    if (layer->weight != NULL) {
        float *edge = float_operand(block, out, in), *own = float_operand(block, out, in);
        for (size_t o = 0; own != NULL && o < out; o++)
            for (size_t c = 0; c < in; c++) {
                *at(edge, in, o, c) = layer->weight[o * 2 * in + c];
                *at(own, in, o, c) = layer->weight[o * 2 * in + in + c];
            }
        to->edge_floats = edge, to->own_floats = own;
        to->ends_decide = ends_decide(model, layer);
        return;
    }
    to->edge_octets = octet_operand(block, layer, 0, in, NULL, out);
    to->own_octets = octet_operand(block, layer, in, in, NULL, out);
    if (layer->flip != NULL) {
        to->edge_flip = half_of(block, layer->flip, 0, in);
        to->own_flip = half_of(block, layer->flip, in, in);
    }
    if (model->info.conv != BGNN_XOR_EDGE_CONV) return;
    for (size_t o = 0; o < out; o++) to->interior += is_interior(layer, o);
    if (to->interior == 0) return;
    int32_t *column = bgnn_carve(block, 1, to->interior, sizeof *column);
    for (size_t o = 0, t = 0; column != NULL && o < out; o++)
        if (is_interior(layer, o)) column[t++] = (int32_t)o;
    to->interior_column = column;
    if (model->info.edge_op == BGNN_EDGE_XOR) to->interior_octets = octet_operand(block, layer, 0, in, column, to->interior);
}

static void dense_layer(const bgnn_layer *layer, bool real_inputs, float leak, bgnn_carver *block, bgnn_dense_layer *to) {
    size_t in = (size_t)layer->in, out = (size_t)layer->out;
    to->in = in, to->out = out, to->bytes = bgnn_ceil(in, 8);
    to->chain = (bgnn_chain){layer->scale, layer->slope, layer->post_gain, layer->post_offset, leak};
    if (layer->weight != NULL) {
        float *panels = float_operand(block, out, in);
        if (panels != NULL) bgnn_floats_fill(layer->weight, in, out, in, 0, bgnn_ceil(out, BGNN_FLOAT_PANEL), panels);
        to->floats = panels;
    } else if (real_inputs) {
        uint32_t *signs = bgnn_carve(block, bgnn_signs_size(out, in), 1, sizeof *signs);
        if (signs != NULL) bgnn_signs_fill(layer->words, bgnn_ceil(in, 64), out, in, signs);
        to->signs = signs;
    } else {
        to->octets = octet_operand(block, layer, 0, in, NULL, out);
    }
}

static bgnn_prepared *derive(const bgnn_model *model, bgnn_carver *block) {
    bgnn_prepared counted = {0}, *prepared = bgnn_carve(block, 1, 1, sizeof *prepared);
    bgnn_prepared *to = prepared != NULL ? prepared : &counted;
    memset(to, 0, sizeof *to);
    bool real = model->info.conv == BGNN_EDGE_CONV;
    float leak = real ? LEAKY_SLOPE : 1.0f;
    for (int32_t l = 0; l < model->info.layers; l++) {
        graph_layer(model, l, block, &to->conv[l]);
        to->channels += to->conv[l].out;
    }
    dense_layer(&model->embedding, false, leak, block, &to->embedding);
    for (int32_t b = 0; b < 3; b++)
        dense_layer(&model->linear[b], model->info.real_head_inputs != 0, b < 2 ? leak : 1.0f, block, &to->linear[b]);
    return prepared;
}

bgnn_status bgnn_prepare(bgnn_model *model, char *message) {
    bgnn_carver block = {0};
    derive(model, &block);
    void *memory = block.overflow ? NULL : aligned_alloc(BGNN_ALIGNMENT, block.used);
    if (memory == NULL) return bgnn_fail(BGNN_NO_MEMORY, message, "Out of memory for the prepared weights. Close other models.");
    block = (bgnn_carver){.base = memory};
    model->prepared = derive(model, &block);
    model->info.prepared_bytes += block.used;
    return BGNN_OK;
}

void bgnn_unprepare(bgnn_model *model) {
    free(model->prepared);
    model->prepared = NULL;
}
