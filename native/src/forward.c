/**
 * @file forward.c
 * @brief Runs a loaded model layer by layer, times each step, records what the caller asked for.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "forward.h"

#include "status.h"
#include "team.h"

#include <math.h>
#include <string.h>
#include <time.h>

size_t bgnn_channel_offset(const bgnn_pass *pass, size_t l) {
    size_t offset = 0;
    for (size_t i = 0; i < l; i++) offset += pass->prepared->conv[i].out;
    return offset;
}

const float *bgnn_real_input(const bgnn_pass *pass, size_t l, size_t *stride) {
    *stride = l == 0 ? 3 : pass->prepared->channels;
    return l == 0 ? pass->xyz : pass->features + bgnn_channel_offset(pass, l - 1);
}

static bool on_bits(const bgnn_pass *pass) { return pass->model->info.on_bits != 0; }

/* Whether a binary network's popcounts have a step of their own. */
static bool counts_first(const bgnn_pass *pass) { return bgnn_is_binary(pass) && pass->model->info.edge_op == BGNN_EDGE_CAT; }

/* The k-NN job of layer l. */
static bgnn_knn_job graph_of(const bgnn_pass *pass, size_t l) {
    bgnn_knn_job job = {.points = pass->points, .k = pass->k, .panels = pass->panels};
    job.channels = pass->prepared->conv[l].in;
    if (l > 0 && on_bits(pass)) {
        job.words = pass->bits[l % 2];
        job.word_stride = bgnn_words(job.channels);
        job.bytes = pass->prepared->conv[l].bytes;
    } else if (l == 0 || pass->features != NULL) { /* no buffers yet while sizes are counted */
        job.values = bgnn_real_input(pass, l, &job.stride);
    }
    return job;
}

/* The last step of graph layer l, for points first ... last - 1. */
static void run_layer(const bgnn_pass *pass, size_t l, size_t first, size_t last, bgnn_carver *scratch) {
    if (pass->model->info.conv == BGNN_EDGE_CONV) bgnn_edge_max(pass, l, first, last, scratch);
    else if (l == 0 || !bgnn_is_binary(pass)) bgnn_real_edge_layer(pass, l, first, last, scratch);
    else if (on_bits(pass)) bgnn_xor_edge_layer(pass, l, first, last, scratch);
    else bgnn_bin_edge_layer(pass, l, first, last, scratch);
}

/* ---- The arena ---------------------------------------------------------------------------------------------------- */

static void keep_larger(bgnn_carver *most, bgnn_carver one) {
    if (!most->overflow && (one.overflow || one.used > most->used)) *most = one;
}

/* The most scratch that any step needs: each is asked with an empty range. */
static bgnn_carver scratch_of_steps(const bgnn_pass *pass) {
    bgnn_carver most = {0};
    for (size_t l = 0; l < (size_t)pass->model->info.layers; l++) {
        bgnn_carver knn = {0}, layer = {0};
        bgnn_knn_job job = graph_of(pass, l);
        bgnn_knn_rows(&job, pass->kernels, 0, 0, &knn);
        run_layer(pass, l, 0, 0, &layer);
        keep_larger(&most, knn);
        keep_larger(&most, layer);
    }
    for (size_t b = 0; b < 3; b++) {
        bgnn_carver block = {0};
        bgnn_head_block(pass, b, 0, 0, &block);
        keep_larger(&most, block);
    }
    bgnn_carver pool = {0};
    bgnn_embed_and_pool(pass, 0, 0, &pool);
    keep_larger(&most, pool);
    return most;
}

