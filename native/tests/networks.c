/**
 * @file networks.c
 * @brief Small random networks as structs, of every kind of layer and option, run over clouds of 1 to 300 points.
 */
#include "networks.h"

#include "fixture.h"

#include "bgnn.h"
#include "model.h"
#include "panels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    bgnn_stage stage;
    bgnn_conv conv;
    bgnn_edge_op edge_op;
    int32_t float_first, max_before_norm, skip, real_head;
    int32_t widths[3];
} options;

static const options NETWORKS[] = {
    {BGNN_TEACHER, BGNN_EDGE_CONV, BGNN_EDGE_DIFF, 1, 0, 0, 1, {16, 5, 33}},
    {BGNN_BINARY, BGNN_BIN_EDGE_CONV, BGNN_EDGE_DIFF, 0, 0, 0, 0, {64, 65, 7}},
    {BGNN_BINARY, BGNN_BIN_EDGE_CONV, BGNN_EDGE_DIFF, 1, 0, 0, 1, {30, 64, 128}},
    {BGNN_BINARY, BGNN_XOR_EDGE_CONV, BGNN_EDGE_XOR, 0, 1, 0, 0, {64, 64, 128}},
    {BGNN_BINARY, BGNN_XOR_EDGE_CONV, BGNN_EDGE_XOR, 0, 0, 0, 0, {37, 65, 270}},
    {BGNN_BINARY, BGNN_XOR_EDGE_CONV, BGNN_EDGE_CAT, 1, 0, 0, 1, {40, 100, 3}},
    {BGNN_BINARY, BGNN_XOR_EDGE_CONV, BGNN_EDGE_XOR, 1, 1, 1, 0, {32, 32, 96}},
    {BGNN_BINARY, BGNN_XOR_EDGE_CONV, BGNN_EDGE_CAT, 0, 0, 1, 1, {33, 66, 66}},
    {BGNN_TANH, BGNN_BIN_EDGE_CONV, BGNN_EDGE_DIFF, 0, 0, 0, 0, {16, 33, 7}},
    {BGNN_SIGN, BGNN_BIN_EDGE_CONV, BGNN_EDGE_DIFF, 1, 0, 0, 1, {30, 20, 15}},
    {BGNN_TANH, BGNN_XOR_EDGE_CONV, BGNN_EDGE_XOR, 0, 0, 0, 0, {17, 33, 5}},
    {BGNN_TANH, BGNN_XOR_EDGE_CONV, BGNN_EDGE_CAT, 1, 0, 1, 1, {16, 16, 32}},
    {BGNN_SIGN, BGNN_XOR_EDGE_CONV, BGNN_EDGE_XOR, 0, 1, 0, 0, {64, 63, 5}},
    {BGNN_SIGN, BGNN_XOR_EDGE_CONV, BGNN_EDGE_CAT, 1, 1, 1, 1, {65, 65, 65}},
};
enum { COUNT = sizeof NETWORKS / sizeof *NETWORKS, LAYERS = 3, EMBEDDING = 70, CLASSES = 5 };

static const struct {
    int32_t points, k;
} CLOUDS[] = {{1, 1}, {5, 5}, {64, 3}, {131, 20}, {300, 20}};
enum { SIZES = sizeof CLOUDS / sizeof *CLOUDS };

