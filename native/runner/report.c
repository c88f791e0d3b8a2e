/**
 * @file report.c
 * @brief The lines model, init and result.
 */
#include "report.h"

#include "cost.h"
#include "json.h"
#include "stats.h"

#include <stdio.h>

static void write_key(const job *j, json *line, const char *name) {
    char key[64];
    const char *text;
    uint64_t length;
    snprintf(key, sizeof key, "bgnn.%s", name);
    if (bgnn_model_string(j->model, key, 0, &text, &length)) json_text(line, name, text, length);
    else json_null(line, name);
}

void report_model(const job *j) {
    static const char *const KEYS[] = {"variant", "stage", "conv", "first_layer", "edge_op", "max_order", "skip", "head_inputs"};
    const bgnn_model_info *info = &j->info;
    json line;
    json_begin(&line, "model");
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) write_key(j, &line, KEYS[i]);
    json_integer(&line, "points", info->points);
    json_integer(&line, "k", info->k);
    json_open(&line, "widths", '[');
    for (int32_t l = 0; l < info->layers; l++) json_integer(&line, NULL, info->widths[l]);
    json_close(&line, ']');
    json_integer(&line, "embedding", info->embedding);
    json_open(&line, "head", '[');
    for (int32_t b = 0; b < 2; b++) json_integer(&line, NULL, info->head[b]);
    json_close(&line, ']');
    json_open(&line, "classes", '[');
    for (int32_t i = 0; i < info->classes; i++) {
        const char *text = "";
        uint64_t length = 0;
        bgnn_model_string(j->model, "bgnn.classes", (uint64_t)i, &text, &length);
        json_text(&line, NULL, text, length);
    }
    json_close(&line, ']');
    json_integer(&line, "file_bytes", (int64_t)info->file_bytes);
    json_integer(&line, "tensor_bytes", (int64_t)info->tensor_bytes);
    json_integer(&line, "prepared_bytes", (int64_t)info->prepared_bytes);
    json_integer(&line, "arena_bytes", (int64_t)j->arena_size);
    json_end(&line);
}

void report_init(const job *j, int64_t open_ns) {
    json line;
    json_begin(&line, "init");
    json_integer(&line, "open_ns", open_ns);
    json_integer(&line, "points", j->points);
    json_integer(&line, "k", j->k);
    json_integer(&line, "threads", j->threads);
    json_end(&line);
}

/* The median over all runs of the sum of steps first ... last - 1; `room` has room for one value a run. */
static double median_of_steps(const measurement *m, int32_t first, int32_t last, int64_t *room) {
    for (int32_t run = 0; run < m->count; run++) {
        room[run] = 0;
        for (int32_t s = first; s < last; s++) room[run] += m->steps[run * m->step_count + s];
    }
    stats_sort(room, (size_t)m->count);
    return stats_percentile(room, (size_t)m->count, 50);
}

static void write_layer(const job *j, const measurement *m, json *line, int32_t first, int32_t last, int64_t *room) {
    int32_t layer = m->layout[first].layer;
    cost operations = cost_of(&j->info, j->points, j->k, layer);
    char name[24];
    snprintf(name, sizeof name, "layer%d", (int)layer);
    json_open(line, NULL, '{');
    json_string(line, "layer", layer <= j->info.layers ? name : layer == j->info.layers + 1 ? "embedding" : "head");
    json_tenth(line, "p50_ns", median_of_steps(m, first, last, room));
    json_integer(line, "macs", operations.macs);
    json_integer(line, "bit_ops", operations.bit_ops);
    json_open(line, "steps", '[');
    for (int32_t s = first; s < last; s++) {
        json_open(line, NULL, '{');
        json_string(line, "step", m->layout[s].name);
        json_tenth(line, "p50_ns", median_of_steps(m, s, s + 1, room));
        json_close(line, '}');
    }
    json_close(line, ']');
    json_close(line, '}');
}

static void write_times(const measurement *m, json *line) {
    size_t count = (size_t)m->count;
    json_integer(line, "n", m->count);
    json_integer(line, "passes", m->passes);
    json_string(line, "stopped_by", m->stopped_by);
    json_tenth(line, "p50_ns", stats_percentile(m->sorted, count, 50));
    json_integer(line, "min_ns", m->sorted[0]);
    json_tenth(line, "p90_ns", stats_percentile(m->sorted, count, 90));
    json_tenth(line, "p99_ns", stats_percentile(m->sorted, count, 99));
    json_tenth(line, "mean_ns", stats_mean(m->samples, count));
    json_tenth(line, "std_ns", stats_deviation(m->samples, count));
    json_real(line, "spread", m->spread);
}

static void write_known(json *line, const char *key, int64_t value) {
    if (value < 0) json_null(line, key);
    else json_integer(line, key, value);
}

void report_result(const job *j, const options *o, measurement *m, const outcome *end) {
    json line;
    char digits[17];
    json_begin(&line, "result");
    write_times(m, &line);
    if (o->raw_samples) {
        json_open(&line, "samples_ns", '[');
        for (int32_t i = 0; i < m->count; i++) json_integer(&line, NULL, m->samples[i]);
        json_close(&line, ']');
    }
    json_open(&line, "layers", '[');
    for (int32_t first = 0, last; first < m->step_count; first = last) {
        for (last = first + 1; last < m->step_count && m->layout[last].layer == m->layout[first].layer;) last++;
        write_layer(j, m, &line, first, last, m->sorted); /* the samples' order is of no more use */
    }
    json_close(&line, ']');
    write_known(&line, "instructions", end->instructions);
    json_string(&line, "instructions_absent", end->instructions_absent);
    write_known(&line, "peak_rss_bytes", end->peak_rss_bytes);
    json_integer(&line, "arena_bytes", (int64_t)j->arena_size);
    json_integer(&line, "model_bytes", (int64_t)(j->info.file_bytes + j->info.prepared_bytes));
    json_open(&line, "logits", '[');
    for (int32_t i = 0; i < j->info.classes; i++) json_real(&line, NULL, (double)j->logits[i]);
    json_close(&line, ']');
    snprintf(digits, sizeof digits, "%08x%08x", (unsigned)(end->checksum >> 32), (unsigned)(end->checksum & UINT32_MAX));
    json_string(&line, "checksum", digits);
    json_end(&line);
}
