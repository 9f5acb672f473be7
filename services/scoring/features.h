/* What the learned model sees of a complaint: character n-grams of title and content, hits of rules, and what was
 * measured. The agency's reply is left to the rules: most feeds have none. Training and prediction share this, so that
 * they see the same. Pure. */
#ifndef SCORING_FEATURES_H
#define SCORING_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/classify.h"
#include "scoring/extract.h"
#include "scoring/normalise.h"
#include "scoring/rules_data.h"
#include "wjz/arena.h"

/* Features of one sort, which training weighs together. */
typedef enum feature_block {
    BLOCK_TEXT,  /* n-grams of title and content, each once */
    BLOCK_TITLE, /* those of the title again */
    BLOCK_RULE,
    BLOCK_RULE_TITLE, /* rules that hit in the title */
    BLOCK_VOTE,       /* of the rules for a class */
    BLOCK_MEASURE,    /* lengths, questions, quantities, names */
    BLOCK_COUNT,
} feature_block;

typedef struct feature {
    uint32_t key;
    float value;
    uint32_t from, to; /* in the normalised text; 0, 0: none */
    feature_block block;
} feature;

typedef struct feature_list {
    feature *items;
    size_t count;
} feature_list;

typedef struct feature_source {
    const normal_text *text;
    size_t title_part, content_part;
    const rule_matches *matches;
    const class_votes *votes;
    size_t domain_count;
    const text_quantity *quantities;
    size_t quantity_count;
    const text_name *names;
    size_t name_count;
    double votes_for;
} feature_source;

/* The list lives in the arena. -ENOMEM. */
WJZ_MUST_CHECK int features_of(const feature_source *source, wjz_arena *arena, feature_list *ret_features);

/* The same without the n-grams, which prediction looks up as it finds them (model_predict). */
WJZ_MUST_CHECK int features_beside_text(const feature_source *source, wjz_arena *arena, feature_list *ret_features);

/* The keys of a rule's features. */
rule_features features_of_rule(const char *id);

/* The keys of the votes that the rules have for a branch and for a domain of the pack. */
uint32_t features_branch_vote(size_t branch);
uint32_t features_domain_vote(size_t domain);

#endif
