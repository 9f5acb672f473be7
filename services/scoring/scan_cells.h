/* The ground of a scan: cases gathered in cells, and which cells lie around each. */
#ifndef SCORING_SCAN_CELLS_H
#define SCORING_SCAN_CELLS_H

#include "scoring/scan.h"

typedef struct scan_cell {
    double x, y; /* metres, the mean of its cases */
    uint32_t cases;
} scan_cell;

typedef struct scan_ground {
    const scan_case **cases; /* in canonical order: by cell, day, id */
    uint32_t *cell_of;       /* of each case */
    size_t count;
    scan_cell *cells;
    size_t cell_count;
    uint32_t *around;                 /* for each cell all cells, the nearest (itself) first */
    double longitude, latitude;       /* of the origin */
    double metres_east, metres_north; /* of a degree there */
} scan_ground;

WJZ_MUST_CHECK int scan_gather(const scan_case *cases, size_t count, const scan_options *options, wjz_arena *arena,
                               scan_ground *ret_ground);

static inline double scan_distance_squared(const scan_cell *a, const scan_cell *b) {
    return (a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y);
}

#endif
