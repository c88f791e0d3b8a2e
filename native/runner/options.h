/**
 * @file options.h
 * @brief The command line of bgnn-runner.
 */
#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { MESSAGE_SIZE = 1024, MOST_RUNS = 100000, LONGEST_COOLING = 600 /* s */ };

typedef struct {
    const char *model, *cloud;
    const char *sysroot; /* before every path of a sensor, "" by default */
    int32_t k;           /* 0: the model's own */
    int32_t threads, min_runs, max_runs, warmup;
    double max_seconds;
    double soak;         /* s; 0: none */
    double cool_seconds; /* 0: not given */
    double cool_below;   /* degrees Celsius, with until_cool */
    bool until_cool;
    const char *cpus; /* a checked list, or NULL */
    bool raw_samples, watch_stdin, help;
} options;

extern const char USAGE[];

/** @brief Read the arguments over their defaults; false, and what is wrong, for one that is unknown or out of range. */
bool options_read(int count, char **arguments, options *to, char message[MESSAGE_SIZE]);

/** @brief Keep this process on the CPUs that were asked for; false, with errno, where the system refuses. */
bool options_pin(const options *o);

#endif
