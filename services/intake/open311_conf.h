/* The services that Open311 clients choose from, read from YAML. */
#ifndef INTAKE_OPEN311_CONF_H
#define INTAKE_OPEN311_CONF_H

#include <stddef.h>

#include "wjz/arena.h"
#include "wjz/err.h"

typedef struct open311_service {
    const char *code, *group, *name;
} open311_service;

typedef struct open311_conf {
    wjz_arena *arena;
    const char *jurisdiction, *contact, *key_service;
    const char *attribute_code, *attribute_description; /* "": no attribute */
    const char **attribute_values;
    size_t attribute_value_count;
    open311_service *services;
    size_t service_count;
} open311_conf;

WJZ_MUST_CHECK int open311_conf_load(const char *path, open311_conf **ret_conf, wjz_err *err);
void open311_conf_destroy(open311_conf **conf);

/* NULL when there is none. */
const open311_service *open311_find_service(const open311_conf *conf, const char *code);
/* The service of a complaint's categories, as the store keeps them ("group U+001F name"); NULL when none fits. */
const open311_service *open311_service_of(const open311_conf *conf, const char *categories);

#endif
