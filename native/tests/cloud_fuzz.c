/**
 * @file cloud_fuzz.c
 * @brief Seeded damage of clouds: bgnn-runner's reader and a pass of the network take each, or refuse it with a message.
 *
 * Usage: cloud_fuzz MODEL FILE COUNT SEED, where FILE is written COUNT times. Built with sanitizers; the runner's main.c is part of it.
 * With `clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER` libFuzzer makes the clouds, and BGNN_FUZZ_MODEL and BGNN_FUZZ_FILE
 * name the files (`make fuzz`).
 */
#define main runner_main
#include "../runner/main.c" /* NOLINT(bugprone-suspicious-include): its reader is static */
#undef main

enum { NEIGHBOURS = 3 };

static void write_cloud(const char *path, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) exit(4);
}

/** Returns 1 where the network took the cloud. */
static int infer(const bgnn_model *model, const job *j) {
    char message[BGNN_MESSAGE_SIZE] = "";
    bgnn_model_info info;
    bgnn_model_get_info(model, &info);
    size_t size = bgnn_arena_size(model, j->points, NEIGHBOURS, 1);
    if (size == 0) return 0; /* fewer points than neighbours */
    void *arena = aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    float *logits = malloc((size_t)info.classes * sizeof *logits);
    if (!arena || !logits) exit(4);
    bgnn_status status = bgnn_forward(model, j->xyz, j->points, NEIGHBOURS, 1, arena, size, logits, NULL, message);
    if (status != BGNN_OK && *message == 0) exit(1);
    free(arena);
    free(logits);
    return status == BGNN_OK;
}

/** Write, read and, with a model, infer; counts what was read and what was inferred, and exits where something is wrong. */
static void try_cloud(const bgnn_model *model, const char *path, const uint8_t *bytes, size_t size, uint64_t *read, uint64_t *inferred) {
    char message[MESSAGE_SIZE] = "";
    job j = {.points = 0};
    options o = {.cloud = path};
    write_cloud(path, bytes, size);
    if (read_cloud(&j, &o, message)) {
        ++*read;
        if ((size_t)j.points * TRIPLE != size || memcmp(j.xyz, bytes, size)) exit(1);
        *inferred += model != NULL && infer(model, &j);
    } else if (*message == 0) {
        exit(1);
    }
    free(j.xyz);
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bgnn_model *model;
    static uint64_t count, read, inferred;
    if (model == NULL && bgnn_model_open(getenv("BGNN_FUZZ_MODEL"), &model, NULL) != BGNN_OK) exit(3);
    const bgnn_model *sometimes = count++ % 16 ? NULL : model; /* a pass costs as much as ten readings */
    try_cloud(sometimes, getenv("BGNN_FUZZ_FILE"), data, size, &read, &inferred);
    return 0;
}
#else
enum { MOST = 40 * TRIPLE };

static uint64_t state;

/** xorshift64: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003. */
static uint64_t random_below(uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

/** Plausible points, some of them with a float that breaks arithmetic, most of them of a whole number of points. */
static size_t make_cloud(uint8_t bytes[MOST]) {
    static const uint32_t awkward[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0x7F7FFFFF, 0xFF7FFFFF, 1, 0x80000000, 0x7E967699};
    for (size_t i = 0; i < MOST / sizeof(float); i++) {
        float value = (float)random_below(2001) / 1000 - 1;
        memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
    for (uint64_t changes = random_below(4); changes > 0; changes--)
        if (random_below(2)) /* of a whole float, or any four bytes */
            memcpy(bytes + random_below(MOST / 4) * 4, &awkward[random_below(sizeof awkward / sizeof *awkward)], 4);
        else
            bytes[random_below(MOST)] = (uint8_t)random_below(256);
    return random_below(8) ? random_below(MOST / TRIPLE + 1) * TRIPLE : random_below(MOST + 1);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    bgnn_model *model;
    if (bgnn_model_open(argv[1], &model, NULL) != BGNN_OK) return 3;
    state = 0x9E3779B97F4A7C15u ^ strtoull(argv[4], NULL, 10);
    uint64_t read = 0, inferred = 0, count = strtoull(argv[3], NULL, 10);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[MOST];
        size_t size = make_cloud(bytes);
        try_cloud(model, argv[2], bytes, size, &read, &inferred);
    }
    bgnn_model_close(model);
    printf("%llu of %llu clouds read, %llu inferred\n", (unsigned long long)read, (unsigned long long)count, (unsigned long long)inferred);
    return 0;
}
#endif
