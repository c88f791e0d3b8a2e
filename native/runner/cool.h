/**
 * @file cool.h
 * @brief A pause before the measurement, for some seconds or until the board is cool.
 */
#ifndef RUNNER_COOL_H
#define RUNNER_COOL_H

#include "options.h"
#include "sensors.h"

/** @brief Whether the pause that is asked for can be made here; else why not. */
bool cool_possible(const options *o, const sensors *board, char message[MESSAGE_SIZE]);

/** @brief Make the pause, if one is asked for, and write the line `cool`. */
void cool_down(const options *o, const sensors *board);

#endif
