/* See rules_taught.h. A rule is the same when a digest of all that it says is: words, sides, weights, place. Such rules
 * lose their patterns in the taught pack, which keeps their number beside the other's instead. */
#include "scoring/rules_taught.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Behind the rules: how many bytes they have, and that they are there. */
typedef struct taught_tail {
    uint64_t length;
    char magic[8];
} taught_tail;

static const char tail_magic[8] = {'W', 'J', 'Z', 'R', 'U', 'L', 'E', 'S'};

int taught_join(wjz_blob model, const pack_files *rules, char **ret_bytes, size_t *ret_length) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    pack_file *list = arena ? wjz_arena_alloc(arena, (rules->count + 1) * sizeof *list) : NULL;
    if (!list) return -ENOMEM;
    pack_files others = {.list = list};
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->list[i].name, PACK_MODEL_FILE) != 0) list[others.count++] = rules->list[i];
    wjz_blob packed;
    if (pack_files_pack(&others, arena, &packed) < 0) return -ENOMEM;
    taught_tail tail = {.length = packed.length};
    memcpy(tail.magic, tail_magic, sizeof tail.magic);
    char *bytes = malloc(model.length + packed.length + sizeof tail);
    if (!bytes) return -ENOMEM;
    memcpy(bytes, model.data, model.length);
    memcpy(bytes + model.length, packed.data, packed.length);
    memcpy(bytes + model.length + packed.length, &tail, sizeof tail);
    *ret_bytes = bytes;
    *ret_length = model.length + packed.length + sizeof tail;
    return 0;
}

void taught_split(wjz_blob file, wjz_blob *ret_model, wjz_blob *ret_rules) {
    const char *bytes = file.data;
    taught_tail tail = {0};
    if (file.length >= sizeof tail) memcpy(&tail, bytes + file.length - sizeof tail, sizeof tail);
    bool there = memcmp(tail.magic, tail_magic, sizeof tail.magic) == 0 && tail.length <= file.length - sizeof tail;
    size_t length = there ? tail.length : 0;
    *ret_model = (wjz_blob){bytes, there ? file.length - sizeof tail - length : file.length};
    *ret_rules = (wjz_blob){there ? bytes + ret_model->length : "", length};
}

/* --- which rules are the same --- */

static uint64_t mixed(uint64_t a, uint64_t b) {
    const uint64_t both[] = {a, b};
    return XXH3_64bits(both, sizeof both);
}

static uint64_t text_digest(const char *text) {
    return XXH3_64bits(text, strlen(text));
}

/* All that a rule says but its words. */
static uint64_t sense_digest(const pack_rule *rule) {
    const double numbers[] = {rule->role,   rule->tier,   rule->topic, rule->where,
                              rule->weight, rule->points, rule->gap,   rule->act_first};
    return mixed(text_digest(rule->id), XXH3_64bits(numbers, sizeof numbers));
}

/* One digest a rule; the order of its words does not matter. */
static uint64_t *digest_rules(const rule_pack *pack, wjz_arena *arena) {
    uint64_t *digests = wjz_arena_alloc(arena, (pack->rule_count + 1) * sizeof *digests);
    if (!digests) return NULL;
    for (uint32_t i = 0; i < pack->rule_count; i++)
        digests[i] = sense_digest(&pack->rules[i]);
    for (uint32_t p = 0; p < pack->pattern_count; p++) {
        const pack_pattern *pattern = &pack->patterns[p];
        uint64_t text = mixed(text_digest(pattern->text), pattern->length > 0);
        for (uint32_t use = pattern->uses; use; use = pack->uses[use].next)
            digests[pack->uses[use].rule] += mixed(text, pack->uses[use].side);
    }
    return digests;
}

static bool same_negations(const rule_pack *a, const rule_pack *b) {
    if (a->negation_count != b->negation_count) return false;
    for (size_t i = 0; i < a->negation_count; i++)
        if (strcmp(a->negations[i].text, b->negations[i].text) != 0) return false;
    return true;
}

/* Finds for each rule of the pack the taught one that says the same. */
static int find_twins(const rule_pack *pack, rule_pack *taught, wjz_arena *arena) {
    uint64_t *mine = digest_rules(pack, arena), *its = digest_rules(taught, arena);
    taught->twins = wjz_arena_calloc(taught->arena, pack->rule_count + 1, sizeof *taught->twins);
    if (!mine || !its || !taught->twins) return -ENOMEM;
    if (!same_negations(pack, taught)) return 0;
    for (uint32_t i = 0; i < pack->rule_count; i++)
        for (uint32_t k = 0; k < taught->rule_count; k++)
            if (mine[i] == its[k]) taught->twins[i] = k + 1;
    return 0;
}

