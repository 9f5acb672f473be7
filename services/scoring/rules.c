/* Reads deploy/rules: pack.yaml with versions, numbers and the list of domains, and one file per domain, branch or
 * signal role with its rules. Whatever is wrong is told with file and line, before anything is scored with it. */
#include "scoring/rules.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/model.h"
#include "scoring/rules_builder.h"
#include "scoring/rules_taught.h"

#define PACK_FILE "pack.yaml"

const char *const kind_names[KIND_COUNT] = {"report", "complaint", "help", "suggest", "consult", "praise"};
const char *const branch_names[BRANCH_COUNT] = {"none", "public_interest", "administrative", "civil", "criminal"};

static const struct {
    const char *name;
    Wjz__Scoring__Role role;
} roles[] = {
    {"kind", WJZ__SCORING__ROLE__ROLE_KIND},
    {"negative", WJZ__SCORING__ROLE__ROLE_NEGATIVE},
    {"severity", WJZ__SCORING__ROLE__ROLE_SEVERITY},
    {"scope", WJZ__SCORING__ROLE__ROLE_SCOPE},
    {"persistence", WJZ__SCORING__ROLE__ROLE_PERSISTENCE},
    {"repeat", WJZ__SCORING__ROLE__ROLE_REPEAT},
    {"unsolved", WJZ__SCORING__ROLE__ROLE_UNSOLVED},
    {"dissatisfied", WJZ__SCORING__ROLE__ROLE_DISSATISFIED},
    {"urgency", WJZ__SCORING__ROLE__ROLE_URGENCY},
    {"private", WJZ__SCORING__ROLE__ROLE_PRIVATE},
    {"litigation", WJZ__SCORING__ROLE__ROLE_LITIGATION},
    {"evidence", WJZ__SCORING__ROLE__ROLE_EVIDENCE},
    {"agency", WJZ__SCORING__ROLE__ROLE_AGENCY},
    {"reply", WJZ__SCORING__ROLE__ROLE_REPLY},
    {"subject", WJZ__SCORING__ROLE__ROLE_SUBJECT},
};

enum { RULES_LIMIT = 20000, ARENA_LIMIT = 256 << 20 };

int rules_domain(const rule_pack *pack, const char *id) {
    for (size_t i = 0; i < pack->domain_count; i++)
        if (*pack->domains[i].id == *id && strcmp(pack->domains[i].id, id) == 0)
            return (int)i; /* most differ at once */
    return -1;
}

static int find_name(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return (int)i;
    return -1;
}

static int read_choice(const wjz_yaml_node *map, const char *key, const char *fallback, const char *const *names,
                       size_t count, const char *allowed, int *ret_index, wjz_err *err) {
    const char *text;
    int r = wjz_yaml_get_text_or(map, key, fallback, &text, err);
    if (r < 0) return r;
    *ret_index = find_name(names, count, text);
    if (*ret_index < 0)
        return wjz_yaml_error(wjz_yaml_get(map, key), err, "%s is \"%s\", must be one of %s", key, text, allowed);
    return 0;
}

