/* Why a card has its points: line by line, with the words that each rests on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/wording_parts.h"

enum { DAYS_OF_YEAR = 365, TEN_THOUSAND = 10000 };

static void print_where(const wording *w, const Wjz__Scoring__Evidence *e) {
    const char *field = e->span && e->span->field < 8 ? say_of(w, &wording_fields[e->span->field]) : "";
    if (!e->span || e->span->to <= e->span->from) return;
    if (e->complaint)
        PRINT(w, "诉求 %" PRIu64 " 的%s第 %u–%u 字节", "%" PRIu64 " %s bytes %u–%u", e->complaint, field, e->span->from,
              e->span->to);
}

/* The words it rests on, or where they stand; each once. */
static void print_evidence(const wording *w, const factor *f) {
    char shown[512] = "";
    bool any = false;
    for (size_t i = 0; i < f->n_evidence; i++) {
        const Wjz__Scoring__Evidence *e = f->evidence[i];
        const char *quote = w->quote ? w->quote(e, false, w->arg) : NULL;
        bool placed = !w->quote && e->span && e->span->to > e->span->from && e->complaint;
        if (quote ? strstr(shown, quote) != NULL : !placed && !(w->rules && *e->rule)) continue;
        fputs(any ? say(w, "、", ", ") : say(w, "。依据：", ". Evidence: "), w->out);
        any = true;
        if (quote) {
            fprintf(w->out, "“%s”", quote);
            if (strlen(shown) + strlen(quote) + 2 < sizeof shown) strcat(strcat(shown, quote), "\n");
        } else {
            print_where(w, e);
        }
        if (w->rules && *e->rule) PRINT(w, "〔规则 %s〕", " [rule %s]", e->rule);
    }
}

/* Whether the number has to do with the points: a quantity beside words that gave them already is not what they rest
 * on, and a few days are not why a matter goes on. */
static bool says_why(const factor *f, const char *key, double value) {
    enum { DAYS_OF_MONTH = 30 };
    bool by_words = f->n_evidence > 0 && *f->evidence[0]->rule;
    if (strcmp(key, "days") == 0) return value >= DAYS_OF_MONTH && !by_words;
    if (strcmp(key, "reporters") == 0 || strcmp(key, "repeat_count") == 0) return value > 1;
    return !by_words;
}

static void print_notes(const wording *w, const factor *f) {
    for (size_t i = 0; i < f->n_notes; i++) {
        const wording_named *n = wording_find(wording_notes, f->notes[i]->key);
        double value = strtod(f->notes[i]->value, NULL);
        if (!n || !says_why(f, n->id, value)) continue;
        if (strcmp(n->id, "days") == 0 && value >= DAYS_OF_YEAR)
            PRINT(w, "；约 %.2g 年", "; about %.2g years", value / DAYS_OF_YEAR);
        else if (strcmp(n->id, "yuan") == 0 && value >= TEN_THOUSAND)
            PRINT(w, "；%s %g 万元", "; %s %g0,000 yuan", say_of(w, &n->text), value / TEN_THOUSAND);
        else
            PRINT(w, "；%s %s %s", "; %s %s%s", say_of(w, &n->text), f->notes[i]->value, say_of(w, &n->more));
    }
}

/* Whether the points rest on nothing in particular. */
static bool is_basic(const factor *f) {
    for (size_t i = 0; i < f->n_evidence; i++)
        if (f->evidence[i]->complaint || f->evidence[i]->span || *f->evidence[i]->rule) return false;
    return f->points > 0 && f->n_notes == 0;
}

static const char *verdict_on(const wording *w, const factor *f, const wording_factor *words) {
    if (!words) return "";
    if (words->basic.in[0] && is_basic(f)) return say_of(w, &words->basic);
    return say_of(w, f->points <= 0 ? &words->none : f->points >= f->max ? &words->full : &words->some);
}

static void print_factor(const wording *w, const factor *f) {
    const wording_factor *words = wording_find_factor(f->id);
    PRINT(w, "    %s %g/%g：%s", "    %s %g of %g: %s", wording_title(w->language, f->id), f->points, f->max,
          verdict_on(w, f, words));
    if (f->points > 0) print_notes(w, f);
    if (f->points > 0) print_evidence(w, f);
    if (f->undecided)
        PRINT(w, "；有的诉求没有反映时间，是否在期限内依据不足，没有计分",
              "; some complaints have no time of report: not enough evidence that they are within the time, no points "
              "for them");
    PRINT(w, "。\n", ".\n");
}

