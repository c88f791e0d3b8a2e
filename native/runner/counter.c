/**
 * @file counter.c
 * @brief perf_event_open(2), which needs no root up to kernel.perf_event_paranoid = 2.
 */
#define _GNU_SOURCE /* syscall */
#include "counter.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *reason(int error) {
    switch (error) {
    case EACCES:
    case EPERM: return "not allowed by kernel.perf_event_paranoid";
    case ENOSYS: return "the kernel has no counters";
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP: return "the processor offers no counter";
    default: return "the kernel refused the counter";
    }
}

void counter_open(counter *c) {
    struct perf_event_attr wanted = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof wanted,
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    c->file = (int)syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    c->absent = c->file < 0 ? reason(errno) : NULL;
}

void counter_start(counter *c) {
    if (ioctl(c->file, PERF_EVENT_IOC_ENABLE, 0) != 0) c->absent = reason(errno);
}

int64_t counter_stop(counter *c) {
    struct {
        uint64_t count, enabled_ns, running_ns;
    } told = {0, 0, 0};
    if (ioctl(c->file, PERF_EVENT_IOC_DISABLE, 0) != 0 || read(c->file, &told, sizeof told) != sizeof told) c->absent = reason(errno);
    else if (told.count == 0 || told.running_ns < told.enabled_ns) /* other counters took turns, or a core of another kind has its own */
        c->absent = "the counter did not run all the time";
    close(c->file);
    return c->absent == NULL ? (int64_t)told.count : -1;
}
