/**
 * @file bgnn.h
 * @brief The whole contract of the native library: bits, ties, order, memory, threads, ownership, status.
 *
 * Sizes: N points, k neighbours, C channels, W = ceil(C / 64) packed words. All arrays are C-contiguous.
 *
 * Bit contract. A bit is 1 exactly when the value is negative; zero (of either sign) counts as positive. Channel c is
 * bit c % 64 of word c / 64; pad bits are 0. Then dot(a, b) = C - 2 popcount(a ^ b), hamming(a, b) = popcount(a ^ b).
 *
 * Tie contract. k-NN is exact and ordered by (distance, index): equal distances go to the lower index. A point is a
 * candidate for its own list, at distance 0, and takes its place by index.
 *
 * Order contract. Each real output is one float accumulator in ascending channel order, fused multiply-add on every
 * ISA (scalar: fmaf): kernels vectorise over outputs, never over the sum. Every ISA and every number of threads gives
 * the same bits.
 *
 * L2 arithmetic. Distance = sum over ascending c of (a_c - b_c)^2, each difference rounded once, then fmaf.
 *
 * Memory. Nothing is allocated but by bgnn_model_open* (freed by bgnn_model_close): the caller owns the arena, whose
 * size the library reports. Arenas must be 64-byte aligned. A model is read-only after opening and may be shared by
 * threads, each call with an arena of its own.
 *
 * The library never prints, never exits and never aborts, whatever the file or the arguments.
 */
#ifndef BGNN_H
#define BGNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BGNN_MAX_LAYERS 8
#define BGNN_MESSAGE_SIZE 512

typedef enum {
    BGNN_OK = 0,
    BGNN_BAD_ARGUMENT = 1, /* sizes, nulls, k > N, threads < 1 */
    BGNN_BAD_DATA = 2,     /* NaN or infinite input */
    BGNN_BAD_FILE = 3,     /* not a model, truncated, or inconsistent; the message names the tensor or key */
    BGNN_NEWER_FILE = 4,   /* a format version this library does not know */
    BGNN_IO_ERROR = 5,     /* the file could not be opened or mapped */
    BGNN_NO_MEMORY = 6,
    BGNN_SMALL_ARENA = 7,
    BGNN_NO_ISA = 8 /* that instruction set is unknown, not built, or not on this CPU */
} bgnn_status;

/** @brief A short English text for a status; never NULL. */
const char *bgnn_status_text(bgnn_status status);

/** @brief Version of the library, equal to the package's. */
const char *bgnn_version(void);

/* ---- Instruction sets ------------------------------------------------------------------------------------------ */

/** @brief Name of the i-th ISA that this build and this CPU can run ("scalar" first, the best last); NULL past the end. */
const char *bgnn_isa_name(int32_t i);

/** @brief The ISA in use: the best, or what the environment variable BGNN_ISA or bgnn_set_isa chose; NULL for a bad BGNN_ISA. */
const char *bgnn_isa(void);

/**
 * @brief Choose an ISA by name for all later calls of the process; NULL: back to BGNN_ISA or the best.
 * An unknown name gives BGNN_NO_ISA and changes nothing. Not to be called while another thread computes.
 * (A bad BGNN_ISA makes every computing call return BGNN_NO_ISA.)
 */
bgnn_status bgnn_set_isa(const char *name);

/* ---- Models ---------------------------------------------------------------------------------------------------- */

typedef struct bgnn_model bgnn_model;

typedef enum { BGNN_TEACHER = 0, BGNN_TANH = 1, BGNN_SIGN = 2, BGNN_BINARY = 3 } bgnn_stage;
typedef enum { BGNN_EDGE_CONV = 0, BGNN_BIN_EDGE_CONV = 1, BGNN_XOR_EDGE_CONV = 2 } bgnn_conv;
typedef enum { BGNN_EDGE_DIFF = 0, BGNN_EDGE_XOR = 1, BGNN_EDGE_CAT = 2 } bgnn_edge_op;

/** @brief What the file's bgnn.* keys say (native/README.md has the format). */
typedef struct {
    bgnn_stage stage;
    bgnn_conv conv;
    bgnn_edge_op edge_op;
    int32_t float_first_layer; /* 1: real weights in layer 1 */
    int32_t max_before_norm;   /* 1: max, then batch norm (bf1) */
    int32_t real_skip;
    int32_t real_head_inputs;
    int32_t points; /* the number the model was trained with */
    int32_t k;
    int32_t layers;
    int32_t widths[BGNN_MAX_LAYERS];
    int32_t embedding;
    int32_t head[2];
    int32_t classes;
    int32_t on_bits;         /* 1: features between layers are bits, and graphs from layer 2 on are Hamming */
    uint64_t file_bytes;     /* size of the file or buffer */
    uint64_t tensor_bytes;   /* all tensor data in it */
    uint64_t prepared_bytes; /* what opening allocated besides the mapping */
} bgnn_model_info;

/**
 * @brief Open a model file (mapped read-only), or one in memory (copied; the caller's buffer may go).
 * @param message  NULL, or BGNN_MESSAGE_SIZE chars that receive what is wrong: tensor or key, expected, found.
 */
bgnn_status bgnn_model_open(const char *path, bgnn_model **model, char *message);
bgnn_status bgnn_model_open_memory(const void *data, size_t size, bgnn_model **model, char *message);
void bgnn_model_close(bgnn_model *model); /* NULL is fine */
void bgnn_model_get_info(const bgnn_model *model, bgnn_model_info *info);

