/* Questions that scoring leaves to people: what is asked, what speaks for and against, and the answers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/scoring.pb-c.h"

typedef struct query {
    const char *kind;
    bool all, accept;
    int64_t limit, review;
    decider by;
} query;

static const char *const KINDS[] = {"repeat", "confidence", "edge", "star", NULL};

#define QUESTION                                                                                                       \
    "SELECT r.id::text, r.kind, nullif(r.cause, ''), round(r.weight::numeric, 2)::text, r.clue::text,"                 \
    " nullif(r.other_clue, 0)::text, nullif(r.complaint_a, 0)::text, nullif(r.complaint_b, 0)::text, c.stars::text,"   \
    " c.domain, nullif(c.place, ''), to_char(r.opened_at, 'YYYY-MM-DD'), r.state"                                      \
    " FROM scoring.review r LEFT JOIN scoring.clue c ON c.region = r.region AND c.id = r.clue"

static const wjz_stmt LIST = {"ctl_review_list",
                              QUESTION " WHERE ($1::text IS NULL OR r.kind = $1) AND ($2 OR r.state = 'open')"
                                       " ORDER BY c.stars DESC NULLS LAST, c.index DESC, r.id LIMIT $3",
                              13};
static const wjz_stmt SHOW = {"ctl_review_show", QUESTION " WHERE r.id = $1", 13};

static const out_column COLUMNS[] = {
    {"review", "问题 / review", false},
    {"kind", "种类 / kind", false},
    {"cause", "缘由 / cause", false},
    {"weight", "分量 / weight", true},
    {"clue", "线索 / clue", false},
    {"other_clue", "另一线索 / other clue", false},
    {"complaint_a", "诉求甲 / complaint", false},
    {"complaint_b", "诉求乙 / complaint", false},
    {"stars", "星 / stars", true},
    {"domain", "领域 / domain", false},
    {"place", "地点 / place", false},
    {"opened", "提出 / opened", false},
    {"state", "状态 / state", false},
};

static const wjz_stmt SIGNS = {
    "ctl_review_signs",
    "SELECT s->>'sign', coalesce(n.zh, s->>'zh', s->>'sign'), coalesce(n.en, s->>'en', s->>'sign'), s->>'value', s->>'points'"
    " FROM scoring.review r CROSS JOIN json_array_elements(r.signs) s LEFT JOIN scoring.sign n ON n.name = s->>'sign'"
    " WHERE r.id = $1"
    " ORDER BY abs((s->>'points')::float8) DESC",
    5};

static const out_column SIGN_COLUMNS[] = {
    {"sign", "标志 / sign", false}, {"zh", "含义", false},           {"en", "meaning", false},
    {"value", "测得 / value", true}, {"points", "分量 / points", true},
};

static const wjz_stmt QUESTION_AT = {"ctl_review_region", "SELECT region FROM scoring.review WHERE id = $1", 1};
static const wjz_stmt KIND = {"ctl_review_kind", "SELECT kind FROM scoring.review WHERE id = $1", 1};

static int print_list(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    const wjz_param params[] = {wjz_text(q->kind), wjz_bool(q->all), wjz_i64(q->limit)};
    int r = session_read(s, &LIST, params, WJZ_COUNT(params), &rows, err);
    return r < 0 ? r : out_print(s->format, COLUMNS, WJZ_COUNT(COLUMNS), rows, "没有待核问题 / nothing is asked");
}

int command_review_list(session *s, int argc, char **argv, wjz_err *err) {
    query q = {.all = argument_flag(&argc, argv, "all"), .limit = 50};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 10000000, &q.limit, err) : 0;
    if (r >= 0) r = argument_choice(&argc, argv, "kind", KINDS, &q.kind, err);
    if (r >= 0)
        r = argument_end(argc, argv, 0, "review list [--kind repeat|confidence|edge|star] [--all] [--limit N]", err);
    return r < 0 ? r : session_connected(s, false, print_list, &q, err);
}

static int print_rows(session *s, const query *q, const wjz_stmt *stmt, const out_column *columns, size_t count,
                      const char *empty, wjz_err *err) {
    wjz_rows *rows;
    wjz_param id = wjz_i64(q->review);
    int r = session_read(s, stmt, &id, 1, &rows, err);
    return r < 0 ? r : out_print(s->format, columns, count, rows, empty);
}

static int print_question(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    int32_t region;
    int r = decide_region(s, &QUESTION_AT, "question", q->review, "wjz review list", &region, err);
    if (r >= 0) r = print_rows(s, q, &SHOW, COLUMNS, WJZ_COUNT(COLUMNS), "", err);
    if (r >= 0 && s->format == OUT_TABLE) printf("\n— 支持与反对 / for and against —\n");
    if (r >= 0) r = print_rows(s, q, &SIGNS, SIGN_COLUMNS, WJZ_COUNT(SIGN_COLUMNS), "无 / none", err);
    return r;
}

int command_review_show(session *s, int argc, char **argv, wjz_err *err) {
    query q = {0};
    int r = argument_end(argc, argv, 1, "review show REVIEW", err);
    if (r >= 0) r = argument_number("REVIEW", argv[0], 1, INT64_MAX, &q.review, err);
    return r < 0 ? r : session_connected(s, false, print_question, &q, err);
}

/* --- answers --- */

static int confirm(session *s, const query *q, int32_t region, wjz_err *err) {
    if (!q->accept)
        return wjz_err_set(err, -EINVAL,
                           "question %" PRId64 " is about a clue's index: what is wrong with it is said by a star of your own",
                           q->review);
    Wjz__Scoring__ConfirmScore question = WJZ__SCORING__CONFIRM_SCORE__INIT;
    question.review = (uint64_t)q->review;
    question.person = q->by.person;
    question.reason = q->by.reason;
    return decide_ask(s, region, &question.base, err);
}

static int answer(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    int32_t region;
    wjz_rows *rows;
    wjz_param id = wjz_i64(q->review);
    int r = decide_region(s, &QUESTION_AT, "question", q->review, "wjz review list", &region, err);
    if (r >= 0) r = session_read(s, &KIND, &id, 1, &rows, err);
    if (r < 0) return r;
    if (strcmp(wjz_row_text(rows, 0, 0), "repeat") != 0) return confirm(s, q, region, err);
    Wjz__Scoring__DecideRepeat question = WJZ__SCORING__DECIDE_REPEAT__INIT;
    question.review = (uint64_t)q->review;
    question.same = q->accept;
    question.person = q->by.person;
    question.reason = q->by.reason;
    return decide_ask(s, region, &question.base, err);
}

static int command_answer(session *s, int argc, char **argv, bool accept, const char *usage, wjz_err *err) {
    query q = {.accept = accept};
    int r = decider_read(&argc, argv, &q.by, err);
    if (r >= 0) r = argument_end(argc, argv, 1, usage, err);
    if (r >= 0) r = argument_number("REVIEW", argv[0], 1, INT64_MAX, &q.review, err);
    return r < 0 ? r : session_connected(s, true, answer, &q, err);
}

int command_review_accept(session *s, int argc, char **argv, wjz_err *err) {
    return command_answer(s, argc, argv, true, "review accept REVIEW --as PERSON --reason TEXT", err);
}

int command_review_reject(session *s, int argc, char **argv, wjz_err *err) {
    return command_answer(s, argc, argv, false, "review reject REVIEW --as PERSON --reason TEXT", err);
}
