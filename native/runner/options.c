/**
 * @file options.c
 * @brief Every option checked: a number has its range, a name its file.
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include "options.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char USAGE[] =
    "bgnn-runner --model M.gguf --cloud C.f32   time a model on one cloud; JSON lines (see native/runner/README.md)\n"
    "  --k K             neighbours (the model's own)\n"
    "  --threads T       1 to 64 (1)\n"
    "  --cpus LIST       run on these CPUs only, such as 3 or 0-1,4\n"
    "  --warmup N        passes after the first that are not counted (2)\n"
    "  --min-runs N      passes measured at least (10)\n"
    "  --max-runs N      at most, up to 100000 (1000)\n"
    "  --max-seconds S   no new pass after this time, once min-runs are done (10)\n"
    "  --soak S          measure for S seconds, whatever the median does; of more than max-runs passes every 2nd, 4th ... is kept\n"
    "  --cool-down S     pause for S seconds before the first pass\n"
    "  --cool-below C    pause until the hottest zone is below C degrees Celsius, for --cool-down seconds at most (600)\n"
    "  --raw-samples     give every sample\n"
    "  --watch-stdin     end when standard input ends\n"
    "  --sysroot DIR     read sensors under DIR/proc and DIR/sys\n";

static bool whole(const char *text, int32_t least, int32_t most, int32_t *value) {
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most) return false;
    *value = (int32_t)number;
    return true;
}

static bool seconds(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > 0 && *value <= 86400;
}

static bool celsius(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value >= -50 && *value <= 150;
}

static bool cpu_list(const char *text, cpu_set_t *cpus) {
    CPU_ZERO(cpus);
    do {
        char *end;
        if (*text < '0' || *text > '9') return false;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-') {
            text = end + 1;
            if (*text < '0' || *text > '9') return false;
            last = strtoul(text, &end, 10);
        }
        if (last < first || last >= CPU_SETSIZE || (*end != '\0' && *end != ',')) return false;
        for (unsigned long cpu = first; cpu <= last; cpu++) CPU_SET(cpu, cpus);
        text = end;
    } while (*text++ == ',');
    return true;
}

/* One option that takes a value: NULL when it is fine, else what was expected; "" for an unknown option. */
static const char *take(options *to, const char *name, const char *value) {
    if (strcmp(name, "--model") == 0) return to->model = value, NULL;
    if (strcmp(name, "--cloud") == 0) return to->cloud = value, NULL;
    if (strcmp(name, "--sysroot") == 0) return to->sysroot = value, strlen(value) < 1024 ? NULL : "a path under 1024 characters";
    if (strcmp(name, "--k") == 0) return whole(value, 1, INT32_MAX, &to->k) ? NULL : "a whole number of at least 1";
    if (strcmp(name, "--threads") == 0) return whole(value, 1, 64, &to->threads) ? NULL : "1 to 64";
    if (strcmp(name, "--warmup") == 0) return whole(value, 0, MOST_RUNS, &to->warmup) ? NULL : "0 to 100000";
    if (strcmp(name, "--min-runs") == 0) return whole(value, 1, MOST_RUNS, &to->min_runs) ? NULL : "1 to 100000";
    if (strcmp(name, "--max-runs") == 0) return whole(value, 1, MOST_RUNS, &to->max_runs) ? NULL : "1 to 100000";
    if (strcmp(name, "--max-seconds") == 0) return seconds(value, &to->max_seconds) ? NULL : "seconds, more than 0 and at most 86400";
    if (strcmp(name, "--soak") == 0) return seconds(value, &to->soak) ? NULL : "seconds, more than 0 and at most 86400";
    if (strcmp(name, "--cool-down") == 0) return seconds(value, &to->cool_seconds) ? NULL : "seconds, more than 0 and at most 86400";
    if (strcmp(name, "--cool-below") == 0)
        return to->until_cool = celsius(value, &to->cool_below), to->until_cool ? NULL : "degrees Celsius, -50 to 150";
    cpu_set_t cpus;
    if (strcmp(name, "--cpus") == 0) return to->cpus = value, cpu_list(value, &cpus) ? NULL : "a list of CPUs such as 3 or 0-1,4";
    return "";
}

static bool *flag(options *to, const char *name) {
    return strcmp(name, "--raw-samples") == 0   ? &to->raw_samples
           : strcmp(name, "--watch-stdin") == 0 ? &to->watch_stdin
           : strcmp(name, "--help") == 0        ? &to->help
                                                : NULL;
}

bool options_read(int count, char **arguments, options *to, char message[MESSAGE_SIZE]) {
    *to = (options){.sysroot = "", .threads = 1, .warmup = 2, .min_runs = 10, .max_runs = 1000, .max_seconds = 10};
    for (int i = 1; i < count; i++) {
        const char *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : "";
        if (flag(to, name) != NULL) {
            *flag(to, name) = true;
            continue;
        }
        const char *expected = take(to, name, value);
        if (expected != NULL && *expected == '\0') {
            snprintf(message, MESSAGE_SIZE, "Unknown option '%s'. See --help.", name);
            return false;
        }
        if (expected != NULL || *value == '\0') {
            snprintf(message, MESSAGE_SIZE, "Expected %s after %s (got '%s').", expected != NULL ? expected : "a path", name, value);
            return false;
        }
        i++;
    }
    if (to->help) return true;
    if (to->model == NULL || to->cloud == NULL)
        snprintf(message, MESSAGE_SIZE, "Expected --model and --cloud (got no %s). See --help.", to->model == NULL ? "model" : "cloud");
    else if (to->max_runs < to->min_runs)
        snprintf(message, MESSAGE_SIZE, "Expected --max-runs of at least --min-runs (got %d and %d).", (int)to->max_runs, (int)to->min_runs);
    else
        return true;
    return false;
}

bool options_pin(const options *o) {
    cpu_set_t cpus;
    return o->cpus == NULL || (cpu_list(o->cpus, &cpus) && sched_setaffinity(0, sizeof cpus, &cpus) == 0);
}
