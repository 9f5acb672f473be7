/* A score card as plain text, and its comparison with what was written before. */
#ifndef TESTS_UNIT_SCORING_CARD_TEXT_H
#define TESTS_UNIT_SCORING_CARD_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/scoring/situation.h"

static inline void evidence_text(FILE *out, const situation *s, const Wjz__Scoring__Evidence *e) {
    if (!e->complaint && !e->rule) return; /* the matter as a whole: says nothing more */
    fprintf(out, "    %d", (int)e->complaint);
    if (e->rule) fprintf(out, " %s", e->rule);
    if (e->span && e->complaint >= 1 && e->complaint <= REPORTS) {
        complaint c = complaint_of(&s->reports[e->complaint - 1], (int)e->complaint - 1);
        const char *field = e->span->field == WJZ__SCORING__FIELD__FIELD_TITLE ? c.title : c.content;
        if (e->span->to <= strlen(field) && e->span->from < e->span->to)
            fprintf(out, " \"%.*s\"", (int)(e->span->to - e->span->from), field + e->span->from);
    }
    fputc('\n', out);
}

static inline void line_text(FILE *out, const situation *s, const Wjz__Scoring__Factor *f) {
    fprintf(out, "  %-18s %g", f->id, f->points);
    if (f->max > 0) fprintf(out, "/%g", f->max);
    for (size_t i = 0; i < f->n_notes; i++)
        fprintf(out, "  %s=%s", f->notes[i]->key, f->notes[i]->value);
    fputc('\n', out);
    for (size_t i = 0; i < f->n_evidence; i++)
        evidence_text(out, s, f->evidence[i]);
}

static inline void card_text(FILE *out, const situation *s, const Wjz__Scoring__ScoreCard *card) {
    fprintf(out, "index %g, stars %u (%u before gates)%s%s%s\n", card->index, card->stars, card->stars_before_gates,
            card->urgent ? ", urgent" : "", card->focus ? ", focus" : "", card->mediation ? ", mediation" : "");
    fprintf(out, "%s, %s, %s\n", card->kind, card->branch, card->domain);
    for (size_t i = 0; i < card->n_factors; i++)
        if (card->factors[i]->points != 0) line_text(out, s, card->factors[i]);
    for (size_t i = 0; i < card->n_adjustments; i++)
        line_text(out, s, card->adjustments[i]);
    for (size_t i = 0; i < card->n_gates; i++)
        fprintf(out, "  gate %s\n", card->gates[i]);
    for (size_t i = 0; i < card->n_collisions; i++) {
        const Wjz__Scoring__Collision *c = card->collisions[i];
        fprintf(out, "  %s:", c->rule);
        for (size_t k = 0; k < c->n_records; k++)
            fprintf(out, " %s %d %s", c->records[k]->kind, (int)c->records[k]->id, c->records[k]->note);
        fputc('\n', out);
    }
    fputc('\n', out);
}

/* The first line that differs fails the test; with WJZ_GOLDEN=write the file becomes the text. */
static inline void compare_with_golden(const char *path, const char *text) {
    const char *mode = getenv("WJZ_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        return;
    }
    FILE *file = fopen(path, "re");
    if (!file) fail_msg("%s: is not there; WJZ_GOLDEN=write makes it", path);
    char line[1024];
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        size_t length = strlen(line);
        if (strncmp(text, line, length) != 0)
            fail_msg("%s:%d: expected\n%sgot\n%.*s", path, number, line, (int)strcspn(text, "\n"), text);
        text += length;
    }
    fclose(file);
    if (*text) fail_msg("%s: ends before\n%.*s", path, (int)strcspn(text, "\n"), text);
}

#endif
