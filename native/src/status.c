/**
 * @file status.c
 * @brief Status texts, messages and the version stamp.
 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

#ifndef BGNN_VERSION
#define BGNN_VERSION "unversioned"
#endif

const char *bgnn_version(void) { return BGNN_VERSION; }

const char *bgnn_status_text(bgnn_status status) {
    switch (status) {
    case BGNN_OK: return "ok";
    case BGNN_BAD_ARGUMENT: return "bad argument";
    case BGNN_BAD_DATA: return "bad data";
    case BGNN_BAD_FILE: return "not a usable model file";
    case BGNN_NEWER_FILE: return "the model file is newer than this library";
    case BGNN_IO_ERROR: return "the file could not be read";
    case BGNN_NO_MEMORY: return "out of memory";
    case BGNN_SMALL_ARENA: return "the arena is too small";
    case BGNN_NO_ISA: return "no such instruction set here";
    }
    return "unknown status";
}

bgnn_status bgnn_fail(bgnn_status status, char *message, const char *format, ...) {
    if (message) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, BGNN_MESSAGE_SIZE, format, arguments);
        va_end(arguments);
    }
    return status;
}
