/**
 * @file floor.c
 * @brief What one core can do at best: popcounts of a ^ b, operands in the first cache level, by every technique of this CPU;
 * the clock; and how a loop that touches registers only scales with threads.
 *
 * Prints one line per figure: "name<TAB>value<TAB>unit". Each is the best of many short runs, so that other work on the
 * machine costs little. Usage: floor [threads]
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET(isa) __attribute__((target(isa)))
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* A product of the shape of a layer: ROWS rows against COLUMNS columns of BITS bits, 12 KB in all. */
enum { ROWS = 256, COLUMNS = 64, BITS = 256, WORDS = BITS / 64, NIBBLES = BITS / 4, RUNS = 400 };

static _Alignas(64) uint64_t a[ROWS][WORDS], b[COLUMNS][WORDS];
static _Alignas(64) uint8_t nibbles[ROWS / 32][NIBBLES][32]; /* of 32 rows side by side */
static _Alignas(64) uint8_t table[COLUMNS][NIBBLES][16];     /* popcount(i ^ nibble of b) */
static _Alignas(64) int32_t counts[ROWS][COLUMNS];
static _Alignas(64) uint8_t narrow_counts[COLUMNS][ROWS];

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fill(void) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof a / 8 + sizeof b / 8; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t value = state ^ state >> 29;
        if (i < sizeof a / 8) (&a[0][0])[i] = value;
        else (&b[0][0])[i - sizeof a / 8] = value;
    }
    for (int n = 0; n < NIBBLES; n++) {
        for (int r = 0; r < ROWS; r++) nibbles[r / 32][n][r % 32] = a[r][n / 16] >> (4 * (n % 16)) & 15;
        for (int c = 0; c < COLUMNS; c++)
            for (int i = 0; i < 16; i++)
                table[c][n][i] = (uint8_t)__builtin_popcountll((uint64_t)i ^ (b[c][n / 16] >> (4 * (n % 16)) & 15));
    }
}

static void words(void) {
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            uint64_t sum = 0;
            for (int w = 0; w < WORDS; w++) {
                uint64_t x = a[r][w] ^ b[c][w];
#if defined(__x86_64__)
                __asm__("popcnt %0, %0" : "+r"(x));
                sum += x;
#else
                sum += (uint64_t)__builtin_popcountll(x);
#endif
            }
            counts[r][c] = (int32_t)sum;
        }
}

#if defined(__x86_64__)
/* A table of 16 popcounts per nibble of b; a shuffle looks 32 rows up in it. */
TARGET("avx2") static void lookup(void) {
    enum { VECTORS = ROWS / 32 };
    for (int c = 0; c < COLUMNS; c++) {
        __m256i sum[VECTORS];
        for (int v = 0; v < VECTORS; v++) sum[v] = _mm256_setzero_si256();
        for (int n = 0; n < NIBBLES; n++) {
            __m256i of = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)table[c][n]));
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                sum[v] = _mm256_add_epi8(sum[v], _mm256_shuffle_epi8(of, _mm256_load_si256((const __m256i *)nibbles[v][n])));
        }
        for (int v = 0; v < VECTORS; v++) _mm256_store_si256((__m256i *)(narrow_counts[c] + 32 * v), sum[v]);
    }
}

/* A dword of a row against those of 16 columns. */
TARGET("avx512f,avx512vpopcntdq") static void dwords(void) {
    enum { AT_ONCE = 8, VECTORS = COLUMNS / 16, DWORDS = BITS / 32 };
    static _Alignas(64) uint32_t column[DWORDS][COLUMNS];
    const uint32_t *from = (const uint32_t *)b, *row = (const uint32_t *)a;
    for (int c = 0; c < COLUMNS; c++)
        for (int d = 0; d < DWORDS; d++) column[d][c] = from[c * DWORDS + d];
    for (int r = 0; r < ROWS; r += AT_ONCE)
        for (int v = 0; v < VECTORS; v += 2) {
            __m512i sum[AT_ONCE][2];
            for (int i = 0; i < AT_ONCE; i++) sum[i][0] = sum[i][1] = _mm512_setzero_si512();
            for (int d = 0; d < DWORDS; d++)
#pragma GCC unroll 8
                for (int i = 0; i < AT_ONCE; i++)
                    for (int j = 0; j < 2; j++) {
                        __m512i x = _mm512_xor_si512(_mm512_set1_epi32((int)row[(r + i) * DWORDS + d]), _mm512_load_si512(column[d] + 16 * (v + j)));
                        sum[i][j] = _mm512_add_epi32(sum[i][j], _mm512_popcnt_epi32(x));
                    }
            for (int i = 0; i < AT_ONCE; i++)
                for (int j = 0; j < 2; j++) _mm512_store_si512(counts[r + i] + 16 * (v + j), sum[i][j]);
        }
}
#elif defined(__aarch64__)
/* Bytes of two words of a row against a column. */
static void bytes(void) {
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            uint8x16_t sum = vdupq_n_u8(0);
            for (int w = 0; w < WORDS; w += 2)
                sum = vaddq_u8(sum, vcntq_u8(vreinterpretq_u8_u64(veorq_u64(vld1q_u64(a[r] + w), vld1q_u64(b[c] + w)))));
            counts[r][c] = vaddlvq_u8(sum);
        }
}
#endif

