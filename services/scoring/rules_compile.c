/* One Hyperscan database of all words and expressions of a pack, which says where they end: that of a word begins its
 * length before. Where an expression begins is dear to know, and expressions hit seldom: a second database of them
 * alone says it, for those that have hit (rules_match.c). */
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

static int compile_all(rule_pack *pack, pattern_set *set, wjz_err *err) {
    set->count = pack->pattern_count;
    for (uint32_t i = 0; i < pack->pattern_count; i++) {
        const pack_pattern *pattern = &pack->patterns[i];
        bool word = pattern->length > 0;
        set->expressions[i] = word ? quoted(pack->arena, pattern->text) : pattern->text;
        if (!set->expressions[i]) return no_memory(err);
        set->flags[i] = word ? 0 : HS_FLAG_UTF8;
        set->ids[i] = i;
    }
    return compile_set(pack, set, &pack->database, &pack->scratch, err);
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
    for (uint32_t use = 1; use < pack->use_count; use++)
        pack->uses[use].where = pack->rules[pack->uses[use].rule].where;
    pattern_set set = {.expressions = wjz_arena_alloc(pack->arena, count * sizeof *set.expressions),
                       .flags = wjz_arena_alloc(pack->arena, count * sizeof *set.flags),
                       .ids = wjz_arena_alloc(pack->arena, count * sizeof *set.ids)};
    if (!set.expressions || !set.flags || !set.ids) return no_memory(err);
    int r = compile_all(pack, &set, err);
    return r < 0 ? r : compile_starts(pack, &set, err);
}