static float *floats(size_t count, float low, float high) {
    float *values = guarded(count, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = low + (high - low) * (draw_float() + 1.0f) / 2.0f;
    return values;
}

static uint64_t *words(size_t rows, size_t channels) {
    uint64_t *values = guarded(rows * bgnn_ceil(channels, 64), sizeof *values);
    draw_words(values, rows, channels);
    return values;
}

/* The least r with r * r >= n. */
static size_t root(size_t n) {
    size_t r = 0;
    while (r * r < n) r++;
    return r;
}

/* Weights and scale, whichever kind; slopes are mostly positive. Products of +-1 have a size of about sqrt(in). */
static bgnn_layer product(size_t in, size_t out, int real, int scaled) {
    bgnn_layer layer = {.in = (int32_t)in, .out = (int32_t)out};
    float size = 1.0f / (float)root(in);
    if (real) layer.weight = floats(out * in, -2.0f * size, 2.0f * size);
    else layer.words = words(out, in);
    if (!scaled) return layer;
    layer.scale = floats(out, real ? -0.5f : -0.5f * size, real ? 2.0f : 2.0f * size);
    layer.slope = floats(out, -0.1f, 0.4f);
    return layer;
}

static void add_norm(bgnn_layer *layer) {
    layer->post_gain = floats((size_t)layer->out, -0.5f, 1.5f);
    layer->post_offset = floats((size_t)layer->out, -0.5f, 0.5f);
}

/* After a pre norm: thresholds, or at stage tanh that. */
static void add_activation(bgnn_layer *layer, bgnn_stage stage) {
    layer->tanh = stage == BGNN_TANH;
    if (layer->tanh) return;
    layer->threshold = floats((size_t)layer->in, -0.3f, 0.3f);
    layer->flip = words(1, (size_t)layer->in);
}

static void add_pre_norm(bgnn_layer *layer) {
    layer->pre_gain = floats((size_t)layer->in, -0.5f, 1.5f);
    layer->pre_offset = floats((size_t)layer->in, -0.5f, 0.5f);
}

/* Any cyclic interval, inner ones among them; any table, kinked ones among them. */
static void add_edges(bgnn_layer *layer, int skip) {
    size_t out = (size_t)layer->out, in = (size_t)layer->in;
    uint64_t *side = words(1, out);
    if (skip) {
        float *table = guarded(out * (in + 1), sizeof *table);
        for (size_t o = 0; o < out; o++) {
            float slope = draw_float(), kink = 0.3f * draw_float();
            for (size_t p = 0; p <= in; p++) {
                float v = ((float)in - 2.0f * (float)p) / (float)in;
                table[o * (in + 1) + p] = v > 0.0f ? slope * v : kink * v;
            }
        }
        layer->table = table, layer->table_min = side;
        return;
    }
    int32_t *low = guarded(out, sizeof *low), *span = guarded(out, sizeof *span);
    int32_t middle = (int32_t)in / 2, spread = (int32_t)root(in);
    for (size_t o = 0; o < out; o++) { /* bounds beyond which about half of the nodes have an edge */
        int32_t a = middle - (int32_t)(draw() % (size_t)(spread + 1)), b = middle + (int32_t)(draw() % (size_t)(spread + 1));
        switch (draw() % 4) {
        case 0: low[o] = 0, span[o] = a; break;
        case 1: low[o] = b, span[o] = (int32_t)in; break;
        case 2: low[o] = a, span[o] = (int32_t)(draw() % 3); break;
        case 3: low[o] = b + 1, span[o] = a - b - 2; break;
        }
    }
    layer->hit_low = low, layer->hit_span = span, layer->hit_bit = side;
}

static void build(const options *o, bgnn_model *model) {
    *model = (bgnn_model){.info = {.stage = o->stage, .on_bits = o->conv == BGNN_XOR_EDGE_CONV && o->stage != BGNN_TANH, .conv = o->conv, .edge_op = o->edge_op, .float_first_layer = o->float_first,
                                   .max_before_norm = o->max_before_norm, .real_skip = o->skip, .real_head_inputs = o->real_head,
                                   .points = 64, .k = 3, .layers = LAYERS, .embedding = EMBEDDING, .head = {33, 20}, .classes = CLASSES}};
    int real = o->conv == BGNN_EDGE_CONV, bin = o->conv == BGNN_BIN_EDGE_CONV, bits = o->conv == BGNN_XOR_EDGE_CONV;
    int binary = o->stage == BGNN_BINARY, tanh = o->stage == BGNN_TANH;
    size_t in = 3, total = 0;
    for (int32_t l = 0; l < LAYERS; l++) {
        bgnn_layer *layer = &model->conv[l];
        *layer = product(2 * in, (size_t)o->widths[l], !binary || (l == 0 && o->float_first), !real);
        if (!bin) add_norm(layer);
        if (bin && (l == 0 || tanh)) add_pre_norm(layer);
        if (bin && (l > 0 || tanh)) add_activation(layer, o->stage);
        if (bits && binary && l > 0) add_edges(layer, o->skip);
        model->info.widths[l] = o->widths[l];
        in = (size_t)o->widths[l];
        total += in;
    }
    model->embedding = product(total, EMBEDDING, !binary, !real);
    if (!bin) add_norm(&model->embedding);
    if (bin) add_pre_norm(&model->embedding), add_activation(&model->embedding, o->stage);
    size_t sizes[4] = {2 * EMBEDDING, 33, 20, CLASSES};
    for (int32_t b = 0; b < 3; b++) {
        bgnn_layer *layer = &model->linear[b];
        *layer = product(sizes[b], sizes[b + 1], !binary || b == 2, !real && b < 2);
        if (!real) add_pre_norm(layer);
        if (!real && b < 2 && !o->real_head) add_activation(layer, o->stage);
        if (!real && b == 2) layer->scale = floats(CLASSES, 0.5f, 1.5f);
        if (real && b < 2) add_norm(layer);
        if (real && b == 2) layer->post_offset = floats(CLASSES, -0.5f, 0.5f);
    }
}

typedef struct {
    float logits[CLASSES];
    int32_t *knn[LAYERS];
    float *distances[LAYERS];
    void *features[LAYERS];
    int32_t *winners;
    size_t bytes[LAYERS];
} result;

/* How many different rows there are: in a network whose features are all alike nothing is tested. */
static size_t distinct(const unsigned char *rows, size_t count, size_t bytes) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < i && memcmp(rows + i * bytes, rows + j * bytes, bytes) != 0) j++;
        found += j == i;
    }
    return found;
}

