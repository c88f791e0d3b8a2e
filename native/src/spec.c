/**
 * @file spec.c
 * @brief The keys of a model file, each of the type, within the bounds and in a combination that the engine runs.
 */
#include "spec.h"

#include "status.h"

#include <stdio.h>
#include <string.h>

#define FORMAT_VERSION 1
/* Bounds that keep every product of sizes within 64 bits, and most within 32. */
#define MAX_CHANNELS (1 << 16)
#define MAX_CLASSES (1 << 12)
#define MAX_POINTS (1 << 24)

typedef struct {
    const bgnn_gguf *file;
    char *message;
    bgnn_status status; /* the first failure; nothing is read after it */
} reader;

static int32_t failed(const reader *r) { return r->status != BGNN_OK; }

static int32_t has_kind(const reader *r, const char *key, uint32_t wanted, int32_t wanted_array, uint64_t *count) {
    uint32_t type;
    int32_t array;
    return bgnn_gguf_kind(r->file, key, &type, count, &array) && type == wanted && array == wanted_array;
}

static void refuse_key(reader *r, const char *key, const char *wanted) {
    r->status = bgnn_fail(BGNN_BAD_FILE, r->message, "key '%s' must be %s. Export the model again.", key, wanted);
}

/** One u32, or item `index` of a u32 array, within 1 ... most. */
static int32_t read_size(reader *r, const char *key, int32_t array, uint64_t index, int32_t most) {
    uint64_t count = 0;
    double value = 0;
    if (failed(r)) return 1;
    if (!has_kind(r, key, GGUF_U32, array, &count) || !bgnn_gguf_number(r->file, key, index, &value) || value < 1 || value > most) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%s from 1 to %d (u32)", array ? "an array of integers" : "an integer", most);
        refuse_key(r, key, wanted);
        return 1;
    }
    return (int32_t)value;
}

/** The position of a string key's value in a list of words separated by spaces. */
static int32_t read_choice(reader *r, const char *key, const char *words) {
    const char *text;
    uint64_t length, count;
    if (failed(r)) return 0;
    if (has_kind(r, key, GGUF_STRING, 0, &count) && bgnn_gguf_string(r->file, key, 0, &text, &length)) {
        int32_t position = 0;
        for (const char *word = words; *word; position++) {
            size_t size = strcspn(word, " ");
            if (size == length && !memcmp(word, text, size)) return position;
            word += size + (word[size] == ' ');
        }
    }
    char wanted[96];
    snprintf(wanted, sizeof wanted, "one of: %s", words);
    refuse_key(r, key, wanted);
    return 0;
}

static void check_format(reader *r) {
    const char *text;
    uint64_t length, count;
    double version = 0;
    if (!bgnn_gguf_string(r->file, "general.architecture", 0, &text, &length) || length != 4 || memcmp(text, "bgnn", 4))
        refuse_key(r, "general.architecture", "'bgnn': this is a GGUF file of something else");
    else if (!has_kind(r, "bgnn.format_version", GGUF_U32, 0, &count) || !bgnn_gguf_number(r->file, "bgnn.format_version", 0, &version) ||
             version < 1)
        refuse_key(r, "bgnn.format_version", "an integer of at least 1 (u32)");
    else if (version > FORMAT_VERSION)
        r->status = bgnn_fail(BGNN_NEWER_FILE, r->message,
                              "the file has format version %.0f, this library knows versions up to %d. Update bgnn-studio, or export the "
                              "model again with this version.",
                              version, FORMAT_VERSION);
}

static void read_sizes(reader *r, bgnn_model_info *info) {
    uint64_t count = 0;
    info->points = read_size(r, "bgnn.points", 0, 0, MAX_POINTS);
    info->k = read_size(r, "bgnn.k", 0, 0, MAX_CHANNELS);
    info->embedding = read_size(r, "bgnn.embedding", 0, 0, MAX_CHANNELS);
    if (failed(r)) return;
    if (!has_kind(r, "bgnn.widths", GGUF_U32, 1, &count) || count < 1 || count > BGNN_MAX_LAYERS)
        return refuse_key(r, "bgnn.widths", "an array of 1 to 8 integers (u32)");
    info->layers = (int32_t)count;
    for (int32_t l = 0; l < info->layers; l++)
        info->widths[l] = read_size(r, "bgnn.widths", 1, (uint64_t)l, MAX_CHANNELS);
    if (failed(r)) return;
    if (!has_kind(r, "bgnn.head", GGUF_U32, 1, &count) || count != 2) return refuse_key(r, "bgnn.head", "an array of 2 integers (u32)");
    for (int32_t i = 0; i < 2; i++)
        info->head[i] = read_size(r, "bgnn.head", 1, (uint64_t)i, MAX_CHANNELS);
    if (failed(r)) return;
    if (!has_kind(r, "bgnn.classes", GGUF_STRING, 1, &count) || count < 1 || count > MAX_CLASSES)
        return refuse_key(r, "bgnn.classes", "an array of 1 to 4096 class names");
    info->classes = (int32_t)count;
}

