/**
 * @file bits_tiles.h
 * @brief The loops over rows and panels that every vector ISA shares.
 *
 * A bits_<isa>.c includes it once, under its own target pragma, after it has defined ROWS, PANELS and, inlined with a constant
 * number of panels, tile(row, panel, panels, bytes, out, stride): popcounts of ROWS rows against panels that follow each other, into
 * out (ROWS, 32 panels); and tile_u8, the same in bytes.
 */
#ifndef BGNN_BITS_TILES_H
#define BGNN_BITS_TILES_H

/* ROWS rows from `first` on; past the end the last one again. */
static inline void take_rows(const uint64_t *a, size_t word_stride, size_t first, size_t rows, const uint8_t *row[ROWS]) {
    for (size_t r = 0; r < ROWS; r++) {
        size_t i = first + r < rows ? first + r : rows - 1;
        row[r] = (const uint8_t *)(a + i * word_stride);
    }
}

/* Whole tiles go straight to their place, others by a tile of their own. */
#define BGNN_DEFINE_HAMMING(name, type, tile)                                                                                \
    static void name(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes, size_t columns, \
                     type *out, size_t stride) {                                                                              \
        for (size_t first = 0; first < rows; first += ROWS) {                                                                 \
            const uint8_t *row[ROWS];                                                                                         \
            size_t c = 0;                                                                                                     \
            take_rows(a, word_stride, first, rows, row);                                                                      \
            for (; rows - first >= ROWS && columns - c >= PANELS * BGNN_OCTET_PANEL; c += PANELS * BGNN_OCTET_PANEL)          \
                tile(row, octets + c * bytes, PANELS, bytes, out + first * stride + c, stride);                               \
            for (; c < columns; c += BGNN_OCTET_PANEL) {                                                                      \
                type own[ROWS][BGNN_OCTET_PANEL];                                                                             \
                size_t width = columns - c < BGNN_OCTET_PANEL ? columns - c : BGNN_OCTET_PANEL;                               \
                tile(row, octets + c * bytes, 1, bytes, own[0], BGNN_OCTET_PANEL);                                            \
                for (size_t r = 0; r < ROWS && first + r < rows; r++)                                                         \
                    memcpy(out + (first + r) * stride + c, own[r], width * sizeof(type));                                     \
            }                                                                                                                 \
        }                                                                                                                     \
    }

BGNN_DEFINE_HAMMING(hamming, int32_t, tile)
BGNN_DEFINE_HAMMING(hamming_u8, uint8_t, tile_u8)

#endif
