/**
 * @file networks.h
 * @brief Whole passes over small random networks of every kind.
 */
#ifndef BGNN_NETWORKS_H
#define BGNN_NETWORKS_H

/**
 * @brief Run every network on one ISA, for several sizes of cloud and numbers of threads; feed logits and traces to the
 * checksum. Returns how many results differ from those of the first ISA that was checked.
 */
int check_networks(const char *isa);

#endif
