/* The learned part (design.md 5): linear models over the features, one row of small weights for each feature that
 * training saw; prediction adds rows up. The file is made by `train` from labels and lies beside the rules as
 * model.bin. It holds hashes and weights, no text. */
#ifndef SCORING_MODEL_H
#define SCORING_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/classify.h"
#include "scoring/features.h"
#include "wjz/err.h"

enum { MODEL_OUTPUTS = 32, MODEL_VERSION_TEXT = 48 };

/* Columns: kinds, branches, domains by index of the pack, private dispute, points. */
enum {
    OUTPUT_KINDS = 0,
    OUTPUT_BRANCHES = OUTPUT_KINDS + KIND_COUNT,
    OUTPUT_PRIVATE = OUTPUT_BRANCHES + BRANCH_COUNT,
    OUTPUT_POINTS,
    OUTPUT_DOMAINS,
    OUTPUT_DOMAIN_LIMIT = MODEL_OUTPUTS - OUTPUT_DOMAINS,
};

typedef struct model_row {
    uint32_t key;
    float scale; /* of the weights */
    int8_t weights[MODEL_OUTPUTS];
} model_row;

typedef struct learned_model learned_model;

typedef struct model_verdict {
    class_votes votes; /* margins */
    double points;     /* what a complaint with these words is worth, on the scale of the index */
} model_verdict;

/* domains: the pack's, whose ids the file must have in this order. -EINVAL when it is broken or was trained for other
 * domains. */
WJZ_MUST_CHECK int model_parse(const void *data, size_t length, const char *name, const pack_topic *domains,
                               size_t domain_count, learned_model **ret_model, wjz_err *err);
void model_destroy(learned_model **model);
const char *model_version(const learned_model *model);
/* steps: as reasons.h wants them, up to the character `to`; what each feature adds to the points is added there. The
 * arena holds what is forgotten afterwards. -ENOMEM. A model predicts for one thread at a time. */
WJZ_MUST_CHECK int model_predict(learned_model *model, const feature_source *source, float *steps, uint32_t to,
                                 wjz_arena *arena, model_verdict *ret_verdict);

/* The file as bytes, which the caller frees; rows sorted by key. */
WJZ_MUST_CHECK int model_encode(const char *version, const pack_topic *domains, size_t domain_count,
                                const float bias[MODEL_OUTPUTS], const model_row *rows, size_t count, char **ret_bytes,
                                size_t *ret_length, wjz_err *err);

#endif
