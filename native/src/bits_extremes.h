/**
 * @file bits_extremes.h
 * @brief XorEdgeConv's extremes for the ISAs whose popcounts are sums of bytes: bytes while they fit, int32 beyond.
 *
 * Included after bits_tiles.h and after extremes_u8(a, word_stride, rows, panel, panels, bytes, least, most), inlined with a constant
 * number of panels, for at most BGNN_NARROW_BYTES bytes.
 */
#ifndef BGNN_BITS_EXTREMES_H
#define BGNN_BITS_EXTREMES_H

static inline void extremes_i32(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *panel, size_t bytes,
                                int32_t *least, int32_t *most) {
    for (size_t c = 0; c < BGNN_OCTET_PANEL; c++) least[c] = INT32_MAX, most[c] = 0;
    for (size_t first = 0; first < rows; first += ROWS) {
        const uint8_t *row[ROWS];
        int32_t own[ROWS][BGNN_OCTET_PANEL];
        take_rows(a, word_stride, first, rows, row);
        tile(row, panel, 1, bytes, own[0], BGNN_OCTET_PANEL);
        for (int r = 0; r < ROWS; r++)
            for (size_t c = 0; c < BGNN_OCTET_PANEL; c++) {
                least[c] = own[r][c] < least[c] ? own[r][c] : least[c];
                most[c] = own[r][c] > most[c] ? own[r][c] : most[c];
            }
    }
}

static void extremes(const uint64_t *a, size_t word_stride, size_t rows, const uint8_t *octets, size_t bytes,
                     size_t columns, int32_t *least, int32_t *most) {
    size_t c = 0;
    for (; bytes <= BGNN_NARROW_BYTES && columns - c >= PANELS * BGNN_OCTET_PANEL; c += PANELS * BGNN_OCTET_PANEL)
        extremes_u8(a, word_stride, rows, octets + c * bytes, PANELS, bytes, least + c, most + c);
    for (; c < columns; c += BGNN_OCTET_PANEL) {
        const uint8_t *panel = octets + c * bytes;
        size_t width = columns - c < BGNN_OCTET_PANEL ? columns - c : BGNN_OCTET_PANEL;
        int32_t low[BGNN_OCTET_PANEL], high[BGNN_OCTET_PANEL];
        if (bytes <= BGNN_NARROW_BYTES) extremes_u8(a, word_stride, rows, panel, 1, bytes, low, high);
        else extremes_i32(a, word_stride, rows, panel, bytes, low, high);
        memcpy(least + c, low, width * sizeof *low);
        memcpy(most + c, high, width * sizeof *high);
    }
}

#endif