/* What the rule speaks for and how loudly. */
static int read_rule_sense(builder *b, const wjz_yaml_node *map, pack_rule *rule, wjz_err *err) {
    static const char *const tiers[] = {"none", "weak", "core", "strong"};
    static const char *const wheres[] = {"text", "title", "reply"};
    static const char *const orders[] = {"any", "act_first"};
    static const double weights[] = {1, 0.6, 2, 3.5};
    bool topical = b->role == WJZ__SCORING__ROLE__ROLE_DOMAIN || b->role == WJZ__SCORING__ROLE__ROLE_BRANCH;
    int tier = 0, where = 0, order = 0;
    int64_t gap = 8;
    if (topical && !wjz_yaml_get(map, "tier"))
        return wjz_yaml_error(map, err, "the rule has no tier: strong, core or weak");
    int r = read_choice(map, "tier", "none", tiers, WJZ_COUNT(tiers), "strong, core, weak", &tier, err);
    if (r == 0) r = read_choice(map, "where", "text", wheres, WJZ_COUNT(wheres), "text, title, reply", &where, err);
    if (r == 0) r = read_choice(map, "order", "any", orders, WJZ_COUNT(orders), "any, act_first", &order, err);
    if (r == 0) r = wjz_yaml_get_int_or(map, "gap", 0, 60, 8, &gap, err);
    if (r == 0) r = wjz_yaml_get_real_or(map, "weight", weights[tier], &rule->weight, err);
    if (r == 0) r = wjz_yaml_get_real_or(map, "points", 0, &rule->points, err);
    if (r < 0) return r;
    rule->role = b->role;
    rule->tier = (Wjz__Scoring__Tier)tier;
    rule->where = (rule_where)where;
    rule->act_first = order == 1;
    rule->gap = (int)gap;
    rule->topic = b->topic;
    rule->topic_id = b->topic_id;
    if (b->role != WJZ__SCORING__ROLE__ROLE_KIND) {
        if (wjz_yaml_get(map, "kind")) return wjz_yaml_error(map, err, "only rules of role kind have a kind");
        return 0;
    }
    if (!wjz_yaml_get(map, "kind")) return wjz_yaml_error(map, err, "the rule has no kind");
    r = read_choice(map, "kind", "", kind_names, KIND_COUNT, "report, complaint, help, suggest, consult, praise",
                    &rule->topic, err);
    if (r < 0) return r;
    rule->topic_id = kind_names[rule->topic];
    return 0;
}

static int read_rule_words(builder *b, const wjz_yaml_node *map, wjz_err *err) {
    int words = builder_words(b, map, "words", SIDE_WORD, false, err);
    if (words < 0) return words;
    int patterns = builder_words(b, map, "patterns", SIDE_WORD, true, err);
    if (patterns < 0) return patterns;
    int acts = builder_words(b, map, "act", SIDE_ACT, false, err);
    if (acts < 0) return acts;
    int objects = builder_words(b, map, "object", SIDE_OBJECT, false, err);
    if (objects < 0) return objects;
    if ((acts > 0) != (objects > 0)) return wjz_yaml_error(map, err, "act and object come together or not at all");
    if (words + patterns + acts == 0)
        return wjz_yaml_error(map, err, "the rule has no words, patterns, or act and object");
    return 0;
}

static int read_rule(builder *b, const wjz_yaml_node *map, wjz_err *err) {
    static const char *const keys[] = {"id",    "tier",     "where", "order",  "gap",  "weight", "points",
                                       "words", "patterns", "act",   "object", "kind", "note",   NULL};
    rule_pack *pack = b->pack;
    int r = wjz_yaml_only(map, keys, err);
    const char *id = NULL;
    if (r == 0) r = wjz_yaml_get_text(map, "id", &id, err);
    if (r < 0) return r;
    for (uint32_t i = 0; i < pack->rule_count; i++)
        if (strcmp(pack->rules[i].id, id) == 0)
            return wjz_yaml_error(map, err, "the id \"%s\" is taken by the rule at %s:%d", id, pack->rules[i].file,
                                  pack->rules[i].line);
    if (pack->rule_count >= RULES_LIMIT) return wjz_yaml_error(map, err, "more than %d rules", RULES_LIMIT);
    pack_rule rule = {.id = wjz_arena_strdup(pack->arena, id),
                      .features = features_of_rule(id),
                      .file = b->file,
                      .line = wjz_yaml_line(map)};
    r = read_rule_sense(b, map, &rule, err);
    if (r == 0) r = read_rule_words(b, map, err);
    if (r < 0) return r;
    struct pack_rule *rules = builder_grown(b, pack->rules, pack->rule_count, &b->rule_capacity, sizeof *rules);
    if (!rules || !rule.id) return builder_no_memory(err);
    pack->rules = rules;
    rules[pack->rule_count++] = rule;
    return 0;
}

