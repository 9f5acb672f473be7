/* Words are compared as they are for repeats, but only the common ones: names tell one place from another, which is not
 * what is asked here. */
#include "scoring/similar.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* What each part can give; together 1. */
static const double WORTH[SIMILAR_PARTS] = {
    [SIMILAR_DOMAIN] = 0.3,   [SIMILAR_RULES] = 0.3, [SIMILAR_WORDS] = 0.3,
    [SIMILAR_SUBJECT] = 0.05, [SIMILAR_TOWN] = 0.05,
};

/* --- rules --- */

/* What says something of the facts; what the writer wants and who is named does not. */
static bool tells_facts(const Wjz__Scoring__Hit *hit) {
    return hit->role != WJZ__SCORING__ROLE__ROLE_KIND && hit->role != WJZ__SCORING__ROLE__ROLE_AGENCY &&
           hit->role != WJZ__SCORING__ROLE__ROLE_NEGATIVE && hit->role != WJZ__SCORING__ROLE__ROLE_REPLY;
}

static double worth_of(const Wjz__Scoring__Hit *hit) {
    return hit->role == WJZ__SCORING__ROLE__ROLE_DOMAIN || hit->role == WJZ__SCORING__ROLE__ROLE_BRANCH ? 2 : 1;
}

static bool has_rule(const Wjz__Scoring__Finding *finding, const char *rule) {
    for (size_t i = 0; i < finding->n_hits; i++)
        if (strcmp(finding->hits[i]->rule, rule) == 0) return true;
    return false;
}

/* Shared rules among all that either has, those of domain and branch counting twice. */
static double compare_rules(const similar_profile *a, const similar_profile *b, similar_verdict *verdict) {
    double shared = 0, all = 0;
    size_t told = 0;
    for (size_t i = 0; i < a->finding->n_hits; i++) {
        const Wjz__Scoring__Hit *hit = a->finding->hits[i];
        if (!tells_facts(hit)) continue;
        all += worth_of(hit);
        if (!has_rule(b->finding, hit->rule)) continue;
        shared += worth_of(hit);
        if (told < SIMILAR_RULES_TOLD) verdict->rules[told++] = hit->rule;
    }
    for (size_t i = 0; i < b->finding->n_hits; i++) {
        const Wjz__Scoring__Hit *hit = b->finding->hits[i];
        if (tells_facts(hit) && !has_rule(a->finding, hit->rule)) all += worth_of(hit);
    }
    return all > 0 ? shared / all : 0;
}

/* --- words --- */

static double weight_of(uint32_t gram) {
    return gram & (GRAM_RARE | GRAM_PLACE) ? 0 : (double)(gram & GRAM_WEIGHT);
}

static double norm_of(const word_list *grams) {
    double sum = 0;
    for (size_t i = 0; i < grams->count; i++)
        sum += weight_of(grams->items[i]) * weight_of(grams->items[i]);
    return sqrt(sum);
}

/* The cosine of both lists, which are sorted. */
static double compare_words(const word_list *a, const word_list *b, size_t *ret_shared) {
    double product = 0, norms = norm_of(a) * norm_of(b);
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        uint32_t x = a->items[i] >> GRAM_HASH_SHIFT, y = b->items[k] >> GRAM_HASH_SHIFT;
        if (x == y) {
            double both = weight_of(a->items[i]) * weight_of(b->items[k]);
            product += both;
            *ret_shared += both > 0;
        }
        i += x <= y;
        k += y <= x;
    }
    return norms > 0 ? product / norms : 0;
}

/* --- all of it --- */

static double compare_domains(const similar_profile *a, const similar_profile *b) {
    if (strcmp(a->domain, b->domain) != 0) return 0;
    return strcmp(a->domain, "none") != 0 || strcmp(a->branch, b->branch) == 0 ? 1 : 0;
}

similar_verdict similar_compare(const similar_profile *asked, const similar_profile *other) {
    similar_verdict v = {.clue = other->clue};
    v.parts[SIMILAR_DOMAIN] = compare_domains(asked, other);
    v.parts[SIMILAR_RULES] = compare_rules(asked, other, &v);
    v.parts[SIMILAR_WORDS] = compare_words(&asked->matter->grams, &other->matter->grams, &v.shared_words);
    v.parts[SIMILAR_SUBJECT] = *asked->subject && strcmp(asked->subject, other->subject) == 0;
    v.parts[SIMILAR_TOWN] = asked->town && asked->town == other->town;
    for (size_t i = 0; i < SIMILAR_PARTS; i++) {
        v.parts[i] *= WORTH[i];
        v.similarity += v.parts[i];
    }
    return v;
}

int similar_order(const void *a, const void *b) {
    const similar_verdict *x = a, *y = b;
    if (x->similarity != y->similarity) return x->similarity > y->similarity ? -1 : 1;
    return (x->clue > y->clue) - (x->clue < y->clue);
}
