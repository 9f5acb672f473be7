/* Reads the routing rules, and refuses what could not mean anything, with the file and line to mend. */
#include "assignment/routing_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const BRANCHES[] = {"public_interest", "administrative", "civil", "criminal", "none", NULL};

static bool among(const char *const *allowed, const char *text) {
    for (; *allowed != NULL; allowed++)
        if (strcmp(*allowed, text) == 0) return true;
    return false;
}

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* Copies an optional text of a map; NULL when absent. */
static int read_text(wjz_arena *arena, const wjz_yaml_node *map, const char *key, const char **ret_text, wjz_err *err) {
    const char *text;
    int r = wjz_yaml_get_text_or(map, key, NULL, &text, err);
    if (r < 0) return r;
    if (text != NULL && text[0] == '\0')
        return wjz_yaml_error(wjz_yaml_get(map, key), err, "\"%s\" is empty; give a value or leave it out", key);
    *ret_text = text != NULL ? wjz_arena_strdup(arena, text) : NULL;
    return text != NULL && *ret_text == NULL ? out_of_memory(err) : 0;
}

/* A scalar stands for a list of one. */
static size_t item_count(const wjz_yaml_node *value) {
    if (value == NULL) return 0;
    return wjz_yaml_kind_of(value) == WJZ_YAML_LIST ? wjz_yaml_count(value) : 1;
}

static const wjz_yaml_node *item_at(const wjz_yaml_node *value, size_t index) {
    return wjz_yaml_kind_of(value) == WJZ_YAML_LIST ? wjz_yaml_item(value, index) : value;
}

static int read_texts(wjz_arena *arena, const wjz_yaml_node *map, const char *key, const char *const *allowed,
                      texts *ret_texts, wjz_err *err) {
    const wjz_yaml_node *value = wjz_yaml_get(map, key);
    size_t count = item_count(value);
    if (value != NULL && count == 0)
        return wjz_yaml_error(value, err, "\"%s\" lists nothing, so the rule could never match; leave it out", key);
    texts list = {.items = wjz_arena_calloc(arena, count, sizeof(char *)), .count = count};
    if (list.items == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const wjz_yaml_node *item = item_at(value, i);
        const char *text = wjz_yaml_text(item);
        if (text == NULL || text[0] == '\0')
            return wjz_yaml_error(item, err, "\"%s\" must hold texts that are not empty", key);
        if (allowed != NULL && !among(allowed, text))
            return wjz_yaml_error(item, err,
                                  "unknown %s \"%s\"; known are public_interest, administrative, civil, "
                                  "criminal, none",
                                  key, text);
        list.items[i] = wjz_arena_strdup(arena, text);
        if (list.items[i] == NULL) return out_of_memory(err);
    }
    *ret_texts = list;
    return 0;
}

static int parse_number(const wjz_yaml_node *item, const char *key, int digits, int64_t *ret_value, wjz_err *err) {
    const char *text = wjz_yaml_text(item);
    char *end = NULL;
    errno = 0;
    long long value = text != NULL ? strtoll(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != '\0' || errno != 0 || (int)strlen(text) != digits || value <= 0)
        return wjz_yaml_error(item, err, "\"%s\" in \"%s\" is no code of %d digits", text != NULL ? text : "", key,
                              digits);
    *ret_value = value;
    return 0;
}

static int read_codes(wjz_arena *arena, const wjz_yaml_node *map, const char *key, int digits, numbers *ret_numbers,
                      wjz_err *err) {
    const wjz_yaml_node *value = wjz_yaml_get(map, key);
    size_t count = item_count(value);
    if (value != NULL && count == 0)
        return wjz_yaml_error(value, err, "\"%s\" lists nothing, so the rule could never match; leave it out", key);
    numbers list = {.items = wjz_arena_calloc(arena, count, sizeof(int64_t)), .count = count};
    if (list.items == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        int r = parse_number(item_at(value, i), key, digits, &list.items[i], err);
        if (r < 0) return r;
    }
    *ret_numbers = list;
    return 0;
}

static int read_tristate(const wjz_yaml_node *map, const char *key, tristate *ret_value, wjz_err *err) {
    bool value;
    int r = wjz_yaml_get_bool_or(map, key, false, &value, err);
    if (r < 0) return r;
    *ret_value = wjz_yaml_get(map, key) == NULL ? ANY : value ? YES : NO;
    return 0;
}

