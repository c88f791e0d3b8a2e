/**
 * @file pass.c
 * @brief Passes of one model over one cloud, and nothing else that depends on their number: instructions of n + 1 passes less
 * those of n are those of a pass.
 *
 * Prints the instruction set and the bits of the logits. Usage: pass MODEL CLOUD PASSES, the cloud as bgnn-runner reads it; one thread.
 */
#include "bgnn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what) {
    fprintf(stderr, "pass: %s\n", what);
    return 2;
}

int main(int count, char **arguments) {
    char message[BGNN_MESSAGE_SIZE];
    bgnn_model *model;
    bgnn_model_info info;
    if (count != 4) return fail("usage: pass MODEL CLOUD PASSES");
    if (bgnn_model_open(arguments[1], &model, message) != BGNN_OK) return fail(message);
    bgnn_model_get_info(model, &info);
    FILE *file = fopen(arguments[2], "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return fail(arguments[2]);
    size_t bytes = (size_t)ftell(file), size;
    int32_t points = (int32_t)(bytes / (3 * sizeof(float)));
    rewind(file);
    size = bgnn_arena_size(model, points, info.k, 1);
    float *cloud = malloc(bytes), *logits = calloc((size_t)info.classes, sizeof *logits);
    void *arena = aligned_alloc(64, size);
    if (cloud == NULL || logits == NULL || arena == NULL) return fail("no memory");
    if (fread(cloud, 1, bytes, file) != bytes) return fail(arguments[2]);
    memset(arena, 0, size);
    for (long n = strtol(arguments[3], NULL, 10); n > 0; n--)
        if (bgnn_forward(model, cloud, points, info.k, 1, arena, size, logits, NULL, message) != BGNN_OK) return fail(message);
    printf("%s", bgnn_isa());
    for (int32_t c = 0; c < info.classes; c++) {
        uint32_t bits;
        memcpy(&bits, logits + c, sizeof bits);
        printf(" %08" PRIx32, bits);
    }
    printf("\n");
    return 0;
}
