/* Area warnings and clusters in space and time. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/warning.pb-c.h"

static const wjz_stmt LIST = {
    "ctl_warnings",
    "SELECT id::text, state, level::text, unit_name, unit_kind, domain, reason, clue_count::text, previous_count::text,"
    " nullif(undated_count, 0)::text, round(per_thousand::numeric, 1)::text, nullif(department, ''),"
    " nullif(superior, ''), to_char(proposed_at, 'YYYY-MM-DD') FROM scoring.area_warning"
    " WHERE CASE WHEN $1::text IS NULL THEN state <> 'cleared' ELSE state = $1 OR $1 = 'all' END"
    " ORDER BY level DESC, clue_count DESC, id LIMIT $2",
    14};

static const out_column COLUMNS[] = {
    {"warning", "编号 / warning", false},
    {"state", "状态 / state", false},
    {"level", "级别 / level", true},
    {"unit", "区域 / area", false},
    {"kind", "类型 / kind", false},
    {"domain", "领域 / domain", false},
    {"reason", "原因 / reason", false},
    {"clues", "线索 / clues", true},
    {"previous", "上期 / before", true},
    {"undated", "无时间 / undated", true},
    {"per_thousand", "每千户 / per 1,000", true},
    {"department", "主责部门 / department", false},
    {"superior", "上级机关 / superior", false},
    {"proposed", "提出 / proposed", false},
};

typedef struct query {
    const char *state;
    int64_t limit, warning;
} query;

static int print_list(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    const wjz_param params[] = {wjz_text(q->state), wjz_i64(q->limit)};
    int r = session_read(s, &LIST, params, 2, &rows, err);
    return r < 0 ? r : out_print(s->format, COLUMNS, WJZ_COUNT(COLUMNS), rows, "没有区域预警 / no warnings");
}

int command_warnings_list(session *s, int argc, char **argv, wjz_err *err) {
    static const char *const STATES[] = {"proposed", "issued", "acknowledged", "cleared", NULL};
    query q = {.limit = 50};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 10000000, &q.limit, err) : 0;
    if (r >= 0) r = argument_choice(&argc, argv, "state", STATES, &q.state, err);
    if (r >= 0) r = argument_end(argc, argv, 0, "warnings list [--state STATE] [--limit N]", err);
    return r < 0 ? r : session_connected(s, false, print_list, &q, err);
}

/* --- one --- */

static const wjz_stmt HEADING = {
    "ctl_warning",
    "SELECT unit_name, unit, domain, state, level::text, peak_level::text, reason, least::text, window_days::text,"
    " clue_count::text, previous_count::text, department, superior FROM scoring.area_warning WHERE id = $1",
    13};

static const wjz_stmt CLUES = {
    "ctl_warning_clues",
    "SELECT c.id::text, c.stars::text, round(c.index::numeric, 1)::text, c.complaint_count::text,"
    " to_char(c.last_report_at, 'YYYY-MM-DD'), nullif(c.place, '') FROM scoring.area_warning w CROSS JOIN"
    " unnest(w.clues) WITH ORDINALITY AS u (clue, n) JOIN scoring.clue c ON c.region = w.region AND c.id = u.clue"
    " WHERE w.id = $1 ORDER BY u.n",
    6};

static const out_column CLUE_COLUMNS[] = {
    {"clue", "线索 / clue", false},        {"stars", "星 / stars", true},
    {"index", "成案指数 / index", true},   {"complaints", "诉求 / complaints", true},
    {"last_report", "最近 / last", false}, {"place", "地点 / place", false},
};

static const wjz_stmt EVENTS = {
    "ctl_warning_events",
    "SELECT to_char(at, 'YYYY-MM-DD HH24:MI'), nullif(from_state, ''), to_state, level::text, actor, nullif(note, '')"
    " FROM scoring.warning_event WHERE warning = $1 ORDER BY revision",
    6};

