/* Every word of the pack is looked for in one pass by Hyperscan, in the complaint's own words and in the agency's reply
 * apart; acts and objects meet here: whichever comes second, in either order, within the rule's gap and within one
 * sentence. */
#include "scoring/rules_data.h"

#include <errno.h>
#include <string.h>

typedef struct match_pass {
    const rule_pack *pack;
    const normal_text *text;
    uint32_t title_to;            /* bytes of the normalised text */
    const pattern_search *search; /* what is looked for now, in which bytes */
    uint32_t from, to;
} match_pass;

static rule_state *touch(match_pass *pass, uint32_t index) {
    pass->pack->touched[index / 64] |= UINT64_C(1) << index % 64;
    return &pass->pack->states[index];
}

/* Whether a word that undoes stands right before. */
static bool negated(const match_pass *pass, uint32_t from) {
    const rule_pack *pack = pass->pack;
    for (size_t i = 0; i < pack->negation_count; i++) {
        const pack_word *word = &pack->negations[i];
        if (word->length > from || pass->text->bytes[from - 1] != word->text[word->length - 1]) continue;
        if (memcmp(pass->text->bytes + from - word->length, word->text, word->length) == 0) return true;
    }
    return false;
}

static void found(match_pass *pass, const match_use *use, rule_state *state, uint32_t from, uint32_t to) {
    if (use->deniable && negated(pass, from)) return;
    if (state->count++ == 0) {
        state->from = from;
        state->to = to;
    }
    if (from < pass->title_to) state->in_title = true;
}

/* Whether what lies between is short enough and no sentence ends in it. */
static bool near(const match_pass *pass, uint32_t from, uint32_t to, int gap) {
    if (from > to) return false;
    const char *bytes = pass->text->bytes;
    int characters = 0;
    for (uint32_t i = from; i < to; i++) {
        if (!utf8_begins(bytes[i])) continue;
        if (++characters > gap) return false;
        if (bytes[i] == '\n' || bytes[i] == '!' || bytes[i] == '?' || bytes[i] == ';' ||
            memcmp(bytes + i, "。", strlen("。")) == 0)
            return false;
    }
    return true;
}

static void meet(match_pass *pass, const match_use *use, rule_state *state, uint32_t from, uint32_t to) {
    if (use->side == SIDE_ACT) {
        state->has_act = true;
        state->act_from = from;
        state->act_to = to;
        if (!use->act_first && state->has_object && near(pass, state->object_to, from, use->gap))
            found(pass, use, state, state->object_from, to);
    } else {
        state->has_object = true;
        state->object_from = from;
        state->object_to = to;
        if (state->has_act && near(pass, state->act_to, from, use->gap)) found(pass, use, state, state->act_from, to);
    }
}

/* --- where an expression begins --- */

enum { START_CONTEXT = 8 /* bytes around a match that it may look at */ };

typedef struct start_search {
    unsigned id;
    uint32_t from, to; /* bytes of what is searched */
} start_search;

static int on_start(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *arg) {
    (void)flags;
    start_search *search = arg;
    if (id != search->id || to != search->to) return 0;
    search->from = (uint32_t)from;
    return 1;
}

/* The leftmost beginning of the expression's match that ends at `to`; `to` when it has none. */
static uint32_t start_of(const match_pass *pass, unsigned id, uint32_t to) {
    const rule_pack *pack = pass->pack;
    const char *bytes = pass->text->bytes;
    uint64_t reach = (uint64_t)pack->patterns[id].width + START_CONTEXT;
    uint32_t from = reach < to - pass->from ? to - (uint32_t)reach : pass->from;
    uint32_t end = pass->to - to > START_CONTEXT ? to + START_CONTEXT : pass->to;
    while (!utf8_begins(bytes[from]))
        from--;
    while (!utf8_begins(bytes[end]))
        end++;
    start_search search = {.id = id, .from = to - from, .to = to - from};
    (void)hs_scan(pack->starts, bytes + from, end - from, 0, pack->start_scratch, on_start, &search);
    return from + search.from;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *arg) {
    (void)from, (void)flags;
    match_pass *pass = arg;
    const match_uses *uses = &pass->search->patterns[id];
    const match_use *use = &pass->search->uses[uses->first], *last = use + uses->count;
    uint32_t ends = pass->from + (uint32_t)to;
    uint32_t begins = uses->length > 0 ? ends - uses->length : start_of(pass, id, ends);
    if (begins == ends) return 0;
    for (; use < last; use++) {
        if (use->title_only && begins >= pass->title_to) continue;
        if (use->side == SIDE_WORD)
            found(pass, use, touch(pass, use->rule), begins, ends);
        else
            meet(pass, use, touch(pass, use->rule), begins, ends);
    }
    return 0;
}

/* Looks for what there is to look for in [from, to). */
static hs_error_t search(match_pass *pass, const pattern_search *patterns, uint32_t from, uint32_t to) {
    if (from >= to || !patterns->database) return HS_SUCCESS;
    pass->search = patterns;
    pass->from = from;
    pass->to = to;
    return hs_scan(patterns->database, pass->text->bytes + from, to - from, 0, pass->pack->scratch, on_match, pass);
}

/* Looks into the reply and into what stands before and behind it. */
static int search_all(match_pass *pass, int reply_part) {
    const rule_pack *pack = pass->pack;
    const normal_text *text = pass->text;
    uint32_t reply_from = reply_part < 0 ? text->length : text->part_from[reply_part];
    uint32_t reply_to = reply_part < 0 ? text->length : text->part_from[reply_part + 1];
    hs_error_t r = search(pass, &pack->own, 0, reply_from);
    if (r == HS_SUCCESS) r = search(pass, &pack->reply, reply_from, reply_to);
    if (r == HS_SUCCESS) r = search(pass, &pack->own, reply_to, text->length);
    return r == HS_SUCCESS ? 0 : -EIO;
}

/* Lists the rules that hit, in their order, and forgets what was found. */
static size_t take_matches(const rule_pack *pack, rule_match *list) {
    size_t count = 0;
    for (uint32_t word = 0; word * 64 < pack->rule_count; word++) {
        for (uint64_t left = pack->touched[word]; left; left &= left - 1) {
            uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(left);
            rule_state *state = &pack->states[index];
            if (list && state->count > 0)
                list[count++] = (rule_match){.rule = &pack->rules[index],
                                             .from = state->from,
                                             .to = state->to,
                                             .count = state->count,
                                             .in_title = state->in_title};
            *state = (rule_state){0};
        }
        pack->touched[word] = 0;
    }
    return count;
}

static size_t touched_count(const rule_pack *pack) {
    size_t count = 0;
    for (uint32_t word = 0; word * 64 < pack->rule_count; word++)
        count += (size_t)__builtin_popcountll(pack->touched[word]);
    return count;
}

int rules_match(const rule_pack *pack, const normal_text *text, int title_part, int reply_part, wjz_arena *arena,
                rule_matches *ret_matches) {
    match_pass pass = {.pack = pack, .text = text};
    if (title_part >= 0) pass.title_to = text->part_from[title_part + 1];
    int r = search_all(&pass, reply_part);
    rule_match *list = wjz_arena_alloc(arena, touched_count(pack) * sizeof *list);
    size_t count = take_matches(pack, list);
    if (r < 0) return r;
    if (!list) return -ENOMEM;
    *ret_matches = (rule_matches){list, count};
    return 0;
}
