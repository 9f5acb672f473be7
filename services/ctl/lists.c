/* Lists of what the services hold: assignments, notices, shifts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/known.h"

typedef struct list {
    const wjz_stmt *stmt;
    const out_column *columns;
    size_t count;
    wjz_param params[3];
    int given;
    const char *empty;
    const char *organ, *person; /* that it is asked for; NULL: all */
} list;

static int print_list(session *s, void *arg, wjz_err *err) {
    const list *l = arg;
    wjz_rows *rows;
    int r = known_organ(s, l->organ, err);
    if (r >= 0) r = known_person(s, l->person, err);
    if (r >= 0) r = session_read(s, l->stmt, l->params, l->given, &rows, err);
    return r < 0 ? r : out_print(s->format, l->columns, l->count, rows, l->empty);
}

/* "--limit N", 50 when it is not said. */
static int take_limit(int *argc, char **argv, int64_t *ret_limit, wjz_err *err) {
    const char *text = argument_option(argc, argv, "limit");
    *ret_limit = 50;
    return text ? argument_number("--limit", text, 1, 10000000, ret_limit, err) : 0;
}

static const wjz_stmt ASSIGNMENTS = {
    "ctl_assignments",
    "SELECT a.id::text, a.clue::text, a.state, a.stars::text, a.branch, a.domain, a.organ, nullif(a.station, ''),"
    " nullif(a.prosecutor, ''), p.name, to_char(a.accept_until, 'YYYY-MM-DD HH24:MI'), a.trace"
    " FROM assignment.assignment a LEFT JOIN directory.person p ON p.code = a.prosecutor"
    " WHERE ($1::text IS NULL OR a.state = $1) AND ($2::text IS NULL OR a.organ = $2)"
    " ORDER BY a.ended_at IS NOT NULL, a.stars DESC, a.opened_at, a.id LIMIT $3",
    12};

static const out_column ASSIGNMENT_COLUMNS[] = {
    {"assignment", "分派 / assignment", false},
    {"clue", "线索 / clue", false},
    {"state", "状态 / state", false},
    {"stars", "星 / stars", true},
    {"branch", "检察 / branch", false},
    {"domain", "领域 / domain", false},
    {"organ", "检察院 / organ", false},
    {"station", "联络站 / station", false},
    {"prosecutor", "检察官 / prosecutor", false},
    {"name", "姓名 / name", false},
    {"accept_until", "接收期限 / accept until", false},
    {"trace", "依据 / why", false},
};

int command_assignments(session *s, int argc, char **argv, wjz_err *err) {
    static const char *const STATES[] = {"assigned",  "accepted", "verifying", "returned", "transferred",
                                         "escalated", "closed",   "withdrawn", NULL};
    const char *state, *organ = argument_option(&argc, argv, "organ");
    int64_t limit;
    int r = take_limit(&argc, argv, &limit, err);
    if (r >= 0) r = argument_choice(&argc, argv, "state", STATES, &state, err);
    if (r >= 0) r = argument_end(argc, argv, 0, "assignments [--state STATE] [--organ O] [--limit N]", err);
    if (r < 0) return r;
    /* The trace is long: programs get it, people see it with `wjz clues show`. */
    size_t shown = WJZ_COUNT(ASSIGNMENT_COLUMNS) - (s->format == OUT_TABLE);
    list l = {&ASSIGNMENTS,
              ASSIGNMENT_COLUMNS,
              shown,
              {wjz_text(state), wjz_text(organ), wjz_i64(limit)},
              3,
              "没有分派 / no assignments",
              .organ = organ};
    return session_connected(s, false, print_list, &l, err);
}

