/**
 * @file model_fuzz.c
 * @brief Seeded mutations of a model file: each opens and infers, or is refused with a message. Built with sanitizers.
 *
 * Usage: model_fuzz MODEL COUNT SEED. Prints how many mutants opened; exit code 1 where a refusal lacks its message.
 * With `clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER` libFuzzer makes the mutants, led by the code they reach (`make fuzz`).
 */
#include "bgnn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 7, NEIGHBOURS = 3 };

static uint64_t state = 1;

/** xorshift64: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003. */
static uint64_t random_below(uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

/** Read all that a model says of itself; the sum keeps the reads alive. */
static uint64_t walk(const bgnn_model *model) {
    static const char *const keys[] = {"bgnn.classes", "bgnn.variant", "bgnn.training.dataset", "bgnn.accuracy.split", "bgnn.widths"};
    uint64_t sum = 0;
    bgnn_tensor_info tensor;
    for (uint64_t i = 0; bgnn_model_tensor(model, i, &tensor); i++)
        sum += tensor.bytes + strlen(tensor.name) + strlen(tensor.type);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *text;
        uint64_t length;
        double number;
        for (uint64_t i = 0; bgnn_model_string(model, keys[k], i, &text, &length); i++)
            for (uint64_t c = 0; c < length; c++)
                sum += (uint8_t)text[c];
        for (uint64_t i = 0; bgnn_model_number(model, keys[k], i, &number); i++)
            sum += number > 0;
    }
    return sum;
}

static void infer(const bgnn_model *model) {
    float xyz[POINTS * 3];
    bgnn_model_info info;
    bgnn_model_get_info(model, &info);
    for (int i = 0; i < POINTS * 3; i++)
        xyz[i] = (float)random_below(1000) / 1000;
    size_t size = bgnn_arena_size(model, POINTS, NEIGHBOURS, 1);
    void *arena = size ? aligned_alloc(64, (size + 63) / 64 * 64) : NULL;
    float *logits = malloc((size_t)info.classes * sizeof *logits);
    if (arena && logits) bgnn_forward(model, xyz, POINTS, NEIGHBOURS, 1, arena, size, logits, NULL, NULL);
    free(arena);
    free(logits);
}

/** Returns 1 when the mutant opened, 0 when it was refused; exits where a refusal says nothing. */
static int try_model(const uint8_t *data, size_t size, uint64_t *sum) {
    char message[BGNN_MESSAGE_SIZE] = "";
    bgnn_model *model = NULL;
    uint8_t *exact = malloc(size ? size : 1); /* so that a read past the end is one past the allocation */
    if (!exact) exit(2);
    memcpy(exact, data, size);
    bgnn_status status = bgnn_model_open_memory(exact, size, &model, message);
    free(exact);
    if (status == BGNN_OK) {
        *sum += walk(model);
        infer(model);
        bgnn_model_close(model);
        return 1;
    }
    if (*message == 0 || model != NULL) {
        fprintf(stderr, "status %d without a message, or with a model\n", status);
        exit(1);
    }
    return 0;
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static volatile uint64_t kept;
    uint64_t sum = 0;
    try_model(data, size, &sum);
    kept = sum;
    return 0;
}
#else
/** Numbers on which size arithmetic fails, if it does. */
static uint64_t awkward(void) {
    static const uint64_t values[] = {0, 1, 2, 7, 8, 12, 63, 64, 255, 65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    return values[random_below(sizeof values / sizeof *values)] - random_below(3);
}

/** One to four changes, most of them in the header; returns the mutant's size. */
static size_t mutate(uint8_t *data, size_t size, size_t header) {
    for (uint64_t changes = 1 + random_below(4); changes > 0 && size > 8; changes--) {
        size_t at = random_below(random_below(4) ? header : size) % (size - 8);
        uint64_t value = awkward();
        switch (random_below(6)) {
        case 0: data[at] ^= (uint8_t)(1u << random_below(8)); break;
        case 1: data[at] = (uint8_t)random_below(256); break;
        case 2: memcpy(data + at, &value, 4); break;
        case 3: memcpy(data + at, &value, 8); break;
        case 4: memmove(data + at, data + random_below(size - 8), 8); break;
        case 5:
            if (random_below(4) == 0) size = random_below(size);
            break;
        }
    }
    return size;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    FILE *file = fopen(argv[1], "rb");
    static uint8_t whole[1 << 20], mutant[1 << 20];
    size_t size = file ? fread(whole, 1, sizeof whole, file) : 0;
    if (file) fclose(file);
    state = 0x9E3779B97F4A7C15u ^ strtoull(argv[3], NULL, 10);
    uint64_t sum = 0, opened = 0, count = strtoull(argv[2], NULL, 10);
    if (!try_model(whole, size, &sum)) return 3;
    size_t header = size < 6000 ? size : 6000; /* about where the keys and tensor entries of a small model end */
    for (uint64_t i = 0; i < count; i++) {
        memcpy(mutant, whole, size);
        opened += (uint64_t)try_model(mutant, mutate(mutant, size, header), &sum);
    }
    printf("%llu of %llu mutants opened (%llu)\n", (unsigned long long)opened, (unsigned long long)count, (unsigned long long)sum);
    return 0;
}
#endif
