/**
 * @file sensors.h
 * @brief What the board says about itself: temperatures, frequencies, throttling, load. What is absent is null, never 0.
 */
#ifndef RUNNER_SENSORS_H
#define RUNNER_SENSORS_H

#include "json.h"

enum { SENSOR_PATH = 2048, MOST_ZONES = 32, MOST_CPUS = 256 };

typedef struct {
    const char *root;
    int zones[MOST_ZONES], cpus[MOST_CPUS]; /* the N of thermal_zoneN, and of cpuN where it tells its frequency */
    char names[MOST_ZONES][64];             /* of the zones */
    int zone_count, cpu_count;
    char throttle[SENSOR_PATH]; /* the file of a Raspberry Pi's flags, "" for none */
} sensors;

/** @brief Look once for all sensors under root, so that reading them later allocates nothing. */
void sensors_find(sensors *found, const char *root);

/** @brief Read them into the members temperatures, frequencies, throttled and load_average. */
void sensors_write(const sensors *from, json *line);

/** @brief Temperature of the hottest zone; false where none tells it. */
bool sensors_hottest(const sensors *from, double *celsius);

/** @brief The member governors. */
void sensors_write_governors(const sensors *from, json *line);

/** @brief First line of root/path, without its end; false when it cannot be read or is empty. */
bool sensors_line(const char *root, const char *path, char *text, size_t size);

#endif