static const out_column EVENT_COLUMNS[] = {
    {"at", "时间 / at", false},      {"from", "原状态 / from", false}, {"to", "状态 / to", false},
    {"level", "级别 / level", true}, {"actor", "操作人 / who", false}, {"note", "说明 / note", false},
};

static int print_part(session *s, const wjz_stmt *stmt, int64_t warning, const out_column *columns, size_t count,
                      const char *title, wjz_err *err) {
    wjz_rows *rows;
    wjz_param id = wjz_i64(warning);
    int r = session_read(s, stmt, &id, 1, &rows, err);
    if (r < 0) return r;
    if (s->format == OUT_TABLE) printf("\n— %s —\n", title);
    return out_print(s->format, columns, count, rows, "无 / none");
}

static int print_one(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    wjz_param id = wjz_i64(q->warning);
    int r = session_read(s, &HEADING, &id, 1, &rows, err);
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find warning %" PRId64 ": see wjz warnings list", q->warning);
    const char *t[13];
    for (int i = 0; i < 13; i++)
        t[i] = wjz_row_text(rows, 0, i);
    if (s->format == OUT_TABLE)
        printf("%s (%s) %s   %s   级别 / level %s (最高 / highest %s)\n"
               "原因 / reason: %s ≥ %s, %s d; 线索 / clues %s, 上期 / before %s\n"
               "主责部门 / department: %s   上级机关 / superior: %s\n",
               t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12]);
    r = print_part(s, &CLUES, q->warning, CLUE_COLUMNS, WJZ_COUNT(CLUE_COLUMNS), "线索 / clues", err);
    return r < 0 ? r
                 : print_part(s, &EVENTS, q->warning, EVENT_COLUMNS, WJZ_COUNT(EVENT_COLUMNS), "经过 / events", err);
}

int command_warnings_show(session *s, int argc, char **argv, wjz_err *err) {
    query q = {0};
    int r = argument_end(argc, argv, 1, "warnings show WARNING", err);
    if (r >= 0) r = argument_number("WARNING", argv[0], 1, INT64_MAX, &q.warning, err);
    return r < 0 ? r : session_connected(s, false, print_one, &q, err);
}

/* --- issue, acknowledge, clear --- */

typedef struct wish {
    const ProtobufCMessage *ask;
    int64_t warning;
} wish;

static const wjz_stmt REGION_OF_WARNING = {"ctl_region_of_warning",
                                           "SELECT region FROM scoring.area_warning WHERE id = $1", 1};

static int ask_change(session *s, void *arg, wjz_err *err) {
    static const char *const states[] = {"", "已提出 / proposed", "已签发 / issued", "已签收 / acknowledged",
                                         "已解除 / cleared"};
    const wish *w = arg;
    int32_t region;
    const ProtobufCMessage *reply;
    int r = decide_region(s, &REGION_OF_WARNING, "warning", w->warning, "wjz warnings list", &region, err);
    if (r >= 0)
        r = session_ask_in(s, "scoring", region, w->ask, &wjz__scoring__warning_answer__descriptor, &reply, err);
    if (r < 0) return r;
    const Wjz__Scoring__WarningAnswer *changed = (const Wjz__Scoring__WarningAnswer *)reply;
    printf("%" PRIu64 ": %s\n", changed->warning, changed->state < WJZ_COUNT(states) ? states[changed->state] : "");
    return 0;
}

/* What all three take: WARNING --as PERSON [--note TEXT]. */
static int read_change(int argc, char **argv, const char *usage, const char *actor, int64_t *ret_warning,
                       wjz_err *err) {
    int r = argument_end(argc, argv, 1, usage, err);
    if (r >= 0) r = argument_number("WARNING", argv[0], 1, INT64_MAX, ret_warning, err);
    if (r >= 0 && !actor) r = wjz_err_set(err, -EINVAL, "say whose decision it is: --as PERSON");
    return r;
}

static char *text_option(int *argc, char **argv, const char *name) {
    const char *value = argument_option(argc, argv, name);
    return (char *)(value ? value : "");
}

