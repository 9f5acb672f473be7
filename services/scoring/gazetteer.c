/* Names are found by their first two characters: one small table look-up for each character of a text, however many
 * places there are. */
#include "scoring/gazetteer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/arena.h"
#include "wjz/yaml.h"

enum { PLACES_LIMIT = 2000000, ARENA_LIMIT = 1 << 30 };

typedef struct place_name {
    const char *text; /* normalised */
    uint32_t length;
    uint32_t head;  /* bytes of its first two characters */
    uint32_t first; /* code of its first character */
    uint32_t place; /* index of its entry */
    uint32_t next;  /* shorter or equal name with the same first two characters, plus one; 0 ends */
} place_name;

struct gazetteer {
    wjz_arena *arena;
    place_entry *places;
    size_t place_count, place_capacity;
    place_name *names;
    size_t name_count, name_capacity;
    uint64_t firsts[65536 / 64]; /* a bit for the first code of each name (its low half): most characters begin none */
    uint32_t *slots;             /* name index + 1 by its first two characters */
    uint32_t slot_mask;
};

/* Entries of a list that may be absent. */
static size_t list_count(const wjz_yaml_node *list) {
    return list ? wjz_yaml_count(list) : 0;
}

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not read the gazetteer: no memory");
}

static uint32_t hash_head(const char *head, uint32_t length) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)head[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* Bytes of the first two characters, 0 when there are fewer. */
static inline uint32_t head_length(const char *text, size_t length) {
    size_t at = 1;
    while (at < length && !utf8_begins(text[at]))
        at++;
    if (at >= length) return 0;
    at++;
    while (at < length && !utf8_begins(text[at]))
        at++;
    return (uint32_t)at;
}

static int add_name(gazetteer *g, const wjz_yaml_node *node, const char *name, wjz_err *err) {
    text_part part = {WJZ__SCORING__FIELD__FIELD_NONE, name, strlen(name)};
    normal_text *text;
    if (normalise(&part, 1, g->arena, &text) < 0) return no_memory(err);
    text->bytes[--text->length] = '\0';
    uint32_t head = text->length ? head_length(text->bytes, text->length) : 0;
    if (head == 0) return wjz_yaml_error(node, err, "the name \"%s\" must have two characters or more", name);
    if (g->name_count == g->name_capacity) {
        size_t capacity = g->name_capacity ? g->name_capacity * 2 : 256;
        place_name *names = realloc(g->names, capacity * sizeof *names);
        if (!names) return no_memory(err);
        g->names = names;
        g->name_capacity = capacity;
    }
    g->names[g->name_count++] = (place_name){.text = text->bytes,
                                             .length = text->length,
                                             .head = head,
                                             .first = text->codes[0],
                                             .place = (uint32_t)g->place_count};
    return 0;
}

static int place_level_of(int64_t code, place_level *ret_level, uint32_t *ret_region) {
    if (code >= 100000 && code <= 999999) {
        *ret_level = PLACE_COUNTY;
        *ret_region = (uint32_t)code;
    } else if (code >= 100000000 && code <= 999999999) {
        *ret_level = PLACE_TOWN;
        *ret_region = (uint32_t)(code / 1000);
    } else if (code >= 100000000000 && code <= 999999999999) {
        *ret_level = PLACE_VILLAGE;
        *ret_region = (uint32_t)(code / 1000000);
    } else {
        return -EINVAL;
    }
    return 0;
}

/* "at: [longitude, latitude]", where it is known. */
static int read_position(const wjz_yaml_node *map, place_entry *place, wjz_err *err) {
    const wjz_yaml_node *at;
    int r = wjz_yaml_get_list(map, "at", &at, err);
    if (r < 0 || !at) return r;
    double numbers[2];
    bool sound = wjz_yaml_count(at) == 2;
    for (size_t i = 0; sound && i < 2; i++) {
        const char *text = wjz_yaml_text(wjz_yaml_item(at, i));
        char *end = NULL;
        numbers[i] = text ? strtod(text, &end) : 0;
        sound = text && end != text && !*end;
    }
    if (!sound || !(numbers[0] >= -180 && numbers[0] <= 180) || !(numbers[1] >= -90 && numbers[1] <= 90))
        return wjz_yaml_error(at, err, "at must be [longitude, latitude] in degrees, e.g. [103.52, 30.76]");
    place->has_position = true;
    place->longitude = numbers[0];
    place->latitude = numbers[1];
    return 0;
}

static int read_place(gazetteer *g, const wjz_yaml_node *map, wjz_err *err) {
    static const char *const keys[] = {"code", "name", "aliases", "at", NULL};
    int64_t code;
    const char *name;
    const wjz_yaml_node *aliases;
    int r = wjz_yaml_only(map, keys, err);
    if (r == 0) r = wjz_yaml_get_int(map, "code", 1, INT64_MAX, &code, err);
    if (r == 0) r = wjz_yaml_get_text(map, "name", &name, err);
    if (r == 0) r = wjz_yaml_get_list(map, "aliases", &aliases, err);
    if (r < 0) return r;
    place_entry place = {.code = (uint64_t)code};
    if (place_level_of(code, &place.level, &place.region) < 0)
        return wjz_yaml_error(map, err, "code %lld has neither six digits (county), nine (town) nor twelve (village)",
                              (long long)code);
    if (g->place_count >= PLACES_LIMIT) return wjz_yaml_error(map, err, "more than %d places", PLACES_LIMIT);
    if (g->place_count == g->place_capacity) {
        size_t capacity = g->place_capacity ? g->place_capacity * 2 : 128;
        place_entry *places = realloc(g->places, capacity * sizeof *places);
        if (!places) return no_memory(err);
        g->places = places;
        g->place_capacity = capacity;
    }
    r = read_position(map, &place, err);
    if (r < 0) return r;
    place.name = wjz_arena_strdup(g->arena, name);
    if (!place.name) return no_memory(err);
    r = add_name(g, map, name, err);
    for (size_t i = 0; r == 0 && i < list_count(aliases); i++) {
        const wjz_yaml_node *alias = wjz_yaml_item(aliases, i);
        if (!wjz_yaml_text(alias)) return wjz_yaml_error(alias, err, "aliases must be a list of names");
        r = add_name(g, alias, wjz_yaml_text(alias), err);
    }
    if (r == 0) g->places[g->place_count++] = place;
    return r;
}

static int read_file(gazetteer *g, const char *path, wjz_err *err) {
    static const char *const keys[] = {"places", NULL};
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml), *list = NULL;
    if (!root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", path);
    r = wjz_yaml_only(root, keys, err);
    if (r == 0) r = wjz_yaml_get_list(root, "places", &list, err);
    for (size_t i = 0; r == 0 && i < list_count(list); i++)
        r = read_place(g, wjz_yaml_item(list, i), err);
    return r;
}

static int yaml_files(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int read_files(gazetteer *g, const char *dir, wjz_err *err) {
    struct dirent **entries;
    int count = scandir(dir, &entries, yaml_files, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "cannot read the folder \"%s\": %s", dir, strerror(errno));
    int r = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        if (r == 0) r = read_file(g, path, err);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int by_code(const void *a, const void *b) {
    const place_entry *x = *(const place_entry *const *)a, *y = *(const place_entry *const *)b;
    return x->code < y->code ? -1 : x->code > y->code;
}

/* Sorts the places by code, so that they are found by it; names follow them. */
static int sort_places(gazetteer *g, wjz_err *err) {
    const place_entry **order = wjz_arena_alloc(g->arena, g->place_count * sizeof *order);
    place_entry *sorted = calloc(g->place_count + 1, sizeof *sorted);
    uint32_t *moved = wjz_arena_alloc(g->arena, g->place_count * sizeof *moved);
    if (!order || !sorted || !moved) {
        free(sorted);
        return no_memory(err);
    }
    for (size_t i = 0; i < g->place_count; i++)
        order[i] = &g->places[i];
    qsort(order, g->place_count, sizeof *order, by_code);
    int r = 0;
    for (size_t i = 0; i < g->place_count; i++) {
        sorted[i] = *order[i];
        moved[order[i] - g->places] = (uint32_t)i;
        if (r == 0 && i > 0 && sorted[i].code == sorted[i - 1].code)
            r = wjz_err_set(err, -EINVAL, "the gazetteer has the code %llu twice: \"%s\" and \"%s\"",
                            (unsigned long long)sorted[i].code, sorted[i - 1].name, sorted[i].name);
    }
    free(g->places);
    g->places = sorted;
    for (size_t i = 0; i < g->name_count; i++)
        g->names[i].place = moved[g->names[i].place];
    return r;
}

static int by_length(const void *a, const void *b) {
    const place_name *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    int order = memcmp(x->text, y->text, x->length);
    if (order) return order;
    return x->place > y->place ? -1 : x->place < y->place;
}

/* Chains the names by their first two characters, longest first, lower code first among equals. */
static int index_names(gazetteer *g, wjz_err *err) {
    uint32_t count = 64;
    while (count < g->name_count * 2)
        count *= 2;
    g->slots = wjz_arena_calloc(g->arena, count, sizeof *g->slots);
    if (!g->slots) return no_memory(err);
    g->slot_mask = count - 1;
    if (g->name_count) qsort(g->names, g->name_count, sizeof *g->names, by_length);
    for (uint32_t i = 0; i < g->name_count; i++) {
        place_name *name = &g->names[i];
        uint32_t at = hash_head(name->text, name->head) & g->slot_mask;
        while (g->slots[at]) {
            const place_name *other = &g->names[g->slots[at] - 1];
            if (other->head == name->head && memcmp(other->text, name->text, name->head) == 0) break;
            at = (at + 1) & g->slot_mask;
        }
        g->firsts[(name->first & 0xFFFF) / 64] |= UINT64_C(1) << name->first % 64;
        name->next = g->slots[at];
        g->slots[at] = i + 1;
    }
    return 0;
}

int gazetteer_load(const char *dir, gazetteer **ret_gazetteer, wjz_err *err) {
    WJZ_CLEANUP(gazetteer_destroy) gazetteer *g = calloc(1, sizeof *g);
    if (!g) return no_memory(err);
    g->arena = wjz_arena_new(ARENA_LIMIT);
    if (!g->arena) return no_memory(err);
    int r = read_files(g, dir, err);
    if (r == 0) r = sort_places(g, err);
    if (r == 0) r = index_names(g, err);
    if (r < 0) return r;
    *ret_gazetteer = WJZ_STEAL(g);
    return 0;
}

void gazetteer_destroy(gazetteer **places) {
    if (!places || !*places) return;
    wjz_arena_destroy(&(*places)->arena);
    free((*places)->places);
    free((*places)->names);
    free(*places);
    *places = NULL;
}

size_t gazetteer_count(const gazetteer *places) {
    return places->place_count;
}

/* The longest names that begin at text, all places of that name; the bytes taken, 0 for none. */
static size_t find_here(const gazetteer *g, const char *text, size_t at, size_t length, gazetteer_hit_fn *hit,
                        void *arg) {
    uint32_t head = head_length(text + at, length - at);
    if (head == 0) return 0;
    uint32_t slot = hash_head(text + at, head) & g->slot_mask;
    for (; g->slots[slot]; slot = (slot + 1) & g->slot_mask) {
        const place_name *first = &g->names[g->slots[slot] - 1];
        if (first->head == head && memcmp(first->text, text + at, head) == 0) break;
    }
    size_t taken = 0;
    for (uint32_t i = g->slots[slot]; i; i = g->names[i - 1].next) {
        const place_name *name = &g->names[i - 1];
        if (taken && name->length < taken) break;
        if (name->length > length - at || memcmp(name->text, text + at, name->length) != 0) continue;
        taken = name->length;
        hit(&g->places[name->place], at, at + taken, arg);
    }
    return taken;
}

void gazetteer_find(const gazetteer *places, const normal_text *text, uint32_t length, gazetteer_hit_fn *hit,
                    void *arg) {
    uint32_t taken_to = 0, count = length < text->length ? normal_char(text, length) : text->char_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = text->codes[i];
        if (!(places->firsts[(code & 0xFFFF) / 64] >> code % 64 & 1)) continue; /* nearly always */
        uint32_t at = text->char_at[i];
        if (at < taken_to) continue;
        taken_to = at + (uint32_t)find_here(places, text->bytes, at, length, hit, arg);
    }
}

const place_entry *gazetteer_by_code(const gazetteer *places, uint64_t code) {
    size_t low = 0, high = places->place_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (places->places[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < places->place_count && places->places[low].code == code ? &places->places[low] : NULL;
}
