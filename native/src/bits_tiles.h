/**
 * @file bits_tiles.h
 * @brief The loops over rows and panels that every vector ISA shares.
 *
 * A bits_<isa>.c includes it once, under its own target pragma, after it has defined ROWS, panel4(row, panel, bytes, out, stride):
 * popcounts of ROWS rows against one panel, into out (ROWS, 32), and panel4_u8, the same in bytes.
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

static void hamming(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                    size_t columns, int32_t *out, size_t stride) {
    for (size_t first = 0; first < rows; first += ROWS) {
        const uint8_t *row[ROWS];
        take_rows(a, word_stride, first, rows, row);
        for (size_t c = 0; c < columns; c += BGNN_OCTET_PANEL) {
            const uint8_t *panel = octets + c * bytes;
            int32_t *to = out + first * stride + c;
            if (rows - first >= ROWS && columns - c >= BGNN_OCTET_PANEL) {
                panel4(row, panel, bytes, to, stride);
                continue;
            }
            int32_t tile[ROWS][BGNN_OCTET_PANEL];
            panel4(row, panel, bytes, tile[0], BGNN_OCTET_PANEL);
            size_t width = columns - c < BGNN_OCTET_PANEL ? columns - c : BGNN_OCTET_PANEL;
            for (size_t r = 0; r < ROWS && first + r < rows; r++) memcpy(to + r * stride, tile[r], width * sizeof *to);
        }
    }
}

static void hamming_u8(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                       size_t columns, uint8_t *out, size_t stride) {
    for (size_t first = 0; first < rows; first += ROWS) {
        const uint8_t *row[ROWS];
        take_rows(a, word_stride, first, rows, row);
        for (size_t c = 0; c < columns; c += BGNN_OCTET_PANEL) {
            const uint8_t *panel = octets + c * bytes;
            uint8_t *to = out + first * stride + c;
            if (rows - first >= ROWS && columns - c >= BGNN_OCTET_PANEL) {
                panel4_u8(row, panel, bytes, to, stride);
                continue;
            }
            uint8_t tile[ROWS][BGNN_OCTET_PANEL];
            panel4_u8(row, panel, bytes, tile[0], BGNN_OCTET_PANEL);
            size_t width = columns - c < BGNN_OCTET_PANEL ? columns - c : BGNN_OCTET_PANEL;
            for (size_t r = 0; r < ROWS && first + r < rows; r++) memcpy(to + r * stride, tile[r], width);
        }
    }
}

#endif