int command_warnings_issue(session *s, int argc, char **argv, wjz_err *err) {
    static const char usage[] = "warnings issue WARNING --as PERSON [--to DEPARTMENT] [--superior UNIT] [--note TEXT]";
    Wjz__Scoring__IssueWarning ask = WJZ__SCORING__ISSUE_WARNING__INIT;
    wish w = {.ask = &ask.base};
    ask.actor = (char *)argument_option(&argc, argv, "as");
    ask.department = text_option(&argc, argv, "to");
    ask.superior = text_option(&argc, argv, "superior");
    ask.note = text_option(&argc, argv, "note");
    int r = read_change(argc, argv, usage, ask.actor, &w.warning, err);
    ask.warning = (uint64_t)w.warning;
    return r < 0 ? r : session_connected(s, true, ask_change, &w, err);
}

int command_warnings_acknowledge(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Scoring__AcknowledgeWarning ask = WJZ__SCORING__ACKNOWLEDGE_WARNING__INIT;
    wish w = {.ask = &ask.base};
    ask.actor = (char *)argument_option(&argc, argv, "as");
    ask.note = text_option(&argc, argv, "note");
    int r =
        read_change(argc, argv, "warnings acknowledge WARNING --as PERSON [--note TEXT]", ask.actor, &w.warning, err);
    ask.warning = (uint64_t)w.warning;
    return r < 0 ? r : session_connected(s, true, ask_change, &w, err);
}

int command_warnings_clear(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Scoring__ClearWarning ask = WJZ__SCORING__CLEAR_WARNING__INIT;
    wish w = {.ask = &ask.base};
    ask.actor = (char *)argument_option(&argc, argv, "as");
    ask.note = text_option(&argc, argv, "note");
    int r = read_change(argc, argv, "warnings clear WARNING --as PERSON --note TEXT", ask.actor, &w.warning, err);
    ask.warning = (uint64_t)w.warning;
    return r < 0 ? r : session_connected(s, true, ask_change, &w, err);
}

/* --- clusters --- */

static const wjz_stmt CLUSTERS = {
    "ctl_clusters",
    "SELECT r.day::text, c.domain, c.cases::text, round(c.expected::numeric, 1)::text, c.from_day || '–' || c.to_day,"
    " round((c.radius_m / 1000)::numeric, 1)::text, round(c.longitude::numeric, 4)::text,"
    " round(c.latitude::numeric, 4)::text, c.p_value::text, round(c.p_run::numeric, 3)::text,"
    " array_to_string(c.clues[1:5], ' ') FROM scoring.scan_run r JOIN scoring.scan_cluster c ON c.region = r.region AND"
    " c.run = r.id WHERE (r.region, r.id) IN (SELECT region, max(id) FROM scoring.scan_run GROUP BY region)"
    " ORDER BY c.p_value, c.statistic DESC",
    11};

static const out_column CLUSTER_COLUMNS[] = {
    {"day", "扫描日 / scan", false},         {"domain", "领域 / domain", false},     {"clues", "线索 / clues", true},
    {"expected", "预期 / expected", true},   {"period", "期间 / period", false},     {"radius_km", "半径 / km", true},
    {"longitude", "经度 / longitude", true}, {"latitude", "纬度 / latitude", true},  {"p", "p", true},
    {"p_run", "p (全部扫描 / run)", true},   {"first", "线索 / first clues", false},
};

static int print_clusters(session *s, void *arg, wjz_err *err) {
    (void)arg;
    wjz_rows *rows;
    int r = session_read(s, &CLUSTERS, NULL, 0, &rows, err);
    return r < 0 ? r
                 : out_print(s->format, CLUSTER_COLUMNS, WJZ_COUNT(CLUSTER_COLUMNS), rows,
                             "上次扫描没有发现聚集 / the last scan found no cluster");
}

int command_warnings_clusters(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "warnings clusters", err);
    return r < 0 ? r : session_connected(s, false, print_clusters, NULL, err);
}
