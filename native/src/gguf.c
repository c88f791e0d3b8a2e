/**
 * @file gguf.c
 * @brief Bounds-checked GGUF reader over a mapping or a buffer.
 *
 * Every read goes through a cursor that knows what is left, so that no count, length or offset of the file is trusted.
 * What is allocated is bounded by the file's own size: an entry is counted only where its bytes can be there.
 */
#define _POSIX_C_SOURCE 200809L
#include "gguf.h"

#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Tensor data is used as it lies in the file: the library is for little-endian machines."
#endif

/* A model has about 30 keys and 100 tensors; the bound keeps the search for duplicates short. */
#define MAX_ENTRIES 4096
#define MIN_KEY_BYTES 13    /* length of the key, type, one byte of value */
#define MIN_TENSOR_BYTES 32 /* length of the name, dimensions, one of them, type, offset */
#define MAX_KEY_BYTES 65535 /* by the specification */
#define MAX_ALIGNMENT (1u << 20)

typedef struct {
    const char *name;
    uint64_t length;
    uint32_t type; /* of the items, for an array */
    int32_t array;
    uint64_t count;
    const uint8_t *value;
} entry;

struct bgnn_gguf {
    const uint8_t *data;
    size_t size;
    int32_t mapped; /* 1: munmap, 0: free */
    uint32_t alignment;
    uint64_t key_count, tensor_count, tensor_bytes, allocated;
    entry *keys;
    bgnn_gguf_tensor *tensors;
};

/** What is left of the header. After a failure it hands out zeros and NULL, so that only loops must look at the status. */
typedef struct {
    const uint8_t *at;
    size_t left;
    char *message;
    bgnn_status status;
} cursor;

#define REFUSE(c, ...) ((c)->status = bgnn_fail(BGNN_BAD_FILE, (c)->message, __VA_ARGS__))

static int32_t failed(const cursor *c) { return c->status != BGNN_OK; }

static const uint8_t *take(cursor *c, uint64_t bytes, const char *what) {
    if (failed(c)) return NULL;
    if (bytes > c->left) {
        REFUSE(c, "the file is cut short or damaged: it ends within %s. Copy or export it again.", what);
        return NULL;
    }
    const uint8_t *start = c->at;
    c->at += bytes;
    c->left -= (size_t)bytes;
    return start;
}

static uint32_t take_u32(cursor *c, const char *what) {
    uint32_t value = 0;
    const uint8_t *start = take(c, sizeof value, what);
    if (start) memcpy(&value, start, sizeof value);
    return value;
}

static uint64_t take_u64(cursor *c, const char *what) {
    uint64_t value = 0;
    const uint8_t *start = take(c, sizeof value, what);
    if (start) memcpy(&value, start, sizeof value);
    return value;
}

/** The name of a key or tensor: not empty, not endless, and without the zero that would end it early. */
static const char *take_name(cursor *c, uint64_t *length, uint64_t most, const char *what) {
    *length = take_u64(c, what);
    const char *name = (const char *)take(c, *length, what);
    if (name && (*length == 0 || *length > most || memchr(name, 0, (size_t)*length)))
        REFUSE(c, "the file is damaged: the name of %s is empty, too long or holds a zero. Export it again.", what);
    return failed(c) ? NULL : name;
}

/* ---- Keys ------------------------------------------------------------------------------------------------------ */