static int run(const bgnn_model *model, const float *cloud, int32_t points, int32_t k, int32_t threads, result *to) {
    bgnn_trace trace = {0};
    bgnn_step steps[BGNN_MAX_STEPS];
    trace.steps = steps;
    for (int32_t l = 0; l < LAYERS; l++) {
        size_t N = (size_t)points, C = l == 0 ? 3 : (size_t)model->info.widths[l - 1];
        to->bytes[l] = l == 0 ? 0 : N * (model->info.on_bits ? 8 * bgnn_ceil(C, 64) : 4 * C);
        trace.knn[l] = to->knn[l] = guarded(N * (size_t)k, sizeof(int32_t));
        trace.distances[l] = to->distances[l] = guarded(N * (size_t)k, sizeof(float));
        trace.features[l] = to->features[l] = guarded(to->bytes[l], 1);
    }
    trace.winners = to->winners = guarded(EMBEDDING, sizeof *to->winners);
    /* Sizes are multiples of 64 and so is a page: the arena is aligned, and ends at the guard page. */
    size_t size = bgnn_arena_size(model, points, k, threads);
    char message[BGNN_MESSAGE_SIZE];
    bgnn_status status = bgnn_forward(model, cloud, points, k, threads, guarded(size, 1), size, to->logits, &trace, message);
    if (status != BGNN_OK) printf("%s: %s\n", bgnn_status_text(status), message);
    int alike = 0;
    for (int32_t l = 1; l < LAYERS && points > 100; l++) {
        size_t different = distinct(to->features[l], (size_t)points, to->bytes[l] / (size_t)points);
        if (different >= (size_t)points / 6) continue;
        printf("stage %d, conv %d, op %d, width %d: only %zu different features\n", (int)model->info.stage, (int)model->info.conv, (int)model->info.edge_op, (int)model->info.widths[l - 1], different);
        alike = 1;
    }
    return status != BGNN_OK || trace.step_count < 2 * LAYERS + 4 || alike;
}

static uint64_t sum_of(const result *r, size_t entries) {
    uint64_t hash = UINT64_C(14695981039346656037);
    enum { PARTS = 2 + 3 * LAYERS };
    const void *parts[PARTS] = {r->logits, r->winners};
    size_t bytes[PARTS] = {sizeof r->logits, EMBEDDING * sizeof *r->winners};
    for (size_t l = 0; l < LAYERS; l++) {
        parts[2 + 3 * l] = r->knn[l], bytes[2 + 3 * l] = entries * sizeof(int32_t);
        parts[3 + 3 * l] = r->distances[l], bytes[3 + 3 * l] = entries * sizeof(float);
        parts[4 + 3 * l] = r->features[l], bytes[4 + 3 * l] = r->bytes[l];
    }
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < bytes[p]; i++) hash = (hash ^ ((const unsigned char *)parts[p])[i]) * UINT64_C(1099511628211);
    return hash;
}

/* These take longest in plain C: they run on fewer clouds and teams. */
static int real_products(const options *o) { return o->stage == BGNN_TANH || o->stage == BGNN_SIGN; }

int check_networks(const char *isa) {
    static uint64_t expected[COUNT][SIZES];
    int differences = 0;
    for (size_t n = 0; n < COUNT; n++)
        for (size_t s = 0; s < SIZES - (size_t)real_products(&NETWORKS[n]); s++) {
            int32_t points = CLOUDS[s].points, k = CLOUDS[s].k;
            bgnn_model model;
            seed(100 * n + s);
            build(&NETWORKS[n], &model);
            float *cloud = guarded(3 * (size_t)points, sizeof *cloud);
            draw_floats(cloud, 3 * (size_t)points);
            for (int32_t i = 0; i < points / 4; i++) memcpy(cloud + 3 * i, cloud + 6 * i, 3 * sizeof *cloud); /* duplicates tie */
            if (bgnn_prepare(&model, NULL) != BGNN_OK) return differences + 1;
            for (int32_t threads = 1; threads <= 3; threads += 1 + real_products(&NETWORKS[n])) {
                result r = {0};
                differences += run(&model, cloud, points, k, threads, &r);
                uint64_t sum = sum_of(&r, (size_t)points * (size_t)k);
                if (expected[n][s] == 0) {
                    expected[n][s] = sum;
                    feed(&sum, sizeof sum);
                }
                if (sum == expected[n][s]) continue;
                printf("%s: network %zu on %d points, %d threads differs\n", isa, n, (int)points, (int)threads);
                differences++;
            }
            bgnn_unprepare(&model);
            free_all();
        }
    return differences;
}