/* Says what the rules of the file speak for: a domain, a branch or a role. */
static int read_header(builder *b, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const topic_keys[] = {"domain", "branch", "zh",       "en",    "exploratory",
                                             "urgent", "laws",   "agencies", "rules", NULL};
    static const char *const role_keys[] = {"role", "rules", NULL};
    const char *domain = wjz_yaml_text(wjz_yaml_get(root, "domain"));
    const char *branch = wjz_yaml_text(wjz_yaml_get(root, "branch"));
    const char *role = wjz_yaml_text(wjz_yaml_get(root, "role"));
    if (!!domain + !!branch + !!role != 1)
        return wjz_yaml_error(root, err, "the file must say exactly one of domain, branch, role");
    int r = wjz_yaml_only(root, role ? role_keys : topic_keys, err);
    if (r < 0) return r;
    if (role) {
        for (size_t i = 0; i < WJZ_COUNT(roles); i++) {
            if (strcmp(roles[i].name, role) != 0) continue;
            b->role = roles[i].role;
            b->topic = 0;
            b->topic_id = "";
            return 0;
        }
        return wjz_yaml_error(root, err, "unknown role \"%s\"", role);
    }
    int index = domain ? rules_domain(b->pack, domain) : find_name(branch_names, BRANCH_COUNT, branch);
    if (index <= 0)
        return wjz_yaml_error(root, err, "unknown %s \"%s\"%s", domain ? "domain" : "branch", domain ? domain : branch,
                              domain ? ", pack.yaml lists those there are" : "");
    b->role = domain ? WJZ__SCORING__ROLE__ROLE_DOMAIN : WJZ__SCORING__ROLE__ROLE_BRANCH;
    pack_topic *topic = domain ? &b->pack->domains[index] : &b->pack->branches[index];
    b->topic = index;
    b->topic_id = topic->id;
    return builder_topic(b, root, topic, err);
}

/* Parses a file of the pack. */
static int parse_file(builder *b, const char *prefix, const pack_file *file, wjz_yaml **ret_yaml, wjz_err *err) {
    b->file = wjz_arena_printf(b->pack->arena, "%s%s", prefix, file->name);
    if (!b->file) return builder_no_memory(err);
    int r = wjz_yaml_parse(b->file, file->data.data, file->data.length, ret_yaml, err);
    if (r == 0 && !wjz_yaml_root(*ret_yaml)) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", b->file);
    return r;
}

static int read_file(builder *b, const char *prefix, const pack_file *file, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = parse_file(b, prefix, file, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml), *list = NULL;
    if (wjz_yaml_get(root, "collisions")) return builder_collisions(b, root, err);
    r = read_header(b, root, err);
    if (r == 0) r = wjz_yaml_get_list(root, "rules", &list, err);
    for (size_t i = 0; r == 0 && i < list_count(list); i++)
        r = read_rule(b, wjz_yaml_item(list, i), err);
    return r;
}

static int read_pack_file(builder *b, const char *prefix, const pack_files *files, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    const pack_file *file = pack_files_find(files, PACK_FILE);
    if (!file) return wjz_err_set(err, -EINVAL, "%s%s: the pack has no such file", prefix, PACK_FILE);
    int r = parse_file(b, prefix, file, &yaml, err);
    return r < 0 ? r : rules_read_pack(b->pack, wjz_yaml_root(yaml), err);
}

static int read_files(builder *b, const char *prefix, const pack_files *files, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < files->count; i++) {
        const char *name = files->list[i].name;
        if (strcmp(name, PACK_FILE) != 0 && strcmp(name, PACK_MODEL_FILE) != 0)
            r = read_file(b, prefix, &files->list[i], err);
    }
    return r;
}

