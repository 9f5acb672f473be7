/* A level may have several rules: any of them is enough. */
#include "scoring/warning_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/rules_data.h"
#include "wjz/arena.h"
#include "wjz/yaml.h"

const char *const warning_reason_names[REASON_COUNT] = {"clues", "repeated", "recurrence"};

typedef struct loaded {
    warning_rules rules; /* first: what callers hold */
    wjz_arena *arena;
} loaded;

void warning_rules_destroy(warning_rules **rules) {
    if (!rules || !*rules) return;
    loaded *all = (loaded *)*rules;
    *rules = NULL;
    wjz_arena_destroy(&all->arena);
    free(all);
}

static int read_units(const wjz_yaml_node *map, warning_rule *rule, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(map, "units", &list, err);
    if (r < 0) return r;
    for (size_t k = 0; k < AREA_KINDS; k++)
        rule->units[k] = list == NULL;
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *name = wjz_yaml_text(item);
        size_t kind = 0;
        while (kind < AREA_KINDS && (!name || strcmp(area_kind_names[kind], name) != 0))
            kind++;
        if (kind == AREA_KINDS)
            return wjz_yaml_error(item, err, "unknown unit \"%s\"; known are grid, village, town", name ? name : "");
        rule->units[kind] = true;
    }
    return 0;
}

static int read_reason(const wjz_yaml_node *map, warning_rule *rule, wjz_err *err) {
    const char *name;
    int r = wjz_yaml_get_text(map, "reason", &name, err);
    if (r < 0) return r;
    size_t reason = 0;
    while (reason < REASON_COUNT && strcmp(warning_reason_names[reason], name) != 0)
        reason++;
    if (reason == REASON_COUNT)
        return wjz_yaml_error(map, err, "unknown reason \"%s\"; known are clues, repeated, recurrence", name);
    rule->reason = (warning_reason)reason;
    return 0;
}

static int read_days(const wjz_yaml_node *map, int32_t *ret_from, int32_t *ret_to, wjz_err *err) {
    int r = rules_read_day(map, "effective_from", INT32_MIN, ret_from, err);
    if (r == 0) r = rules_read_day(map, "effective_to", INT32_MAX, ret_to, err);
    if (r == 0 && *ret_from > *ret_to) r = wjz_yaml_error(map, err, "effective_to lies before effective_from");
    return r;
}

static int read_rule(const wjz_yaml_node *map, warning_rule *rule, wjz_err *err) {
    static const char *const keys[] = {"level",      "reason", "least",          "stars",        "days",
                                       "after_days", "units",  "effective_from", "effective_to", NULL};
    int64_t level = 0, least = 0, stars = 0, days = 0, after = 0;
    int r = wjz_yaml_only(map, keys, err);
    if (r == 0) r = wjz_yaml_get_int(map, "level", 1, WARNING_LEVELS, &level, err);
    if (r == 0) r = read_reason(map, rule, err);
    if (r == 0) r = wjz_yaml_get_int(map, "least", 1, 100000, &least, err);
    if (r == 0) r = wjz_yaml_get_int(map, "stars", 3, 5, &stars, err);
    if (r == 0) r = wjz_yaml_get_int(map, "days", 1, 3660, &days, err);
    if (r == 0 && rule->reason == REASON_RECURRENCE)
        r = wjz_yaml_get_int(map, "after_days", 1, 36600, &after, err);
    else if (r == 0 && wjz_yaml_get(map, "after_days"))
        r = wjz_yaml_error(map, err, "after_days is for recurrence alone; leave it out");
    if (r == 0) r = read_units(map, rule, err);
    if (r == 0) r = read_days(map, &rule->from_day, &rule->to_day, err);
    if (r < 0) return r;
    rule->level = (int)level;
    rule->least = (int)least;
    rule->stars = (int)stars;
    rule->days = (int)days;
    rule->after_days = (int)after;
    return 0;
}

