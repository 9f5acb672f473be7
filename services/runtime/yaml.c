/* YAML: libyaml's events made into a tree that remembers lines. Refused on the way: aliases (a kilobyte could
 * unfold to gigabytes), tags, repeated keys, NUL, more than one document. A plain empty value, "~" or "null"
 * counts as absent for the typed accessors. */
#include "wjz/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "wjz/arena.h"
#include "wjz/utf8.h"

enum { DEEPEST = 64, SORTED_FROM = 16 };
static const size_t LARGEST_FILE = (size_t)64 << 20;
static const size_t LARGEST_TREE = (size_t)2 << 30;

struct wjz_yaml_node {
    const wjz_yaml *yaml;
    wjz_yaml_node *next; /* sibling, while the parent is read */
    wjz_yaml_kind kind;
    int line;
    bool plain; /* scalar without quotes */
    size_t count;
    const char *text;         /* scalar */
    const char **keys;        /* map */
    wjz_yaml_node **children; /* list, map */
    size_t *sorted;           /* large maps: positions in the order of their keys */
};

struct wjz_yaml {
    wjz_arena *arena;
    const char *name;
    wjz_yaml_node *root;
};

typedef struct reader {
    yaml_parser_t parser;
    wjz_yaml *yaml;
    wjz_err *err;
} reader;

/* --- reading --- */

static int fail(reader *r, size_t line, const char *what) {
    return wjz_err_set(r->err, -EINVAL, "%s:%zu: %s", r->yaml->name, line, what);
}

static int out_of_memory(reader *r) {
    return wjz_err_set(r->err, -ENOMEM, "could not read \"%s\": out of memory", r->yaml->name);
}

static int next_event(reader *r, yaml_event_t *event) {
    if (yaml_parser_parse(&r->parser, event)) return 0;
    const char *problem = r->parser.problem ? r->parser.problem : "out of memory";
    if (r->parser.error == YAML_MEMORY_ERROR) return out_of_memory(r);
    size_t line = r->parser.error == YAML_READER_ERROR ? r->parser.mark.line : r->parser.problem_mark.line;
    return wjz_err_set(r->err, -EINVAL, "%s:%zu: %s%s%s", r->yaml->name, line + 1,
                       r->parser.context ? r->parser.context : "", r->parser.context ? ": " : "", problem);
}

static int read_node(reader *r, const yaml_event_t *event, int depth, wjz_yaml_node **ret_node);

