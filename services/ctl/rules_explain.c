/* `wjz rules explain`: the score card of a text that is typed in, in words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/wording.h"
#include "proto/rules.pb-c.h"
#include "wjz/clock.h"

enum { INPUT_LIMIT = 256 << 10, QUOTE_BYTES = 240, AROUND = 14 /* characters */ };

typedef struct asked {
    Wjz__Scoring__ExplainText question;
    wording_language language;
    bool rules;
} asked;

typedef struct quoting {
    const Wjz__Scoring__ExplainText *question;
    char text[QUOTE_BYTES + 8];
} quoting;

static bool inside(const char *text, size_t at) {
    return ((unsigned char)text[at] & 0xC0) == 0x80;
}

/* White space, or a mark after which a clause begins. */
static bool ends_clause(const char *at) {
    static const char *const marks[] = {"，", "。", "；", "：", "！", "？", "、",
                                        "　", "“",  "”",  "（", "）", "《", "》"};
    if (*at == '\0' || strchr(" \t\r\n,;!?", *at)) return true;
    for (size_t i = 0; i < WJZ_COUNT(marks); i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0) return true;
    return false;
}

/* Up to where the clause begins or ends, at most some characters away. */
static size_t before(const char *text, size_t from) {
    for (int characters = 0; from > 0 && characters < AROUND; characters++) {
        size_t at = from - 1;
        while (at > 0 && inside(text, at))
            at--;
        if (ends_clause(text + at)) break;
        from = at;
    }
    return from;
}

static size_t after(const char *text, size_t to) {
    for (int characters = 0; characters < AROUND && !ends_clause(text + to); characters++) {
        to++;
        while (inside(text, to))
            to++;
    }
    return to;
}

/* Without the white space and the marks that it begins or ends with. */
static void trim(const char *text, size_t *from, size_t *to) {
    while (*from < *to && ends_clause(text + *from)) {
        ++*from;
        while (*from < *to && inside(text, *from))
            ++*from;
    }
    for (;;) {
        size_t at = *to;
        while (at > *from && inside(text, --at)) {
        }
        if (at == *to || at < *from || !ends_clause(text + at)) return;
        *to = at;
    }
}

/* Up to a bracket that opens and does not close again before `to`. */
static size_t before_open_bracket(const char *text, size_t from, size_t to) {
    static const char open[] = "（", close[] = "）";
    size_t at = to;
    for (size_t i = from; i + sizeof open - 1 <= to; i++) {
        if (memcmp(text + i, open, sizeof open - 1) == 0) at = i;
        if (memcmp(text + i, close, sizeof close - 1) == 0) at = to;
    }
    return at > from ? at : to;
}

/* One line of at most QUOTE_BYTES, cut between characters. */
static const char *quote_text(quoting *q, const char *text, size_t from, size_t to) {
    size_t end = to - from > QUOTE_BYTES ? from + QUOTE_BYTES : to, out = 0;
    while (end < to && end > from && inside(text, end))
        end--;
    for (size_t i = from; i < end; i++)
        q->text[out++] = text[i] == '\n' || text[i] == '\r' || text[i] == '\t' ? ' ' : text[i];
    memcpy(q->text + out, end < to ? "…" : "", end < to ? sizeof "…" : 1);
    return q->text;
}

static const char *quote(const Wjz__Scoring__Evidence *e, bool around, void *arg) {
    quoting *q = arg;
    if (!e->span) return NULL;
    const char *text = e->span->field == WJZ__SCORING__FIELD__FIELD_TITLE     ? q->question->title
                       : e->span->field == WJZ__SCORING__FIELD__FIELD_CONTENT ? q->question->text
                       : e->span->field == WJZ__SCORING__FIELD__FIELD_REPLY   ? q->question->reply
                                                                              : NULL;
    if (!text || e->span->to > strlen(text) || e->span->from >= e->span->to) return NULL;
    size_t from = e->span->from, to = e->span->to;
    trim(text, &from, &to);
    if (from == to) return NULL;
    to = before_open_bracket(text, from, to);
    if (around && text == q->question->title) return quote_text(q, text, 0, strlen(text));
    return around ? quote_text(q, text, before(text, from), after(text, to)) : quote_text(q, text, from, to);
}