static const wjz_stmt NOTICES = {
    "ctl_notices",
    "SELECT n.id::text, n.recipient, n.template, n.urgency, n.title, to_char(n.made_at, 'YYYY-MM-DD HH24:MI:SS'),"
    " coalesce((SELECT string_agg(channel || ':' || state, ' ' ORDER BY channel) FROM notification.sending s"
    "  WHERE s.region = n.region AND s.notice = n.id), 'inbox'),"
    " CASE WHEN n.acknowledged_at IS NOT NULL THEN 'acknowledged' WHEN n.escalated_at IS NOT NULL THEN 'escalated'"
    "  WHEN n.acknowledge_until IS NOT NULL THEN 'open' ELSE 'told' END, n.event"
    " FROM notification.notice n WHERE ($1::text IS NULL OR n.recipient = $1)"
    " AND ($2::text IS NULL OR $2 = CASE WHEN n.acknowledged_at IS NOT NULL THEN 'acknowledged' WHEN n.escalated_at IS "
    "NOT NULL"
    "  THEN 'escalated' WHEN n.acknowledge_until IS NOT NULL THEN 'open' ELSE 'told' END)"
    " ORDER BY n.made_at DESC, n.id DESC LIMIT $3",
    9};

static const out_column NOTICE_COLUMNS[] = {
    {"notice", "通知 / notice", false},     {"recipient", "收件人 / recipient", false},
    {"template", "模板 / template", false}, {"urgency", "紧急 / urgency", false},
    {"title", "标题 / title", false},       {"made_at", "时间 / made at", false},
    {"channels", "渠道 / channels", false}, {"state", "状态 / state", false},
    {"event", "事件 / event", false},
};

int command_notices(session *s, int argc, char **argv, wjz_err *err) {
    static const char *const STATES[] = {"told", "open", "acknowledged", "escalated", NULL};
    const char *person = argument_option(&argc, argv, "person"), *state;
    int64_t limit;
    int r = take_limit(&argc, argv, &limit, err);
    if (r >= 0) r = argument_choice(&argc, argv, "state", STATES, &state, err);
    if (r >= 0) r = argument_end(argc, argv, 0, "notices [--person CODE] [--state STATE] [--limit N]", err);
    if (r < 0) return r;
    list l = {&NOTICES,
              NOTICE_COLUMNS,
              WJZ_COUNT(NOTICE_COLUMNS),
              {wjz_text(person), wjz_text(state), wjz_i64(limit)},
              3,
              "没有通知 / no notices",
              .person = person};
    return session_connected(s, false, print_list, &l, err);
}

static const wjz_stmt SHIFTS = {
    "ctl_shifts",
    "SELECT to_char(s.starts_at, 'YYYY-MM-DD'), to_char(s.starts_at, 'HH24:MI') || '–' || to_char(s.ends_at, "
    "'HH24:MI'),"
    " s.station, t.name, s.prosecutor, p.name, s.state, nullif(s.reason, ''), s.id::text"
    " FROM scheduling.shift s LEFT JOIN directory.station t ON t.region = s.region AND t.code = s.station"
    " LEFT JOIN directory.person p ON p.region = s.region AND p.code = s.prosecutor"
    " WHERE s.starts_at >= date_trunc('day', now()) AND s.starts_at < date_trunc('day', now()) + $1::int * interval '1 "
    "day'"
    " AND s.state <> 'cancelled' ORDER BY s.starts_at, s.station, s.id",
    9};

static const out_column SHIFT_COLUMNS[] = {
    {"day", "日期 / day", false},
    {"hours", "时间 / hours", false},
    {"station", "联络站 / station", false},
    {"station_name", "名称 / name", false},
    {"prosecutor", "检察官 / prosecutor", false},
    {"name", "姓名 / name", false},
    {"state", "状态 / state", false},
    {"reason", "说明 / reason", false},
    {"shift", "班次 / shift", false},
};

int command_shifts(session *s, int argc, char **argv, wjz_err *err) {
    const char *text = argument_option(&argc, argv, "days");
    int64_t days = 7;
    int r = text ? argument_number("--days", text, 1, 366, &days, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 0, "shifts [--days N]", err);
    if (r < 0) return r;
    list l = {.stmt = &SHIFTS,
              .columns = SHIFT_COLUMNS,
              .count = WJZ_COUNT(SHIFT_COLUMNS),
              .params = {wjz_i32((int32_t)days)},
              .given = 1,
              .empty = "没有班次 / no shifts"};
    return session_connected(s, false, print_list, &l, err);
}