static int read_scalar(reader *r, const yaml_event_t *event, wjz_yaml_node *node) {
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (!wjz_utf8_ok(text, length)) return fail(r, (size_t)node->line, "a text holds a NUL or is not UTF-8");
    node->text = wjz_arena_strndup(r->yaml->arena, text, length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return node->text ? 0 : out_of_memory(r);
}

/* Reads the nodes up to the end of a list or map; a map's keys are nodes as well, in front of their values. */
static int read_children(reader *r, yaml_event_type_t end, int depth, wjz_yaml_node **ret_first, size_t *ret_count) {
    wjz_yaml_node *first = NULL, **last = &first;
    for (size_t count = 0;; count++) {
        yaml_event_t event;
        int e = next_event(r, &event);
        if (e < 0) return e;
        bool done = event.type == end;
        if (!done) e = read_node(r, &event, depth, last);
        yaml_event_delete(&event);
        if (e < 0) return e;
        if (done) {
            *ret_first = first;
            *ret_count = count;
            return 0;
        }
        last = &(*last)->next;
    }
}

static int read_list(reader *r, int depth, wjz_yaml_node *list) {
    wjz_yaml_node *child;
    int e = read_children(r, YAML_SEQUENCE_END_EVENT, depth, &child, &list->count);
    if (e < 0) return e;
    list->children = wjz_arena_calloc(r->yaml->arena, list->count, sizeof(*list->children));
    if (!list->children) return out_of_memory(r);
    for (size_t i = 0; child; child = child->next)
        list->children[i++] = child;
    return 0;
}

static int compare_keys(const void *a, const void *b, void *map) {
    const char **keys = ((wjz_yaml_node *)map)->keys;
    return strcmp(keys[*(const size_t *)a], keys[*(const size_t *)b]);
}

static int repeated(reader *r, const wjz_yaml_node *map, size_t a, size_t b) {
    size_t first = a < b ? a : b, second = a < b ? b : a;
    return wjz_err_set(r->err, -EINVAL, "%s:%d: key \"%s\" stands here again, first on line %d", r->yaml->name,
                       map->children[second]->line, map->keys[second], map->children[first]->line);
}

static int refuse_repeated_keys(reader *r, wjz_yaml_node *map) {
    if (map->count < SORTED_FROM) {
        for (size_t i = 1; i < map->count; i++)
            for (size_t k = 0; k < i; k++)
                if (strcmp(map->keys[i], map->keys[k]) == 0) return repeated(r, map, k, i);
        return 0;
    }
    map->sorted = wjz_arena_calloc(r->yaml->arena, map->count, sizeof(*map->sorted));
    if (!map->sorted) return out_of_memory(r);
    for (size_t i = 0; i < map->count; i++)
        map->sorted[i] = i;
    qsort_r(map->sorted, map->count, sizeof(*map->sorted), compare_keys, map);
    for (size_t i = 1; i < map->count; i++)
        if (strcmp(map->keys[map->sorted[i - 1]], map->keys[map->sorted[i]]) == 0)
            return repeated(r, map, map->sorted[i - 1], map->sorted[i]);
    return 0;
}

static int read_map(reader *r, int depth, wjz_yaml_node *map) {
    wjz_yaml_node *child;
    int e = read_children(r, YAML_MAPPING_END_EVENT, depth, &child, &map->count);
    if (e < 0) return e;
    map->count /= 2;
    map->keys = wjz_arena_calloc(r->yaml->arena, map->count, sizeof(*map->keys));
    map->children = wjz_arena_calloc(r->yaml->arena, map->count, sizeof(*map->children));
    if (!map->keys || !map->children) return out_of_memory(r);
    for (size_t i = 0; i < map->count; i++, child = child->next->next) {
        if (child->kind != WJZ_YAML_SCALAR) return fail(r, (size_t)child->line, "a key must be a plain text");
        map->keys[i] = child->text;
        map->children[i] = child->next;
    }
    return refuse_repeated_keys(r, map);
}

static int read_node(reader *r, const yaml_event_t *event, int depth, wjz_yaml_node **ret_node) {
    size_t line = event->start_mark.line + 1;
    if (depth >= DEEPEST) return fail(r, line, "more than 64 levels deep");
    if (event->type == YAML_ALIAS_EVENT) return fail(r, line, "aliases (*name) are not allowed; write the value out");
    wjz_yaml_node *node = wjz_arena_calloc(r->yaml->arena, 1, sizeof(*node));
    if (!node) return out_of_memory(r);
    node->yaml = r->yaml;
    node->line = (int)line;
    const yaml_char_t *tag;
    int e;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        tag = event->data.scalar.tag;
        node->kind = WJZ_YAML_SCALAR;
        e = read_scalar(r, event, node);
        break;
    case YAML_SEQUENCE_START_EVENT:
        tag = event->data.sequence_start.tag;
        node->kind = WJZ_YAML_LIST;
        e = read_list(r, depth + 1, node);
        break;
    case YAML_MAPPING_START_EVENT:
        tag = event->data.mapping_start.tag;
        node->kind = WJZ_YAML_MAP;
        e = read_map(r, depth + 1, node);
        break;
    default:
        return fail(r, line, "unexpected end");
    }
    if (e < 0) return e;
    if (tag) return fail(r, line, "tags (!name) are not allowed");
    *ret_node = node;
    return 0;
}

/* Reads the one document there may be. */
static int read_stream(reader *r) {
    for (bool seen = false;;) {
        yaml_event_t event;
        int e = next_event(r, &event);
        if (e < 0) return e;
        yaml_event_type_t type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT) {
            if (seen) e = fail(r, event.start_mark.line + 1, "a second document begins; one file holds one");
            seen = true;
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
                   type != YAML_DOCUMENT_END_EVENT) {
            e = read_node(r, &event, 0, &r->yaml->root);
        }
        yaml_event_delete(&event);
        if (e < 0 || type == YAML_STREAM_END_EVENT) return e;
    }
}

static wjz_yaml *yaml_new(const char *name) {
    wjz_yaml *yaml = calloc(1, sizeof(*yaml));
    if (!yaml) return NULL;
    yaml->arena = wjz_arena_new(LARGEST_TREE);
    yaml->name = yaml->arena ? wjz_arena_strdup(yaml->arena, name) : NULL;
    if (!yaml->name) wjz_yaml_destroy(&yaml);
    return yaml;
}

int wjz_yaml_parse(const char *name, const char *text, size_t length, wjz_yaml **ret_yaml, wjz_err *err) {
    if (length > LARGEST_FILE) return wjz_err_set(err, -EFBIG, "\"%s\" is larger than 64 MB", name);
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = yaml_new(name);
    reader r = {.yaml = yaml, .err = err};
    if (!yaml || !yaml_parser_initialize(&r.parser))
        return wjz_err_set(err, -ENOMEM, "could not read \"%s\": out of memory", name);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
    int e = read_stream(&r);
    yaml_parser_delete(&r.parser);
    if (e < 0) return e;
    *ret_yaml = WJZ_STEAL(yaml);
    return 0;
}

