/* All words are one Hyperscan database; each is reported once, where it ends first. Without words nothing is scanned.
 */
#include "scoring/watches.h"

#include <errno.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/id.h"

typedef struct watched_word {
    const char *text;  /* as the watch has it */
    const char *bytes; /* normalised */
    uint32_t length;
    uint32_t watch; /* index */
} watched_word;

/* Where a watch's first word stands in the text under way. */
typedef struct word_found {
    const watched_word *word;
    uint32_t from;
} word_found;

struct watch_set {
    wjz_arena *arena; /* owns all that follows but the database and its scratch */
    watch *watches;
    int64_t *ids;
    size_t count;
    watched_word *words;
    size_t word_count;
    word_found *found; /* one per watch */
    hs_database_t *database;
    hs_scratch_t *scratch;
};

void watch_set_destroy(watch_set **set) {
    if (!set || !*set) return;
    watch_set *s = *set;
    if (s->scratch) hs_free_scratch(s->scratch);
    if (s->database) hs_free_database(s->database);
    wjz_arena_destroy(&s->arena);
    free(s);
    *set = NULL;
}

size_t watch_set_count(const watch_set *set) {
    return set ? set->count : 0;
}

const int64_t *watch_set_ids(const watch_set *set) {
    return set->ids;
}

/* --- making --- */

static int copy_texts(wjz_arena *arena, watch_texts *texts) {
    const char **items = wjz_arena_alloc(arena, texts->count * sizeof *items);
    if (!items) return -ENOMEM;
    for (size_t i = 0; i < texts->count; i++) {
        items[i] = wjz_arena_strdup(arena, texts->items[i]);
        if (!items[i]) return -ENOMEM;
    }
    texts->items = items;
    return 0;
}

static int copy_watch(watch_set *s, const watch *from) {
    watch *to = &s->watches[s->count];
    *to = *from;
    if (copy_texts(s->arena, &to->words) || copy_texts(s->arena, &to->branches) || copy_texts(s->arena, &to->domains))
        return -ENOMEM;
    int64_t *towns = wjz_arena_alloc(s->arena, from->town_count * sizeof *towns);
    if (!towns) return -ENOMEM;
    if (from->town_count) memcpy(towns, from->towns, from->town_count * sizeof *towns);
    to->towns = towns;
    s->ids[s->count++] = from->id;
    return 0;
}

static int add_words(watch_set *s, uint32_t index) {
    const watch_texts *words = &s->watches[index].words;
    for (size_t i = 0; i < words->count; i++) {
        text_part part = {WJZ__SCORING__FIELD__FIELD_NONE, words->items[i], strlen(words->items[i])};
        normal_text *text = NULL;
        int r = normalise(&part, 1, s->arena, &text);
        if (r) return r;
        uint32_t length = text->length - 1; /* without the part's end */
        if (length) s->words[s->word_count++] = (watched_word){words->items[i], text->bytes, length, index};
    }
    return 0;
}

static int compile(watch_set *s, wjz_err *err) {
    const char **texts = wjz_arena_alloc(s->arena, s->word_count * sizeof *texts);
    size_t *lengths = wjz_arena_alloc(s->arena, s->word_count * sizeof *lengths);
    unsigned *flags = wjz_arena_alloc(s->arena, s->word_count * sizeof *flags);
    unsigned *ids = wjz_arena_alloc(s->arena, s->word_count * sizeof *ids);
    if (!texts || !lengths || !flags || !ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < s->word_count; i++) {
        texts[i] = s->words[i].bytes;
        lengths[i] = s->words[i].length;
        flags[i] = HS_FLAG_SINGLEMATCH;
        ids[i] = (unsigned)i;
    }
    hs_compile_error_t *error = NULL;
    if (hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned)s->word_count, HS_MODE_BLOCK, NULL, &s->database,
                             &error) != HS_SUCCESS) {
        int r = wjz_err_set(err, -EINVAL, "cannot compile the words of %zu watches: %s", s->count, error->message);
        hs_free_compile_error(error);
        return r;
    }
    if (hs_alloc_scratch(s->database, &s->scratch) != HS_SUCCESS) return wjz_err_set(err, -ENOMEM, "out of memory");
    return 0;
}

