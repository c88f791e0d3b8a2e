/**
 * @file spec.h
 * @brief From the keys of a GGUF file to the sizes and choices of a model (bgnn_studio/core/spec.py is the Python form).
 */
#ifndef BGNN_SPEC_H
#define BGNN_SPEC_H

#include "gguf.h"

/** @brief Fill all of `info` but the byte counts; refuse what is missing, of another type, out of bounds or inconsistent. */
bgnn_status bgnn_read_spec(const bgnn_gguf *file, bgnn_model_info *info, char *message);

#endif
