/* One Hyperscan database of all words and expressions of a pack. A word's start is its end less its length; only
 * expressions pay for having their start reported. */
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

static int compile_error(const rule_pack *pack, const hs_compile_error_t *error, wjz_err *err) {
    if (error->expression < 0 || (uint32_t)error->expression >= pack->pattern_count)
        return wjz_err_set(err, -EINVAL, "cannot compile the rule pack: %s", error->message);
    const pack_pattern *pattern = &pack->patterns[error->expression];
    return wjz_err_set(err, -EINVAL, "%s:%d: bad pattern \"%s\": %s", pattern->file, pattern->line, pattern->text,
                       error->message);
}

int rules_compile(rule_pack *pack, wjz_err *err) {
    uint32_t count = pack->pattern_count;
    for (uint32_t use = 1; use < pack->use_count; use++)
        pack->uses[use].where = pack->rules[pack->uses[use].rule].where;
    const char **expressions = wjz_arena_alloc(pack->arena, count * sizeof *expressions);
    unsigned *flags = wjz_arena_alloc(pack->arena, count * sizeof *flags);
    unsigned *ids = wjz_arena_alloc(pack->arena, count * sizeof *ids);
    if (!expressions || !flags || !ids) return wjz_err_set(err, -ENOMEM, "could not compile the rule pack: no memory");
    for (uint32_t i = 0; i < count; i++) {
        const pack_pattern *pattern = &pack->patterns[i];
        bool word = pattern->length > 0;
        expressions[i] = word ? quoted(pack->arena, pattern->text) : pattern->text;
        if (!expressions[i]) return wjz_err_set(err, -ENOMEM, "could not compile the rule pack: no memory");
        flags[i] = word ? 0 : HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST;
        ids[i] = i;
    }
    hs_compile_error_t *error = NULL;
    hs_error_t r = hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &pack->database, &error);
    if (r != HS_SUCCESS) {
        compile_error(pack, error, err);
        hs_free_compile_error(error);
        return -EINVAL;
    }
    if (hs_alloc_scratch(pack->database, &pack->scratch) != HS_SUCCESS)
        return wjz_err_set(err, -ENOMEM, "could not compile the rule pack: no memory");
    return 0;
}