/** Combinations that no engine runs: the same ones as in bgnn_studio/core/spec.py. */
static void check_combination(reader *r, const bgnn_model_info *info) {
    if (failed(r)) return;
    if ((info->conv == BGNN_EDGE_CONV) != (info->stage == BGNN_TEACHER))
        refuse_key(r, "bgnn.stage", "'teacher' with EdgeConv, 'tanh', 'sign' or 'binary' with the others");
    else if ((info->conv == BGNN_XOR_EDGE_CONV) != (info->edge_op != BGNN_EDGE_DIFF))
        refuse_key(r, "bgnn.edge_op", "'xor' or 'cat' with XorEdgeConv, 'diff' with the others");
    else if (info->conv == BGNN_EDGE_CONV && !(info->float_first_layer && info->real_head_inputs))
        refuse_key(r, info->float_first_layer ? "bgnn.head_inputs" : "bgnn.first_layer", "real ('float', 'real') with EdgeConv");
    else if (info->real_skip && info->conv != BGNN_XOR_EDGE_CONV)
        refuse_key(r, "bgnn.skip", "'none' but with XorEdgeConv");
    for (int32_t l = 1; l < info->layers && info->real_skip && !failed(r); l++)
        if (info->widths[l] % info->widths[l - 1])
            refuse_key(r, "bgnn.widths", "multiples, each of the one before, where a real skip repeats channels");
}

/** Optional keys: absent, or of the kind that Python reads without another check. */
static void check_card(reader *r) {
    static const char *const texts[] = {"bgnn.training.dataset", "bgnn.training.recipe", "bgnn.accuracy.dataset", "bgnn.accuracy.split"};
    static const char *const counts[] = {"bgnn.training.seed", "bgnn.training.epochs", "bgnn.accuracy.count"};
    static const char *const fractions[] = {"bgnn.accuracy.overall", "bgnn.accuracy.class_mean"};
    uint32_t type;
    uint64_t count;
    int32_t array;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !failed(r); i++)
        if (bgnn_gguf_kind(r->file, texts[i], &type, &count, &array) && !has_kind(r, texts[i], GGUF_STRING, 0, &count))
            refuse_key(r, texts[i], "a string");
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !failed(r); i++)
        if (bgnn_gguf_kind(r->file, counts[i], &type, &count, &array) && !has_kind(r, counts[i], GGUF_U32, 0, &count))
            refuse_key(r, counts[i], "an integer (u32)");
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions && !failed(r); i++) {
        double value = 0;
        if (!bgnn_gguf_kind(r->file, fractions[i], &type, &count, &array)) continue;
        if (!has_kind(r, fractions[i], GGUF_F32, 0, &count) || !bgnn_gguf_number(r->file, fractions[i], 0, &value) ||
            !(value >= 0 && value <= 1))
            refuse_key(r, fractions[i], "a fraction from 0 to 1 (f32)");
    }
}

bgnn_status bgnn_read_spec(const bgnn_gguf *file, bgnn_model_info *info, char *message) {
    reader reading = {file, message, BGNN_OK}, *r = &reading;
    uint64_t count;
    check_format(r);
    if (!failed(r) && !has_kind(r, "bgnn.variant", GGUF_STRING, 0, &count)) refuse_key(r, "bgnn.variant", "a string");
    info->stage = (bgnn_stage)read_choice(r, "bgnn.stage", "teacher tanh sign binary");
    info->conv = (bgnn_conv)read_choice(r, "bgnn.conv", "EdgeConv BinEdgeConv XorEdgeConv");
    info->edge_op = (bgnn_edge_op)read_choice(r, "bgnn.edge_op", "diff xor cat");
    info->float_first_layer = read_choice(r, "bgnn.first_layer", "binary float");
    info->max_before_norm = read_choice(r, "bgnn.max_order", "after_norm before_norm");
    info->real_skip = read_choice(r, "bgnn.skip", "none real");
    info->real_head_inputs = read_choice(r, "bgnn.head_inputs", "sign real");
    if (!failed(r)) read_sizes(r, info);
    check_combination(r, info);
    info->on_bits = info->conv == BGNN_XOR_EDGE_CONV && info->stage != BGNN_TANH;
    check_card(r);
    return r->status;
}
