/* Each rule that hits votes for its topic, louder from the title, a little louder when it hits often. "none" stands
 * against the others with a vote of its own, so that a single weak word decides nothing. */
#include "scoring/classify.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *word;
    complaint_kind kind;
} order_types[] = {
    {"咨询", KIND_CONSULT}, {"求助", KIND_HELP},   {"投诉", KIND_COMPLAINT}, {"举报", KIND_REPORT},
    {"建议", KIND_SUGGEST}, {"表扬", KIND_PRAISE}, {"意见", KIND_SUGGEST},
};

static double loudness(const rule_match *match) {
    uint32_t count = match->count > 4 ? 4 : match->count;
    return match->rule->weight * (1 + 0.25 * (count - 1)) * (match->in_title ? 1.6 : 1);
}

void classify_votes(const rule_pack *pack, const rule_matches *matches, const char *order_type,
                    class_votes *ret_votes) {
    class_votes votes = {0};
    double negative = 0, facts = 0;
    for (size_t i = 0; i < matches->count; i++) {
        const rule_match *match = &matches->list[i];
        double vote = loudness(match);
        switch (match->rule->role) {
        case WJZ__SCORING__ROLE__ROLE_KIND:
            votes.kinds[match->rule->topic] += vote;
            break;
        case WJZ__SCORING__ROLE__ROLE_BRANCH:
            votes.branches[match->rule->topic] += vote;
            break;
        case WJZ__SCORING__ROLE__ROLE_DOMAIN:
            votes.domains[match->rule->topic] += vote;
            break;
        case WJZ__SCORING__ROLE__ROLE_PRIVATE:
            votes.private_dispute += vote;
            break;
        case WJZ__SCORING__ROLE__ROLE_NEGATIVE:
            negative += vote;
            break;
        case WJZ__SCORING__ROLE__ROLE_SEVERITY:
        case WJZ__SCORING__ROLE__ROLE_UNSOLVED:
        case WJZ__SCORING__ROLE__ROLE_REPEAT:
            facts += 0.3 * vote;
            break;
        default:
            break;
        }
    }
    for (size_t i = 0; i < WJZ_COUNT(order_types); i++)
        if (*order_type && strstr(order_type, order_types[i].word)) votes.kinds[order_types[i].kind] += 4;
    votes.kinds[KIND_COMPLAINT] += 0.8 + facts;
    votes.domains[DOMAIN_NONE] = 1.0 + 0.3 * negative;
    double best = 0;
    for (size_t i = 1; i < pack->domain_count; i++)
        best = votes.domains[i] > best ? votes.domains[i] : best;
    votes.branches[BRANCH_PUBLIC_INTEREST] += best;
    votes.branches[BRANCH_NONE] = 1.5 + negative + 0.5 * votes.private_dispute;
    *ret_votes = votes;
}

/* The largest of count votes and how sure that is: its share of all in the exponential. */
static int largest(const double *votes, size_t count, double *ret_confidence) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (votes[i] > votes[best]) best = i;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += exp(votes[i] - votes[best]);
    *ret_confidence = 1 / sum;
    return (int)best;
}

void classify_decide(const rule_pack *pack, const class_votes *votes, bool margins, class_decision *ret_decision) {
    class_decision decision = {0};
    decision.kind = (complaint_kind)largest(votes->kinds, KIND_COUNT, &decision.kind_confidence);
    decision.branch = (clue_branch)largest(votes->branches, BRANCH_COUNT, &decision.branch_confidence);
    decision.domain = largest(votes->domains, pack->domain_count, &decision.domain_confidence);
    bool wish = decision.kind != KIND_CONSULT && decision.kind != KIND_SUGGEST && decision.kind != KIND_PRAISE;
    bool own = decision.branch != BRANCH_PUBLIC_INTEREST && decision.branch != BRANCH_CRIMINAL;
    decision.mediation = margins ? votes->private_dispute > 0 : votes->private_dispute >= 2 && wish && own;
    *ret_decision = decision;
}
