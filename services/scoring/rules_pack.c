/* pack.yaml: the version, the domains there are, and every number of domain.md 3.3, as rows. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "scoring/rules_data.h"

typedef struct number {
    const char *section, *key;
    size_t offset; /* in rule_pack */
    double least, most;
} number;

#define POINTS(field, most)                                                                                            \
    { "points", #field, offsetof(rule_pack, points.field), 0, most }
#define ADJUST(field)                                                                                                  \
    { "adjustments", #field, offsetof(rule_pack, adjustments.field), -100, 100 }
#define STARS(field)                                                                                                   \
    { "stars", #field, offsetof(rule_pack, stars.field), 0, 100 }
#define OUTCOME(field)                                                                                                 \
    { "outcomes", #field, offsetof(rule_pack, outcomes.field), 0, 5 }
#define GATES(field)                                                                                                   \
    { "gates", #field, offsetof(rule_pack, gates.field), 0, 100 }

/* To add a number: a field in rules_data.h and a row here; pack.yaml must then have it. */
static const number numbers[] = {
    POINTS(source_hotline, 100),
    POINTS(source_enforcement, 100),
    POINTS(source_state_organ, 100),
    POINTS(source_grid, 100),
    POINTS(source_photo, 100),
    POINTS(source_media, 100),
    POINTS(source_anonymous, 100),
    POINTS(corroboration, 100),
    POINTS(match_strong, 100),
    POINTS(match_core, 100),
    POINTS(match_weak, 100),
    POINTS(severity_grave, 100),
    POINTS(severity_measured, 100),
    POINTS(severity_general, 100),
    POINTS(scope_many, 100),
    POINTS(scope_several, 100),
    POINTS(scope_households, 1e6),
    POINTS(scope_persons, 1e6),
    POINTS(persistence_long, 100),
    POINTS(persistence_months, 100),
    POINTS(persistence_short, 100),
    POINTS(persistence_long_days, 1e5),
    POINTS(persistence_month_days, 1e5),
    POINTS(agency, 100),
    POINTS(unsolved_closed, 100),
    POINTS(unsolved_overdue, 100),
    POINTS(unsolved_said, 100),
    POINTS(unsolved_returns, 100),
    POINTS(dissatisfied, 100),
    POINTS(half_satisfied, 100),
    POINTS(repetition_five, 100),
    POINTS(repetition_three, 100),
    POINTS(repetition_two, 100),
    POINTS(repetition_window_days, 1e5),
    POINTS(location_exact, 100),
    POINTS(location_village, 100),
    POINTS(location_town, 100),
    POINTS(subject, 100),
    POINTS(evidence, 100),
    POINTS(contact, 100),
    ADJUST(spreading),
    ADJUST(area_warning),
    ADJUST(private_dispute),
    ADJUST(no_request),
    ADJUST(in_litigation),
    ADJUST(learned_limit),
    STARS(five),
    STARS(four),
    STARS(three),
    STARS(two),
    GATES(five_match),
    GATES(five_dissatisfied),
    GATES(five_repetition),
    GATES(five_unsolved),
    GATES(five_checkability),
    GATES(no_domain_stars),
    GATES(exploratory_stars),
    OUTCOME(filed),
    OUTCOME(recommended),
    OUTCOME(reported_up),
    OUTCOME(transferred),
    OUTCOME(mediated),
    OUTCOME(aided),
    OUTCOME(no_action),
};

static const char *const sections[] = {"points", "adjustments", "stars", "gates", "outcomes"};

/* What a pack may do without, all or nothing: its numbers are then 0. */
static const char *const optional_section = "outcomes";

/* Refuses keys of a section that no row has. */
static int check_keys(const wjz_yaml_node *map, const char *section, wjz_err *err) {
    for (size_t i = 0; i < wjz_yaml_count(map); i++) {
        const char *key = wjz_yaml_key(map, i);
        bool known = false;
        for (size_t k = 0; k < WJZ_COUNT(numbers); k++)
            known = known || (strcmp(numbers[k].section, section) == 0 && strcmp(numbers[k].key, key) == 0);
        if (!known) return wjz_yaml_error(wjz_yaml_value(map, i), err, "unknown key \"%s\" in %s", key, section);
    }
    return 0;
}

static int read_number(rule_pack *pack, const wjz_yaml_node *root, const number *row, wjz_err *err) {
    const wjz_yaml_node *map = wjz_yaml_get(root, row->section);
    if (!map && strcmp(row->section, optional_section) == 0) return 0;
    if (!wjz_yaml_get(map, row->key))
        return wjz_yaml_error(map ? map : root, err, "%s has no \"%s\"", row->section, row->key);
    double value;
    int r = wjz_yaml_get_real_or(map, row->key, 0, &value, err);
    if (r < 0) return r;
    if (!(value >= row->least && value <= row->most))
        return wjz_yaml_error(wjz_yaml_get(map, row->key), err, "%s must be from %g to %g, is %g", row->key, row->least,
                              row->most, value);
    *(double *)((char *)pack + row->offset) = value;
    return 0;
}

static int read_domains(rule_pack *pack, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "domains", &list, err);
    if (r < 0) return r;
    if (list_count(list) == 0) return wjz_yaml_error(root, err, "the pack names no domains");
    if (list_count(list) >= DOMAIN_LIMIT) return wjz_yaml_error(list, err, "more than %d domains", DOMAIN_LIMIT - 1);
    pack->domains[DOMAIN_NONE] = (pack_topic){.id = "none", .zh = "无", .en = "none"};
    pack->domain_count = 1;
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *id = wjz_yaml_text(item);
        if (!id || !*id) return wjz_yaml_error(item, err, "domains must be a list of ids");
        if (rules_domain(pack, id) >= 0) return wjz_yaml_error(item, err, "the domain \"%s\" stands twice", id);
        id = wjz_arena_strdup(pack->arena, id);
        if (!id) return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
        pack->domains[pack->domain_count++].id = id;
    }
    return 0;
}

static int read_negations(rule_pack *pack, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "negations", &list, err);
    if (r < 0) return r;
    size_t count = list_count(list);
    pack->negations = wjz_arena_calloc(pack->arena, count + 1, sizeof *pack->negations);
    if (!pack->negations) return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
    for (size_t i = 0; i < count; i++) {
        const char *word = wjz_yaml_text(wjz_yaml_item(list, i));
        if (!word || !*word) return wjz_yaml_error(list, err, "negations must be a list of words");
        word = wjz_arena_strdup(pack->arena, word);
        if (!word) return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
        pack->negations[pack->negation_count++] = (pack_word){word, strlen(word)};
    }
    return 0;
}

int rules_read_pack(rule_pack *pack, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const keys[] = {"version", "domains", "negations", "points", "adjustments",
                                       "stars",   "gates",   "outcomes",  NULL};
    const char *version;
    int r = wjz_yaml_only(root, keys, err);
    if (r == 0) r = wjz_yaml_get_text(root, "version", &version, err);
    if (r < 0) return r;
    if (!*version || strlen(version) > 60) return wjz_yaml_error(root, err, "version must have 1 to 60 bytes");
    pack->version = wjz_arena_strdup(pack->arena, version);
    if (!pack->version) return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
    r = read_domains(pack, root, err);
    if (r == 0) r = read_negations(pack, root, err);
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(sections); i++) {
        const wjz_yaml_node *map = wjz_yaml_get(root, sections[i]);
        if (map && wjz_yaml_kind_of(map) != WJZ_YAML_MAP)
            r = wjz_yaml_error(map, err, "%s must be a map of numbers", sections[i]);
        else
            r = check_keys(map, sections[i], err);
    }
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(numbers); i++)
        r = read_number(pack, root, &numbers[i], err);
    if (r < 0) return r;
    const pack_stars *stars = &pack->stars;
    if (!(stars->five > stars->four && stars->four > stars->three && stars->three > stars->two))
        return wjz_yaml_error(wjz_yaml_get(root, "stars"), err, "stars must fall from five to two");
    return 0;
}