static int print_json(const Wjz__Scoring__Explanation *explanation) {
    const Wjz__Scoring__ScoreCard *card = explanation->card;
    static const out_column columns[] = {{"factor", NULL, false}, {"points", NULL, true}, {"max", NULL, true}};
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(OUT_JSON, columns, WJZ_COUNT(columns), &table);
    for (size_t i = 0; r >= 0 && i < card->n_factors + card->n_adjustments; i++) {
        const Wjz__Scoring__Factor *f = i < card->n_factors ? card->factors[i] : card->adjustments[i - card->n_factors];
        char points[32], max[32];
        snprintf(points, sizeof points, "%g", f->points);
        snprintf(max, sizeof max, "%g", f->max);
        r = out_row(table, (const char *[]){f->id, points, f->max > 0 ? max : NULL});
    }
    if (r >= 0) out_close(&table, "");
    return r;
}

static const wjz_stmt ORGAN = {"ctl_organ_of_region",
                               "SELECT name FROM directory.organ WHERE region = $1 AND $1 <> 0 AND level = 'county' AND"
                               " (effective_to IS NULL OR effective_to >= current_date) ORDER BY code LIMIT 1",
                               1};

/* The procuratorate of the county that the place lies in; NULL when the text does not say or it is not known. */
static int find_organ(session *s, const Wjz__Scoring__ScoreCard *card, const char **ret_name, wjz_err *err) {
    wjz_param region = wjz_i32(card->place ? (int32_t)card->place->region : 0);
    wjz_rows *rows;
    *ret_name = NULL;
    int r = session_read(s, &ORGAN, &region, 1, &rows, err);
    if (r >= 0 && wjz_rows_count(rows)) *ret_name = wjz_row_text(rows, 0, 0);
    return r;
}

static int explain(session *s, void *arg, wjz_err *err) {
    const asked *a = arg;
    const ProtobufCMessage *answer;
    const char *organ = NULL;
    int32_t region = 0;
    int r = session_region(s, 0, &region, err);
    if (r == -EINVAL) r = 0; /* several: the text says where it is, or nothing does */
    if (r >= 0)
        r = session_ask_in(s, "scoring", region, &a->question.base, &wjz__scoring__explanation__descriptor, &answer,
                           err);
    if (r < 0) return r;
    const Wjz__Scoring__Explanation *explanation = (const Wjz__Scoring__Explanation *)answer;
    if (s->format != OUT_TABLE) return print_json(explanation);
    r = find_organ(s, explanation->card, &organ, err);
    if (r < 0) return r;
    quoting q = {.question = &a->question};
    wording w = {.out = stdout,
                 .language = a->language,
                 .outline = explanation->outline,
                 .today = wjz_day_number(wjz_clock_day(wjz_clock_us())),
                 .organ = organ,
                 .quote = quote,
                 .arg = &q,
                 .rules = a->rules};
    wording_card(&w, explanation->card);
    return 0;
}

static int read_input(char **ret_text, wjz_err *err) {
    char *text = malloc(INPUT_LIMIT + 1);
    if (!text) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t length = fread(text, 1, INPUT_LIMIT, stdin);
    text[length] = '\0';
    if (strlen(text) == length && (length < INPUT_LIMIT || feof(stdin))) {
        *ret_text = text;
        return 0;
    }
    free(text);
    return wjz_err_set(err, -EINVAL, "standard input is no text of at most %d bytes", INPUT_LIMIT);
}

int wording_language_option(int *argc, char **argv, wording_language *ret_language, wjz_err *err) {
    const char *text = argument_option(argc, argv, "lang");
    *ret_language = WORDING_ZH;
    if (!text || strcmp(text, "zh") == 0) return 0;
    *ret_language = WORDING_EN;
    return strcmp(text, "en") == 0 ? 0 : wjz_err_set(err, -EINVAL, "--lang is \"%s\": give zh or en", text);
}

static char *or_empty(const char *text) {
    return (char *)(text ? text : "");
}

int command_rules_explain(session *s, int argc, char **argv, wjz_err *err) {
    asked a = {.question = WJZ__SCORING__EXPLAIN_TEXT__INIT};
    char *input = NULL;
    a.question.title = or_empty(argument_option(&argc, argv, "title"));
    a.question.reply = or_empty(argument_option(&argc, argv, "reply"));
    a.question.version = or_empty(argument_option(&argc, argv, "pack"));
    a.rules = argument_flag(&argc, argv, "rules");
    int r = wording_language_option(&argc, argv, &a.language, err);
    if (r >= 0)
        r = argument_end(argc, argv, 1,
                         "rules explain TEXT|- [--title T] [--reply R] [--pack VERSION] [--lang zh|en] [--rules]", err);
    if (r < 0) return r;
    a.question.text = argv[0];
    if (strcmp(argv[0], "-") == 0) {
        r = read_input(&input, err);
        if (r < 0) return r;
        a.question.text = input;
    }
    r = session_connected(s, true, explain, &a, err);
    free(input);
    return r;
}
