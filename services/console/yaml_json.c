#include "console/yaml_json.h"

json_t *yaml_json(const wjz_yaml_node *node) {
    const char *text = wjz_yaml_text(node);
    if (text || !node) return text ? json_string(text) : json_null();
    bool map = wjz_yaml_kind_of(node) == WJZ_YAML_MAP;
    json_t *value = map ? json_object() : json_array();
    for (size_t i = 0; i < wjz_yaml_count(node); i++) {
        if (map)
            (void)json_object_set_new(value, wjz_yaml_key(node, i), yaml_json(wjz_yaml_value(node, i)));
        else
            (void)json_array_append_new(value, yaml_json(wjz_yaml_item(node, i)));
    }
    return value;
}