/* Carve every buffer of a pass on up to `threads` threads. */
static void lay_out(bgnn_pass *pass, size_t threads, bgnn_carver *arena) {
    const bgnn_model_info *info = &pass->model->info;
    const bgnn_prepared *prepared = pass->prepared;
    size_t N = pass->points, widest = 0;
    bgnn_carver panels = {0};
    for (size_t l = 0; l < (size_t)info->layers; l++) {
        bgnn_knn_job job = graph_of(pass, l);
        bgnn_carver one = {0};
        bgnn_knn_carve_panels(&job, &one);
        keep_larger(&panels, one);
        if (prepared->conv[l].out > widest) widest = prepared->conv[l].out;
    }
    pass->knn = bgnn_carve(arena, N, pass->k, sizeof *pass->knn);
    pass->panels = bgnn_carve(arena, 1, panels.overflow ? SIZE_MAX : panels.used, 1);
    if (info->conv == BGNN_EDGE_CONV) pass->products = bgnn_carve(arena, N, widest, sizeof *pass->products);
    if (bgnn_is_binary(pass)) pass->joined = bgnn_carve(arena, N, bgnn_words(prepared->channels), sizeof *pass->joined);
    if (!bgnn_is_binary(pass) || !on_bits(pass)) pass->features = bgnn_carve(arena, N, prepared->channels, sizeof *pass->features);
    for (size_t i = 0; i < 2; i++) {
        if (on_bits(pass)) pass->bits[i] = bgnn_carve(arena, N, bgnn_words(widest), sizeof *pass->bits[i]);
        if (info->real_skip) pass->reals[i] = bgnn_carve(arena, N, widest, sizeof *pass->reals[i]);
    }
    if (counts_first(pass)) pass->counts = bgnn_carve(arena, N, widest, sizeof *pass->counts);
    pass->pooled = bgnn_carve(arena, 2, prepared->embedding.out, sizeof *pass->pooled);
    for (size_t b = 0; b < 2; b++) pass->hidden[b] = bgnn_carve(arena, 1, prepared->linear[b].out, sizeof *pass->hidden[b]);
    bgnn_carver scratch = scratch_of_steps(pass);
    pass->scratch_size = scratch.overflow ? SIZE_MAX : scratch.used;
    pass->scratch = bgnn_carve(arena, threads, pass->scratch_size, 1);
}

static size_t useful_threads(int32_t threads, int32_t points) {
    return bgnn_min((size_t)threads, bgnn_min((size_t)points, BGNN_MAX_THREADS));
}

size_t bgnn_arena_size(const bgnn_model *model, int32_t points, int32_t k, int32_t threads) {
    if (model == NULL || k < 1 || k > points || threads < 1) return 0;
    static const bgnn_kernels none = {0};
    bgnn_pass pass = {.model = model, .prepared = model->prepared, .kernels = &none, .points = (size_t)points, .k = (size_t)k};
    bgnn_carver arena = {0};
    lay_out(&pass, useful_threads(threads, points), &arena);
    return arena.overflow ? 0 : arena.used;
}

/* ---- The pass ----------------------------------------------------------------------------------------------------- */

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* One member of the team, with its own copy of the pass. */
typedef struct {
    bgnn_pass pass;
    bgnn_team *team;
    size_t id;
} member;

static bool times_steps(const member *me) { return me->id == 0 && me->pass.trace != NULL && me->pass.trace->steps != NULL; }

/* All members have ended a step; `name` is NULL when it is not one that is timed. */
static void end_step(member *me, size_t layer, const char *name) {
    bgnn_team_wait(me->team);
    if (name == NULL || !times_steps(me)) return;
    int64_t now = now_ns();
    me->pass.trace->steps[me->pass.trace->step_count++] = (bgnn_step){name, (int32_t)layer, now - me->pass.clock_ns};
    me->pass.clock_ns = now;
}

static bgnn_carver fresh_scratch(const member *me) {
    return (bgnn_carver){.base = me->pass.scratch + me->id * me->pass.scratch_size};
}

static void record_features(const bgnn_pass *pass, size_t l, size_t first, size_t last) {
    if (l == 0 || pass->trace == NULL || pass->trace->features[l] == NULL || first == last) return;
    size_t in = pass->prepared->conv[l].in, words = bgnn_words(in), stride;
    if (on_bits(pass)) {
        memcpy((uint64_t *)pass->trace->features[l] + first * words, pass->bits[l % 2] + first * words,
               (last - first) * words * sizeof(uint64_t));
        return;
    }
    const float *from = bgnn_real_input(pass, l, &stride);
    for (size_t i = first; i < last; i++)
        memcpy((float *)pass->trace->features[l] + i * in, from + i * stride, in * sizeof(float));
}

static void graph_layer(member *me, size_t l) {
    bgnn_pass *pass = &me->pass;
    size_t first, last;
    bgnn_knn_job job = graph_of(pass, l);
    if (pass->trace != NULL && pass->trace->knn[l] != NULL) job.knn = pass->trace->knn[l];
    else job.knn = pass->knn;
    if (pass->trace != NULL) job.distances = pass->trace->distances[l];

    bgnn_team_share(me->team, me->id, pass->points, BGNN_OCTET_PANEL, &first, &last);
    if (first < last) bgnn_knn_fill_panels(&job, first, last);
    record_features(pass, l, first, last);
    end_step(me, 0, NULL);
    bgnn_team_share(me->team, me->id, pass->points, BGNN_QUERIES, &first, &last);
    bgnn_carver scratch = fresh_scratch(me);
    bgnn_knn_rows(&job, pass->kernels, first, last, &scratch);
    end_step(me, l + 1, "knn");

    int32_t *own_knn = pass->knn;
    pass->knn = job.knn;
    bool factorised = pass->model->info.conv == BGNN_EDGE_CONV || (l > 0 && counts_first(pass));
    if (factorised) {
        if (pass->model->info.conv == BGNN_EDGE_CONV) bgnn_edge_products(pass, l, first, last);
        else bgnn_cat_counts(pass, l, first, last);
        end_step(me, l + 1, "products");
    }
    scratch = fresh_scratch(me);
    run_layer(pass, l, first, last, &scratch);
    end_step(me, l + 1, "edges");
    pass->knn = own_knn;
}

