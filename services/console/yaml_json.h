/* YAML as JSON: every scalar a text. */
#ifndef CONSOLE_YAML_JSON_H
#define CONSOLE_YAML_JSON_H

#include <jansson.h>

#include "wjz/yaml.h"

/* A new reference; null for NULL. */
json_t *yaml_json(const wjz_yaml_node *node);

#endif
