/* YAML from operators: whatever the bytes, a tree that can be walked or an error that names a line. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wjz/utf8.h"
#include "wjz/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const wjz_yaml_node *node) {
    const char *text = wjz_yaml_text(node);
    assert(!text || wjz_utf8_ok(text, strlen(text)));
    assert(wjz_yaml_line(node) > 0);
    for (size_t i = 0; i < wjz_yaml_count(node); i++) {
        bool map = wjz_yaml_kind_of(node) == WJZ_YAML_MAP;
        const wjz_yaml_node *child = map ? wjz_yaml_value(node, i) : wjz_yaml_item(node, i);
        if (map) assert(wjz_yaml_get(node, wjz_yaml_key(node, i)) == child);
        walk(child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    wjz_err err = {0};
    int e = wjz_yaml_parse("fuzz", (const char *)data, size, &yaml, &err);
    assert((e == 0) == (yaml != NULL));
    assert(e == 0 || err.text[0]);
    const wjz_yaml_node *root = e == 0 ? wjz_yaml_root(yaml) : NULL;
    if (!root) return 0;
    walk(root);
    int64_t number;
    double real;
    bool yes;
    e = wjz_yaml_get_int(root, "a", INT64_MIN, INT64_MAX, &number, &err);
    e = wjz_yaml_get_real_or(root, "a", 0, &real, &err);
    e = wjz_yaml_get_bool_or(root, "a", false, &yes, &err);
    e = wjz_yaml_only(root, (const char *const[]){"a", NULL}, &err);
    return 0;
}
