/**
 * @file json.c
 * @brief JSON by RFC 8259: strings are escaped, and bytes that are not UTF-8 become U+FFFD.
 */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void flush(json *line) {
    for (size_t done = 0; done < line->length;) {
        ssize_t wrote = write(STDOUT_FILENO, line->text + done, line->length - done);
        if (wrote < 0 && errno != EINTR) _exit(1); /* nobody can be told anything any more */
        if (wrote > 0) done += (size_t)wrote;
    }
    line->length = 0;
}

static void put(json *line, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (line->length == sizeof line->text) flush(line);
        line->text[line->length++] = text[i];
    }
}

/* Bytes of the UTF-8 sequence at `text`, 0 when it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t sequence(const unsigned char *text, size_t left) {
    unsigned first = text[0];
    size_t bytes = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3
                                  : first >= 0xF0 && first < 0xF5   ? 4 : 0;
    if (bytes == 0 || bytes > left) return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    bool overlong = (first == 0xE0 && text[1] < 0xA0) || (first == 0xF0 && text[1] < 0x90);
    bool outside = (first == 0xED && text[1] >= 0xA0) || (first == 0xF4 && text[1] >= 0x90);
    return overlong || outside ? 0 : bytes;
}

static void put_quoted(json *line, const char *text, size_t length) {
    put(line, "\"", 1);
    for (size_t i = 0; i < length;) {
        unsigned char byte = (unsigned char)text[i];
        size_t bytes = sequence((const unsigned char *)text + i, length - i);
        char escape[8];
        if (bytes == 0) put(line, "\\ufffd", 6);
        else if (byte == '"' || byte == '\\') put(line, (char[]){'\\', (char)byte}, 2);
        else if (byte < 0x20) put(line, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte));
        else put(line, text + i, bytes);
        i += bytes == 0 ? 1 : bytes;
    }
    put(line, "\"", 1);
}

static void put_key(json *line, const char *key) {
    if (line->comma) put(line, ",", 1);
    line->comma = true;
    if (key == NULL) return;
    put_quoted(line, key, strlen(key));
    put(line, ":", 1);
}

static void put_word(json *line, const char *key, const char *word) {
    put_key(line, key);
    put(line, word, strlen(word));
}

static void start(json *line, const char *type) {
    *line = (json){.length = 0};
    put(line, "{", 1);
    json_string(line, "type", type);
}

void json_begin(json *line, const char *type) {
    pthread_mutex_lock(&output);
    start(line, type);
}

bool json_try_begin(json *line, const char *type) {
    if (pthread_mutex_trylock(&output) != 0) return false;
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) != 1) {
        pthread_mutex_unlock(&output);
        return false;
    }
    start(line, type);
    return true;
}

void json_end(json *line) {
    put(line, "}\n", 2);
    flush(line);
    pthread_mutex_unlock(&output);
}

void json_integer(json *line, const char *key, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    put_word(line, key, digits);
}

void json_real(json *line, const char *key, double value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.9g", value);
    put_word(line, key, isfinite(value) ? digits : "null");
}

void json_tenth(json *line, const char *key, double value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.1f", value);
    put_word(line, key, digits);
}

void json_hex(json *line, const char *key, uint64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "0x%" PRIx64, value);
    json_string(line, key, digits);
}

void json_string(json *line, const char *key, const char *text) {
    if (text == NULL) json_null(line, key);
    else json_text(line, key, text, strlen(text));
}

void json_text(json *line, const char *key, const char *text, size_t length) {
    put_key(line, key);
    put_quoted(line, text, length);
}

void json_null(json *line, const char *key) { put_word(line, key, "null"); }

void json_boolean(json *line, const char *key, bool value) { put_word(line, key, value ? "true" : "false"); }

void json_open(json *line, const char *key, char bracket) {
    put_key(line, key);
    put(line, &bracket, 1);
    line->comma = false;
}

void json_close(json *line, char bracket) {
    put(line, &bracket, 1);
    line->comma = true;
}
