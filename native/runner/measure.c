/**
 * @file measure.c
 * @brief The timed loop, and the traced pass.
 */
#include "measure.h"

#include "counter.h"
#include "stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double SETTLED = 0.01; /* the median is known to 1 % */
static const uint64_t FNV_START = UINT64_C(14695981039346656037);

static bool no_memory(char message[MESSAGE_SIZE], const char *what) {
    snprintf(message, MESSAGE_SIZE, "No memory for %s. Use a smaller cloud or fewer runs.", what);
    return false;
}

bool measure_pass(const job *j, bgnn_trace *trace, char message[MESSAGE_SIZE]) {
    char why[BGNN_MESSAGE_SIZE];
    bgnn_status status = bgnn_forward(j->model, j->xyz, j->points, j->k, j->threads, j->arena, j->arena_size, j->logits, trace, why);
    if (status != BGNN_OK) {
        snprintf(message, MESSAGE_SIZE, "%s", why[0] != '\0' ? why : bgnn_status_text(status));
        return false;
    }
    for (int32_t i = 0; i < j->info.classes; i++)
        if (!isfinite(j->logits[i])) {
            snprintf(message, MESSAGE_SIZE, "The logits overflow. Scale the cloud to the unit sphere.");
            return false;
        }
    return true;
}

/* Whether enough is measured after m->count passes. The interval is looked at every 10 % more passes. */
static bool enough(measurement *m, const options *o, int64_t start_ns, int32_t *next_look) {
    double taken = (double)(watch_now_ns() - start_ns) / 1e9;
    if (o->soak > 0) {
        m->stopped_by = "soak";
        return m->passes > 0 && taken >= o->soak;
    }
    if (m->count < o->min_runs) return false;
    if (m->count >= *next_look) {
        *next_look = m->count + m->count / 10 + 1;
        if (stats_spread(m->sorted, (size_t)m->count) <= SETTLED) return m->stopped_by = "settled", true;
    }
    if (m->count == o->max_runs) return m->stopped_by = "max_runs", true;
    if (taken >= o->max_seconds) return m->stopped_by = "max_seconds", true;
    return false;
}

/* Leave out every second sample: those of every stride-th pass, the first one among them, are kept. */
static void thin(measurement *m) {
    size_t steps = (size_t)m->step_count;
    m->stride *= 2;
    m->count = (m->count + 1) / 2;
    for (int32_t i = 1; i < m->count; i++) {
        m->samples[i] = m->samples[2 * i];
        memcpy(m->steps + (size_t)i * steps, m->steps + 2 * (size_t)i * steps, steps * sizeof *m->steps);
    }
}

static void keep(measurement *m, const options *o, int64_t sample) {
    int64_t pass = m->passes++;
    if (pass % m->stride != 0) return;
    if (o->soak > 0 && m->count == o->max_runs) thin(m);
    if (pass % m->stride != 0) return;
    m->samples[m->count] = sample;
    if (o->soak == 0) stats_insert(m->sorted, (size_t)m->count, sample);
    for (int32_t s = 0; s < m->step_count; s++) m->steps[m->count * m->step_count + s] = m->layout[s].nanoseconds;
    m->count++;
}

bool measure_first(const job *j, measurement *m, int64_t *ns, char message[MESSAGE_SIZE]) {
    bgnn_trace trace = {.steps = m->layout};
    int64_t start_ns = watch_now_ns();
    bool done = measure_pass(j, &trace, message);
    *ns = watch_now_ns() - start_ns;
    m->step_count = trace.step_count;
    return done;
}

bool measure(const job *j, const options *o, watch *w, measurement *m, char message[MESSAGE_SIZE]) {
    bgnn_trace trace = {.steps = m->layout};
    atomic_store(&w->phase, "warm-up");
    for (int32_t i = 0; i < o->warmup; i++)
        if (!measure_pass(j, &trace, message)) return false;
    m->samples = malloc((size_t)o->max_runs * sizeof *m->samples);
    m->sorted = malloc((size_t)o->max_runs * sizeof *m->sorted);
    m->steps = malloc((size_t)o->max_runs * (size_t)m->step_count * sizeof *m->steps);
    if (m->samples == NULL || m->sorted == NULL || m->steps == NULL) return no_memory(message, "the samples");

    atomic_store(&w->phase, "measure");
    int64_t start_ns = watch_now_ns();
    int32_t next_look = 0;
    m->stride = 1;
    while (!enough(m, o, start_ns, &next_look)) {
        int64_t before_ns = watch_now_ns();
        if (!measure_pass(j, &trace, message)) return false;
        int64_t sample = watch_now_ns() - before_ns;
        keep(m, o, sample);
        for (int32_t s = 0; s < m->step_count; s++)
            atomic_fetch_add_explicit(&w->layer_ns[m->layout[s].layer - 1], m->layout[s].nanoseconds, memory_order_relaxed);
        atomic_store(&w->layers, j->info.layers + 2);
        atomic_store(&w->runs, m->passes);
    }
    if (o->soak > 0) {
        memcpy(m->sorted, m->samples, (size_t)m->count * sizeof *m->samples);
        stats_sort(m->sorted, (size_t)m->count);
    }
    m->spread = stats_spread(m->sorted, (size_t)m->count);
    return true;
}

void measure_free(measurement *m) {
    free(m->samples);
    free(m->sorted);
    free(m->steps);
}

bool measure_instructions(const job *j, int64_t *instructions, const char **absent, char message[MESSAGE_SIZE]) {
    job alone = *j;
    counter c;
    counter_open(&c);
    *instructions = -1;
    *absent = c.absent;
    if (c.absent != NULL) return true;
    alone.threads = 1;
    counter_start(&c);
    bool done = measure_pass(&alone, NULL, message);
    *instructions = counter_stop(&c);
    *absent = c.absent;
    return done;
}

static size_t feature_bytes(const job *j, int32_t layer) {
    size_t channels = (size_t)j->info.widths[layer - 1];
    size_t row = j->info.on_bits ? (channels + 63) / 64 * sizeof(uint64_t) : channels * sizeof(float);
    return (size_t)j->points * row;
}

bool measure_checksum(const job *j, uint64_t *sum, char message[MESSAGE_SIZE]) {
    bgnn_trace trace = {.step_count = 0};
    size_t graph_bytes = (size_t)j->points * (size_t)j->k * sizeof(int32_t), logit_bytes = (size_t)j->info.classes * sizeof(float);
    float *before = malloc(logit_bytes);
    bool done = before != NULL;
    for (int32_t l = 0; l < j->info.layers; l++) {
        done &= (trace.knn[l] = malloc(graph_bytes)) != NULL;
        if (l > 0) done &= (trace.features[l] = malloc(feature_bytes(j, l))) != NULL;
    }
    if (!done) {
        no_memory(message, "the traced pass");
    } else {
        memcpy(before, j->logits, logit_bytes);
        done = measure_pass(j, &trace, message);
        if (done && memcmp(before, j->logits, logit_bytes) != 0) {
            snprintf(message, MESSAGE_SIZE, "Two passes over the same cloud gave different logits. Check this machine's memory and clock.");
            done = false;
        }
    }
    *sum = FNV_START;
    for (int32_t l = 0; l < j->info.layers; l++) {
        if (done) *sum = bgnn_fnv(*sum, trace.knn[l], graph_bytes);
        if (done && l > 0) *sum = bgnn_fnv(*sum, trace.features[l], feature_bytes(j, l));
        free(trace.knn[l]);
        free(trace.features[l]);
    }
    *sum = bgnn_fnv(*sum, j->logits, logit_bytes);
    free(before);
    return done;
}
