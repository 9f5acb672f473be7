/* People's decisions on what is one matter: asked of scoring, which carries them out and keeps them. */
#include "ctl/decide.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "ctl/command.h"
#include "proto/scoring.pb-c.h"

enum { CLUES_LIMIT = 64, COMPLAINTS_LIMIT = 1000 };

typedef struct words {
    decider by;
    int64_t ids[CLUES_LIMIT]; /* clues, or the decision */
    size_t count;
    uint64_t complaints[COMPLAINTS_LIMIT];
    size_t complaint_count;
    int64_t limit;
} words;

static const wjz_stmt REGION_OF_CLUE = {"ctl_region_of_clue", "SELECT region FROM scoring.clue WHERE id = $1", 1};
static const wjz_stmt REGION_OF_DECISION = {
    "ctl_region_of_decision", "SELECT region FROM scoring.decision WHERE id = $1", 1};

static const wjz_stmt DECISIONS = {
    "ctl_decisions",
    "SELECT id::text, kind, to_char(decided_at, 'YYYY-MM-DD HH24:MI'), person, array_to_string(clues, ' '),"
    " array_to_string(members[1:20], ' '), array_to_string(others[1:20], ' '), reason,"
    " coalesce(nullif(undone_by, 0), nullif(undoes, 0))::text FROM scoring.decision ORDER BY decided_at DESC, id DESC LIMIT $1",
    9};

static const out_column DECISION_COLUMNS[] = {
    {"decision", "决定 / decision", false}, {"kind", "种类 / kind", false},
    {"decided_at", "时间 / at", false},     {"person", "决定人 / by", false},
    {"clues", "线索 / clues", false},       {"complaints", "诉求 / complaints", false},
    {"others", "另一方 / others", false},   {"reason", "理由 / reason", false},
    {"undo", "撤销 / undo", false},
};

static const out_column CLUE_COLUMNS[] = {
    {"clue", "线索 / clue", false},
    {"merged_into", "并入 / merged into", false},
    {"index", "成案指数 / index", true},
    {"stars", "星 / stars", true},
    {"complaints", "诉求 / complaints", true},
    {"revision", "版本 / revision", true},
    {"decision", "决定 / decision", false},
};

int decider_read(int *argc, char **argv, decider *ret_decider, wjz_err *err) {
    ret_decider->person = (char *)argument_option(argc, argv, "as");
    ret_decider->reason = (char *)argument_option(argc, argv, "reason");
    if (!ret_decider->person) return wjz_err_set(err, -EINVAL, "say who decides with --as PERSON: it is kept");
    if (!ret_decider->reason || !ret_decider->reason[0])
        return wjz_err_set(err, -EINVAL, "say why with --reason TEXT: it is kept");
    return 0;
}

int decide_region(session *s, const wjz_stmt *stmt, const char *what, int64_t id, const char *see, int32_t *ret_region,
                  wjz_err *err) {
    wjz_rows *rows;
    wjz_param param = wjz_i64(id);
    int r = session_read(s, stmt, &param, 1, &rows, err);
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find %s %" PRId64 ": see %s", what, id, see);
    *ret_region = (int32_t)wjz_row_int(rows, 0, 0);
    return 0;
}

static int put_clue(out_table *table, const Wjz__Scoring__ClueState *clue, uint64_t decision) {
    char id[24], into[24], index[16], stars[8], complaints[16], revision[24], decided[24];
    snprintf(id, sizeof id, "%" PRIu64, clue->clue);
    snprintf(into, sizeof into, "%" PRIu64, clue->merged_into);
    snprintf(index, sizeof index, "%.1f", clue->index);
    snprintf(stars, sizeof stars, "%u", clue->stars);
    snprintf(complaints, sizeof complaints, "%u", clue->complaint_count);
    snprintf(revision, sizeof revision, "%" PRIu64, clue->revision);
    snprintf(decided, sizeof decided, "%" PRIu64, decision);
    return out_row(table, (const char *[]){id, clue->merged_into ? into : NULL, index, stars, complaints, revision,
                                           decision ? decided : NULL});
}

int decide_ask(session *s, int32_t region, const ProtobufCMessage *question, wjz_err *err) {
    const ProtobufCMessage *reply;
    int r = session_ask_in(s, "scoring", region, question, &wjz__scoring__clues_decided__descriptor, &reply, err);
    if (r < 0) return r;
    const Wjz__Scoring__CluesDecided *decided = (const Wjz__Scoring__CluesDecided *)reply;
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    r = out_open(s->format, CLUE_COLUMNS, WJZ_COUNT(CLUE_COLUMNS), &table);
    for (size_t i = 0; r >= 0 && i < decided->n_clues; i++)
        r = put_clue(table, decided->clues[i], decided->decision);
    if (r >= 0) out_close(&table, "没有线索 / no clues");
    return r;
}

/* --- merge --- */

