/* A point lies in an outline when a ray from it crosses the line an odd number of times. */
#include "scoring/area.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const area_kind_names[AREA_KINDS] = {"grid", "village", "town"};

area_kind area_kind_of(const char *name) {
    area_kind kind = AREA_GRID;
    while (kind < AREA_TOWN && strcmp(area_kind_names[kind], name) != 0)
        kind++;
    return kind;
}

int area_outline_parse(const char *text, wjz_arena *arena, area_outline *ret_outline) {
    size_t room = 0, count = 0;
    area_outline outline = {.west = INFINITY, .south = INFINITY, .east = -INFINITY, .north = -INFINITY};
    for (const char *at = text; at && *at; at++)
        room += *at == ',';
    area_point *points = wjz_arena_alloc(arena, (room + 1) * sizeof *points);
    if (!points) return -ENOMEM;
    for (const char *at = text; at && (at = strpbrk(at, "0123456789-")) != NULL;) {
        char *end = NULL;
        area_point point = {.longitude = strtod(at, &end)};
        if (*end != ',' || count > room) return -EINVAL;
        at = end + 1;
        point.latitude = strtod(at, &end);
        if (end == at || !isfinite(point.longitude) || !isfinite(point.latitude)) return -EINVAL;
        at = end;
        outline.west = fmin(outline.west, point.longitude);
        outline.east = fmax(outline.east, point.longitude);
        outline.south = fmin(outline.south, point.latitude);
        outline.north = fmax(outline.north, point.latitude);
        points[count++] = point;
    }
    outline.points = points;
    outline.count = count;
    *ret_outline = outline;
    return 0;
}

bool area_outline_holds(const area_outline *outline, double longitude, double latitude) {
    if (longitude < outline->west || longitude > outline->east || latitude < outline->south ||
        latitude > outline->north)
        return false;
    bool inside = false;
    for (size_t i = 0, before = outline->count - 1; i < outline->count; before = i++) {
        const area_point *a = &outline->points[i], *b = &outline->points[before];
        if ((a->latitude > latitude) == (b->latitude > latitude)) continue;
        double crossing =
            a->longitude + (latitude - a->latitude) / (b->latitude - a->latitude) * (b->longitude - a->longitude);
        if (longitude < crossing) inside = !inside;
    }
    return inside;
}

static bool lies_in(const warned_area *area, const Wjz__Scoring__Place *place) {
    switch (area->kind) {
    case AREA_TOWN:
        return place->town == area->code;
    case AREA_VILLAGE:
        return place->village == area->code;
    case AREA_GRID:
    case AREA_KINDS:
        break;
    }
    return place->has_position && area_outline_holds(&area->outline, place->longitude, place->latitude);
}

const warned_area *area_warned(const warned_areas *areas, const char *domain, const Wjz__Scoring__Place *place) {
    const warned_area *best = NULL;
    for (size_t i = 0; areas && place && i < areas->count; i++) {
        const warned_area *area = &areas->list[i];
        if (strcmp(area->domain, domain) != 0 || !lies_in(area, place)) continue;
        if (!best || area->level > best->level || (area->level == best->level && area->kind < best->kind)) best = area;
    }
    return best;
}