static int fill(watch_set *s, const watch *watches, size_t count) {
    size_t words = 0;
    for (size_t i = 0; i < count; i++)
        words += watches[i].words.count;
    s->watches = wjz_arena_alloc(s->arena, count * sizeof *s->watches);
    s->ids = wjz_arena_alloc(s->arena, count * sizeof *s->ids);
    s->found = wjz_arena_alloc(s->arena, count * sizeof *s->found);
    s->words = wjz_arena_alloc(s->arena, words * sizeof *s->words);
    int r = s->watches && s->ids && s->found && s->words ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = copy_watch(s, &watches[i]);
        if (r == 0) r = add_words(s, (uint32_t)i);
    }
    return r;
}

int watch_set_new(const watch *watches, size_t count, watch_set **ret_set, wjz_err *err) {
    WJZ_CLEANUP(watch_set_destroy) watch_set *s = calloc(1, sizeof *s);
    if (!s || !(s->arena = wjz_arena_new(0)) || fill(s, watches, count) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = s->word_count ? compile(s, err) : 0;
    if (r == 0) *ret_set = WJZ_STEAL(s);
    return r;
}

/* --- matching --- */

/* The word that stands first; at one place the longer one says more; then the first of the list. */
static bool comes_before(const watched_word *word, uint32_t start, const word_found *found) {
    if (start != found->from) return start < found->from;
    if (word->length != found->word->length) return word->length > found->word->length;
    return word < found->word;
}

static int on_word(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg) {
    (void)from, (void)flags;
    watch_set *s = arg;
    const watched_word *word = &s->words[id];
    word_found *found = &s->found[word->watch];
    uint32_t start = (uint32_t)to - word->length;
    if (!found->word || comes_before(word, start, found)) *found = (word_found){word, start};
    return 0;
}

/* Up to the agency's reply. */
static uint32_t own_length(const normal_text *text) {
    size_t last = text->part_count - 1;
    return text->parts[last].field == WJZ__SCORING__FIELD__FIELD_REPLY ? text->part_from[last] : text->length;
}

static bool lists(const watch_texts *texts, const char *text) {
    bool found = texts->count == 0;
    for (size_t i = 0; !found && i < texts->count; i++)
        found = strcmp(texts->items[i], text) == 0;
    return found;
}

static bool lists_town(const watch *w, const Wjz__Scoring__Place *place) {
    bool found = w->town_count == 0;
    for (size_t i = 0; !found && place && i < w->town_count; i++)
        found = place->town != 0 && w->towns[i] == (int64_t)place->town;
    return found;
}

static bool hits(const watch_set *s, size_t index, int32_t day, const Wjz__Scoring__Finding *finding) {
    const watch *w = &s->watches[index];
    return day >= w->from_day && day <= w->to_day && (w->words.count == 0 || s->found[index].word) &&
           lists(&w->branches, finding->branch) && lists(&w->domains, finding->domain) && lists_town(w, finding->place);
}

int watch_set_match(watch_set *s, int64_t complaint, const normal_text *text, const Wjz__Scoring__Finding *finding,
                    wjz_arena *arena, watch_hit **ret_hits, size_t *ret_count) {
    *ret_count = 0;
    if (!watch_set_count(s)) return 0;
    memset(s->found, 0, s->count * sizeof *s->found);
    if (s->word_count && hs_scan(s->database, text->bytes, own_length(text), 0, s->scratch, on_word, s) != HS_SUCCESS)
        return -ENOMEM;
    bool dated = finding->received_at_us != 0;
    int64_t at_us = dated ? finding->received_at_us : wjz_id_time_us(complaint);
    int32_t day = wjz_day_number(wjz_clock_day(at_us));
    watch_hit *list = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (!hits(s, i, day, finding)) continue;
        if (!list && !(list = wjz_arena_alloc(arena, (s->count - i) * sizeof *list))) return -ENOMEM;
        watch_hit *hit = &list[(*ret_count)++];
        *hit = (watch_hit){.complaint = complaint, .watch = s->ids[i], .at_us = at_us, .dated = dated, .word = ""};
        wjz__scoring__span__init(&hit->span);
        if (!s->found[i].word) continue;
        normal_span(text, s->found[i].from, s->found[i].from + s->found[i].word->length, &hit->span);
        hit->word = s->found[i].word->text;
    }
    *ret_hits = list;
    return 0;
}