static void unlink_rule_uses(rule_pack *taught, pack_pattern *pattern, const bool *has_twin) {
    uint32_t *link = &pattern->uses;
    while (*link) {
        pattern_use *use = &taught->uses[*link];
        if (has_twin[use->rule])
            *link = use->next;
        else
            link = &use->next;
    }
}

/* Drops the patterns that only rules with a twin want. Compiles what is left. */
static int keep_different(const rule_pack *pack, rule_pack *taught, wjz_arena *arena, wjz_err *err) {
    bool *has_twin = wjz_arena_calloc(arena, taught->rule_count + 1, sizeof *has_twin);
    if (!has_twin) return wjz_err_set(err, -ENOMEM, "could not read the rules of a model: no memory");
    for (uint32_t i = 0; i < pack->rule_count; i++)
        if (taught->twins[i]) has_twin[taught->twins[i] - 1] = true;
    uint32_t kept = 0;
    for (uint32_t p = 0; p < taught->pattern_count; p++) {
        unlink_rule_uses(taught, &taught->patterns[p], has_twin);
        if (taught->patterns[p].uses) taught->patterns[kept++] = taught->patterns[p];
    }
    taught->pattern_count = kept;
    return kept > 0 ? rules_compile(taught, err) : 0;
}

/* Whether the same topics have duty holders, which is worth points. */
static bool same_holders(const pack_topic *a, const pack_topic *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((a[i].agency_count > 0) != (b[i].agency_count > 0)) return false;
    return true;
}

/* Whether it makes no difference which of the two a text is measured by. */
static bool all_the_same(const rule_pack *pack, const rule_pack *taught) {
    if (taught->pattern_count > 0 || pack->rule_count != taught->rule_count) return false;
    pack_adjustments mine = pack->adjustments, its = taught->adjustments;
    mine.learned_limit = its.learned_limit = 0;
    return memcmp(&pack->points, &taught->points, sizeof pack->points) == 0 && memcmp(&mine, &its, sizeof mine) == 0 &&
           same_holders(pack->domains, taught->domains, pack->domain_count) &&
           same_holders(pack->branches, taught->branches, BRANCH_COUNT);
}

static bool same_domains(const rule_pack *a, const rule_pack *b) {
    if (a->domain_count != b->domain_count) return false;
    for (size_t i = 0; i < a->domain_count; i++)
        if (strcmp(a->domains[i].id, b->domains[i].id) != 0) return false;
    return true;
}

int taught_read(wjz_blob rules, const char *name, rule_pack *pack, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *taught = NULL;
    pack_files files;
    char prefix[PACK_FILE_NAME * 2 + 2];
    if (rules.length == 0) return 0;
    if (!arena) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    snprintf(prefix, sizeof prefix, "%.120s: ", name);
    int r = pack_files_unpack(rules, arena, &files, err);
    if (r == 0) r = rules_parse(&files, prefix, &taught, err);
    if (r == 0 && !same_domains(pack, taught))
        r = wjz_err_set(err, -EINVAL, "%s: its rules have other domains than it was trained for, train it again", name);
    if (r == 0 && find_twins(pack, taught, arena) < 0)
        r = wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    if (r == 0) r = keep_different(pack, taught, arena, err);
    if (r == 0 && !all_the_same(pack, taught)) pack->taught = WJZ_STEAL(taught);
    return r;
}

/* --- matching --- */

static int in_order_of_rules(const void *a, const void *b) {
    const rule_match *x = a, *y = b;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

int taught_match(const rule_pack *pack, const rule_matches *matches, const normal_text *text, int title_part,
                 int reply_part, wjz_arena *arena, rule_matches *ret_matches) {
    const rule_pack *taught = pack->taught;
    rule_matches changed = {0};
    int r = taught->pattern_count > 0 ? rules_match(taught, text, title_part, reply_part, arena, &changed) : 0;
    rule_match *list = wjz_arena_alloc(arena, (matches->count + changed.count + 1) * sizeof *list);
    if (r < 0 || !list) return r < 0 ? r : -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < matches->count; i++) {
        uint32_t twin = taught->twins[matches->list[i].rule - pack->rules];
        if (!twin) continue;
        list[count] = matches->list[i];
        list[count++].rule = &taught->rules[twin - 1];
    }
    if (changed.count > 0) memcpy(list + count, changed.list, changed.count * sizeof *list);
    count += changed.count;
    qsort(list, count, sizeof *list, in_order_of_rules);
    *ret_matches = (rule_matches){list, count};
    return 0;
}
