/**
 * @file cool.c
 * @brief Sleeps, and looks at the hottest zone four times a second.
 */
#define _POSIX_C_SOURCE 200809L
#include "cool.h"

#include "watch.h"

#include <stdio.h>
#include <time.h>

static const struct timespec PAUSE = {.tv_nsec = 250000000};

bool cool_possible(const options *o, const sensors *board, char message[MESSAGE_SIZE]) {
    double celsius;
    if (!o->until_cool || sensors_hottest(board, &celsius)) return true;
    snprintf(message, MESSAGE_SIZE, "--cool-below: this machine tells no temperature. Use --cool-down with seconds.");
    return false;
}

void cool_down(const options *o, const sensors *board) {
    if (o->cool_seconds == 0 && !o->until_cool) return;
    double most = o->cool_seconds != 0 ? o->cool_seconds : LONGEST_COOLING, celsius = 0, waited;
    int64_t start_ns = watch_now_ns();
    bool known, cool;
    for (;;) {
        known = sensors_hottest(board, &celsius);
        cool = o->until_cool && known && celsius < o->cool_below;
        waited = (double)(watch_now_ns() - start_ns) / 1e9;
        if (cool || waited >= most) break;
        nanosleep(&PAUSE, NULL); /* a signal, or the end of standard input, ends the process from its other thread */
    }
    json line;
    json_begin(&line, "cool");
    json_real(&line, "seconds", waited);
    if (known) json_real(&line, "celsius", celsius);
    else json_null(&line, "celsius");
    json_boolean(&line, "reached", cool || !o->until_cool);
    json_end(&line);
}