/** Bytes of a plain value; 0 for strings, arrays and types that the specification does not know. */
static uint32_t width_of(uint32_t type) {
    static const uint8_t widths[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return type < sizeof widths ? widths[type] : 0;
}

static int shown(uint64_t length) { return length < 60 ? (int)length : 60; }

static void take_values(cursor *c, entry *e) {
    static const char what[] = "a key's value";
    uint32_t width = width_of(e->type);
    e->value = c->at;
    if (width) /* a count too large for the product is too large for the file */
        take(c, e->count > c->left ? UINT64_MAX : e->count * width, what);
    else if (e->type == GGUF_STRING)
        for (uint64_t i = 0; i < e->count && !failed(c); i++)
            take(c, take_u64(c, what), what);
    else
        REFUSE(c, "key '%.*s' has the unknown value type %u. Export the model again.", shown(e->length), e->name, e->type);
}

static void take_entry(cursor *c, entry *e) {
    e->name = take_name(c, &e->length, MAX_KEY_BYTES, "a key");
    e->type = take_u32(c, "a key's type");
    e->count = 1;
    e->array = e->type == GGUF_ARRAY;
    if (e->array) {
        e->type = take_u32(c, "an array's type");
        e->count = take_u64(c, "an array's length");
    }
    if (!failed(c)) take_values(c, e);
}

static const entry *find(const bgnn_gguf *file, const char *key, uint64_t length, uint64_t among) {
    for (uint64_t i = 0; i < among; i++)
        if (file->keys[i].length == length && !memcmp(file->keys[i].name, key, (size_t)length)) return &file->keys[i];
    return NULL;
}

static void read_keys(bgnn_gguf *file, cursor *c) {
    for (uint64_t i = 0; i < file->key_count && !failed(c); i++) {
        entry *e = &file->keys[i];
        take_entry(c, e);
        if (!failed(c) && find(file, e->name, e->length, i))
            REFUSE(c, "key '%.*s' is there twice. Export the model again.", shown(e->length), e->name);
    }
    static const char key[] = "general.alignment";
    const entry *alignment = failed(c) ? NULL : find(file, key, sizeof key - 1, file->key_count);
    if (!alignment) return;
    uint32_t value = 0;
    if (alignment->type == GGUF_U32 && !alignment->array) memcpy(&value, alignment->value, sizeof value);
    if (value < 8 || value > MAX_ALIGNMENT || value & (value - 1))
        REFUSE(c, "key '%s' must be a power of two from 8 to %u (u32). Export the model again.", key, MAX_ALIGNMENT);
    file->alignment = value;
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

static void take_shape(cursor *c, bgnn_gguf_tensor *t) {
    static const char what[] = "a tensor's shape";
    uint32_t dimensions = take_u32(c, what);
    if (!failed(c) && (dimensions < 1 || dimensions > 2))
        REFUSE(c, "tensor '%s' has %u dimensions, tensors of a model have 1 or 2. Export the model again.", t->name, dimensions);
    t->columns = take_u64(c, what);
    t->rows = dimensions == 2 ? take_u64(c, what) : 1;
}

/** Name, shape and type of one tensor; its offset is returned. */
static uint64_t take_tensor(cursor *c, bgnn_gguf_tensor *t) {
    uint64_t length;
    const char *name = take_name(c, &length, GGUF_NAME_SIZE - 1, "a tensor");
    if (name) memcpy(t->name, name, (size_t)length); /* the rest is zero */
    take_shape(c, t);
    t->type = take_u32(c, "a tensor's type");
    uint64_t offset = take_u64(c, "a tensor's offset");
    if (failed(c)) return 0;
    uint64_t width = t->type == GGUF_TENSOR_I64 ? 8 : 4;
    if (t->type != GGUF_TENSOR_F32 && t->type != GGUF_TENSOR_I32 && t->type != GGUF_TENSOR_I64)
        REFUSE(c, "tensor '%s' has type %u, tensors of a model are F32, I32 or I64. Export the model again.", t->name, t->type);
    else if (t->rows == 0 || t->columns == 0 || t->columns > UINT64_MAX / width / t->rows)
        REFUSE(c, "tensor '%s' has an impossible shape. Export the model again.", t->name);
    else
        t->bytes = t->rows * t->columns * width;
    return offset;
}

/** Place the tensors after the header; `offsets` are relative to the first aligned byte there. */
static void place_tensors(bgnn_gguf *file, cursor *c, const uint64_t *offsets) {
    uint64_t header = file->size - c->left;
    uint64_t start = (header + file->alignment - 1) / file->alignment * file->alignment;
    uint64_t room = start <= file->size ? file->size - start : 0, end = 0;
    for (uint64_t i = 0; i < file->tensor_count && !failed(c); i++) {
        bgnn_gguf_tensor *t = &file->tensors[i];
        if (offsets[i] % file->alignment || offsets[i] < end) {
            REFUSE(c, "tensor '%s' is out of place: not aligned, or over the one before. Export the model again.", t->name);
        } else if (offsets[i] > room || t->bytes > room - offsets[i]) {
            REFUSE(c, "the file is cut short: tensor '%s' ends beyond it. Copy or export it again.", t->name);
        } else {
            end = offsets[i] + t->bytes;
            t->data = file->data + start + offsets[i];
            file->tensor_bytes += t->bytes;
        }
    }
}

static void read_tensors(bgnn_gguf *file, cursor *c) {
    uint64_t *offsets = calloc((size_t)file->tensor_count + 1, sizeof *offsets);
    if (!offsets) {
        c->status = bgnn_fail(BGNN_NO_MEMORY, c->message, "out of memory while reading the file's tensors.");
        return;
    }
    for (uint64_t i = 0; i < file->tensor_count && !failed(c); i++) {
        offsets[i] = take_tensor(c, &file->tensors[i]);
        for (uint64_t j = 0; j < i && !failed(c); j++)
            if (!strcmp(file->tensors[j].name, file->tensors[i].name))
                REFUSE(c, "tensor '%s' is there twice. Export the model again.", file->tensors[i].name);
    }
    if (!failed(c)) place_tensors(file, c, offsets);
    free(offsets);
}

/* ---- Open and close -------------------------------------------------------------------------------------------- */

static void read_header(bgnn_gguf *file, cursor *c) {
    if (c->left < 4 || memcmp(c->at, "GGUF", 4)) {
        REFUSE(c, "not a model file: it does not start with the letters GGUF. Open a .gguf model file.");
        return;
    }
    take(c, 4, "the header");
    uint32_t version = take_u32(c, "the header");
    if (!failed(c) && version != 0 && (version & 0xFFFF) == 0)
        REFUSE(c, "a big-endian GGUF file. Convert it to little-endian, or export the model again.");
    else if (!failed(c) && version != 3)
        REFUSE(c, "GGUF version %u, this library reads version 3. Export the model again.", version);
    file->tensor_count = take_u64(c, "the header");
    file->key_count = take_u64(c, "the header");
    if (failed(c)) return;
    if (file->key_count > c->left / MIN_KEY_BYTES || file->tensor_count > c->left / MIN_TENSOR_BYTES)
        REFUSE(c, "the file is cut short or damaged: it has no room for its keys and tensors. Copy or export it again.");
    else if (file->key_count > MAX_ENTRIES || file->tensor_count > MAX_ENTRIES)
        REFUSE(c, "the file has more than %d keys or tensors. Open a .gguf model file.", MAX_ENTRIES);
}

static void read_entries(bgnn_gguf *file, cursor *c) {
    size_t keys = (size_t)file->key_count + 1, tensors = (size_t)file->tensor_count + 1; /* never 0 */
    file->keys = calloc(keys, sizeof *file->keys);
    file->tensors = calloc(tensors, sizeof *file->tensors);
    if (!file->keys || !file->tensors) {
        c->status = bgnn_fail(BGNN_NO_MEMORY, c->message, "out of memory while reading the file's keys and tensors.");
        return;
    }
    file->allocated = sizeof *file + keys * sizeof *file->keys + tensors * sizeof *file->tensors + (file->mapped ? 0 : file->size);
    read_keys(file, c);
    if (!failed(c)) read_tensors(file, c);
}

/** Read all but the tensor data; the file is closed again where that fails. */
static bgnn_status read_file(bgnn_gguf *file, bgnn_gguf **out, char *message) {
    cursor c = {file->data, file->size, message, BGNN_OK};
    file->alignment = 32;
    read_header(file, &c);
    if (!failed(&c)) read_entries(file, &c);
    if (failed(&c))
        bgnn_gguf_close(file);
    else
        *out = file;
    return c.status;
}

static bgnn_status map_file(int descriptor, bgnn_gguf *file, char *message) {
    struct stat about;
    if (fstat(descriptor, &about)) return bgnn_fail(BGNN_IO_ERROR, message, "could not be read (%s).", strerror(errno));
    if (!S_ISREG(about.st_mode))
        return bgnn_fail(BGNN_IO_ERROR, message, "is a %s, not a file. Open a .gguf model file.",
                         S_ISDIR(about.st_mode) ? "folder" : "device");
    if (about.st_size == 0) return bgnn_fail(BGNN_BAD_FILE, message, "the file is empty. Open a .gguf model file.");
    if ((uint64_t)about.st_size > SIZE_MAX / 2) return bgnn_fail(BGNN_BAD_FILE, message, "the file is too large to be a model.");
    void *data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) return bgnn_fail(BGNN_IO_ERROR, message, "could not be mapped (%s).", strerror(errno));
    file->data = data;
    file->size = (size_t)about.st_size;
    file->mapped = 1;
    return BGNN_OK;
}

bgnn_status bgnn_gguf_open(const char *path, bgnn_gguf **out, char *message) {
    /* O_NONBLOCK: opening a named pipe would otherwise wait for a writer. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return bgnn_fail(BGNN_IO_ERROR, message, "could not be opened (%s). Check the path.", strerror(errno));
    bgnn_gguf *file = calloc(1, sizeof *file);
    bgnn_status status =
        file ? map_file(descriptor, file, message) : bgnn_fail(BGNN_NO_MEMORY, message, "out of memory while opening the file.");
    close(descriptor);
    if (status != BGNN_OK) {
        free(file);
        return status;
    }
    return read_file(file, out, message);
}

bgnn_status bgnn_gguf_open_memory(const void *data, size_t size, bgnn_gguf **out, char *message) {
    bgnn_gguf *file = calloc(1, sizeof *file);
    void *copy = malloc(size ? size : 1); /* aligned for any plain type, so for 8 bytes */
    if (!file || !copy) {
        free(file);
        free(copy);
        return bgnn_fail(BGNN_NO_MEMORY, message, "out of memory for a model of %zu bytes.", size);
    }
    if (size) memcpy(copy, data, size);
    file->data = copy;
    file->size = size;
    return read_file(file, out, message);
}

void bgnn_gguf_close(bgnn_gguf *file) {
    if (!file) return;
    if (file->mapped)
        munmap((void *)file->data, file->size);
    else
        free((void *)file->data);
    free(file->keys);
    free(file->tensors);
    free(file);
}

uint64_t bgnn_gguf_file_bytes(const bgnn_gguf *file) { return file->size; }
uint64_t bgnn_gguf_tensor_bytes(const bgnn_gguf *file) { return file->tensor_bytes; }
uint64_t bgnn_gguf_allocated_bytes(const bgnn_gguf *file) { return file->allocated; }

int32_t bgnn_gguf_kind(const bgnn_gguf *file, const char *key, uint32_t *type, uint64_t *count, int32_t *array) {
    const entry *e = find(file, key, strlen(key), file->key_count);
    if (!e) return 0;
    *type = e->type;
    *count = e->count;
    *array = e->array;
    return 1;
}

int32_t bgnn_gguf_string(const bgnn_gguf *file, const char *key, uint64_t index, const char **text, uint64_t *length) {
    const entry *e = find(file, key, strlen(key), file->key_count);
    if (!e || e->type != GGUF_STRING || index >= e->count) return 0;
    const uint8_t *at = e->value; /* every length was checked by take_values */
    memcpy(length, at, sizeof *length);
    for (; index > 0; index--) {
        at += sizeof *length + *length;
        memcpy(length, at, sizeof *length);
    }
    *text = (const char *)at + sizeof *length;
    return 1;
}

int32_t bgnn_gguf_number(const bgnn_gguf *file, const char *key, uint64_t index, double *value) {
    const entry *e = find(file, key, strlen(key), file->key_count);
    if (!e || index >= e->count) return 0;
    const uint8_t *at = e->value + index * width_of(e->type);
    uint32_t integer;
    float real;
    switch (e->type) {
    case GGUF_U32:
        memcpy(&integer, at, sizeof integer);
        *value = integer;
        return 1;
    case GGUF_F32:
        memcpy(&real, at, sizeof real);
        *value = (double)real;
        return 1;
    }
    return 0;
}

const bgnn_gguf_tensor *bgnn_gguf_tensor_at(const bgnn_gguf *file, uint64_t i) { return i < file->tensor_count ? &file->tensors[i] : NULL; }

const bgnn_gguf_tensor *bgnn_gguf_tensor_named(const bgnn_gguf *file, const char *name) {
    for (uint64_t i = 0; i < file->tensor_count; i++)
        if (!strcmp(file->tensors[i].name, name)) return &file->tensors[i];
    return NULL;
}