/**
 * @brief Metadata of the file by key: strings, and numbers of the types that the format uses (u32, f32). Strings are not
 * zero-terminated and live as long as the model.
 * @return 0 when there is no such key of that kind; index counts within an array (0 for a plain value).
 */
int32_t bgnn_model_string(const bgnn_model *model, const char *key, uint64_t index, const char **text, uint64_t *length);
int32_t bgnn_model_number(const bgnn_model *model, const char *key, uint64_t index, double *value);

/** @brief The i-th tensor of the file; 0 past the end. rows is 1 for vectors. type: "F32", "I32" or "I64". */
typedef struct {
    const char *name; /* zero-terminated, lives as long as the model */
    const char *type;
    uint64_t rows, columns, bytes;
} bgnn_tensor_info;
int32_t bgnn_model_tensor(const bgnn_model *model, uint64_t i, bgnn_tensor_info *info);

/* ---- Inference ------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name; /* "knn", "products", "edges", "sign", "conv+pool", "block1", ...: static text */
    int32_t layer;    /* 1 ... L; L + 1: embedding; L + 2: head */
    int64_t nanoseconds;
} bgnn_step;

#define BGNN_MAX_STEPS 64

/**
 * @brief What the caller asks of a forward pass; every pointer may be NULL and then costs nothing.
 * Index l - 1 belongs to layer l. features[l - 1] is the input of layer l: (N, W) uint64 words where on_bits,
 * (N, C) float otherwise; features[0] is ignored. winners[o] is the point that gave the max pooling its value in
 * channel o of the embedding; of several with that value, the lowest.
 */
typedef struct {
    int32_t *knn[BGNN_MAX_LAYERS];     /* (N, k) */
    float *distances[BGNN_MAX_LAYERS]; /* (N, k): squared L2, or Hamming (exact in a float) */
    void *features[BGNN_MAX_LAYERS];
    int32_t *winners; /* (embedding) */
    bgnn_step *steps;   /* room for BGNN_MAX_STEPS */
    int32_t step_count; /* written: how many steps were filled */
} bgnn_trace;

/** @brief Bytes that bgnn_forward needs; 0 when the arguments cannot work (k > points, threads < 1, overflow). */
size_t bgnn_arena_size(const bgnn_model *model, int32_t points, int32_t k, int32_t threads);

/**
 * @brief One forward pass.
 * @param xyz     (points, 3), finite; as it is: preprocessing is the caller's.
 * @param k       neighbours, 1 <= k <= points (the model's own k: bgnn_model_get_info).
 * @param threads at least 1; results do not depend on it.
 * @param logits  (classes), written.
 * @param trace   NULL, or what to record.
 * @param message NULL, or BGNN_MESSAGE_SIZE chars.
 */
bgnn_status bgnn_forward(const bgnn_model *model, const float *xyz, int32_t points, int32_t k, int32_t threads,
                         void *arena, size_t arena_size, float *logits, bgnn_trace *trace, char *message);

/* ---- Checksum ---------------------------------------------------------------------------------------------------- */

/** @brief FNV-1a, 64 bits (Fowler, Noll, Vo), of some bytes after those that gave `sum`; it begins with 14695981039346656037. */
uint64_t bgnn_fnv(uint64_t sum, const void *data, size_t bytes);

/* ---- Kernels, as the tests and the benchmarks call them ---------------------------------------------------------- */

/** @brief Pack the signs of (rows, channels) floats into (rows, W) words; NaN counts as positive. */
bgnn_status bgnn_sign_pack(const float *values, int64_t rows, int32_t channels, uint64_t *words);

/**
 * @brief tanh of `count` floats, in place where out is values: the same bits on every machine, odd, rising, +-1 from |x| = 9.02 on,
 * NaN for NaN. Within half a unit in the last place: of all floats, none was found that is not the nearest to tanh(x).
 */
bgnn_status bgnn_tanh(const float *values, int64_t count, float *out);

/** @brief Popcounts of a_i ^ b_j: out (rows_a, rows_b) int32, from (rows_a, W) and (rows_b, W) words. */
bgnn_status bgnn_hamming(const uint64_t *a, int64_t rows_a, const uint64_t *b, int64_t rows_b, int32_t words, int32_t *out);

/** @brief XNOR GEMM: out (rows_a, rows_b) int32 = channels - 2 popcount(a_i ^ b_j). */
bgnn_status bgnn_binary_gemm(const uint64_t *a, int64_t rows_a, const uint64_t *b, int64_t rows_b, int32_t channels, int32_t *out);

/** @brief Float GEMM under the order contract: out (rows_a, rows_b) = a (rows_a, C) . b (rows_b, C)^T. */
bgnn_status bgnn_gemm(const float *a, int64_t rows_a, const float *b, int64_t rows_b, int32_t channels, float *out, void *arena, size_t arena_size);
size_t bgnn_gemm_arena_size(int64_t rows_b, int32_t channels);

/** @brief Exact Hamming k-NN of (points, words) under the tie contract: knn and distances (points, k). */
bgnn_status bgnn_knn_hamming(const uint64_t *bits, int32_t points, int32_t words, int32_t k, int32_t *knn, float *distances, void *arena, size_t arena_size);

/** @brief Exact L2 k-NN of (points, channels) floats under the tie contract: knn and squared distances (points, k). */
bgnn_status bgnn_knn_l2(const float *values, int32_t points, int32_t channels, int32_t k, int32_t *knn, float *distances, void *arena, size_t arena_size);
size_t bgnn_knn_arena_size(int32_t points, int32_t channels);

#ifdef __cplusplus
}
#endif
#endif
