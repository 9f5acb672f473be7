/* Reads deploy/rules: pack.yaml with versions, numbers and the list of domains, and one file per domain, branch or
 * signal role with its rules. Whatever is wrong is told with file and line, before anything is scored with it. */
#include "scoring/rules.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/model.h"
#include "scoring/rules_data.h"
#include "wjz/clock.h"

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
};

enum { RULES_LIMIT = 20000, USES_LIMIT = 400000, PATTERN_TEXT_LIMIT = 400, ARENA_LIMIT = 256 << 20 };

/* Tables that grow while files are read, and what the rules of the present file speak for. */
typedef struct builder {
    rule_pack *pack;
    const char *file;
    Wjz__Scoring__Role role;
    int topic;
    const char *topic_id;
    uint32_t rule_capacity, pattern_capacity, use_capacity;
    uint32_t *slots; /* pattern index + 1 by hash of its text */
    uint32_t slot_count;
} builder;

int rules_domain(const rule_pack *pack, const char *id) {
    for (size_t i = 0; i < pack->domain_count; i++)
        if (strcmp(pack->domains[i].id, id) == 0) return (int)i;
    return -1;
}

static int find_name(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return (int)i;
    return -1;
}

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
}

/* Makes room for one more; the old table is the arena's to forget. */
static void *grown(builder *b, void *table, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity) return table;
    uint32_t more = *capacity ? *capacity * 2 : 256;
    void *bigger = wjz_arena_alloc(b->pack->arena, more * size);
    if (!bigger) return NULL;
    if (count) memcpy(bigger, table, count * size);
    *capacity = more;
    return bigger;
}