static void work(void *context, bgnn_team *team, size_t id) {
    member me = {.pass = *(const bgnn_pass *)context, .team = team, .id = id};
    const bgnn_pass *pass = &me.pass;
    size_t layers = (size_t)pass->model->info.layers, first, last;
    if (times_steps(&me)) me.pass.clock_ns = now_ns();
    for (size_t l = 0; l < layers; l++) graph_layer(&me, l);

    if (pass->model->info.conv == BGNN_BIN_EDGE_CONV) {
        bgnn_team_share(team, id, pass->points, 1, &first, &last);
        bgnn_enter_embedding(pass, first, last);
        end_step(&me, layers + 1, pass->model->embedding.tanh ? "tanh" : "sign");
    }
    bgnn_team_share(team, id, pass->prepared->embedding.out, BGNN_OUTPUTS, &first, &last);
    bgnn_carver scratch = fresh_scratch(&me);
    bgnn_embed_and_pool(pass, first, last, &scratch);
    end_step(&me, layers + 1, "conv+pool");

    static const char *const BLOCK[3] = {"block1", "block2", "block3"};
    for (size_t b = 0; b < 3; b++) {
        bgnn_team_share(team, id, pass->prepared->linear[b].out, BGNN_OUTPUTS, &first, &last);
        scratch = fresh_scratch(&me);
        bgnn_head_block(pass, b, first, last, &scratch);
        end_step(&me, layers + 2, BLOCK[b]);
    }
}

bgnn_status bgnn_forward(const bgnn_model *model, const float *xyz, int32_t points, int32_t k, int32_t threads,
                         void *arena, size_t arena_size, float *logits, bgnn_trace *trace, char *message) {
    if (message != NULL) message[0] = '\0';
    if (trace != NULL) trace->step_count = 0;
    if (model == NULL || xyz == NULL || arena == NULL || logits == NULL)
        return bgnn_fail(BGNN_BAD_ARGUMENT, message, "Expected a model, points, an arena and room for the logits (got NULL).");
    if (points < 1 || k < 1 || k > points || threads < 1)
        return bgnn_fail(BGNN_BAD_ARGUMENT, message, "Expected 1 <= k <= points and threads >= 1 (got %d points, k = %d, %d threads).",
                         (int)points, (int)k, (int)threads);
    if ((uintptr_t)arena % BGNN_ALIGNMENT != 0)
        return bgnn_fail(BGNN_BAD_ARGUMENT, message, "Expected an arena aligned to %d bytes (got address %p).", BGNN_ALIGNMENT, arena);
    size_t needed = bgnn_arena_size(model, points, k, threads);
    if (needed == 0)
        return bgnn_fail(BGNN_BAD_ARGUMENT, message, "%d points need more memory than there can be. Use fewer points.", (int)points);
    if (arena_size < needed)
        return bgnn_fail(BGNN_SMALL_ARENA, message, "Expected an arena of %zu bytes (got %zu). Ask bgnn_arena_size.", needed, arena_size);
    for (size_t i = 0; i < (size_t)points; i++) {
        const float *x = xyz + 3 * i;
        if (!isfinite(x[0]) || !isfinite(x[1]) || !isfinite(x[2]))
            return bgnn_fail(BGNN_BAD_DATA, message, "Expected finite coordinates: point %zu is (%g, %g, %g). Remove it.", i,
                             (double)x[0], (double)x[1], (double)x[2]);
    }
    const bgnn_kernels *kernels = bgnn_kernels_in_use();
    if (kernels == NULL) return bgnn_fail(BGNN_NO_ISA, message, "BGNN_ISA names no instruction set that runs here.");

    bgnn_pass pass = {.model = model, .prepared = model->prepared, .kernels = kernels, .points = (size_t)points,
                      .k = (size_t)k, .xyz = xyz, .trace = trace, .logits = logits};
    bgnn_carver carver = {.base = arena};
    size_t members = useful_threads(threads, points);
    lay_out(&pass, members, &carver);
    if (bgnn_is_binary(&pass)) memset(pass.joined, 0, pass.points * bgnn_words(pass.prepared->channels) * sizeof *pass.joined);
    bgnn_team_run(members, work, &pass);
    return BGNN_OK;
}