static int read_conditions(wjz_arena *arena, const wjz_yaml_node *when, rule *into, wjz_err *err) {
    static const char *const allowed[] = {"region",     "report_region", "place_known", "town",   "village",
                                          "place",      "subject",       "branch",      "domain", "feed",
                                          "stars_from", "stars_to",      "mediation",   NULL};
    into->stars_from = 1;
    into->stars_to = 5;
    if (when == NULL) return 0;
    int64_t from, to;
    int r = wjz_yaml_only(when, allowed, err);
    if (r == 0) r = read_codes(arena, when, "region", 6, &into->region, err);
    if (r == 0) r = read_codes(arena, when, "report_region", 6, &into->report_region, err);
    if (r == 0) r = read_codes(arena, when, "town", 9, &into->town, err);
    if (r == 0) r = read_codes(arena, when, "village", 12, &into->village, err);
    if (r == 0) r = read_texts(arena, when, "place", NULL, &into->place, err);
    if (r == 0) r = read_texts(arena, when, "subject", NULL, &into->subject, err);
    if (r == 0) r = read_texts(arena, when, "branch", BRANCHES, &into->branch, err);
    if (r == 0) r = read_texts(arena, when, "domain", NULL, &into->domain, err);
    if (r == 0) r = read_texts(arena, when, "feed", NULL, &into->feed, err);
    if (r == 0) r = read_tristate(when, "mediation", &into->mediation, err);
    if (r == 0) r = read_tristate(when, "place_known", &into->place_known, err);
    if (r == 0) r = wjz_yaml_get_int_or(when, "stars_from", 1, 5, 1, &from, err);
    if (r == 0) r = wjz_yaml_get_int_or(when, "stars_to", 1, 5, 5, &to, err);
    if (r < 0) return r;
    if (from > to)
        return wjz_yaml_error(when, err, "stars_from %d is above stars_to %d, so the rule could never match", (int)from,
                              (int)to);
    into->stars_from = (int)from;
    into->stars_to = (int)to;
    return 0;
}

static int read_rule(wjz_arena *arena, const wjz_yaml_node *node, int number, rule *into, wjz_err *err) {
    static const char *const allowed[] = {"name", "when", "organ", "consult", "station", "branch", NULL};
    into->number = number;
    into->line = wjz_yaml_line(node);
    if (wjz_yaml_kind_of(node) != WJZ_YAML_MAP) return wjz_yaml_error(node, err, "a rule must be a map");
    const char *name;
    int r = wjz_yaml_only(node, allowed, err);
    if (r == 0) r = wjz_yaml_get_text(node, "name", &name, err);
    if (r < 0) return r;
    into->name = wjz_arena_strdup(arena, name);
    if (into->name == NULL) return out_of_memory(err);
    const wjz_yaml_node *when = wjz_yaml_get(node, "when");
    if (when != NULL && wjz_yaml_kind_of(when) != WJZ_YAML_MAP)
        return wjz_yaml_error(when, err, "\"when\" must be a map of conditions");
    r = read_conditions(arena, when, into, err);
    if (r == 0) r = read_text(arena, node, "organ", &into->organ, err);
    if (r == 0) r = read_text(arena, node, "consult", &into->consult, err);
    if (r == 0) r = read_text(arena, node, "station", &into->station, err);
    if (r == 0) r = read_text(arena, node, "branch", &into->set_branch, err);
    if (r < 0) return r;
    if (into->set_branch != NULL && !among(BRANCHES, into->set_branch))
        return wjz_yaml_error(wjz_yaml_get(node, "branch"), err,
                              "unknown branch \"%s\"; known are public_interest, administrative, civil, criminal, none",
                              into->set_branch);
    if (into->organ == NULL && into->consult == NULL && into->station == NULL && into->set_branch == NULL)
        return wjz_yaml_error(node, err, "rule \"%s\" has no result; give organ, consult, station or branch",
                              into->name);
    return 0;
}

static int read_rules(routing *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "rules", &list, err);
    if (r < 0) return r;
    if (wjz_yaml_count(list) == 0)
        return wjz_yaml_error(list != NULL ? list : root, err,
                              "there are no rules; give at least one that names an organ");
    rules->rule_count = wjz_yaml_count(list);
    rules->rules = wjz_arena_calloc(rules->arena, rules->rule_count, sizeof(rule));
    if (rules->rules == NULL) return out_of_memory(err);
    for (size_t i = 0; i < rules->rule_count; i++) {
        r = read_rule(rules->arena, wjz_yaml_item(list, i), (int)i + 1, &rules->rules[i], err);
        if (r < 0) return r;
    }
    return 0;
}

static int read_counties(routing *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *map = wjz_yaml_get(root, "counties");
    if (map == NULL) return 0;
    if (wjz_yaml_kind_of(map) != WJZ_YAML_MAP)
        return wjz_yaml_error(map, err, "\"counties\" must be a map from county code to organ");
    rules->county_count = wjz_yaml_count(map);
    rules->counties = wjz_arena_calloc(rules->arena, rules->county_count, sizeof(county));
    if (rules->counties == NULL) return out_of_memory(err);
    for (size_t i = 0; i < rules->county_count; i++) {
        const char *key = wjz_yaml_key(map, i), *code;
        char *end;
        long region = strtol(key, &end, 10);
        if (strlen(key) != 6 || *end != '\0' || region <= 0)
            return wjz_yaml_error(wjz_yaml_value(map, i), err, "\"%s\" in \"counties\" is no code of 6 digits", key);
        int r = read_text(rules->arena, map, key, &code, err);
        if (r < 0) return r;
        rules->counties[i] = (county){.region = (int32_t)region, .organ = code};
    }
    return 0;
}

