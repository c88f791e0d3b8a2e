/**
 * @file json.h
 * @brief One JSON object per line on standard output, whole lines even from two threads, with no allocation.
 */
#ifndef RUNNER_JSON_H
#define RUNNER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char text[8192]; /* written out whenever it is full */
    size_t length;
    bool comma; /* the next item needs one before it */
} json;

/** @brief Start a line {"type": type, ...: no other thread writes until json_end. */
void json_begin(json *line, const char *type);

/** @brief The same, but false (and nothing started) rather than waiting for another thread or a reader that lags. */
bool json_try_begin(json *line, const char *type);
void json_end(json *line);

/* One member each; the key is NULL within a list. */
void json_integer(json *line, const char *key, int64_t value);
void json_real(json *line, const char *key, double value); /* 9 digits, so a float comes back as it was; null unless finite */
void json_tenth(json *line, const char *key, double value); /* one decimal */
void json_hex(json *line, const char *key, uint64_t value); /* "0x..." */
void json_string(json *line, const char *key, const char *text); /* NULL: null */
void json_text(json *line, const char *key, const char *text, size_t length);
void json_null(json *line, const char *key);
void json_boolean(json *line, const char *key, bool value);
void json_open(json *line, const char *key, char bracket); /* '{' or '[' */
void json_close(json *line, char bracket);

#endif
