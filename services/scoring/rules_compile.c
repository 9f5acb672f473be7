/* A Hyperscan database of the words and expressions that a pack looks for in complaints, and a small one of the few
 * that it looks for in agencies' replies. They say where a match ends: that of a word begins its length before. Where
 * an expression begins is dear to know, and expressions hit seldom: a third database of them alone says it, for those
 * that have hit (rules_match.c). */
#include "scoring/rules_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A word as an expression that means just itself. */
static const char *quoted(wjz_arena *arena, const char *word) {
    char *out = wjz_arena_alloc(arena, strlen(word) * 2 + 1), *to = out;
    if (!out) return NULL;
    for (; *word; word++) {
        if (strchr("\\^$.[]|()?*+{}-/#&", *word)) *to++ = '\\';
        *to++ = *word;
    }
    *to = '\0';
    return out;
}

/* What Hyperscan is asked to compile. */
typedef struct pattern_set {
    const char **expressions;
    unsigned *flags, *ids;
    unsigned count;
} pattern_set;

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not compile the rule pack: no memory");
}

static int compile_error(const rule_pack *pack, const pattern_set *set, const hs_compile_error_t *error, wjz_err *err) {
    if (error->expression < 0 || (unsigned)error->expression >= set->count)
        return wjz_err_set(err, -EINVAL, "cannot compile the rule pack: %s", error->message);
    const pack_pattern *pattern = &pack->patterns[set->ids[error->expression]];
    return wjz_err_set(err, -EINVAL, "%s:%d: bad pattern \"%s\": %s", pattern->file, pattern->line, pattern->text,
                       error->message);
}

static int compile_set(const rule_pack *pack, const pattern_set *set, hs_database_t **database, hs_scratch_t **scratch,
                       wjz_err *err) {
    hs_compile_error_t *error = NULL;
    if (hs_compile_multi(set->expressions, set->flags, set->ids, set->count, HS_MODE_BLOCK, NULL, database, &error) !=
        HS_SUCCESS) {
        compile_error(pack, set, error, err);
        hs_free_compile_error(error);
        return -EINVAL;
    }
    return hs_alloc_scratch(*database, scratch) == HS_SUCCESS ? 0 : no_memory(err);
}

/* Whether "no" before it says that it is not so: of facts and of material, not of what is itself a complaint. */
static bool can_be_denied(const pack_rule *rule) {
    return rule->role == WJZ__SCORING__ROLE__ROLE_DOMAIN || rule->role == WJZ__SCORING__ROLE__ROLE_BRANCH ||
           rule->role == WJZ__SCORING__ROLE__ROLE_SEVERITY || rule->role == WJZ__SCORING__ROLE__ROLE_EVIDENCE;
}

/* Lists who uses a pattern in that kind of text; returns where the next list begins. */
static uint32_t list_uses(const rule_pack *pack, bool in_reply, uint32_t pattern, uint32_t first, pattern_search *to) {
    uint32_t end = first;
    for (uint32_t next = pack->patterns[pattern].uses; next; next = pack->uses[next].next) {
        const pattern_use *use = &pack->uses[next];
        const pack_rule *rule = &pack->rules[use->rule];
        if ((rule->where == WHERE_REPLY) != in_reply) continue;
        to->uses[end++] = (match_use){.rule = use->rule,
                                      .side = (uint8_t)use->side,
                                      .gap = (uint8_t)rule->gap,
                                      .act_first = rule->act_first,
                                      .title_only = rule->where == WHERE_TITLE,
                                      .deniable = can_be_denied(rule)};
    }
    to->patterns[pattern] =
        (match_uses){.first = first, .count = (uint16_t)(end - first), .length = pack->patterns[pattern].length};
    return end;
}

static int compile_search(rule_pack *pack, bool in_reply, pattern_set *set, pattern_search *ret, wjz_err *err) {
    uint32_t used = 0;
    set->count = 0;
    ret->patterns = wjz_arena_alloc(pack->arena, pack->pattern_count * sizeof *ret->patterns);
    ret->uses = wjz_arena_alloc(pack->arena, pack->use_count * sizeof *ret->uses);
    if (!ret->patterns || !ret->uses) return no_memory(err);
    for (uint32_t i = 0; i < pack->pattern_count; i++) {
        const pack_pattern *pattern = &pack->patterns[i];
        bool word = pattern->length > 0;
        used = list_uses(pack, in_reply, i, used, ret);
        if (ret->patterns[i].count == 0) continue;
        set->expressions[set->count] = word ? quoted(pack->arena, pattern->text) : pattern->text;
        if (!set->expressions[set->count]) return no_memory(err);
        set->flags[set->count] = word ? 0 : HS_FLAG_UTF8;
        set->ids[set->count++] = i;
    }
    return set->count ? compile_set(pack, set, &ret->database, &pack->scratch, err) : 0;
}

/* Most bytes that a match of the expression can have, UINT32_MAX when there is no limit. */
static uint32_t widest_match(const char *expression) {
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *error = NULL;
    uint32_t width = UINT32_MAX;
    if (hs_expression_info(expression, HS_FLAG_UTF8, &info, &error) == HS_SUCCESS) width = info->max_width;
    hs_free_compile_error(error);
    free(info);
    return width;
}

static int compile_starts(rule_pack *pack, pattern_set *set, wjz_err *err) {
    set->count = 0;
    for (uint32_t i = 0; i < pack->pattern_count; i++) {
        pack_pattern *pattern = &pack->patterns[i];
        if (pattern->length > 0) continue;
        pattern->width = widest_match(pattern->text);
        set->expressions[set->count] = pattern->text;
        set->flags[set->count] = HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST;
        set->ids[set->count++] = i;
    }
    return set->count ? compile_set(pack, set, &pack->starts, &pack->start_scratch, err) : 0;
}

int rules_compile(rule_pack *pack, wjz_err *err) {
    uint32_t count = pack->pattern_count;
    pattern_set set = {.expressions = wjz_arena_alloc(pack->arena, count * sizeof *set.expressions),
                       .flags = wjz_arena_alloc(pack->arena, count * sizeof *set.flags),
                       .ids = wjz_arena_alloc(pack->arena, count * sizeof *set.ids)};
    if (!set.expressions || !set.flags || !set.ids) return no_memory(err);
    int r = compile_search(pack, false, &set, &pack->own, err);
    if (r == 0) r = compile_search(pack, true, &set, &pack->reply, err);
    return r < 0 ? r : compile_starts(pack, &set, err);
}