/* Integers of an expectation's clue. */
static int read_number_or(const wjz_yaml_node *map, const char *key, int64_t fallback, int64_t *ret_value,
                          wjz_err *err) {
    return wjz_yaml_get_int_or(map, key, 0, INT64_C(999999999999), fallback, ret_value, err);
}

static int read_clue(wjz_arena *arena, const wjz_yaml_node *node, clue *into, wjz_err *err) {
    static const char *const allowed[] = {"region", "report_region", "town", "village", "place",     "subject",
                                          "branch", "domain",        "feed", "stars",   "mediation", NULL};
    int64_t region, report_region, town, village, stars;
    const char *branch, *domain, *feed, *place, *subject;
    int r = wjz_yaml_only(node, allowed, err);
    if (r == 0) r = wjz_yaml_get_int(node, "region", 100000, 999999, &region, err);
    if (r == 0) r = read_number_or(node, "report_region", 0, &report_region, err);
    if (r == 0) r = read_number_or(node, "town", 0, &town, err);
    if (r == 0) r = read_number_or(node, "village", 0, &village, err);
    if (r == 0) r = wjz_yaml_get_int_or(node, "stars", 1, 5, 3, &stars, err);
    if (r == 0) r = wjz_yaml_get_bool_or(node, "mediation", false, &into->mediation, err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "branch", "none", &branch, err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "domain", "none", &domain, err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "feed", "", &feed, err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "place", "", &place, err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "subject", "", &subject, err);
    if (r < 0) return r;
    into->region = (int32_t)region;
    into->report_region = (int32_t)report_region;
    into->town = (int32_t)town;
    into->village = village;
    into->stars = (int)stars;
    into->branch = wjz_arena_strdup(arena, branch);
    into->domain = wjz_arena_strdup(arena, domain);
    into->feed = wjz_arena_strdup(arena, feed);
    into->place = wjz_arena_strdup(arena, place);
    into->subject = wjz_arena_strdup(arena, subject);
    into->agencies = "";
    bool whole = into->branch != NULL && into->domain != NULL && into->feed != NULL && into->place != NULL &&
                 into->subject != NULL;
    return whole ? 0 : out_of_memory(err);
}

static int read_expectation(wjz_arena *arena, const wjz_yaml_node *node, expectation *into, wjz_err *err) {
    static const char *const allowed[] = {"clue", "organ", "consult", "station", "branch", NULL};
    const wjz_yaml_node *told = wjz_yaml_get(node, "clue");
    if (told == NULL || wjz_yaml_kind_of(told) != WJZ_YAML_MAP)
        return wjz_yaml_error(node, err, "an expectation needs \"clue\", a map");
    into->line = wjz_yaml_line(node);
    int r = wjz_yaml_only(node, allowed, err);
    if (r == 0) r = read_clue(arena, told, &into->told, err);
    if (r == 0) r = read_text(arena, node, "organ", &into->organ, err);
    if (r == 0) r = read_text(arena, node, "consult", &into->consult, err);
    if (r == 0) r = read_text(arena, node, "station", &into->station, err);
    if (r == 0) r = read_text(arena, node, "branch", &into->branch, err);
    return r;
}

static int read_expectations(routing *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "expectations", &list, err);
    if (r < 0 || list == NULL) return r;
    rules->expectation_count = wjz_yaml_count(list);
    rules->expectations = wjz_arena_calloc(rules->arena, rules->expectation_count, sizeof(expectation));
    if (rules->expectations == NULL) return out_of_memory(err);
    for (size_t i = 0; i < rules->expectation_count; i++) {
        r = read_expectation(rules->arena, wjz_yaml_item(list, i), &rules->expectations[i], err);
        if (r < 0) return r;
    }
    return 0;
}

int routing_parse(const wjz_yaml_node *root, routing **ret_rules, wjz_err *err) {
    static const char *const allowed[] = {"counties", "rules", "expectations", NULL};
    if (root == NULL) return wjz_err_set(err, -EINVAL, "the file of routing rules is empty");
    if (wjz_yaml_kind_of(root) != WJZ_YAML_MAP)
        return wjz_yaml_error(root, err, "the file must be a map of counties, rules and expectations");
    WJZ_CLEANUP(routing_destroy) routing *rules = calloc(1, sizeof(routing));
    if (rules == NULL) return out_of_memory(err);
    rules->arena = wjz_arena_new(0);
    if (rules->arena == NULL) return out_of_memory(err);
    int r = wjz_yaml_only(root, allowed, err);
    if (r == 0) r = read_counties(rules, root, err);
    if (r == 0) r = read_rules(rules, root, err);
    if (r == 0) r = read_expectations(rules, root, err);
    if (r < 0) return r;
    *ret_rules = WJZ_STEAL(rules);
    return 0;
}

int routing_load(const char *path, routing **ret_rules, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (root == NULL) return wjz_err_set(err, -EINVAL, "%s:1: the file of routing rules is empty", path);
    return routing_parse(root, ret_rules, err);
}

void routing_destroy(routing **rules) {
    if (rules == NULL || *rules == NULL) return;
    wjz_arena_destroy(&(*rules)->arena);
    free(*rules);
    *rules = NULL;
}
