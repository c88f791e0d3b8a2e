/**
 * @file main.c
 * @brief bgnn-runner: a model and a cloud in, JSON lines out (README.md has their schema).
 *
 * Exit status: 0 after a result, 1 when the output cannot be written, 2 after a line `error`, 3 when it was stopped.
 */
#define _POSIX_C_SOURCE 200809L
#include "cool.h"
#include "identity.h"
#include "measure.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TRIPLE = 3 * sizeof(float), ALIGNMENT = 64 };

static bool refuse_cloud(const options *o, const char *what, char message[MESSAGE_SIZE]) {
    snprintf(message, MESSAGE_SIZE, "%s: %s", o->cloud, what);
    return false;
}

/* The cloud's file is its memory: little-endian float32 x, y, z of each point. */
static bool read_cloud(job *j, const options *o, char message[MESSAGE_SIZE]) {
    struct stat status;
    FILE *file = fopen(o->cloud, "rbe");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        if (file != NULL) fclose(file);
        return refuse_cloud(o, strerror(errno), message);
    }
    bool done = false;
    uint64_t bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    if (bytes == 0 || bytes % TRIPLE != 0 || bytes / TRIPLE > INT32_MAX)
        refuse_cloud(o, "Expected little-endian float32 x, y, z of each point, 12 bytes a point. Write the cloud again.", message);
    else if ((j->xyz = malloc((size_t)bytes)) == NULL)
        refuse_cloud(o, "No memory for so many points. Use a smaller cloud.", message);
    else if (fread(j->xyz, 1, (size_t)bytes, file) != (size_t)bytes)
        refuse_cloud(o, "The file ended while it was read. Write the cloud again.", message);
    else
        done = true;
    fclose(file);
    j->points = (int32_t)(bytes / TRIPLE);
    return done;
}

static bool prepare(job *j, const options *o, char message[MESSAGE_SIZE]) {
    char why[BGNN_MESSAGE_SIZE];
    if (!read_cloud(j, o, message)) return false;
    int64_t start_ns = watch_now_ns();
    bgnn_status status = bgnn_model_open(o->model, &j->model, why);
    int64_t open_ns = watch_now_ns() - start_ns;
    if (status != BGNN_OK) {
        snprintf(message, MESSAGE_SIZE, "%s: %s", o->model, why[0] != '\0' ? why : bgnn_status_text(status));
        return false;
    }
    bgnn_model_get_info(j->model, &j->info);
    j->k = o->k != 0 ? o->k : j->info.k;
    j->threads = o->threads;
    if (j->k > j->points) {
        snprintf(message, MESSAGE_SIZE, "%s: the cloud has %d points, but k is %d. Use a larger cloud, or --k of at most %d.", o->cloud,
                 (int)j->points, (int)j->k, (int)j->points);
        return false;
    }
    j->arena_size = bgnn_arena_size(j->model, j->points, j->k, j->threads);
    j->arena = j->arena_size == 0 ? NULL : aligned_alloc(ALIGNMENT, (j->arena_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    j->logits = malloc((size_t)j->info.classes * sizeof *j->logits);
    if (j->arena == NULL || j->logits == NULL) {
        snprintf(message, MESSAGE_SIZE, "%s: No memory to run %d points. Use a smaller cloud.", o->cloud, (int)j->points);
        return false;
    }
    report_model(j);
    report_init(j, open_ns);
    return true;
}

/* VmHWM and not getrusage: that one begins with the resident size of the process that started this one. */
static int64_t peak_rss(void) {
    char row[256];
    long long kib = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && kib < 0 && fgets(row, sizeof row, file) != NULL)
        if (sscanf(row, "VmHWM: %lld kB", &kib) != 1) kib = -1;
    if (file != NULL) fclose(file);
    return kib < 0 ? -1 : kib * 1024;
}

static bool work(job *j, const options *o, watch *w, measurement *m, outcome *end, char message[MESSAGE_SIZE]) {
    if (!prepare(j, o, message)) return false;
    atomic_store(&w->phase, "cool-down");
    cool_down(o, w->board);
    atomic_store(&w->phase, "first");
    int64_t first_ns;
    if (!measure_first(j, m, &first_ns, message)) return false;
    json line;
    json_begin(&line, "first");
    json_integer(&line, "ns", first_ns);
    json_end(&line);
    if (!measure(j, o, w, m, message)) return false;
    end->peak_rss_bytes = peak_rss(); /* before the traced pass, which needs more */
    atomic_store(&w->phase, "count");
    if (!measure_instructions(j, &end->instructions, &end->instructions_absent, message)) return false;
    atomic_store(&w->phase, "checksum");
    return measure_checksum(j, &end->checksum, message);
}

static bool begin(const options *o, sensors *board, watch *w, char message[MESSAGE_SIZE]) {
    if (!options_pin(o)) {
        snprintf(message, MESSAGE_SIZE, "--cpus: %s. Name CPUs that this machine has and the process may use.", strerror(errno));
        return false;
    }
    if (bgnn_isa() == NULL) {
        snprintf(message, MESSAGE_SIZE, "BGNN_ISA names no instruction set that runs here (got '%s').", getenv("BGNN_ISA"));
        return false;
    }
    sensors_find(board, o->sysroot);
    identity_write(board);
    if (!cool_possible(o, board, message)) return false;
    if (watch_start(w, board, o->watch_stdin)) return true;
    snprintf(message, MESSAGE_SIZE, "No thread could be started. Free some of this machine's memory.");
    return false;
}

static int fail(const char *message) {
    json line;
    json_begin(&line, "error");
    json_string(&line, "message", message);
    json_end(&line);
    return 2;
}

int main(int count, char **arguments) {
    char message[MESSAGE_SIZE];
    options o;
    sensors board;
    watch w;
    watch_hold_signals();
    if (!options_read(count, arguments, &o, message)) return fail(message);
    if (o.help) return fputs(USAGE, stdout) < 0;
    if (!begin(&o, &board, &w, message)) return fail(message);

    job j = {.model = NULL};
    measurement m = {.count = 0};
    outcome end;
    bool done = work(&j, &o, &w, &m, &end, message);
    watch_stop(&w, done);
    if (done) report_result(&j, &o, &m, &end);
    measure_free(&m);
    bgnn_model_close(j.model);
    free(j.arena);
    free(j.logits);
    free(j.xyz);
    return done ? 0 : fail(message);
}
