/**
 * @file layer_bits.c
 * @brief XorEdgeConv on bits (Bahri et al. 2021, section 4.3, eq. 9): no float, no edge tensor; the maximum over the
 * edges follows from the extremes of the popcounts.
 *
 * With bit 1 for -1, the edge half -x_j x_i has the bits NOT (b_j ^ b_i), so its popcount against a weight row w is
 * C - popcount(w ^ b_j ^ b_i).
 */
#include "forward.h"

enum { NODES = 8 }; /* that share a call for their x_i halves */

void bgnn_join_bits(const bgnn_pass *pass, size_t l, size_t point) {
    size_t out = pass->prepared->conv[l].out;
    const uint64_t *row = pass->bits[(l + 1) % 2] + point * bgnn_words(out);
    bgnn_bits_copy(row, 0, out, pass->joined + point * bgnn_words(pass->prepared->channels), bgnn_channel_offset(pass, l));
}

void bgnn_cat_counts(const bgnn_pass *pass, size_t l, size_t first, size_t last) {
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    size_t words = bgnn_words(conv->in), out = conv->out;
    pass->kernels->bits->hamming(pass->bits[l % 2] + first * words, words, last - first, conv->edge_octets, conv->bytes, out,
                                 pass->counts + first * out, out);
}

void bgnn_add_skip(const bgnn_pass *pass, size_t l, size_t point, float *values) {
    size_t in = pass->prepared->conv[l].in, out = pass->prepared->conv[l].out;
    const float *before = pass->reals[l % 2] + point * in;
    for (size_t start = 0; start < out; start += in)
        for (size_t c = 0; c < in; c++) values[start + c] += before[c];
}

/* The popcounts of one node's edges, as far as they matter. */
typedef struct {
    const int32_t *own; /* (out): popcounts of the x_i half */
    int32_t *least, *most; /* (out): extremes over the edges, of the differences of b_j ^ b_i (xor) or of the popcounts of b_j (cat) */
    int32_t in;            /* channels of the edge half for xor: a popcount is own + in - n; 0 for cat: own + n */
    const int32_t *index;    /* (k) neighbours */
    const int32_t *interior; /* xor: (k, interior) popcounts of b_j ^ b_i */
} node_counts;

static int32_t popcount_of(const node_counts *node, size_t o, int32_t n) { return node->own[o] + (node->in > 0 ? node->in - n : n); }

/* The popcount of edge e against the t-th interior output. */
static int32_t interior_count(const bgnn_pass *pass, const bgnn_graph_layer *conv, const node_counts *node, size_t e, size_t t) {
    size_t o = (size_t)conv->interior_column[t];
    if (node->interior != NULL) return popcount_of(node, o, node->interior[e * conv->interior + t]);
    return popcount_of(node, o, pass->counts[(size_t)node->index[e] * conv->out + o]);
}

static void finish_hits(const bgnn_pass *pass, size_t l, const node_counts *node, uint64_t *bits) {
    const bgnn_layer *layer = &pass->model->conv[l];
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    size_t out = conv->out, words = bgnn_words(out);
    pass->kernels->bits->hits(node->least, node->most, node->own, node->in, layer->hit_low, layer->hit_span, out, bits);
    for (size_t t = 0; t < conv->interior; t++) {
        size_t o = (size_t)conv->interior_column[t];
        uint32_t low = (uint32_t)layer->hit_low[o], span = (uint32_t)layer->hit_span[o];
        uint64_t hit = 0;
        for (size_t e = 0; e < pass->k && !hit; e++) hit = (uint32_t)interior_count(pass, conv, node, e, t) - low <= span;
        bits[o / 64] = (bits[o / 64] & ~(UINT64_C(1) << (o % 64))) | hit << (o % 64);
    }
    for (size_t w = 0; w < words; w++) bits[w] = ~(bits[w] ^ layer->hit_bit[w]);
    if (out % 64 != 0) bits[words - 1] &= (UINT64_C(1) << (out % 64)) - 1;
}

static void finish_tables(const bgnn_pass *pass, size_t l, size_t point, const node_counts *node, uint64_t *bits) {
    const bgnn_layer *layer = &pass->model->conv[l];
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    size_t out = conv->out, entries = (size_t)layer->in + 1, words = bgnn_words(out);
    float *values = pass->reals[(l + 1) % 2] + point * out;
    const int32_t *least = node->least, *most = node->most;
    const float *row = layer->table;
    for (size_t start = 0; start < out; start += 64) {
        uint64_t minimum = layer->table_min[start / 64];
        size_t end = bgnn_min(start + 64, out);
        for (size_t o = start; o < end; o++, row += entries, minimum >>= 1) {
            float a = row[popcount_of(node, o, least[o])], b = row[popcount_of(node, o, most[o])];
            float lower = a < b ? a : b, upper = a < b ? b : a;
            values[o] = (minimum & 1) != 0 ? lower : upper;
        }
    }
    for (size_t t = 0; t < conv->interior; t++) {
        size_t o = (size_t)conv->interior_column[t];
        for (size_t e = 0; e < pass->k; e++) {
            float v = layer->table[o * entries + (size_t)interior_count(pass, conv, node, e, t)];
            if (bgnn_bit(layer->table_min, o) ? v < values[o] : v > values[o]) values[o] = v;
        }
    }
    bgnn_add_skip(pass, l, point, values);
    pass->kernels->bits->pack(values, out, 1, out, NULL, NULL, bits, words);
}

void bgnn_xor_edge_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch) {
    const bgnn_graph_layer *conv = &pass->prepared->conv[l];
    const bgnn_bits_kernels *kernels = pass->kernels->bits;
    bool cat = pass->model->info.edge_op == BGNN_EDGE_CAT;
    size_t in = conv->in, out = conv->out, words = bgnn_words(in), out_words = bgnn_words(out), k = pass->k;
    uint64_t *edges = cat ? NULL : bgnn_carve(scratch, k, words, sizeof *edges);
    int32_t *interior = cat ? NULL : bgnn_carve(scratch, k, conv->interior, sizeof *interior);
    int32_t *own = bgnn_carve(scratch, NODES, out, sizeof *own);
    node_counts node = {.least = bgnn_carve(scratch, 1, out, sizeof(int32_t)),
                        .most = bgnn_carve(scratch, 1, out, sizeof(int32_t)),
                        .interior = interior,
                        .in = cat ? 0 : (int32_t)in};
    const uint64_t *x = pass->bits[l % 2];
    for (size_t i = first; i < last; i++) {
        size_t n = (i - first) % NODES;
        if (n == 0)
            kernels->hamming(x + i * words, words, bgnn_min(NODES, last - i), conv->own_octets, conv->bytes, out, own, out);
        node.own = own + n * out;
        node.index = pass->knn + i * k;
        if (cat) {
            kernels->gather_extremes(pass->counts, out, node.index, k, out, node.least, node.most);
        } else {
            for (size_t e = 0; e < k; e++)
                for (size_t w = 0; w < words; w++)
                    edges[e * words + w] = x[(size_t)node.index[e] * words + w] ^ x[i * words + w];
            kernels->extremes(edges, words, k, conv->edge_octets, conv->bytes, out, node.least, node.most);
            if (conv->interior > 0)
                kernels->hamming(edges, words, k, conv->interior_octets, conv->bytes, conv->interior, interior, conv->interior);
        }
        uint64_t *bits = pass->bits[(l + 1) % 2] + i * out_words;
        if (pass->model->info.real_skip) finish_tables(pass, l, i, &node, bits);
        else finish_hits(pass, l, &node, bits);
        bgnn_join_bits(pass, l, i);
    }
}
