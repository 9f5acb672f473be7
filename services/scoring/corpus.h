/* What the model learns from: texts as sparse rows of weighed features, and what raters said of some of them. */
#ifndef SCORING_CORPUS_H
#define SCORING_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/complaint.h"
#include "scoring/features.h"
#include "scoring/gazetteer.h"
#include "scoring/model.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* A feature that enough texts have. */
typedef struct corpus_word {
    uint32_t key, texts;
    feature_block block;
    double scale; /* value of the feature → entry of the row */
} corpus_word;

typedef struct corpus_text {
    complaint complaint;
    uint32_t *words; /* indexes, rising; those of BLOCK_TEXT come first */
    float *values;
    uint32_t word_count, gram_count; /* gram_count: how many are of BLOCK_TEXT */
    bool labelled;
    bool outputs[MODEL_OUTPUTS]; /* the classes that some rater gave */
} corpus_text;

/* One rater's word on one text. */
typedef struct corpus_label {
    uint32_t text;
    double value; /* 1 to 5 */
} corpus_label;

typedef struct corpus {
    const rule_pack *pack;
    const gazetteer *places;
    wjz_arena *arena;
    corpus_text *texts;
    size_t text_count, text_capacity;
    corpus_label *labels;
    size_t label_count, label_capacity;
    corpus_word *words;
    size_t word_count, gram_count; /* gram_count: how many are of BLOCK_TEXT */
} corpus;

/* pack (without a model) and places are borrowed. */
WJZ_MUST_CHECK int corpus_new(const rule_pack *pack, const gazetteer *places, corpus **ret_corpus, wjz_err *err);
void corpus_destroy(corpus **corpus);

/* texts: complaints (table.h), all that there are, for what words go together is learned from those without labels
 * too. labels: columns external_id, kind, branch, domain (several by '|'; empty: not known), value (1–5), mediation (y,
 * n); an id may have several rows, one for each rater. Both may be called again for more. Errors name file and line. */
WJZ_MUST_CHECK int corpus_read_texts(corpus *corpus, const char *path, wjz_err *err);
WJZ_MUST_CHECK int corpus_read_labels(corpus *corpus, const char *path, wjz_err *err);

/* Chooses the words and makes the rows, after the texts. */
WJZ_MUST_CHECK int corpus_weigh(corpus *corpus, wjz_err *err);

#endif
