/* What kind of wish, which branch, which domain: votes of the rules, then a decision; with a model, the model decides
 * with the rules' hits among its features. Pure. */
#ifndef SCORING_CLASSIFY_H
#define SCORING_CLASSIFY_H

#include <stdbool.h>

#include "scoring/rules_data.h"

/* Votes, or margins of a model: the largest wins, the first of equals. */
typedef struct class_votes {
    double kinds[KIND_COUNT];
    double branches[BRANCH_COUNT];
    double domains[DOMAIN_LIMIT];
    double private_dispute;
} class_votes;

typedef struct class_decision {
    complaint_kind kind;
    clue_branch branch;
    int domain;
    bool mediation;
    double kind_confidence, branch_confidence, domain_confidence; /* 0 to 1 */
} class_decision;

/* What a model makes of a domain's vote by rules: its margin rises by this times the vote's log1p. So much it learns
 * where there are few labels and rules must decide; so it is with rules that it has not met. */
#define CLASSIFY_VOTE_WEIGHT 4.0

/* order_type: what the platform says the complaint is, "" when it does not. */
void classify_votes(const rule_pack *pack, const rule_matches *matches, const char *order_type, class_votes *ret_votes);
/* margins: the votes are a model's, 0 is its threshold. */
void classify_decide(const rule_pack *pack, const class_votes *votes, bool margins, class_decision *ret_decision);

#endif