static void print_factors(const wording *w, const score_card *card) {
    for (char group = 'A'; group <= 'D' + 1; group++) { /* the last one: factors that the tables do not have */
        double points = 0, max = 0;
        bool any = false;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < card->n_factors; i++) {
                const wording_factor *words = wording_find_factor(card->factors[i]->id);
                if ((words ? words->group : 'E') != group) continue;
                if (pass) print_factor(w, card->factors[i]);
                points += card->factors[i]->points;
                max += card->factors[i]->max;
                any = true;
            }
            if (!pass && any)
                PRINT(w, "  %s？ %g 分（满分 %g）\n", "  %s? %g of %g\n",
                      group <= 'D' ? say_of(w, &wording_groups[group - 'A']) : say(w, "其他", "other"), points, max);
        }
    }
}

/* The words that moved it, each once; none when no words stand out, or nobody may see them. */
static void print_reasons(const wording *w, const factor *f) {
    char shown[1024] = "";
    if (f->n_evidence == 0)
        PRINT(w, "。没有哪几个词特别突出，是全篇用词合起来的结果",
              ". No words stand out: it is how all of them go together");
    for (size_t i = 0; i < f->n_evidence; i++) {
        const char *quote = w->quote ? w->quote(f->evidence[i], true, w->arg) : NULL;
        size_t used = strlen(shown);
        if (!quote || strstr(shown, quote)) continue;
        fputs(used ? say(w, "、", ", ") : say(w, "。主要因为写了：", ". Mainly for these words: "), w->out);
        fprintf(w->out, "“%s”", quote);
        if (w->rules && i < f->n_notes) PRINT(w, "（%+.1f）", " (%+.1f)", strtod(f->notes[i]->value, NULL));
        snprintf(shown + used, sizeof shown - used, "%s\n", quote);
    }
}

/* What was learned comes last: from where the sum stands it goes to what messages like this one were worth. Less than a
 * point needs no reasons. */
static void print_learned(const wording *w, const factor *f, double before) {
    PRINT(w, "。上面逐项相加是 %.1f 分；对照由人评过的以往来信，与这封相近的大约值 %.1f 分",
          ". The lines above make %.1f; messages like this one that people have judged are worth about %.1f", before,
          before + f->points);
    if (f->points <= -1 || f->points >= 1) print_reasons(w, f);
}

static double sum_of(factor *const *factors, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += factors[i]->points;
    return sum;
}

static void print_adjustments(const wording *w, const score_card *card) {
    double sum = sum_of(card->factors, card->n_factors);
    if (!card->n_adjustments) return;
    PRINT(w, "  另外加减的分：\n", "  Added or taken off besides:\n");
    for (size_t i = 0; i < card->n_adjustments; i++) {
        const factor *f = card->adjustments[i];
        PRINT(w, "    %+.1f  %s", "    %+.1f  %s", f->points, wording_title(w->language, f->id));
        if (strcmp(f->id, "learned") == 0)
            print_learned(w, f, sum);
        else
            print_evidence(w, f);
        sum += f->points;
        PRINT(w, "。\n", ".\n");
    }
}

static void print_sum(const wording *w, const score_card *card) {
    double points = sum_of(card->factors, card->n_factors), more = sum_of(card->adjustments, card->n_adjustments);
    PRINT(w, "  合计：各项 %g 分", "  Together: %g", points);
    if (card->n_adjustments) PRINT(w, "，另外加减 %+.1f 分", ", besides %+.1f", more);
    PRINT(w, "，得 %.1f 分", ", makes %.1f", card->index);
    if (points + more < 0 || points + more > 100)
        PRINT(w, "（最低 0 分，最高 100 分）", " (never below 0 or above 100)");
    PRINT(w, "。\n", ".\n");
}

void wording_why(const wording *w, const score_card *card) {
    print_factors(w, card);
    print_adjustments(w, card);
    print_sum(w, card);
}
