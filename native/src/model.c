/**
 * @file model.c
 * @brief Open a model: the spec from its keys, then every tensor with its shape and the values that the engine relies on.
 *
 * The table of native/README.md says which tensors a spec has; bgnn_studio/core/tensors.py is its Python form.
 */
#include "model.h"

#include "gguf.h"
#include "spec.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const bgnn_gguf *file;
    char *message;
    bgnn_status status; /* the first failure; nothing is read after it */
    uint64_t bound;     /* how many tensors were asked for */
} binder;

static int32_t failed(const binder *b) { return b->status != BGNN_OK; }

static const char *type_name(uint32_t type) { return type == GGUF_TENSOR_F32 ? "F32" : type == GGUF_TENSOR_I32 ? "I32" : "I64"; }

/** The data of tensor 'layer.part', of exactly this type and shape. */
static const void *bind(binder *b, const char *layer, const char *part, uint32_t type, uint64_t rows, uint64_t columns) {
    char name[GGUF_NAME_SIZE];
    if (failed(b)) return NULL;
    snprintf(name, sizeof name, "%s.%s", layer, part);
    const bgnn_gguf_tensor *t = bgnn_gguf_tensor_named(b->file, name);
    const char *problem = NULL;
    uint64_t found = 0, needed = 0;
    if (!t) {
        b->status = bgnn_fail(BGNN_BAD_FILE, b->message, "tensor '%s' is missing. Export the model again.", name);
    } else if (t->type != type) {
        b->status = bgnn_fail(BGNN_BAD_FILE, b->message, "tensor '%s' is of type %s, layer '%s' needs %s. Export the model again.", name,
                              type_name(t->type), layer, type_name(type));
    } else if (t->columns != columns) {
        problem = type == GGUF_TENSOR_I64 ? "words per row" : "values per row";
        found = t->columns, needed = columns;
    } else if (t->rows != rows) {
        problem = "rows";
        found = t->rows, needed = rows;
    }
    if (problem)
        b->status = bgnn_fail(BGNN_BAD_FILE, b->message, "tensor '%s' has %llu %s, layer '%s' needs %llu. Export the model again.", name,
                              (unsigned long long)found, problem, layer, (unsigned long long)needed);
    b->bound++;
    return failed(b) ? NULL : t->data;
}

/** Finite floats; a threshold may be infinite, where the sign does not depend on the value. */
static const float *bind_reals(binder *b, const char *layer, const char *part, int32_t rows, int32_t columns) {
    const float *values = bind(b, layer, part, GGUF_TENSOR_F32, (uint64_t)rows, (uint64_t)columns);
    if (!values) return NULL;
    size_t count = (size_t)rows * (size_t)columns, wrong = 0;
    int32_t threshold = !strcmp(part, "threshold");
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits &= 0x7FFFFFFFu;
        wrong += threshold ? bits > 0x7F800000u : bits >= 0x7F800000u;
    }
    if (wrong)
        b->status = bgnn_fail(BGNN_BAD_FILE, b->message,
                              "tensor '%s.%s' holds values that are not finite. Train or export the model again.", layer, part);
    return failed(b) ? NULL : values;
}

/** Packed rows of `channels` bits, whose pad bits are 0: popcounts rely on it. */
static const uint64_t *bind_words(binder *b, const char *layer, const char *part, int32_t rows, int32_t channels) {
    size_t words = ((size_t)channels + 63) / 64;
    const uint64_t *values = bind(b, layer, part, GGUF_TENSOR_I64, (uint64_t)rows, words);
    if (!values || channels % 64 == 0) return values;
    uint64_t pad = 0;
    for (size_t row = 0; row < (size_t)rows; row++)
        pad |= values[(row + 1) * words - 1] >> (channels % 64);
    if (pad)
        b->status =
            bgnn_fail(BGNN_BAD_FILE, b->message, "tensor '%s.%s' has pad bits that are not 0. Export the model again.", layer, part);
    return failed(b) ? NULL : values;
}

static void bind_weight(binder *b, const char *name, bgnn_layer *layer, int32_t packed) {
    if (packed)
        layer->words = bind_words(b, name, "weight", layer->out, layer->in);
    else
        layer->weight = bind_reals(b, name, "weight", layer->out, layer->in);
}

