/* The file of collisions: checked as all of the pack is, with file and line. */
#include <errno.h>
#include <string.h>

#include "scoring/rules_builder.h"
#include "wjz/clock.h"

enum { COLLISIONS_LIMIT = 100 };

static int name_of(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return (int)i;
    return -1;
}

static int copy_text(builder *b, const wjz_yaml_node *map, const char *key, const char *fallback, const char **ret_text,
                     wjz_err *err) {
    const char *text;
    int r = fallback ? wjz_yaml_get_text_or(map, key, fallback, &text, err) : wjz_yaml_get_text(map, key, &text, err);
    if (r < 0) return r;
    *ret_text = wjz_arena_strdup(b->pack->arena, text);
    return *ret_text ? 0 : builder_no_memory(err);
}

/* after and same name an earlier entry by its number, from 1. */
static int read_reference(const wjz_yaml_node *map, const char *key, int before, int *ret_index, wjz_err *err) {
    int64_t number;
    *ret_index = -1;
    if (!wjz_yaml_get(map, key)) return 0;
    if (before == 0) return wjz_yaml_error(map, err, "the first record cannot have \"%s\"", key);
    int r = wjz_yaml_get_int(map, key, 1, before, &number, err);
    if (r == 0) *ret_index = (int)number - 1;
    return r;
}

static int read_record(builder *b, const wjz_yaml_node *map, int before, collision_record *record, wjz_err *err) {
    static const char *const keys[] = {"state", "after", "within_days", "same", "hit", NULL};
    const char *state;
    int64_t days = 0;
    int r = wjz_yaml_only(map, keys, err);
    if (r == 0) r = wjz_yaml_get_text(map, "state", &state, err);
    if (r < 0) return r;
    int index = name_of(near_state_names, NEAR_STATES, state);
    if (index < 0) return wjz_yaml_error(wjz_yaml_get(map, "state"), err, "unknown state \"%s\"", state);
    record->state = (near_state)index;
    r = read_reference(map, "after", before, &record->after, err);
    if (r == 0) r = read_reference(map, "same", before, &record->same, err);
    if (r == 0) r = wjz_yaml_get_int_or(map, "within_days", 1, 36500, 0, &days, err);
    if (r == 0) r = copy_text(b, map, "hit", "", &record->hit, err);
    if (r < 0) return r;
    if (days && record->after < 0) return wjz_yaml_error(map, err, "within_days needs \"after\"");
    if (*record->hit && record->state > NEAR_UNSOLVED)
        return wjz_yaml_error(map, err, "only complaints have a \"hit\"");
    record->within_us = days * WJZ_DAY_US;
    return 0;
}

static int read_records(builder *b, const wjz_yaml_node *map, collision_rule *rule, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(map, "records", &list, err);
    if (r < 0) return r;
    if (list_count(list) < 1 || list_count(list) > COLLISION_RECORDS)
        return wjz_yaml_error(map, err, "records must name 1 to %d records", COLLISION_RECORDS);
    for (size_t i = 0; r == 0 && i < list_count(list); i++, rule->record_count++)
        r = read_record(b, wjz_yaml_item(list, i), (int)i, &rule->records[i], err);
    return r;
}

static int read_factor(builder *b, const wjz_yaml_node *map, collision_rule *rule, wjz_err *err) {
    static const char *const factors[] = {"corroboration",    "severity",        "scope",      "persistence",
                                          "handled_unsolved", "dissatisfaction", "repetition", "agency_identified"};
    int r = copy_text(b, map, "factor", "", &rule->factor, err);
    if (r == 0) r = wjz_yaml_get_real_or(map, "points", 0, &rule->points, err);
    if (r < 0) return r;
    if (*rule->factor && name_of(factors, WJZ_COUNT(factors), rule->factor) < 0)
        return wjz_yaml_error(wjz_yaml_get(map, "factor"), err, "no collision can raise the factor \"%s\"",
                              rule->factor);
    if (!(rule->points >= 0 && rule->points <= 100) || (*rule->factor && rule->points == 0))
        return wjz_yaml_error(map, err, "points must be from 0 to 100, and above 0 with a factor");
    return 0;
}

static int read_collision(builder *b, const wjz_yaml_node *map, collision_rule *rule, wjz_err *err) {
    static const char *const keys[] = {"id", "zh", "en", "factor", "points", "records", "note", NULL};
    const rule_pack *pack = b->pack;
    int r = wjz_yaml_only(map, keys, err);
    if (r == 0) r = copy_text(b, map, "id", NULL, &rule->id, err);
    if (r == 0) r = copy_text(b, map, "zh", NULL, &rule->zh, err);
    if (r == 0) r = copy_text(b, map, "en", NULL, &rule->en, err);
    if (r < 0) return r;
    for (size_t i = 0; i < pack->collision_count; i++)
        if (strcmp(pack->collisions[i].id, rule->id) == 0)
            return wjz_yaml_error(map, err, "the id \"%s\" is taken by the collision at %s:%d", rule->id,
                                  pack->collisions[i].file, pack->collisions[i].line);
    rule->file = b->file;
    rule->line = wjz_yaml_line(map);
    r = read_factor(b, map, rule, err);
    return r < 0 ? r : read_records(b, map, rule, err);
}

int builder_collisions(builder *b, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const keys[] = {"collisions", NULL};
    const wjz_yaml_node *list;
    rule_pack *pack = b->pack;
    int r = wjz_yaml_only(root, keys, err);
    if (r == 0) r = wjz_yaml_get_list(root, "collisions", &list, err);
    if (r < 0) return r;
    if (pack->collisions) return wjz_yaml_error(root, err, "another file has collisions already");
    if (list_count(list) > COLLISIONS_LIMIT)
        return wjz_yaml_error(list, err, "more than %d collisions", COLLISIONS_LIMIT);
    pack->collisions = wjz_arena_calloc(pack->arena, list_count(list) + 1, sizeof *pack->collisions);
    if (!pack->collisions) return builder_no_memory(err);
    for (size_t i = 0; r == 0 && i < list_count(list); i++) {
        r = read_collision(b, wjz_yaml_item(list, i), &pack->collisions[pack->collision_count], err);
        if (r == 0) pack->collision_count++;
    }
    return r;
}

int rules_check_collisions(const rule_pack *pack, wjz_err *err) {
    for (size_t i = 0; i < pack->collision_count; i++) {
        const collision_rule *rule = &pack->collisions[i];
        for (int k = 0; k < rule->record_count; k++) {
            bool known = !*rule->records[k].hit;
            for (uint32_t n = 0; n < pack->rule_count && !known; n++)
                known = strcmp(pack->rules[n].id, rule->records[k].hit) == 0;
            if (!known)
                return wjz_err_set(err, -EINVAL, "%s:%d: the pack has no rule \"%s\"", rule->file, rule->line,
                                   rule->records[k].hit);
        }
    }
    return 0;
}
