/**
 * @file checksum.c
 * @brief The checksum by which two machines tell whether they computed the same.
 */
#include "bgnn.h"

uint64_t bgnn_fnv(uint64_t sum, const void *data, size_t bytes) {
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++) sum = (sum ^ byte[i]) * UINT64_C(1099511628211);
    return sum;
}