/** activated: a sign follows, or, at stage tanh, a tanh. */
static void bind_pre_norm(binder *b, const char *name, bgnn_layer *layer, bgnn_stage stage, int32_t activated) {
    layer->pre_gain = bind_reals(b, name, "pre_gain", 1, layer->in);
    layer->pre_offset = bind_reals(b, name, "pre_offset", 1, layer->in);
    layer->tanh = activated && stage == BGNN_TANH;
    if (!activated || layer->tanh) return;
    layer->threshold = bind_reals(b, name, "threshold", 1, layer->in);
    layer->flip = bind_words(b, name, "flip", 1, layer->in);
}

static void bind_rescale(binder *b, const char *name, bgnn_layer *layer) {
    layer->scale = bind_reals(b, name, "scale", 1, layer->out);
    layer->slope = bind_reals(b, name, "slope", 1, layer->out);
}

static void bind_post_norm(binder *b, const char *name, bgnn_layer *layer) {
    layer->post_gain = bind_reals(b, name, "post_gain", 1, layer->out);
    layer->post_offset = bind_reals(b, name, "post_offset", 1, layer->out);
}

/** Cyclic intervals of popcounts 0 ... in: within a range where p - hit_low and its end stay far from overflow. */
static void bind_hits(binder *b, const char *name, bgnn_layer *layer) {
    const int32_t *low = bind(b, name, "hit_low", GGUF_TENSOR_I32, 1, (uint64_t)layer->out);
    const int32_t *span = bind(b, name, "hit_span", GGUF_TENSOR_I32, 1, (uint64_t)layer->out);
    layer->hit_bit = bind_words(b, name, "hit_bit", 1, layer->out);
    for (int32_t o = 0; o < layer->out && !failed(b); o++)
        if (low[o] < 0 || low[o] > layer->in + 1 || span[o] < -(layer->in + 2) || span[o] > layer->in + 1)
            b->status = bgnn_fail(BGNN_BAD_FILE, b->message,
                                  "tensor '%s.hit_low' or '%s.hit_span' is out of range at channel %d (%d, %d). Export the model again.",
                                  name, name, o, low[o], span[o]);
    layer->hit_low = low;
    layer->hit_span = span;
}

/** What graph layers and the embedding have in common. */
static void bind_features(binder *b, const char *name, bgnn_layer *layer, const bgnn_model_info *info, int32_t packed, int32_t activated) {
    bind_weight(b, name, layer, packed);
    if (info->conv == BGNN_BIN_EDGE_CONV) bind_pre_norm(b, name, layer, info->stage, activated);
    if (info->conv != BGNN_EDGE_CONV) bind_rescale(b, name, layer);
    if (info->conv != BGNN_BIN_EDGE_CONV) bind_post_norm(b, name, layer);
}

static void bind_graph_layer(binder *b, bgnn_model *model, int32_t l) {
    const bgnn_model_info *info = &model->info;
    bgnn_layer *layer = &model->conv[l];
    char name[16];
    snprintf(name, sizeof name, "conv%d", l + 1);
    layer->in = 2 * (l ? info->widths[l - 1] : 3);
    layer->out = info->widths[l];
    int32_t packed = info->stage == BGNN_BINARY && (l > 0 || !info->float_first_layer);
    bind_features(b, name, layer, info, packed, l > 0 || info->stage == BGNN_TANH);
    if (info->conv != BGNN_XOR_EDGE_CONV || info->stage != BGNN_BINARY || l == 0) return;
    if (info->real_skip) {
        layer->table = bind_reals(b, name, "table", layer->out, layer->in + 1);
        layer->table_min = bind_words(b, name, "table_min", 1, layer->out);
    } else {
        bind_hits(b, name, layer);
    }
}

