/* Every word of the pack is looked for in one pass by Hyperscan; acts and objects meet here: whichever comes second, in
 * either order, within the rule's gap and within one sentence. */
#include "scoring/rules_data.h"

#include <errno.h>
#include <string.h>

typedef struct match_pass {
    const rule_pack *pack;
    const normal_text *text;
    uint32_t title_to, reply_from, reply_to; /* bytes of the normalised text */
} match_pass;

static rule_state *touch(match_pass *pass, uint32_t index) {
    pass->pack->touched[index / 64] |= UINT64_C(1) << index % 64;
    return &pass->pack->states[index];
}

static bool in_place(const match_pass *pass, rule_where where, uint32_t at) {
    bool reply = at >= pass->reply_from && at < pass->reply_to;
    if (where == WHERE_REPLY) return reply;
    if (where == WHERE_TITLE) return at < pass->title_to;
    return !reply;
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

/* Whether "no" before it says that it is not so: of facts and of material, not of what is itself a complaint. */
static bool can_be_denied(const pack_rule *rule) {
    return rule->role == WJZ__SCORING__ROLE__ROLE_DOMAIN || rule->role == WJZ__SCORING__ROLE__ROLE_BRANCH ||
           rule->role == WJZ__SCORING__ROLE__ROLE_SEVERITY || rule->role == WJZ__SCORING__ROLE__ROLE_EVIDENCE;
}

static void found(match_pass *pass, uint32_t index, rule_state *state, uint32_t from, uint32_t to) {
    if (can_be_denied(&pass->pack->rules[index]) && negated(pass, from)) return;
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

static void meet(match_pass *pass, uint32_t index, rule_side side, uint32_t from, uint32_t to) {
    const pack_rule *rule = &pass->pack->rules[index];
    rule_state *state = touch(pass, index);
    if (side == SIDE_ACT) {
        state->has_act = true;
        state->act_from = from;
        state->act_to = to;
        if (!rule->act_first && state->has_object && near(pass, state->object_to, from, rule->gap))
            found(pass, index, state, state->object_from, to);
    } else {
        state->has_object = true;
        state->object_from = from;
        state->object_to = to;
        if (state->has_act && near(pass, state->act_to, from, rule->gap))
            found(pass, index, state, state->act_from, to);
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
    uint32_t from = reach < to ? to - (uint32_t)reach : 0;
    uint32_t end = pass->text->length - to > START_CONTEXT ? to + START_CONTEXT : pass->text->length;
    while (!utf8_begins(bytes[from]))
        from--;
    while (!utf8_begins(bytes[end]))
        end++;
    start_search search = {.id = id, .from = to - from, .to = to - from};
    (void)hs_scan(pack->starts, bytes + from, end - from, 0, pack->start_scratch, on_start, &search);
    return from + search.from;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *arg) {
    (void)flags;
    match_pass *pass = arg;
    const rule_pack *pack = pass->pack;
    const pack_pattern *pattern = &pack->patterns[id];
    from = pattern->length > 0 ? to - pattern->length : start_of(pass, id, (uint32_t)to);
    if (from == to) return 0;
    for (uint32_t next = pattern->uses; next != 0;) {
        const pattern_use *use = &pack->uses[next];
        next = use->next;
        if (!in_place(pass, use->where, (uint32_t)from)) continue;
        if (use->side == SIDE_WORD)
            found(pass, use->rule, touch(pass, use->rule), (uint32_t)from, (uint32_t)to);
        else
            meet(pass, use->rule, use->side, (uint32_t)from, (uint32_t)to);
    }
    return 0;
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
    if (reply_part >= 0) {
        pass.reply_from = text->part_from[reply_part];
        pass.reply_to = text->part_from[reply_part + 1];
    }
    hs_error_t r = hs_scan(pack->database, text->bytes, text->length, 0, pack->scratch, on_match, &pass);
    rule_match *list = wjz_arena_alloc(arena, touched_count(pack) * sizeof *list);
    size_t count = take_matches(pack, list);
    if (r != HS_SUCCESS) return -EIO;
    if (!list) return -ENOMEM;
    *ret_matches = (rule_matches){list, count};
    return 0;
}