static uint32_t hash_text(const char *text, bool word) {
    uint32_t hash = word ? 2166136261u : 40503u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static int rehash(builder *b) {
    rule_pack *pack = b->pack;
    if (pack->pattern_count * 2 < b->slot_count) return 0;
    uint32_t count = b->slot_count ? b->slot_count * 2 : 4096;
    uint32_t *slots = wjz_arena_calloc(pack->arena, count, sizeof *slots);
    if (!slots) return -ENOMEM;
    for (uint32_t i = 0; i < pack->pattern_count; i++) {
        uint32_t at = hash_text(pack->patterns[i].text, pack->patterns[i].length > 0) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    b->slots = slots;
    b->slot_count = count;
    return 0;
}

/* The index of a pattern, made when new. */
static int intern(builder *b, const char *text, bool word, int line, uint32_t *ret_index) {
    rule_pack *pack = b->pack;
    if (rehash(b) < 0) return -ENOMEM;
    uint32_t at = hash_text(text, word) & (b->slot_count - 1);
    for (; b->slots[at]; at = (at + 1) & (b->slot_count - 1)) {
        const pack_pattern *known = &pack->patterns[b->slots[at] - 1];
        if ((known->length > 0) == word && strcmp(known->text, text) == 0) {
            *ret_index = b->slots[at] - 1;
            return 0;
        }
    }
    pack_pattern *patterns = grown(b, pack->patterns, pack->pattern_count, &b->pattern_capacity, sizeof *patterns);
    if (!patterns) return -ENOMEM;
    pack->patterns = patterns;
    patterns[pack->pattern_count] =
        (pack_pattern){.text = text, .length = word ? (uint32_t)strlen(text) : 0, .file = b->file, .line = line};
    *ret_index = pack->pattern_count++;
    b->slots[at] = pack->pattern_count;
    return 0;
}

static int add_use(builder *b, uint32_t index, rule_side side) {
    rule_pack *pack = b->pack;
    for (uint32_t use = pack->patterns[index].uses; use; use = pack->uses[use].next)
        if (pack->uses[use].rule == pack->rule_count && pack->uses[use].side == side) return -EEXIST;
    pattern_use *uses = grown(b, pack->uses, pack->use_count, &b->use_capacity, sizeof *uses);
    if (!uses) return -ENOMEM;
    pack->uses = uses;
    uses[pack->use_count] = (pattern_use){.next = pack->patterns[index].uses, .rule = pack->rule_count, .side = side};
    pack->patterns[index].uses = pack->use_count++;
    return 0;
}

static const char *normal_word(builder *b, const char *word) {
    text_part *part = wjz_arena_alloc(b->pack->arena, sizeof *part);
    if (!part) return NULL;
    *part = (text_part){WJZ__SCORING__FIELD__FIELD_NONE, word, strlen(word)};
    normal_text *text;
    if (normalise(part, 1, b->pack->arena, &text) < 0) return NULL;
    text->bytes[text->length - 1] = '\0'; /* the part's end */
    return text->bytes;
}

/* The words of one key of a rule. */
static int read_words(builder *b, const wjz_yaml_node *map, const char *key, rule_side side, bool expression,
                      wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(map, key, &list, err);
    if (r < 0 || !list) return r;
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *text = wjz_yaml_text(item);
        if (!text) return wjz_yaml_error(item, err, "%s must be a list of texts", key);
        if (strlen(text) > PATTERN_TEXT_LIMIT)
            return wjz_yaml_error(item, err, "%s has an entry of %zu bytes, at most %d", key, strlen(text),
                                  PATTERN_TEXT_LIMIT);
        const char *kept = expression ? wjz_arena_strdup(b->pack->arena, text) : normal_word(b, text);
        if (!kept) return no_memory(err);
        if (!*kept) return wjz_yaml_error(item, err, "%s has an empty entry", key);
        if (b->pack->use_count >= USES_LIMIT) return wjz_yaml_error(item, err, "more than %d words", USES_LIMIT);
        uint32_t index;
        if (intern(b, kept, !expression, wjz_yaml_line(item), &index) < 0) return no_memory(err);
        r = add_use(b, index, side);
        if (r == -EEXIST) return wjz_yaml_error(item, err, "\"%s\" stands twice in %s", text, key);
        if (r < 0) return no_memory(err);
    }
    return (int)list_count(list);
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
    int words = read_words(b, map, "words", SIDE_WORD, false, err);
    if (words < 0) return words;
    int patterns = read_words(b, map, "patterns", SIDE_WORD, true, err);
    if (patterns < 0) return patterns;
    int acts = read_words(b, map, "act", SIDE_ACT, false, err);
    if (acts < 0) return acts;
    int objects = read_words(b, map, "object", SIDE_OBJECT, false, err);
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
    pack_rule rule = {.id = wjz_arena_strdup(pack->arena, id), .file = b->file, .line = wjz_yaml_line(map)};
    r = read_rule_sense(b, map, &rule, err);
    if (r == 0) r = read_rule_words(b, map, err);
    if (r < 0) return r;
    struct pack_rule *rules = grown(b, pack->rules, pack->rule_count, &b->rule_capacity, sizeof *rules);
    if (!rules || !rule.id) return no_memory(err);
    pack->rules = rules;
    rules[pack->rule_count++] = rule;
    return 0;
}

static int read_day(const wjz_yaml_node *map, const char *key, int32_t fallback, int32_t *ret_day, wjz_err *err) {
    const char *text;
    int r = wjz_yaml_get_text_or(map, key, "", &text, err);
    if (r < 0) return r;
    *ret_day = fallback;
    if (!*text) return 0;
    wjz_day day;
    char rest;
    if (sscanf(text, "%4d-%2d-%2d%c", &day.year, &day.month, &day.day, &rest) != 3 || day.month < 1 || day.month > 12 ||
        day.day < 1 || day.day > 31)
        return wjz_yaml_error(wjz_yaml_get(map, key), err, "%s is \"%s\", must be a day like 2026-08-15", key, text);
    *ret_day = wjz_day_number(day);
    return 0;
}

static int read_laws(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    static const char *const keys[] = {"name", "articles", "effective_from", "effective_to", NULL};
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "laws", &list, err);
    if (r < 0 || !list) return r;
    if (list_count(list) > LAW_LIMIT) return wjz_yaml_error(list, err, "more than %d laws", LAW_LIMIT);
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *name, *articles;
        pack_law *law = &topic->laws[topic->law_count];
        r = wjz_yaml_only(item, keys, err);
        if (r == 0) r = wjz_yaml_get_text(item, "name", &name, err);
        if (r == 0) r = wjz_yaml_get_text_or(item, "articles", "", &articles, err);
        if (r == 0) r = read_day(item, "effective_from", INT32_MIN, &law->from_day, err);
        if (r == 0) r = read_day(item, "effective_to", INT32_MAX, &law->to_day, err);
        if (r < 0) return r;
        if (law->from_day > law->to_day) return wjz_yaml_error(item, err, "effective_to lies before effective_from");
        law->name = wjz_arena_strdup(b->pack->arena, name);
        law->articles = wjz_arena_strdup(b->pack->arena, articles);
        if (!law->name || !law->articles) return no_memory(err);
        topic->law_count++;
    }
    return 0;
}

static int read_agencies(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "agencies", &list, err);
    if (r < 0 || !list) return r;
    if (list_count(list) > AGENCY_LIMIT) return wjz_yaml_error(list, err, "more than %d agencies", AGENCY_LIMIT);
    for (size_t i = 0; i < list_count(list); i++) {
        const char *name = wjz_yaml_text(wjz_yaml_item(list, i));
        if (!name) return wjz_yaml_error(list, err, "agencies must be a list of names");
        name = wjz_arena_strdup(b->pack->arena, name);
        if (!name) return no_memory(err);
        topic->agencies[topic->agency_count++] = name;
    }
    return 0;
}

