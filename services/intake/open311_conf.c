/* See open311_conf.h. */
#include "intake/open311_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/yaml.h"

enum { CONF_MEMORY = 8 * 1024 * 1024 };

static int keep(open311_conf *conf, const char **text, wjz_err *err) {
    *text = wjz_arena_strdup(conf->arena, *text);
    return *text != NULL ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
}

static int load_attribute(open311_conf *conf, const wjz_yaml_node *map, wjz_err *err) {
    static const char *const KEYS[] = {"code", "description", "values", NULL};
    const wjz_yaml_node *list = NULL;
    conf->attribute_code = conf->attribute_description = "";
    if (map == NULL) return 0;
    int r = wjz_yaml_only(map, KEYS, err);
    if (r == 0) r = wjz_yaml_get_text(map, "code", &conf->attribute_code, err);
    if (r == 0) r = wjz_yaml_get_text(map, "description", &conf->attribute_description, err);
    if (r == 0) r = wjz_yaml_get_list(map, "values", &list, err);
    if (r == 0) r = keep(conf, &conf->attribute_code, err);
    if (r == 0) r = keep(conf, &conf->attribute_description, err);
    if (r < 0) return r;
    if (list == NULL) return wjz_yaml_error(map, err, "the attribute has no values");
    conf->attribute_values = wjz_arena_calloc(conf->arena, wjz_yaml_count(list) + 1, sizeof *conf->attribute_values);
    if (conf->attribute_values == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < wjz_yaml_count(list); i++) {
        const char *text = wjz_yaml_text(wjz_yaml_item(list, i));
        if (text == NULL) return wjz_yaml_error(list, err, "a value is no text");
        r = keep(conf, &text, err);
        if (r < 0) return r;
        conf->attribute_values[conf->attribute_value_count++] = text;
    }
    return 0;
}

static int load_service(open311_conf *conf, const wjz_yaml_node *map, wjz_err *err) {
    static const char *const KEYS[] = {"code", "group", "name", NULL};
    open311_service *to = &conf->services[conf->service_count];
    int r = wjz_yaml_only(map, KEYS, err);
    if (r == 0) r = wjz_yaml_get_text(map, "code", &to->code, err);
    if (r == 0) r = wjz_yaml_get_text(map, "group", &to->group, err);
    if (r == 0) r = wjz_yaml_get_text(map, "name", &to->name, err);
    if (r < 0) return r;
    if (open311_find_service(conf, to->code) != NULL)
        return wjz_yaml_error(map, err, "service \"%s\" is there twice", to->code);
    if (strpbrk(to->code, "./?&,") != NULL || to->code[0] == '\0') {
        return wjz_yaml_error(map, err, "service code \"%s\" cannot stand in an address", to->code);
    }
    r = keep(conf, &to->code, err);
    if (r == 0) r = keep(conf, &to->group, err);
    if (r == 0) r = keep(conf, &to->name, err);
    if (r == 0) conf->service_count++;
    return r;
}

static int load_root(open311_conf *conf, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const KEYS[] = {"jurisdiction", "contact", "key_service", "attribute", "services", NULL};
    const wjz_yaml_node *list = NULL;
    int r = wjz_yaml_only(root, KEYS, err);
    if (r == 0) r = wjz_yaml_get_text(root, "jurisdiction", &conf->jurisdiction, err);
    if (r == 0) r = wjz_yaml_get_text_or(root, "contact", "", &conf->contact, err);
    if (r == 0) r = wjz_yaml_get_text_or(root, "key_service", "", &conf->key_service, err);
    if (r == 0) r = keep(conf, &conf->jurisdiction, err);
    if (r == 0) r = keep(conf, &conf->contact, err);
    if (r == 0) r = keep(conf, &conf->key_service, err);
    if (r == 0) r = load_attribute(conf, wjz_yaml_get(root, "attribute"), err);
    if (r == 0) r = wjz_yaml_get_list(root, "services", &list, err);
    size_t count = r == 0 && list != NULL ? wjz_yaml_count(list) : 0;
    conf->services = wjz_arena_calloc(conf->arena, count + 1, sizeof *conf->services);
    if (conf->services == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < count; i++)
        r = load_service(conf, wjz_yaml_item(list, i), err);
    return r;
}

int open311_conf_load(const char *path, open311_conf **ret_conf, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    WJZ_CLEANUP(open311_conf_destroy) open311_conf *conf = calloc(1, sizeof *conf);
    if (conf == NULL || (conf->arena = wjz_arena_new(CONF_MEMORY)) == NULL)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = wjz_yaml_load(path, &yaml, err);
    if (r == 0 && wjz_yaml_root(yaml) == NULL) r = wjz_err_set(err, -EINVAL, "%s: is empty", path);
    if (r == 0) r = load_root(conf, wjz_yaml_root(yaml), err);
    if (r < 0) return r;
    *ret_conf = WJZ_STEAL(conf);
    return 0;
}

void open311_conf_destroy(open311_conf **conf) {
    if (conf == NULL || *conf == NULL) return;
    wjz_arena_destroy(&(*conf)->arena);
    free(*conf);
    *conf = NULL;
}

const open311_service *open311_find_service(const open311_conf *conf, const char *code) {
    for (size_t i = 0; i < conf->service_count; i++) {
        if (strcmp(conf->services[i].code, code) == 0) return &conf->services[i];
    }
    return NULL;
}

const open311_service *open311_service_of(const open311_conf *conf, const char *categories) {
    const char *divider = strchr(categories, '\x1f');
    if (divider == NULL) return NULL;
    size_t group = (size_t)(divider - categories);
    for (size_t i = 0; i < conf->service_count; i++) {
        const open311_service *it = &conf->services[i];
        if (strlen(it->group) == group && strncmp(it->group, categories, group) == 0 &&
            strcmp(it->name, divider + 1) == 0)
            return it;
    }
    return NULL;
}