static int check_complete(const rule_pack *pack, const char *prefix, wjz_err *err) {
    for (size_t i = 1; i < pack->domain_count; i++)
        if (!pack->domains[i].zh)
            return wjz_err_set(err, -EINVAL, "%s" PACK_FILE ": the domain \"%s\" has no file", prefix,
                               pack->domains[i].id);
    if (pack->pattern_count == 0) return wjz_err_set(err, -EINVAL, "%s" PACK_FILE ": the pack has no rules", prefix);
    return 0;
}

/* model.bin is optional: without it the rules stand alone. */
static int read_model(rule_pack *pack, const char *prefix, const pack_files *files, wjz_err *err) {
    const pack_file *file = pack_files_find(files, PACK_MODEL_FILE);
    const char *name = file ? wjz_arena_printf(pack->arena, "%s%s", prefix, PACK_MODEL_FILE) : NULL;
    if (!file) return 0;
    if (!name) return builder_no_memory(err);
    wjz_blob model, rules;
    taught_split(file->data, &model, &rules);
    int r = model_parse(model.data, model.length, name, pack->domains, pack->domain_count, &pack->model, err);
    return r < 0 ? r : taught_read(rules, name, pack, err);
}

int rules_parse(const pack_files *files, const char *prefix, rule_pack **ret_pack, wjz_err *err) {
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *pack = calloc(1, sizeof *pack);
    if (!pack) return builder_no_memory(err);
    pack->arena = wjz_arena_new(ARENA_LIMIT);
    if (!pack->arena) return builder_no_memory(err);
    for (int i = 0; i < BRANCH_COUNT; i++)
        pack->branches[i].id = branch_names[i];
    builder b = {.pack = pack};
    b.pack->uses = builder_grown(&b, NULL, 0, &b.use_capacity, sizeof *pack->uses);
    if (!pack->uses) return builder_no_memory(err);
    pack->use_count = 1; /* 0 ends a list */
    int r = read_pack_file(&b, prefix, files, err);
    if (r == 0) r = read_files(&b, prefix, files, err);
    if (r == 0) r = check_complete(pack, prefix, err);
    if (r == 0) r = rules_check_collisions(pack, err);
    if (r < 0) return r;
    pack->states = wjz_arena_calloc(pack->arena, pack->rule_count, sizeof *pack->states);
    pack->touched = wjz_arena_calloc(pack->arena, pack->rule_count / 64 + 1, sizeof *pack->touched);
    if (!pack->states || !pack->touched) return builder_no_memory(err);
    *ret_pack = WJZ_STEAL(pack);
    return 0;
}

int rules_load_files(const pack_files *files, const char *prefix, bool with_model, rule_pack **ret_pack, wjz_err *err) {
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *pack = NULL;
    int r = rules_parse(files, prefix, &pack, err);
    if (r == 0) r = rules_compile(pack, err);
    if (r == 0 && with_model) r = read_model(pack, prefix, files, err);
    if (r == 0) *ret_pack = WJZ_STEAL(pack);
    return r;
}

int rules_load(const char *dir, bool with_model, rule_pack **ret_pack, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    char prefix[PATH_MAX];
    pack_files files;
    if (!arena) return builder_no_memory(err);
    snprintf(prefix, sizeof prefix, "%s/", dir);
    int r = pack_files_read(dir, arena, &files, err);
    return r < 0 ? r : rules_load_files(&files, prefix, with_model, ret_pack, err);
}

int rule_pack_load(const char *dir, rule_pack **ret_pack, wjz_err *err) {
    return rules_load(dir, true, ret_pack, err);
}

void rule_pack_destroy(rule_pack **pack) {
    if (!pack || !*pack) return;
    model_destroy(&(*pack)->model);
    rule_pack_destroy(&(*pack)->taught);
    hs_free_scratch((*pack)->scratch);
    hs_free_database((*pack)->own.database);
    hs_free_database((*pack)->reply.database);
    hs_free_scratch((*pack)->start_scratch);
    hs_free_database((*pack)->starts);
    wjz_arena_destroy(&(*pack)->arena);
    free(*pack);
    *pack = NULL;
}

const char *rule_pack_version(const rule_pack *pack) {
    return pack->version;
}
