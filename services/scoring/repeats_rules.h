/* What grouping complaints into matters knows beforehand, as data in deploy/repeats: weights of evidence, words that
 * only frame a request, and how common each pair of Chinese characters is in complaints. */
#ifndef SCORING_REPEATS_RULES_H
#define SCORING_REPEATS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/wording.h"
#include "wjz/err.h"

/* Signs that two complaints are one matter, or are not; measured by repeats_compare. */
typedef enum repeat_sign {
    SIGN_BASE,
    SIGN_WORDING,
    SIGN_PROBLEM,
    SIGN_TITLE_NAMES,
    SIGN_NAMES,
    SIGN_PLACE_NAMES,
    SIGN_UNMATCHED,
    SIGN_TITLE_PROBLEM,
    SIGN_BOTH_TITLES,
    SIGN_TITLE_SUBJECT,
    SIGN_OTHER_PROBLEM,
    SIGN_OTHER_DISTRICT,
    SIGN_SAME_DISTRICT,
    SIGN_OTHER_TOWN,
    SIGN_OTHER_PLACE,
    SIGN_OTHER_ADDRESS,
    SIGN_OTHER_UNIT,
    SIGN_SAME_PLACE,
    SIGN_SAME_WRITER,
    SIGN_PLATFORM_SAYS,
    SIGN_COUNT,
} repeat_sign;

extern const char *const repeat_sign_names[SIGN_COUNT];

typedef struct repeat_rules repeat_rules;

/* Reads dir/repeats.yaml and dir/wording.txt. Errors name file and line: -EINVAL, or what opening gave. */
WJZ_MUST_CHECK int repeat_rules_load(const char *dir, repeat_rules **ret_rules, wjz_err *err);
void repeat_rules_destroy(repeat_rules **rules);

const char *repeat_rules_version(const repeat_rules *rules);
const double *repeat_rules_weights(const repeat_rules *rules); /* SIGN_COUNT */
int64_t repeat_rules_window_us(const repeat_rules *rules);
/* Least mean weight between the first members of two groups that become one. */
double repeat_rules_agreement(const repeat_rules *rules);
/* A weight below it between any two of them keeps the groups apart. */
double repeat_rules_veto(const repeat_rules *rules);
/* A weight nearer to 0 than this, above or below, is a question to people. */
double repeat_rules_uncertain(const repeat_rules *rules);
/* People are asked about clues whose class is less sure than this (0–1), and whose index is this near to a cut of stars. */
double repeat_rules_least_confidence(const repeat_rules *rules);
double repeat_rules_edge(const repeat_rules *rules);
/* A sign in words, Chinese and English; its name where the rules have none. */
typedef struct sign_words {
    const char *zh, *en;
} sign_words;
const sign_words *repeat_rules_words(const repeat_rules *rules, repeat_sign sign);

/* How common pairs of characters are. */
const wording *repeat_rules_wording(const repeat_rules *rules);
/* Bytes of the longest frame that text begins with, 0: none. */
size_t repeat_rules_frame(const repeat_rules *rules, const char *text, size_t length);

/* A bit for each character that begins a frame, by code up to U+FFFF: most begin none. */
const uint64_t *repeat_rules_frame_firsts(const repeat_rules *rules);

#endif
