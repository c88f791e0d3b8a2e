/**
 * @file status.h
 * @brief How every file of the library fails: a status, and a message where the caller gave room for one.
 */
#ifndef BGNN_STATUS_H
#define BGNN_STATUS_H

#include "bgnn.h"

/** @brief Format a message of BGNN_MESSAGE_SIZE chars (cut if longer; NULL: none is written) and return the status. */
__attribute__((format(printf, 3, 4))) bgnn_status bgnn_fail(bgnn_status status, char *message, const char *format, ...);

#endif