int wjz_yaml_load(const char *path, wjz_yaml **ret_yaml, wjz_err *err) {
    FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    size_t size = 0, length = 0;
    char *text = NULL;
    int e = 0;
    while (length <= LARGEST_FILE) {
        if (length == size) {
            char *grown = realloc(text, size = size ? size * 2 : 1 << 16);
            if (!grown) {
                e = wjz_err_set(err, -ENOMEM, "could not read \"%s\": out of memory", path);
                break;
            }
            text = grown;
        }
        size_t got = fread(text + length, 1, size - length, file);
        length += got;
        if (got == 0) break;
    }
    if (e == 0 && ferror(file)) e = wjz_err_set(err, -EIO, "could not read \"%s\": %s", path, strerror(errno));
    fclose(file);
    if (e == 0) e = wjz_yaml_parse(path, text, length, ret_yaml, err);
    free(text);
    return e;
}

void wjz_yaml_destroy(wjz_yaml **yaml) {
    if (!yaml || !*yaml) return;
    wjz_arena_destroy(&(*yaml)->arena);
    free(*yaml);
    *yaml = NULL;
}

/* --- walking --- */

const wjz_yaml_node *wjz_yaml_root(const wjz_yaml *yaml) {
    return yaml->root;
}

wjz_yaml_kind wjz_yaml_kind_of(const wjz_yaml_node *node) {
    return node->kind;
}

int wjz_yaml_line(const wjz_yaml_node *node) {
    return node->line;
}

int wjz_yaml_error(const wjz_yaml_node *node, wjz_err *err, const char *format, ...) {
    if (!err) return -EINVAL;
    char text[sizeof(err->text)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return wjz_err_set(err, -EINVAL, "%s:%d: %s", node->yaml->name, node->line, text);
}

size_t wjz_yaml_count(const wjz_yaml_node *node) {
    return node ? node->count : 0;
}

const wjz_yaml_node *wjz_yaml_item(const wjz_yaml_node *list, size_t index) {
    return list && list->kind == WJZ_YAML_LIST && index < list->count ? list->children[index] : NULL;
}

const char *wjz_yaml_key(const wjz_yaml_node *map, size_t index) {
    return map && map->kind == WJZ_YAML_MAP && index < map->count ? map->keys[index] : NULL;
}

const wjz_yaml_node *wjz_yaml_value(const wjz_yaml_node *map, size_t index) {
    return map && map->kind == WJZ_YAML_MAP && index < map->count ? map->children[index] : NULL;
}

static const wjz_yaml_node *search_sorted(const wjz_yaml_node *map, const char *key) {
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, map->keys[map->sorted[middle]]);
        if (order == 0) return map->children[map->sorted[middle]];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const wjz_yaml_node *wjz_yaml_get(const wjz_yaml_node *map, const char *key) {
    if (!map || map->kind != WJZ_YAML_MAP) return NULL;
    if (map->sorted) return search_sorted(map, key);
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], key) == 0) return map->children[i];
    return NULL;
}

const char *wjz_yaml_text(const wjz_yaml_node *node) {
    return node ? node->text : NULL;
}

/* --- typed fields --- */

static bool is_null(const wjz_yaml_node *node) {
    if (node->kind != WJZ_YAML_SCALAR || !node->plain) return false;
    return !node->text[0] || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}

static int require_map(const wjz_yaml_node *map, const char *key, wjz_err *err) {
    if (!map) return wjz_err_set(err, -EINVAL, "an empty document holds no \"%s\"", key);
    if (map->kind != WJZ_YAML_MAP) return wjz_yaml_error(map, err, "\"%s: ...\" expected, found no map", key);
    return 0;
}

/* The value of a key when it is there: NULL for absent and for null. -EINVAL when map is none or the value is no
 * scalar. */
static int scalar_field(const wjz_yaml_node *map, const char *key, const wjz_yaml_node **ret_node, wjz_err *err) {
    int e = require_map(map, key, err);
    if (e < 0) return e;
    const wjz_yaml_node *node = wjz_yaml_get(map, key);
    if (node && is_null(node)) node = NULL;
    if (node && node->kind != WJZ_YAML_SCALAR) return wjz_yaml_error(node, err, "\"%s\" must be a single value", key);
    *ret_node = node;
    return 0;
}

