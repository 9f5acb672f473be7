/* A grid whose squares double until few enough are not empty. Everything is summed in canonical order, so that not even
 * the last digit depends on the order of the cases. */
#include "scoring/scan_cells.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_SQUARE_M = 250 };
static const double METRES_OF_A_DEGREE = 111319.49; /* of a great circle, 6,378,137 m of radius */

typedef struct placed {
    const scan_case *of;
    int64_t column, row;
} placed;

static int by_case(const void *a, const void *b) {
    const scan_case *x = ((const placed *)a)->of, *y = ((const placed *)b)->of;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_square(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->row != y->row) return x->row < y->row ? -1 : 1;
    if (x->column != y->column) return x->column < y->column ? -1 : 1;
    return by_case(a, b);
}

static void put_on_grid(const scan_ground *g, placed *list, double square_m) {
    for (size_t i = 0; i < g->count; i++) {
        const scan_case *c = list[i].of;
        list[i].column = (int64_t)floor((c->longitude - g->longitude) * g->metres_east / square_m);
        list[i].row = (int64_t)floor((c->latitude - g->latitude) * g->metres_north / square_m);
    }
    qsort(list, g->count, sizeof *list, by_square);
}

static bool same_square(const placed *a, const placed *b) {
    return a->row == b->row && a->column == b->column;
}

static size_t count_squares(const placed *list, size_t count) {
    size_t squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += i == 0 || !same_square(&list[i - 1], &list[i]);
    return squares;
}

/* The origin does not depend on how many cases there are where: the south-western corner. */
static void find_origin(scan_ground *g, const placed *list) {
    double south = INFINITY, west = INFINITY, north = -INFINITY;
    for (size_t i = 0; i < g->count; i++) {
        west = fmin(west, list[i].of->longitude);
        south = fmin(south, list[i].of->latitude);
        north = fmax(north, list[i].of->latitude);
    }
    g->longitude = west;
    g->latitude = south;
    g->metres_north = METRES_OF_A_DEGREE;
    g->metres_east = METRES_OF_A_DEGREE * cos((south + north) / 2 * (M_PI / 180));
}

static void fill_cells(scan_ground *g, const placed *list) {
    for (size_t i = 0; i < g->count; i++) {
        if (i == 0 || !same_square(&list[i - 1], &list[i])) g->cells[g->cell_count++] = (scan_cell){0};
        scan_cell *cell = &g->cells[g->cell_count - 1];
        cell->cases++;
        cell->x += ((list[i].of->longitude - g->longitude) * g->metres_east - cell->x) / cell->cases;
        cell->y += ((list[i].of->latitude - g->latitude) * g->metres_north - cell->y) / cell->cases;
        g->cases[i] = list[i].of;
        g->cell_of[i] = (uint32_t)(g->cell_count - 1);
    }
}

typedef struct neighbour {
    double distance;
    uint32_t cell;
} neighbour;

static int by_distance(const void *a, const void *b) {
    const neighbour *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell;
}

static int find_around(scan_ground *g, wjz_arena *arena) {
    size_t n = g->cell_count;
    neighbour *list = wjz_arena_alloc(arena, n * sizeof *list);
    g->around = wjz_arena_alloc(arena, n * n * sizeof *g->around);
    if (!list || !g->around) return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++)
            list[k] = (neighbour){k == i ? -1 : scan_distance_squared(&g->cells[i], &g->cells[k]), (uint32_t)k};
        qsort(list, n, sizeof *list, by_distance);
        for (size_t k = 0; k < n; k++)
            g->around[i * n + k] = list[k].cell;
    }
    return 0;
}

static bool looked_at(const scan_case *c, const scan_options *options) {
    return c->day <= options->last_day && c->day > options->last_day - options->days && isfinite(c->longitude) &&
           isfinite(c->latitude);
}

int scan_gather(const scan_case *cases, size_t count, const scan_options *options, wjz_arena *arena,
                scan_ground *ret_ground) {
    scan_ground g = {0};
    placed *list = wjz_arena_alloc(arena, count * sizeof *list);
    if (!list) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (looked_at(&cases[i], options)) list[g.count++].of = &cases[i];
    size_t squares = g.count;
    if (g.count) {
        find_origin(&g, list);
        double square_m = FIRST_SQUARE_M;
        do {
            put_on_grid(&g, list, square_m);
            square_m *= 2;
        } while ((squares = count_squares(list, g.count)) > options->most_cells);
    }
    g.cases = wjz_arena_alloc(arena, g.count * sizeof *g.cases);
    g.cell_of = wjz_arena_alloc(arena, g.count * sizeof *g.cell_of);
    g.cells = wjz_arena_alloc(arena, squares * sizeof *g.cells);
    if (!g.cases || !g.cell_of || !g.cells) return -ENOMEM;
    fill_cells(&g, list);
    int r = find_around(&g, arena);
    if (r == 0) *ret_ground = g;
    return r;
}