static int read_topic(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    const char *zh, *en;
    if (topic->zh) return wjz_yaml_error(root, err, "\"%s\" has another file already", topic->id);
    int r = wjz_yaml_get_text(root, "zh", &zh, err);
    if (r == 0) r = wjz_yaml_get_text(root, "en", &en, err);
    if (r == 0) r = wjz_yaml_get_bool_or(root, "exploratory", false, &topic->exploratory, err);
    if (r == 0) r = wjz_yaml_get_bool_or(root, "urgent", false, &topic->urgent, err);
    if (r == 0) r = read_agencies(b, root, topic, err);
    if (r == 0) r = read_laws(b, root, topic, err);
    if (r < 0) return r;
    topic->zh = wjz_arena_strdup(b->pack->arena, zh);
    topic->en = wjz_arena_strdup(b->pack->arena, en);
    return topic->zh && topic->en ? 0 : no_memory(err);
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
    return read_topic(b, root, topic, err);
}

static int read_file(builder *b, const char *path, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml), *list = NULL;
    if (!root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", path);
    b->file = wjz_arena_strdup(b->pack->arena, path);
    if (!b->file) return no_memory(err);
    r = read_header(b, root, err);
    if (r == 0) r = wjz_yaml_get_list(root, "rules", &list, err);
    for (size_t i = 0; r == 0 && i < list_count(list); i++)
        r = read_rule(b, wjz_yaml_item(list, i), err);
    return r;
}

static int read_pack_file(builder *b, const char *dir, wjz_err *err) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/pack.yaml", dir);
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (!root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", path);
    return rules_read_pack(b->pack, root, err);
}

static int rule_files(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0 &&
           strcmp(entry->d_name, "pack.yaml") != 0;
}

static int read_files(builder *b, const char *dir, wjz_err *err) {
    struct dirent **entries;
    int count = scandir(dir, &entries, rule_files, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "cannot read the folder \"%s\": %s", dir, strerror(errno));
    int r = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        if (r == 0) r = read_file(b, path, err);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int check_complete(const rule_pack *pack, const char *dir, wjz_err *err) {
    for (size_t i = 1; i < pack->domain_count; i++)
        if (!pack->domains[i].zh)
            return wjz_err_set(err, -EINVAL, "%s/pack.yaml: the domain \"%s\" has no file", dir, pack->domains[i].id);
    if (pack->pattern_count == 0) return wjz_err_set(err, -EINVAL, "%s: the pack has no rules", dir);
    return 0;
}

/* model.bin is optional: without it the rules stand alone. */
static int read_model(rule_pack *pack, const char *dir, wjz_err *err) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/model.bin", dir);
    int r = model_load(path, pack->domains, pack->domain_count, &pack->model, err);
    return r == -ENOENT ? 0 : r;
}

int rules_load(const char *dir, bool with_model, rule_pack **ret_pack, wjz_err *err) {
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *pack = calloc(1, sizeof *pack);
    if (!pack) return no_memory(err);
    pack->arena = wjz_arena_new(ARENA_LIMIT);
    if (!pack->arena) return no_memory(err);
    for (int i = 0; i < BRANCH_COUNT; i++)
        pack->branches[i].id = branch_names[i];
    builder b = {.pack = pack};
    b.pack->uses = grown(&b, NULL, 0, &b.use_capacity, sizeof *pack->uses);
    if (!pack->uses) return no_memory(err);
    pack->use_count = 1; /* 0 ends a list */
    int r = read_pack_file(&b, dir, err);
    if (r == 0) r = read_files(&b, dir, err);
    if (r == 0) r = check_complete(pack, dir, err);
    if (r == 0) r = rules_compile(pack, err);
    if (r == 0 && with_model) r = read_model(pack, dir, err);
    if (r < 0) return r;
    pack->states = wjz_arena_calloc(pack->arena, pack->rule_count, sizeof *pack->states);
    pack->touched = wjz_arena_calloc(pack->arena, pack->rule_count, sizeof *pack->touched);
    if (!pack->states || !pack->touched) return no_memory(err);
    *ret_pack = WJZ_STEAL(pack);
    return 0;
}

int rule_pack_load(const char *dir, rule_pack **ret_pack, wjz_err *err) {
    return rules_load(dir, true, ret_pack, err);
}

void rule_pack_destroy(rule_pack **pack) {
    if (!pack || !*pack) return;
    model_destroy(&(*pack)->model);
    hs_free_scratch((*pack)->scratch);
    hs_free_database((*pack)->database);
    wjz_arena_destroy(&(*pack)->arena);
    free(*pack);
    *pack = NULL;
}

const char *rule_pack_version(const rule_pack *pack) {
    return pack->version;
}
