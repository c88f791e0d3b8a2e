/**
 * @file gguf.h
 * @brief A reader of GGUF version 3, little-endian: any bytes give a reader or an error, never more.
 *
 * Source: the GGUF specification, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Refused, because no model has
 * them: nested arrays, tensors of other types than F32, I32 and I64 or of more than two dimensions, tensors that overlap or
 * come out of order, and alignments under 8 bytes.
 */
#ifndef BGNN_GGUF_H
#define BGNN_GGUF_H

#include "bgnn.h"

typedef struct bgnn_gguf bgnn_gguf;

/* The value types of the specification that model files use. */
enum { GGUF_U32 = 4, GGUF_F32 = 6, GGUF_STRING = 8, GGUF_ARRAY = 9 };
/* The tensor types. */
enum { GGUF_TENSOR_F32 = 0, GGUF_TENSOR_I32 = 26, GGUF_TENSOR_I64 = 27 };

#define GGUF_NAME_SIZE 65 /* tensor names have at most 64 bytes, by the specification */

/** @brief One tensor: rows is 1 for vectors; data is aligned to 8 bytes and lives as long as the reader. */
typedef struct {
    char name[GGUF_NAME_SIZE];
    uint32_t type;
    uint64_t rows, columns, bytes;
    const void *data;
} bgnn_gguf_tensor;

/** @brief Map a file read-only (it must not be cut short while it is open), or copy a buffer. */
bgnn_status bgnn_gguf_open(const char *path, bgnn_gguf **file, char *message);
bgnn_status bgnn_gguf_open_memory(const void *data, size_t size, bgnn_gguf **file, char *message);
void bgnn_gguf_close(bgnn_gguf *file); /* NULL is fine */

/** @brief Size of the file or buffer, of all tensor data, and of what the reader allocated. */
uint64_t bgnn_gguf_file_bytes(const bgnn_gguf *file);
uint64_t bgnn_gguf_tensor_bytes(const bgnn_gguf *file);
uint64_t bgnn_gguf_allocated_bytes(const bgnn_gguf *file);

/**
 * @brief The kind of a key's value; 0 when there is no such key.
 * @param type   the value's type, for an array that of its items.
 * @param count  the length of an array; 1 for a plain value.
 * @param array  1 for an array.
 */
int32_t bgnn_gguf_kind(const bgnn_gguf *file, const char *key, uint32_t *type, uint64_t *count, int32_t *array);

/** @brief The value of a key, or an item of its array; 0 when there is none of that kind (numbers: u32 and f32).
 *  Strings are not zero-terminated. */
int32_t bgnn_gguf_string(const bgnn_gguf *file, const char *key, uint64_t index, const char **text, uint64_t *length);
int32_t bgnn_gguf_number(const bgnn_gguf *file, const char *key, uint64_t index, double *value);

/** @brief The i-th tensor, or NULL past the end; the tensor of a name, or NULL. */
const bgnn_gguf_tensor *bgnn_gguf_tensor_at(const bgnn_gguf *file, uint64_t i);
const bgnn_gguf_tensor *bgnn_gguf_tensor_named(const bgnn_gguf *file, const char *name);

#endif
