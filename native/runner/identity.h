/**
 * @file identity.h
 * @brief Which machine this is, and what the process may use of it.
 */
#ifndef RUNNER_IDENTITY_H
#define RUNNER_IDENTITY_H

#include "sensors.h"

/** @brief Write the line `identity`. */
void identity_write(const sensors *board);

#endif
