/* What the parts of a card in words share. */
#ifndef CTL_WORDING_PARTS_H
#define CTL_WORDING_PARTS_H

#include "ctl/wording.h"

typedef Wjz__Scoring__Factor factor;
typedef Wjz__Scoring__ScoreCard score_card;

/* Prints in the language at hand; both formats take the same arguments. */
#define PRINT(w, zh, en, ...)                                                                                          \
    ((w)->language == WORDING_ZH ? fprintf((w)->out, zh, ##__VA_ARGS__) : fprintf((w)->out, en, ##__VA_ARGS__))

/* The words of the language at hand. */
static inline const char *say(const wording *w, const char *zh, const char *en) {
    return w->language == WORDING_ZH ? zh : en;
}

static inline const char *say_of(const wording *w, const wording_text *text) {
    return text->in[w->language];
}

static inline const char *named(const wording *w, const wording_named *table, const char *id) {
    const wording_named *n = wording_find(table, id);
    return n ? say_of(w, &n->text) : id;
}

static inline void heading(const wording *w, const char *zh, const char *en) {
    PRINT(w, "\n【%s】\n", "\n%s\n", say(w, zh, en));
}

/* Why these points: every factor with its evidence, what was added or taken off, and the sum. */
void wording_why(const wording *w, const score_card *card);

#endif
