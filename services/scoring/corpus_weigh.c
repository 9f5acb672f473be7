/* From texts to rows: which features count, and how much. An n-gram counts the more the rarer it is, a measure by how
 * much it differs between texts; then each block of features is given its part of a row's length. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/analysis_parts.h"
#include "scoring/corpus.h"

/* Parts of the blocks, and how many texts must have a feature. Chosen on the singly labelled messages alone. */
static const struct {
    double part;
    uint32_t least_texts;
} blocks[BLOCK_COUNT] = {
    [BLOCK_TEXT] = {1, 5},          [BLOCK_TITLE] = {0.5, 3}, [BLOCK_RULE] = {0.25, 1},
    [BLOCK_RULE_TITLE] = {0.25, 1}, [BLOCK_VOTE] = {0.1, 1},  [BLOCK_MEASURE] = {0.4, 1},
};

enum { LEAST_SLOTS = 1 << 14, MOST_SLOTS = 1 << 23, SLOTS_A_TEXT = 1 << 12 };

/* A feature while counting. */
typedef struct counted {
    corpus_word word;
    uint32_t last_text; /* number from 1 of the last that had it */
    double sum, squares;
} counted;

typedef struct counting {
    counted *slots; /* open table */
    size_t size, used;
} counting;

static counted *find_slot(counting *c, uint32_t key) {
    size_t at = key & (c->size - 1);
    while (c->slots[at].word.texts && c->slots[at].word.key != key)
        at = (at + 1) & (c->size - 1);
    return &c->slots[at];
}

static int count(counting *c, const feature_list *features, uint32_t text, wjz_err *err) {
    for (size_t i = 0; i < features->count; i++) {
        const feature *f = &features->items[i];
        if (c->used * 2 > c->size) return wjz_err_set(err, -E2BIG, "cannot train: too many different n-grams");
        counted *slot = find_slot(c, f->key);
        if (!slot->word.texts) {
            slot->word = (corpus_word){.key = f->key, .block = f->block};
            c->used++;
        }
        if (slot->last_text == text) continue; /* two n-grams of one key */
        slot->word.texts++;
        slot->last_text = text;
        slot->sum += f->value;
        slot->squares += (double)f->value * f->value;
    }
    return 0;
}

/* Analyses a text once more; twice is cheaper than keeping all features. */
static int features_of_text(const corpus *self, size_t text, wjz_arena *turn, feature_list *ret_features,
                            wjz_err *err) {
    Wjz__Scoring__Finding *finding;
    wjz_arena_reset(turn);
    return analyse_features(self->pack, self->places, &self->texts[text].complaint, turn, &finding, ret_features, err);
}

static int by_block_and_key(const void *a, const void *b) {
    const corpus_word *x = a, *y = b;
    if (x->block != y->block) return x->block < y->block ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static double scale_of(const counted *c, size_t texts) {
    switch (c->word.block) {
    case BLOCK_TEXT:
    case BLOCK_TITLE:
        return log((double)texts / c->word.texts) + 0.7;
    case BLOCK_VOTE:
    case BLOCK_MEASURE: {
        double mean = c->sum / (double)texts, variance = c->squares / (double)texts - mean * mean;
        return variance > 1e-9 ? 1 / sqrt(variance) : 0;
    }
    default:
        return 1;
    }
}

static int choose_words(corpus *self, const counting *c) {
    self->words = malloc((c->used + 1) * sizeof *self->words);
    if (!self->words) return -ENOMEM;
    for (size_t i = 0; i < c->size; i++) {
        const corpus_word *word = &c->slots[i].word;
        if (!word->texts || word->texts < blocks[word->block].least_texts) continue;
        self->words[self->word_count] = *word;
        self->words[self->word_count++].scale = scale_of(&c->slots[i], self->text_count);
        self->gram_count += word->block == BLOCK_TEXT;
    }
    qsort(self->words, self->word_count, sizeof *self->words, by_block_and_key);
    return 0;
}

typedef struct entry {
    uint32_t word;
    float value;
} entry;

static int by_word(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return x->word < y->word ? -1 : x->word > y->word;
}

static int make_row(corpus *self, const feature_list *features, corpus_text *text, wjz_arena *turn) {
    entry *entries = wjz_arena_alloc(turn, (features->count + 1) * sizeof *entries);
    if (!entries) return -ENOMEM;
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < features->count; i++) {
        const corpus_word wanted = {.key = features->items[i].key, .block = features->items[i].block};
        const corpus_word *word = bsearch(&wanted, self->words, self->word_count, sizeof wanted, by_block_and_key);
        if (word)
            entries[found++] = (entry){(uint32_t)(word - self->words), features->items[i].value * (float)word->scale};
    }
    qsort(entries, found, sizeof *entries, by_word);
    text->words = wjz_arena_alloc(self->arena, (found + 1) * sizeof *text->words);
    text->values = wjz_arena_alloc(self->arena, (found + 1) * sizeof *text->values);
    if (!text->words || !text->values) return -ENOMEM;
    for (size_t i = 0; i < found; i++) {
        if (kept > 0 && text->words[kept - 1] == entries[i].word) continue;
        text->words[kept] = entries[i].word;
        text->values[kept++] = entries[i].value;
        text->gram_count += entries[i].word < self->gram_count;
    }
    text->word_count = (uint32_t)kept;
    return 0;
}

/* Gives each block its part of the mean squared length of a row. */
static void weigh_blocks(corpus *self) {
    double squares[BLOCK_COUNT] = {0}, factor[BLOCK_COUNT];
    for (size_t i = 0; i < self->text_count; i++)
        for (uint32_t k = 0; k < self->texts[i].word_count; k++)
            squares[self->words[self->texts[i].words[k]].block] +=
                (double)self->texts[i].values[k] * self->texts[i].values[k];
    for (int b = 0; b < BLOCK_COUNT; b++)
        factor[b] = squares[b] > 0 ? sqrt(blocks[b].part * (double)self->text_count / squares[b]) : 0;
    for (size_t i = 0; i < self->text_count; i++)
        for (uint32_t k = 0; k < self->texts[i].word_count; k++)
            self->texts[i].values[k] *= (float)factor[self->words[self->texts[i].words[k]].block];
    for (size_t i = 0; i < self->word_count; i++)
        self->words[i].scale *= factor[self->words[i].block];
}

int corpus_weigh(corpus *self, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *turn = wjz_arena_new(0);
    counting c = {.size = LEAST_SLOTS};
    while (c.size < self->text_count * SLOTS_A_TEXT && c.size < MOST_SLOTS)
        c.size *= 2;
    c.slots = calloc(c.size, sizeof *c.slots);
    feature_list features;
    int r = turn && c.slots ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < self->text_count; i++) {
        r = features_of_text(self, i, turn, &features, err);
        if (r == 0) r = count(&c, &features, (uint32_t)i + 1, err);
    }
    if (r == 0) r = choose_words(self, &c);
    free(c.slots);
    for (size_t i = 0; r == 0 && i < self->text_count; i++) {
        r = features_of_text(self, i, turn, &features, err);
        if (r == 0) r = make_row(self, &features, &self->texts[i], turn);
    }
    if (r == 0) weigh_blocks(self);
    return r == -ENOMEM ? wjz_err_set(err, r, "could not train: no memory") : r;
}