static int read_addressee(loaded *all, const wjz_yaml_node *map, warning_addressee *to, wjz_err *err) {
    static const char *const keys[] = {"region",         "domain",       "department", "superior",
                                       "effective_from", "effective_to", NULL};
    int64_t region = 0;
    const char *domain, *department, *superior;
    int r = wjz_yaml_only(map, keys, err);
    if (r == 0) r = wjz_yaml_get_int_or(map, "region", 100000, 999999, 0, &region, err);
    if (r == 0) r = wjz_yaml_get_text_or(map, "domain", NULL, &domain, err);
    if (r == 0) r = wjz_yaml_get_text(map, "department", &department, err);
    if (r == 0) r = wjz_yaml_get_text_or(map, "superior", "", &superior, err);
    if (r == 0) r = read_days(map, &to->from_day, &to->to_day, err);
    if (r < 0) return r;
    to->region = (int32_t)region;
    to->domain = domain ? wjz_arena_strdup(all->arena, domain) : NULL;
    to->department = wjz_arena_strdup(all->arena, department);
    to->superior = wjz_arena_strdup(all->arena, superior);
    bool failed = (domain && !to->domain) || !to->department || !to->superior;
    return failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

static int read_all(loaded *all, const wjz_yaml_node *root, const char *name, wjz_err *err) {
    static const char *const keys[] = {"levels", "addressees", NULL};
    const wjz_yaml_node *levels = NULL, *addressees = NULL;
    if (!root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", name);
    int r = wjz_yaml_only(root, keys, err);
    if (r == 0) r = wjz_yaml_get_list(root, "levels", &levels, err);
    if (r == 0) r = wjz_yaml_get_list(root, "addressees", &addressees, err);
    if (r < 0) return r;
    warning_rule *rules = wjz_arena_calloc(all->arena, list_count(levels), sizeof *rules);
    warning_addressee *to = wjz_arena_calloc(all->arena, list_count(addressees), sizeof *to);
    if (!rules || !to) return wjz_err_set(err, -ENOMEM, "out of memory");
    all->rules = (warning_rules){rules, list_count(levels), to, list_count(addressees), 0};
    for (size_t i = 0; r == 0 && i < list_count(levels); i++) {
        r = read_rule(wjz_yaml_item(levels, i), &rules[i], err);
        if (rules[i].days > all->rules.most_days) all->rules.most_days = rules[i].days;
    }
    for (size_t i = 0; r == 0 && i < list_count(addressees); i++)
        r = read_addressee(all, wjz_yaml_item(addressees, i), &to[i], err);
    return r;
}

static int read_yaml(const wjz_yaml *yaml, const char *name, warning_rules **ret_rules, wjz_err *err) {
    loaded *all = calloc(1, sizeof *all);
    WJZ_CLEANUP(warning_rules_destroy) warning_rules *rules = (warning_rules *)all;
    if (!all || !(all->arena = wjz_arena_new(0))) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = read_all(all, wjz_yaml_root(yaml), name, err);
    if (r == 0) *ret_rules = WJZ_STEAL(rules);
    return r;
}

int warning_rules_load(const char *path, warning_rules **ret_rules, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    return r < 0 ? r : read_yaml(yaml, path, ret_rules, err);
}

int warning_rules_parse(const char *name, const char *text, size_t length, warning_rules **ret_rules, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_parse(name, text, length, &yaml, err);
    return r < 0 ? r : read_yaml(yaml, name, ret_rules, err);
}

const warning_addressee *warning_addressee_of(const warning_rules *rules, int32_t region, const char *domain,
                                              int32_t day) {
    for (size_t i = 0; i < rules->addressee_count; i++) {
        const warning_addressee *to = &rules->addressees[i];
        if ((to->region == 0 || to->region == region) && (!to->domain || strcmp(to->domain, domain) == 0) &&
            day >= to->from_day && day <= to->to_day)
            return to;
    }
    return NULL;
}

int warning_rules_check(const char *path) {
    WJZ_CLEANUP(warning_rules_destroy) warning_rules *rules = NULL;
    wjz_err err = {0};
    if (warning_rules_load(path, &rules, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%s: %zu 条级别规则，%zu 个主责部门 / %zu rules of levels, %zu addressees\n", path, rules->rule_count,
           rules->addressee_count, rules->rule_count, rules->addressee_count);
    return 0;
}
