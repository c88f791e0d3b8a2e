/**
 * @file sensors.c
 * @brief Linux: sysfs thermal zones, cpufreq, the Raspberry Pi's get_throttled, /proc/loadavg.
 */
#define _POSIX_C_SOURCE 200809L
#include "sensors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sensors_line(const char *root, const char *path, char *text, size_t size) {
    char full[SENSOR_PATH];
    if ((size_t)snprintf(full, sizeof full, "%s%s", root, path) >= sizeof full) return false;
    int file = open(full, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t got = read(file, text, size - 1);
    close(file);
    if (got <= 0) return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return *text != '\0';
}

static bool number(const char *root, const char *path, int base, long *value) {
    char text[64], *end;
    if (!sensors_line(root, path, text, sizeof text)) return false;
    *value = strtol(text, &end, base);
    return end != text && *end == '\0';
}

/* The N of every entry `prefix`N of a folder, ascending. */
static int numbered(const char *root, const char *folder, const char *prefix, int *numbers, int most) {
    char full[SENSOR_PATH];
    int count = 0;
    snprintf(full, sizeof full, "%s%s", root, folder);
    DIR *entries = opendir(full);
    if (entries == NULL) return 0;
    for (struct dirent *entry; count < most && (entry = readdir(entries)) != NULL;) {
        const char *digits = entry->d_name + strlen(prefix);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || strlen(digits) > 6) continue;
        if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0') continue;
        int n = atoi(digits), at = count++;
        for (; at > 0 && numbers[at - 1] > n; at--) numbers[at] = numbers[at - 1];
        numbers[at] = n;
    }
    closedir(entries);
    return count;
}

static const char *zone_file(char path[80], int zone, const char *name) {
    snprintf(path, 80, "/sys/class/thermal/thermal_zone%d/%s", zone, name);
    return path;
}

static const char *cpu_file(char path[80], int cpu, const char *name) {
    snprintf(path, 80, "/sys/devices/system/cpu/cpu%d/cpufreq/%s", cpu, name);
    return path;
}

/* The firmware's folder is soc/soc:firmware, on newer boards with the address of soc@... in both names. */
static void find_throttle(sensors *found) {
    char folder[SENSOR_PATH];
    snprintf(folder, sizeof folder, "%s/sys/devices/platform", found->root);
    DIR *entries = opendir(folder);
    if (entries == NULL) return;
    for (struct dirent *entry; found->throttle[0] == '\0' && (entry = readdir(entries)) != NULL;) {
        char path[SENSOR_PATH];
        long value;
        if (strncmp(entry->d_name, "soc", 3) != 0) continue;
        snprintf(path, sizeof path, "/sys/devices/platform/%s/%s:firmware/get_throttled", entry->d_name, entry->d_name);
        if (number(found->root, path, 16, &value)) memcpy(found->throttle, path, sizeof path);
    }
    closedir(entries);
}

void sensors_find(sensors *found, const char *root) {
    *found = (sensors){.root = root};
    char path[80];
    found->zone_count = numbered(root, "/sys/class/thermal", "thermal_zone", found->zones, MOST_ZONES);
    for (int i = 0; i < found->zone_count; i++)
        if (!sensors_line(root, zone_file(path, found->zones[i], "type"), found->names[i], sizeof found->names[i]))
            snprintf(found->names[i], sizeof found->names[i], "thermal_zone%d", found->zones[i]);
    int all = numbered(root, "/sys/devices/system/cpu", "cpu", found->cpus, MOST_CPUS);
    for (int i = 0; i < all; i++) {
        long value;
        if (number(root, cpu_file(path, found->cpus[i], "scaling_cur_freq"), 10, &value)) found->cpus[found->cpu_count++] = found->cpus[i];
    }
    find_throttle(found);
}

static bool zone_celsius(const sensors *from, int zone, double *celsius) {
    char path[80];
    long millidegrees;
    if (!number(from->root, zone_file(path, from->zones[zone], "temp"), 10, &millidegrees)) return false;
    *celsius = (double)millidegrees / 1000;
    return true;
}

bool sensors_hottest(const sensors *from, double *celsius) {
    bool known = false;
    for (int i = 0; i < from->zone_count; i++) {
        double one;
        if (!zone_celsius(from, i, &one) || (known && one <= *celsius)) continue;
        *celsius = one;
        known = true;
    }
    return known;
}

static void write_temperatures(const sensors *from, json *line) {
    if (from->zone_count == 0) {
        json_null(line, "temperatures");
        return;
    }
    json_open(line, "temperatures", '[');
    for (int i = 0; i < from->zone_count; i++) {
        double celsius;
        json_open(line, NULL, '{');
        json_string(line, "zone", from->names[i]);
        if (zone_celsius(from, i, &celsius)) json_real(line, "celsius", celsius);
        else json_null(line, "celsius");
        json_close(line, '}');
    }
    json_close(line, ']');
}

static void write_frequencies(const sensors *from, json *line) {
    if (from->cpu_count == 0) {
        json_null(line, "frequencies");
        return;
    }
    json_open(line, "frequencies", '[');
    for (int i = 0; i < from->cpu_count; i++) {
        char path[80];
        long khz;
        json_open(line, NULL, '{');
        json_integer(line, "cpu", from->cpus[i]);
        if (number(from->root, cpu_file(path, from->cpus[i], "scaling_cur_freq"), 10, &khz)) json_integer(line, "khz", khz);
        else json_null(line, "khz");
        json_close(line, '}');
    }
    json_close(line, ']');
}

void sensors_write(const sensors *from, json *line) {
    long flags;
    char text[128];
    double load[3];
    write_temperatures(from, line);
    write_frequencies(from, line);
    if (from->throttle[0] != '\0' && number(from->root, from->throttle, 16, &flags)) json_hex(line, "throttled", (uint64_t)flags);
    else json_null(line, "throttled");
    if (sensors_line(from->root, "/proc/loadavg", text, sizeof text) && sscanf(text, "%lf %lf %lf", load, load + 1, load + 2) == 3) {
        json_open(line, "load_average", '[');
        for (int i = 0; i < 3; i++) json_real(line, NULL, load[i]);
        json_close(line, ']');
    } else {
        json_null(line, "load_average");
    }
}

void sensors_write_governors(const sensors *from, json *line) {
    if (from->cpu_count == 0) {
        json_null(line, "governors");
        return;
    }
    json_open(line, "governors", '[');
    for (int i = 0; i < from->cpu_count; i++) {
        char path[80], name[64];
        bool known = sensors_line(from->root, cpu_file(path, from->cpus[i], "scaling_governor"), name, sizeof name);
        json_open(line, NULL, '{');
        json_integer(line, "cpu", from->cpus[i]);
        json_string(line, "governor", known ? name : NULL);
        json_close(line, '}');
    }
    json_close(line, ']');
}