static int merge(session *s, void *arg, wjz_err *err) {
    const words *w = arg;
    int32_t region;
    Wjz__Scoring__MergeClues question = WJZ__SCORING__MERGE_CLUES__INIT;
    Wjz__Scoring__SeenClue seen[CLUES_LIMIT], *list[CLUES_LIMIT];
    for (size_t i = 0; i < w->count; i++) {
        wjz__scoring__seen_clue__init(&seen[i]);
        seen[i].clue = (uint64_t)w->ids[i];
        list[i] = &seen[i];
    }
    question.clue = list;
    question.n_clue = w->count;
    question.person = w->by.person;
    question.reason = w->by.reason;
    int r = decide_region(s, &REGION_OF_CLUE, "clue", w->ids[0], "wjz clues list", &region, err);
    return r < 0 ? r : decide_ask(s, region, &question.base, err);
}

int command_clues_merge(session *s, int argc, char **argv, wjz_err *err) {
    words w = {0};
    int r = decider_read(&argc, argv, &w.by, err);
    if (r >= 0 && (argc < 2 || argc > CLUES_LIMIT))
        r = argument_end(argc, argv, 2, "clues merge CLUE CLUE … --as PERSON --reason TEXT", err);
    for (int i = 0; r >= 0 && i < argc; i++)
        r = argument_number("CLUE", argv[i], 1, INT64_MAX, &w.ids[w.count++], err);
    return r < 0 ? r : session_connected(s, true, merge, &w, err);
}

/* --- split --- */

static int split(session *s, void *arg, wjz_err *err) {
    words *w = arg;
    int32_t region;
    Wjz__Scoring__SplitClue question = WJZ__SCORING__SPLIT_CLUE__INIT;
    Wjz__Scoring__SeenClue seen = WJZ__SCORING__SEEN_CLUE__INIT;
    seen.clue = (uint64_t)w->ids[0];
    question.clue = &seen;
    question.complaint = w->complaints;
    question.n_complaint = w->complaint_count;
    question.person = w->by.person;
    question.reason = w->by.reason;
    int r = decide_region(s, &REGION_OF_CLUE, "clue", w->ids[0], "wjz clues list", &region, err);
    return r < 0 ? r : decide_ask(s, region, &question.base, err);
}

static int read_complaints(int *argc, char **argv, words *w, wjz_err *err) {
    for (const char *text; (text = argument_option(argc, argv, "complaint")) != NULL;) {
        int64_t id = 0;
        int r = argument_number("--complaint", text, 1, INT64_MAX, &id, err);
        if (r < 0) return r;
        if (w->complaint_count == COMPLAINTS_LIMIT)
            return wjz_err_set(err, -EINVAL, "more than %d times --complaint", COMPLAINTS_LIMIT);
        w->complaints[w->complaint_count++] = (uint64_t)id;
    }
    if (w->complaint_count) return 0;
    return wjz_err_set(err, -EINVAL, "say what to split off with --complaint ID, once for each (see wjz clues show CLUE)");
}

static int split_words(int argc, char **argv, words *w, wjz_err *err) {
    int r = decider_read(&argc, argv, &w->by, err);
    if (r >= 0) r = read_complaints(&argc, argv, w, err);
    if (r >= 0)
        r = argument_end(argc, argv, 1, "clues split CLUE --complaint ID … --as PERSON --reason TEXT", err);
    return r < 0 ? r : argument_number("CLUE", argv[0], 1, INT64_MAX, &w->ids[0], err);
}

int command_clues_split(session *s, int argc, char **argv, wjz_err *err) {
    words w = {0};
    int r = split_words(argc, argv, &w, err);
    return r < 0 ? r : session_connected(s, true, split, &w, err);
}

/* --- undo, and what was decided --- */

static int undo(session *s, void *arg, wjz_err *err) {
    const words *w = arg;
    int32_t region;
    Wjz__Scoring__UndoDecision question = WJZ__SCORING__UNDO_DECISION__INIT;
    question.decision = (uint64_t)w->ids[0];
    question.person = w->by.person;
    question.reason = w->by.reason;
    int r = decide_region(s, &REGION_OF_DECISION, "decision", w->ids[0], "wjz clues decisions", &region, err);
    return r < 0 ? r : decide_ask(s, region, &question.base, err);
}

int command_clues_undo(session *s, int argc, char **argv, wjz_err *err) {
    words w = {0};
    int r = decider_read(&argc, argv, &w.by, err);
    if (r >= 0) r = argument_end(argc, argv, 1, "clues undo DECISION --as PERSON --reason TEXT", err);
    if (r >= 0) r = argument_number("DECISION", argv[0], 1, INT64_MAX, &w.ids[0], err);
    return r < 0 ? r : session_connected(s, true, undo, &w, err);
}

static int print_decisions(session *s, void *arg, wjz_err *err) {
    const words *w = arg;
    wjz_rows *rows;
    wjz_param limit = wjz_i64(w->limit);
    int r = session_read(s, &DECISIONS, &limit, 1, &rows, err);
    return r < 0 ? r
                 : out_print(s->format, DECISION_COLUMNS, WJZ_COUNT(DECISION_COLUMNS), rows,
                             "没有决定 / nothing was decided");
}

int command_clues_decisions(session *s, int argc, char **argv, wjz_err *err) {
    words w = {.limit = 50};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 10000000, &w.limit, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 0, "clues decisions [--limit N]", err);
    return r < 0 ? r : session_connected(s, false, print_decisions, &w, err);
}
