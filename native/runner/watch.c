/**
 * @file watch.c
 * @brief Sleeps in ppoll, so that it costs the measurement nothing but one look at the sensors a second.
 */
#define _GNU_SOURCE /* ppoll */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STOPPED = 3 };
static const int64_t SECOND_NS = 1000000000;
static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t caught;

static void note(int signal) { caught = signal; }

int64_t watch_now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

void watch_hold_signals(void) {
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        struct sigaction action = {.sa_handler = note};
        sigaction(SIGNALS[i], &action, NULL);
        sigaddset(&held, SIGNALS[i]);
    }
    pthread_sigmask(SIG_BLOCK, &held, NULL);
}

/* The rest of a line `heartbeat` that was begun. */
static void end_heartbeat(const watch *w, json *line) {
    json_real(line, "elapsed_s", (double)(watch_now_ns() - w->start_ns) / 1e9);
    json_string(line, "phase", atomic_load(&w->phase));
    json_integer(line, "runs", atomic_load(&w->runs));
    int layers = atomic_load(&w->layers);
    if (layers == 0) json_null(line, "layers_ns");
    else json_open(line, "layers_ns", '[');
    for (int i = 0; i < layers; i++) json_integer(line, NULL, atomic_load(&w->layer_ns[i]));
    if (layers > 0) json_close(line, ']');
    sensors_write(w->board, line);
    json_end(line);
}

/* The process may be in the middle of a pass: it is left to the system. It has no file and no child to clean up. */
static _Noreturn void stop(const char *reason) {
    json line;
    if (json_try_begin(&line, "stopped")) {
        json_string(&line, "reason", reason);
        json_end(&line);
    }
    _exit(STOPPED);
}

/* Whether standard input has ended; what is sent there is not looked at. */
static bool input_ended(void) {
    char text[256];
    ssize_t got = read(STDIN_FILENO, text, sizeof text);
    return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

static void write_heartbeat(const watch *w) {
    json line;
    json_begin(&line, "heartbeat");
    end_heartbeat(w, &line);
}

static void *watching(void *argument) {
    watch *w = argument;
    sigset_t none;
    sigemptyset(&none);
    for (int64_t next = w->start_ns + SECOND_NS;;) {
        int64_t left = next - watch_now_ns();
        if (left <= 0) {
            json line;
            if (json_try_begin(&line, "heartbeat")) end_heartbeat(w, &line);
            next += (-left / SECOND_NS + 1) * SECOND_NS;
            continue;
        }
        struct pollfd events[2] = {{.fd = w->wake[0], .events = POLLIN}, {.fd = w->on_stdin ? STDIN_FILENO : -1, .events = POLLIN}};
        struct timespec wait = {.tv_sec = (time_t)(left / SECOND_NS), .tv_nsec = (long)(left % SECOND_NS)};
        int ready = ppoll(events, 2, &wait, &none);
        if (caught != 0) stop(caught == SIGINT ? "SIGINT" : caught == SIGTERM ? "SIGTERM" : "SIGHUP");
        if (ready <= 0) continue;
        if (events[0].revents != 0) return NULL;
        if (events[1].revents != 0 && input_ended()) stop("stdin");
    }
}

bool watch_start(watch *w, const sensors *board, bool on_stdin) {
    w->board = board;
    w->on_stdin = on_stdin;
    w->start_ns = watch_now_ns();
    atomic_init(&w->phase, "open");
    atomic_init(&w->runs, 0);
    atomic_init(&w->layers, 0);
    for (size_t i = 0; i < sizeof w->layer_ns / sizeof *w->layer_ns; i++) atomic_init(&w->layer_ns[i], 0);
    write_heartbeat(w);
    if (pipe(w->wake) != 0) return false;
    if (pthread_create(&w->thread, NULL, watching, w) == 0) return true;
    close(w->wake[0]);
    close(w->wake[1]);
    return false;
}

void watch_stop(watch *w, bool heartbeat) {
    close(w->wake[1]);
    pthread_join(w->thread, NULL);
    close(w->wake[0]);
    if (heartbeat) write_heartbeat(w);
}