/* Gbit/s of a product, once it has given the right counts. */
static void rate(const char *name, void (*product)(void), int narrow) {
    memset(counts, 255, sizeof counts);
    product();
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            int expected = 0;
            for (int w = 0; w < WORDS; w++) expected += __builtin_popcountll(a[r][w] ^ b[c][w]);
            if (narrow ? (uint8_t)expected != narrow_counts[c][r] : expected != counts[r][c]) {
                fprintf(stderr, "%s counts wrong\n", name);
                exit(1);
            }
        }
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        double start = seconds(CLOCK_MONOTONIC);
        for (int i = 0; i < 10; i++) product();
        double each = (seconds(CLOCK_MONOTONIC) - start) / 10;
        if (each < best) best = each;
    }
    printf("%s\t%.0f\tGbit/s\n", name, 1e-9 * ROWS * COLUMNS * BITS / best);
}

/* A chain of additions takes a cycle each. */
static double clock_ghz(void) {
    enum { STEPS = 100000 };
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        uint64_t x = (uint64_t)run;
        double start = seconds(CLOCK_MONOTONIC);
        for (int i = 0; i < STEPS / 8; i++)
#if defined(__x86_64__)
            __asm__ volatile("add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0" : "+r"(x));
#elif defined(__aarch64__)
            __asm__ volatile("add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1\n add %0, %0, 1" : "+r"(x));
#else
            __asm__ volatile("" : "+r"(x));
#endif
        double time = seconds(CLOCK_MONOTONIC) - start;
        if (time < best) best = time;
    }
    return 1e-9 * STEPS / best;
}

/* Threads that start the same loop together. */
typedef struct {
    int threads;
    atomic_int ready;
    atomic_llong longest_ns;
} crew;

/* About half a millisecond of popcounts in registers, short enough to run undisturbed now and then. */
static void *in_registers(void *context) {
    crew *all = context;
    uint64_t x = 1, sum = 0;
    for (atomic_fetch_add(&all->ready, 1); atomic_load(&all->ready) < all->threads;) {}
    double start = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < 500000; i++) {
        x += sum | 1;
#if defined(__x86_64__)
        uint64_t y = x;
        __asm__ volatile("popcnt %0, %0" : "+r"(y));
        sum += y;
#else
        sum += (uint64_t)__builtin_popcountll(x);
        __asm__ volatile("" : "+r"(sum));
#endif
    }
    long long own = (long long)(1e9 * (seconds(CLOCK_MONOTONIC) - start)), longest = atomic_load(&all->longest_ns);
    while (own > longest && !atomic_compare_exchange_weak(&all->longest_ns, &longest, own)) {}
    return NULL;
}

/* Seconds of the slowest of `threads` threads. */
static double loop_on(int threads) {
    pthread_t others[64];
    crew all = {.threads = threads};
    for (int t = 1; t < threads; t++)
        if (pthread_create(&others[t], NULL, in_registers, &all) != 0) exit(1);
    in_registers(&all);
    for (int t = 1; t < threads; t++) pthread_join(others[t], NULL);
    return 1e-9 * (double)atomic_load(&all.longest_ns);
}

int main(int count, char **arguments) {
    int threads = count > 1 ? atoi(arguments[1]) : 2;
    if (threads < 1 || threads > 64) return 2;
    fill();
    printf("clock\t%.2f\tGHz\n", clock_ghz());
    rate("scalar popcounts of 64 bits", words, 0);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) rate("AVX2 nibble tables", lookup, 1);
    if (__builtin_cpu_supports("avx512vpopcntdq")) rate("AVX-512 VPOPCNTDQ", dwords, 0);
#elif defined(__aarch64__)
    rate("NEON byte popcounts", bytes, 0);
#endif
    double one = 1e9, many = 1e9;
    for (int run = 0; run < RUNS / 4; run++) {
        double first = loop_on(1), second = loop_on(threads);
        one = first < one ? first : one, many = second < many ? second : many;
    }
    printf("scaling of %d threads in registers\t%.3f\tx\n", threads, threads * one / many);
    return 0;
}
