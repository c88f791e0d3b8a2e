/**
 * @file identity.c
 * @brief uname, /proc/cpuinfo, the auxiliary vector, /proc/meminfo, the affinity of the process.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "identity.h"

#include "bgnn.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { KINDS = 16 }; /* of cores: big.LITTLE has two or three */

/* One kind of core; "" for what /proc/cpuinfo does not say. */
typedef struct {
    char implementer[16], part[16], model[128];
    int count;
} core;

static void count_core(core *kinds, int *known, const core *one) {
    for (int i = 0; i < *known; i++)
        if (strcmp(kinds[i].implementer, one->implementer) == 0 && strcmp(kinds[i].part, one->part) == 0 &&
            strcmp(kinds[i].model, one->model) == 0) {
            kinds[i].count++;
            return;
        }
    if (*known < KINDS) {
        kinds[*known] = *one;
        kinds[(*known)++].count = 1;
    }
}

/* Copies the value when `row` is "key<blanks>: value". */
static bool value_of(const char *row, const char *key, char *to, size_t size) {
    const char *colon = strchr(row, ':');
    if (strncmp(row, key, strlen(key)) != 0 || colon == NULL || row + strlen(key) + strspn(row + strlen(key), " \t") != colon) return false;
    snprintf(to, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
    to[strcspn(to, "\n")] = '\0';
    return true;
}

static int read_cores(const char *root, core kinds[KINDS]) {
    char path[SENSOR_PATH], row[1024], digits[16];
    snprintf(path, sizeof path, "%s/proc/cpuinfo", root);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    core one = {.count = 0};
    int known = 0;
    bool within = false;
    while (fgets(row, sizeof row, file) != NULL) {
        if (value_of(row, "processor", digits, sizeof digits)) {
            if (within) count_core(kinds, &known, &one);
            one = (core){.count = 0};
            within = true;
        }
        if (!value_of(row, "CPU implementer", one.implementer, sizeof one.implementer) && !value_of(row, "CPU part", one.part, sizeof one.part) &&
            !value_of(row, "model name", one.model, sizeof one.model))
            value_of(row, "uarch", one.model, sizeof one.model); /* riscv */
    }
    if (within) count_core(kinds, &known, &one);
    fclose(file);
    return known;
}

static void write_cores(const char *root, json *line) {
    core kinds[KINDS];
    int known = read_cores(root, kinds);
    if (known == 0) {
        json_null(line, "cpus");
        return;
    }
    json_open(line, "cpus", '[');
    for (int i = 0; i < known; i++) {
        json_open(line, NULL, '{');
        json_string(line, "implementer", kinds[i].implementer[0] != '\0' ? kinds[i].implementer : NULL);
        json_string(line, "part", kinds[i].part[0] != '\0' ? kinds[i].part : NULL);
        json_string(line, "model_name", kinds[i].model[0] != '\0' ? kinds[i].model : NULL);
        json_integer(line, "count", kinds[i].count);
        json_close(line, '}');
    }
    json_close(line, ']');
}

static void write_memory(const char *root, json *line) {
    static const struct {
        const char *row, *member;
    } WANTED[] = {{"MemTotal", "memory_total_bytes"}, {"MemAvailable", "memory_available_bytes"}};
    char path[SENSOR_PATH], row[256], value[64];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(path, "re");
        long long kib = -1;
        while (file != NULL && kib < 0 && fgets(row, sizeof row, file) != NULL)
            if (value_of(row, WANTED[i].row, value, sizeof value) && sscanf(value, "%lld kB", &kib) != 1) break;
        if (file != NULL) fclose(file);
        if (kib < 0) json_null(line, WANTED[i].member);
        else json_integer(line, WANTED[i].member, kib * 1024);
    }
}

static void write_hwcap(json *line, const char *key, unsigned long which) {
    errno = 0;
    unsigned long word = getauxval(which);
    if (word == 0 && errno != 0) json_null(line, key);
    else json_hex(line, key, word);
}

static void write_affinity(json *line) {
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) {
        json_null(line, "affinity");
        return;
    }
    json_open(line, "affinity", '[');
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &cpus)) json_integer(line, NULL, cpu);
    json_close(line, ']');
}

void identity_write(const sensors *board) {
    struct utsname system;
    char model[128];
    json line;
    bool named = uname(&system) == 0;
    json_begin(&line, "identity");
    json_string(&line, "library_version", bgnn_version());
    json_string(&line, "compiler", __VERSION__);
    json_string(&line, "system", named ? system.sysname : NULL);
    json_string(&line, "release", named ? system.release : NULL);
    json_string(&line, "machine", named ? system.machine : NULL);
    json_string(&line, "endianness", __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "little" : "big");
    json_string(&line, "board", sensors_line(board->root, "/proc/device-tree/model", model, sizeof model) ? model : NULL);
    write_cores(board->root, &line);
    write_hwcap(&line, "hwcap", AT_HWCAP);
    write_hwcap(&line, "hwcap2", AT_HWCAP2);
    json_open(&line, "isas", '[');
    for (int32_t i = 0; bgnn_isa_name(i) != NULL; i++) json_string(&line, NULL, bgnn_isa_name(i));
    json_close(&line, ']');
    json_string(&line, "isa", bgnn_isa());
    json_integer(&line, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    write_affinity(&line);
    sensors_write_governors(board, &line);
    write_memory(board->root, &line);
    json_end(&line);
}