static void bind_head(binder *b, bgnn_model *model) {
    const bgnn_model_info *info = &model->info;
    const int32_t widths[] = {2 * info->embedding, info->head[0], info->head[1], info->classes};
    int32_t real = info->conv == BGNN_EDGE_CONV;
    for (int32_t i = 0; i < 3; i++) {
        bgnn_layer *layer = &model->linear[i];
        int32_t last = i == 2;
        char name[16];
        snprintf(name, sizeof name, "linear%d", i + 1);
        layer->in = widths[i];
        layer->out = widths[i + 1];
        bind_weight(b, name, layer, info->stage == BGNN_BINARY && !last);
        if (!real) bind_pre_norm(b, name, layer, info->stage, !last && !info->real_head_inputs);
        if (!real && !last) bind_rescale(b, name, layer);
        if (!real && last) layer->scale = bind_reals(b, name, "scale", 1, layer->out);
        if (real && !last) bind_post_norm(b, name, layer);
        if (real && last) layer->post_offset = bind_reals(b, name, "post_offset", 1, layer->out);
    }
}

static void bind_tensors(binder *b, bgnn_model *model) {
    bgnn_model_info *info = &model->info;
    bgnn_layer *embedding = &model->embedding;
    for (int32_t l = 0; l < info->layers; l++) {
        bind_graph_layer(b, model, l);
        embedding->in += info->widths[l];
    }
    embedding->out = info->embedding;
    bind_features(b, "embedding", embedding, info, info->stage == BGNN_BINARY, 1);
    bind_head(b, model);
    if (!failed(b) && bgnn_gguf_tensor_at(b->file, b->bound))
        b->status = bgnn_fail(BGNN_BAD_FILE, b->message, "the file has more than the %llu tensors of such a model. Export the model again.",
                              (unsigned long long)b->bound);
}

/* ---- Open and close -------------------------------------------------------------------------------------------- */

static bgnn_status build(bgnn_gguf *file, bgnn_model **out, char *message) {
    bgnn_model *model = calloc(1, sizeof *model);
    if (!model) {
        bgnn_gguf_close(file);
        return bgnn_fail(BGNN_NO_MEMORY, message, "out of memory while opening the model.");
    }
    binder b = {file, message, BGNN_OK, 0};
    model->file = file;
    b.status = bgnn_read_spec(file, &model->info, message);
    if (!failed(&b)) bind_tensors(&b, model);
    model->info.file_bytes = bgnn_gguf_file_bytes(file);
    model->info.tensor_bytes = bgnn_gguf_tensor_bytes(file);
    if (!failed(&b)) b.status = bgnn_prepare(model, message);
    if (failed(&b)) {
        bgnn_model_close(model);
        return b.status;
    }
    model->info.prepared_bytes += sizeof *model + bgnn_gguf_allocated_bytes(file);
    *out = model;
    return BGNN_OK;
}

bgnn_status bgnn_model_open(const char *path, bgnn_model **model, char *message) {
    if (!path || !model) return bgnn_fail(BGNN_BAD_ARGUMENT, message, "a path and a place for the model are needed.");
    bgnn_gguf *file = NULL;
    bgnn_status status = bgnn_gguf_open(path, &file, message);
    return status == BGNN_OK ? build(file, model, message) : status;
}

bgnn_status bgnn_model_open_memory(const void *data, size_t size, bgnn_model **model, char *message) {
    if ((!data && size) || !model) return bgnn_fail(BGNN_BAD_ARGUMENT, message, "data and a place for the model are needed.");
    bgnn_gguf *file = NULL;
    bgnn_status status = bgnn_gguf_open_memory(data, size, &file, message);
    return status == BGNN_OK ? build(file, model, message) : status;
}

void bgnn_model_close(bgnn_model *model) {
    if (!model) return;
    bgnn_unprepare(model);
    bgnn_gguf_close(model->file);
    free(model);
}

void bgnn_model_get_info(const bgnn_model *model, bgnn_model_info *info) { *info = model->info; }

int32_t bgnn_model_string(const bgnn_model *model, const char *key, uint64_t index, const char **text, uint64_t *length) {
    return bgnn_gguf_string(model->file, key, index, text, length);
}

int32_t bgnn_model_number(const bgnn_model *model, const char *key, uint64_t index, double *value) {
    return bgnn_gguf_number(model->file, key, index, value);
}

int32_t bgnn_model_tensor(const bgnn_model *model, uint64_t i, bgnn_tensor_info *info) {
    const bgnn_gguf_tensor *t = bgnn_gguf_tensor_at(model->file, i);
    if (!t) return 0;
    *info = (bgnn_tensor_info){t->name, type_name(t->type), t->rows, t->columns, t->bytes};
    return 1;
}
