/* A YAML file as a tree whose every node knows its file and line, so that each complaint about an
 * operator's data names the place to mend. Read whole with libyaml; at most 64 MB and 64 levels deep;
 * aliases are refused (no "billion laughs"), and so are repeated keys. */
#ifndef WJZ_YAML_H
#define WJZ_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/err.h"

typedef struct wjz_yaml wjz_yaml;           /* owns the nodes */
typedef struct wjz_yaml_node wjz_yaml_node; /* lives as long as its wjz_yaml */

typedef enum wjz_yaml_kind { WJZ_YAML_SCALAR, WJZ_YAML_LIST, WJZ_YAML_MAP } wjz_yaml_kind;

WJZ_MUST_CHECK int wjz_yaml_load(const char *path, wjz_yaml **ret_yaml, wjz_err *err);
/* The same from memory; name stands for the path in errors. */
WJZ_MUST_CHECK int wjz_yaml_parse(const char *name, const char *text, size_t length, wjz_yaml **ret_yaml, wjz_err *err);
void wjz_yaml_destroy(wjz_yaml **yaml);

/* NULL for an empty document. */
const wjz_yaml_node *wjz_yaml_root(const wjz_yaml *yaml);

wjz_yaml_kind wjz_yaml_kind_of(const wjz_yaml_node *node);
int wjz_yaml_line(const wjz_yaml_node *node); /* from 1 */
/* Fills err with "file:line: ..." and returns -EINVAL. */
int wjz_yaml_error(const wjz_yaml_node *node, wjz_err *err, const char *format, ...) WJZ_PRINTF(3, 4);

/* Lists: items from 0; maps: entries in file order. NULL past the end. */
size_t wjz_yaml_count(const wjz_yaml_node *node);
const wjz_yaml_node *wjz_yaml_item(const wjz_yaml_node *list, size_t index);
const char *wjz_yaml_key(const wjz_yaml_node *map, size_t index);
const wjz_yaml_node *wjz_yaml_value(const wjz_yaml_node *map, size_t index);

/* The value of a key, NULL when absent or node is NULL or no map. */
const wjz_yaml_node *wjz_yaml_get(const wjz_yaml_node *map, const char *key);
/* The text of a scalar; NULL for NULL and for lists and maps. */
const char *wjz_yaml_text(const wjz_yaml_node *node);

/* Typed fields of a map. The plain ones fail when the key is absent or of another shape; the _or ones give
 * the fallback when it is absent, and fail only on another shape. */
WJZ_MUST_CHECK int wjz_yaml_get_text(const wjz_yaml_node *map, const char *key, const char **ret_text, wjz_err *err);
WJZ_MUST_CHECK int wjz_yaml_get_text_or(const wjz_yaml_node *map, const char *key, const char *fallback, const char **ret_text, wjz_err *err);
WJZ_MUST_CHECK int wjz_yaml_get_int(const wjz_yaml_node *map, const char *key, int64_t least, int64_t most, int64_t *ret_value, wjz_err *err);
WJZ_MUST_CHECK int wjz_yaml_get_int_or(const wjz_yaml_node *map, const char *key, int64_t least, int64_t most, int64_t fallback, int64_t *ret_value, wjz_err *err);
WJZ_MUST_CHECK int wjz_yaml_get_real_or(const wjz_yaml_node *map, const char *key, double fallback, double *ret_value, wjz_err *err);
WJZ_MUST_CHECK int wjz_yaml_get_bool_or(const wjz_yaml_node *map, const char *key, bool fallback, bool *ret_value, wjz_err *err);
/* A list field: NULL with *ret_list when absent. */
WJZ_MUST_CHECK int wjz_yaml_get_list(const wjz_yaml_node *map, const char *key, const wjz_yaml_node **ret_list, wjz_err *err);

/* Refuses keys of map that are not in the NULL-terminated list, naming the first one and what is allowed. */
WJZ_MUST_CHECK int wjz_yaml_only(const wjz_yaml_node *map, const char *const *allowed, wjz_err *err);

#endif