static int missing(const wjz_yaml_node *map, const char *key, wjz_err *err) {
    return wjz_yaml_error(map, err, "key \"%s\" is missing", key);
}

int wjz_yaml_get_text_or(const wjz_yaml_node *map, const char *key, const char *fallback, const char **ret_text,
                         wjz_err *err) {
    const wjz_yaml_node *node;
    int e = scalar_field(map, key, &node, err);
    if (e == 0) *ret_text = node ? node->text : fallback;
    return e;
}

int wjz_yaml_get_text(const wjz_yaml_node *map, const char *key, const char **ret_text, wjz_err *err) {
    const char *text;
    int e = wjz_yaml_get_text_or(map, key, NULL, &text, err);
    if (e < 0) return e;
    if (!text) return missing(map, key, err);
    *ret_text = text;
    return 0;
}

static int int_value(const wjz_yaml_node *node, const char *key, int64_t least, int64_t most, int64_t *ret_value,
                     wjz_err *err) {
    const char *text = node->text;
    char *end;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    bool number = (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && end > text && !*end && errno == 0;
    if (!number || value < least || value > most)
        return wjz_yaml_error(node, err, "\"%s\" is \"%s\"; it must be a whole number from %" PRId64 " to %" PRId64,
                              key, text, least, most);
    *ret_value = value;
    return 0;
}

int wjz_yaml_get_int(const wjz_yaml_node *map, const char *key, int64_t least, int64_t most, int64_t *ret_value,
                     wjz_err *err) {
    const wjz_yaml_node *node;
    int e = scalar_field(map, key, &node, err);
    if (e < 0) return e;
    return node ? int_value(node, key, least, most, ret_value, err) : missing(map, key, err);
}

int wjz_yaml_get_int_or(const wjz_yaml_node *map, const char *key, int64_t least, int64_t most, int64_t fallback,
                        int64_t *ret_value, wjz_err *err) {
    const wjz_yaml_node *node;
    int e = scalar_field(map, key, &node, err);
    if (e < 0) return e;
    if (node) return int_value(node, key, least, most, ret_value, err);
    *ret_value = fallback;
    return 0;
}

int wjz_yaml_get_real_or(const wjz_yaml_node *map, const char *key, double fallback, double *ret_value, wjz_err *err) {
    const wjz_yaml_node *node;
    int e = scalar_field(map, key, &node, err);
    if (e < 0) return e;
    double value = fallback;
    if (node) {
        char *end;
        value = strtod(node->text, &end);
        bool number = strspn(node->text, "+-.0123456789eE") == strlen(node->text) && end > node->text && !*end;
        if (!number || !isfinite(value))
            return wjz_yaml_error(node, err, "\"%s\" is \"%s\"; it must be a number", key, node->text);
    }
    *ret_value = value;
    return 0;
}

int wjz_yaml_get_bool_or(const wjz_yaml_node *map, const char *key, bool fallback, bool *ret_value, wjz_err *err) {
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}};
    const wjz_yaml_node *node;
    int e = scalar_field(map, key, &node, err);
    if (e < 0) return e;
    if (!node) {
        *ret_value = fallback;
        return 0;
    }
    for (size_t i = 0; i < WJZ_COUNT(words); i++)
        if (strcmp(node->text, words[i].text) == 0) {
            *ret_value = words[i].value;
            return 0;
        }
    return wjz_yaml_error(node, err, "\"%s\" is \"%s\"; it must be true or false", key, node->text);
}

int wjz_yaml_get_list(const wjz_yaml_node *map, const char *key, const wjz_yaml_node **ret_list, wjz_err *err) {
    int e = require_map(map, key, err);
    if (e < 0) return e;
    const wjz_yaml_node *node = wjz_yaml_get(map, key);
    if (node && is_null(node)) node = NULL;
    if (node && node->kind != WJZ_YAML_LIST) return wjz_yaml_error(node, err, "\"%s\" must be a list", key);
    *ret_list = node;
    return 0;
}

int wjz_yaml_only(const wjz_yaml_node *map, const char *const *allowed, wjz_err *err) {
    if (!map || map->kind != WJZ_YAML_MAP) return 0;
    for (size_t i = 0; i < map->count; i++) {
        const char *const *name = allowed;
        while (*name && strcmp(*name, map->keys[i]) != 0)
            name++;
        if (*name) continue;
        char list[300] = "";
        for (size_t k = 0, at = 0; allowed[k] && at < sizeof(list); k++)
            at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", k ? ", " : "", allowed[k]);
        return wjz_yaml_error(map->children[i], err, "key \"%s\" is not known here; allowed: %s", map->keys[i], list);
    }
    return 0;
}
