/* Watch lists (重点舆情). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/watch.pb-c.h"
#include "wjz/clock.h"

enum { LIST_MOST = 64 };

/* --- lists --- */

static const wjz_stmt WATCHES = {
    "ctl_watches",
    "SELECT w.id::text, w.title, concat_ws(' · ', nullif(array_to_string(w.words, ' '), ''),"
    " nullif(array_to_string(w.branches, ' '), ''), nullif(array_to_string(w.domains, ' '), ''),"
    " nullif(array_to_string(w.towns, ' '), '')), w.from_day || '–' || coalesce(w.to_day::text, ''),"
    " w.alert_count || CASE WHEN w.alert_clues THEN ' 线索/clues' ELSE ' 诉求/complaints' END || ' / ' || w.alert_days "
    "||"
    " ' d', array_to_string(w.tell, ' '), (SELECT count(*) FROM scoring.watch_hit h WHERE h.region = w.region AND"
    " h.watch = w.id)::text, (SELECT count(*) FROM scoring.watch_alert a WHERE a.region = w.region AND a.watch ="
    " w.id)::text, CASE WHEN w.ended_at IS NOT NULL THEN 'ended' WHEN w.swept_to IS NOT NULL THEN 'looking back' ELSE"
    " 'running' END FROM scoring.watch w WHERE $1 OR w.ended_at IS NULL ORDER BY w.id",
    9};

static const out_column WATCH_COLUMNS[] = {
    {"watch", "编号 / watch", false},   {"title", "名称 / title", false},    {"asks", "内容 / asks for", false},
    {"period", "期间 / period", false}, {"alert", "阈值 / alarm at", false}, {"tell", "通知 / tells", false},
    {"hits", "命中 / hits", true},      {"alerts", "预警 / alarms", true},   {"state", "状态 / state", false},
};

static int print_watches(session *s, void *arg, wjz_err *err) {
    wjz_rows *rows;
    wjz_param all = wjz_bool(*(bool *)arg);
    int r = session_read(s, &WATCHES, &all, 1, &rows, err);
    return r < 0 ? r : out_print(s->format, WATCH_COLUMNS, WJZ_COUNT(WATCH_COLUMNS), rows, "没有重点舆情 / no watches");
}

int command_watch_list(session *s, int argc, char **argv, wjz_err *err) {
    bool all = argument_flag(&argc, argv, "all");
    int r = argument_end(argc, argv, 0, "watch list [--all]", err);
    return r < 0 ? r : session_connected(s, false, print_watches, &all, err);
}

static const wjz_stmt HITS = {
    "ctl_watch_hits",
    "SELECT h.complaint::text, f.clue::text, c.stars::text, c.domain, to_char(h.at, 'YYYY-MM-DD HH24:MI'),"
    " CASE WHEN h.dated THEN 'reported' ELSE 'came' END, nullif(h.word, '') FROM scoring.watch_hit h"
    " JOIN scoring.finding f ON f.region = h.region AND f.complaint = h.complaint"
    " JOIN scoring.clue c ON c.region = f.region AND c.id = f.clue"
    " WHERE h.watch = $1 ORDER BY h.at DESC, h.complaint LIMIT $2",
    7};

static const out_column HIT_COLUMNS[] = {
    {"complaint", "诉求 / complaint", false}, {"clue", "线索 / clue", false}, {"stars", "星 / stars", true},
    {"domain", "领域 / domain", false},       {"at", "时间 / time", false},   {"time_is", "时间类型 / time is", false},
    {"word", "词语 / word", false},
};

typedef struct shown {
    int64_t watch, limit;
} shown;

static const wjz_stmt EXISTS = {"ctl_watch_exists", "SELECT EXISTS (SELECT FROM scoring.watch WHERE id = $1)", 1};

static int print_hits(session *s, void *arg, wjz_err *err) {
    const shown *q = arg;
    wjz_rows *rows;
    const wjz_param params[] = {wjz_i64(q->watch), wjz_i64(q->limit)};
    int r = session_read(s, &EXISTS, params, 1, &rows, err);
    if (r >= 0 && !wjz_row_bool(rows, 0, 0))
        r = wjz_err_set(err, -ENOENT, "cannot find watch %" PRId64 ": see wjz watch list --all", q->watch);
    if (r >= 0) r = session_read(s, &HITS, params, 2, &rows, err);
    return r < 0 ? r : out_print(s->format, HIT_COLUMNS, WJZ_COUNT(HIT_COLUMNS), rows, "没有命中 / no hits");
}

int command_watch_show(session *s, int argc, char **argv, wjz_err *err) {
    shown q = {.limit = 50};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 10000000, &q.limit, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 1, "watch show WATCH [--limit N]", err);
    if (r >= 0) r = argument_number("WATCH", argv[0], 1, INT64_MAX, &q.watch, err);
    return r < 0 ? r : session_connected(s, false, print_hits, &q, err);
}

/* --- add and end --- */

typedef struct watch_wish {
    Wjz__Scoring__DefineWatch ask;
    char *words[LIST_MOST], *branches[LIST_MOST], *domains[LIST_MOST], *tell[LIST_MOST];
    uint32_t towns[LIST_MOST];
    int64_t region;
} watch_wish;

static int take_day(int *argc, char **argv, const char *name, int32_t fallback, int32_t *ret_day, wjz_err *err) {
    const char *text = argument_option(argc, argv, name);
    wjz_day day;
    char rest;
    *ret_day = fallback;
    if (!text) return 0;
    if (sscanf(text, "%4d-%2d-%2d%c", &day.year, &day.month, &day.day, &rest) != 3)
        return wjz_err_set(err, -EINVAL, "--%s is \"%s\": give a day like 2026-11-23", name, text);
    *ret_day = wjz_day_number(day);
    return 0;
}

static int ask_watch(session *s, void *arg, wjz_err *err) {
    watch_wish *wish = arg;
    const ProtobufCMessage *reply;
    int32_t region;
    int r = session_region(s, wish->region, &region, err);
    if (r >= 0)
        r = session_ask_in(s, "scoring", region, &wish->ask.base, &wjz__scoring__watch_defined__descriptor, &reply,
                           err);
    if (r < 0) return r;
    printf("重点舆情 / watch %" PRIu64 "\n", ((const Wjz__Scoring__WatchDefined *)reply)->watch);
    return 0;
}

static int read_lists(int *argc, char **argv, watch_wish *w, wjz_err *err) {
    char *towns[LIST_MOST];
    int64_t town = 0;
    int r = argument_options(argc, argv, "word", w->words, LIST_MOST, &w->ask.n_words, err);
    if (r >= 0) r = argument_options(argc, argv, "branch", w->branches, LIST_MOST, &w->ask.n_branch, err);
    if (r >= 0) r = argument_options(argc, argv, "domain", w->domains, LIST_MOST, &w->ask.n_domain, err);
    if (r >= 0) r = argument_options(argc, argv, "tell", w->tell, LIST_MOST, &w->ask.n_tell, err);
    if (r >= 0) r = argument_options(argc, argv, "town", towns, LIST_MOST, &w->ask.n_town, err);
    for (size_t i = 0; r >= 0 && i < w->ask.n_town; i++) {
        r = argument_number("--town", towns[i], 100000000, 999999999, &town, err);
        w->towns[i] = (uint32_t)town;
    }
    w->ask.words = w->words;
    w->ask.branch = w->branches;
    w->ask.domain = w->domains;
    w->ask.tell = w->tell;
    w->ask.town = w->towns;
    return r;
}

int command_watch_add(session *s, int argc, char **argv, wjz_err *err) {
    static const char usage[] = "watch add TITLE --as PERSON --tell PERSON [--word W …] [--domain D …] [--from DAY]";
    watch_wish w = {.ask = WJZ__SCORING__DEFINE_WATCH__INIT};
    int64_t count, days;
    int32_t today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    w.ask.actor = (char *)argument_option(&argc, argv, "as");
    w.ask.alert_clues = argument_flag(&argc, argv, "clues");
    int r = read_lists(&argc, argv, &w, err);
    if (r >= 0) r = take_day(&argc, argv, "from", today, &w.ask.from_day, err);
    if (r >= 0) r = take_day(&argc, argv, "to", 0, &w.ask.to_day, err);
    if (r >= 0) r = argument_number_option(&argc, argv, "count", 1, 1000000, 3, &count, err);
    if (r >= 0) r = argument_number_option(&argc, argv, "days", 1, 366, 7, &days, err);
    if (r >= 0) r = argument_number_option(&argc, argv, "region", 100000, 999999, 0, &w.region, err);
    if (r >= 0) r = argument_end(argc, argv, 1, usage, err);
    if (r < 0) return r;
    if (!w.ask.actor) return wjz_err_set(err, -EINVAL, "say who defines it: --as PERSON");
    w.ask.title = argv[0];
    w.ask.alert_count = (uint32_t)count;
    w.ask.alert_days = (uint32_t)days;
    return session_connected(s, true, ask_watch, &w, err);
}

typedef struct ending {
    int64_t watch;
    const char *actor;
} ending;

static const wjz_stmt REGION_OF_WATCH = {"ctl_region_of_watch", "SELECT region FROM scoring.watch WHERE id = $1", 1};

static int ask_end(session *s, void *arg, wjz_err *err) {
    const ending *e = arg;
    int32_t region;
    const ProtobufCMessage *reply;
    Wjz__Scoring__EndWatch ask = WJZ__SCORING__END_WATCH__INIT;
    ask.watch = (uint64_t)e->watch;
    ask.actor = (char *)e->actor;
    int r = decide_region(s, &REGION_OF_WATCH, "watch", e->watch, "wjz watch list", &region, err);
    if (r >= 0)
        r = session_ask_in(s, "scoring", region, &ask.base, &wjz__scoring__watch_defined__descriptor, &reply, err);
    if (r >= 0) printf("已结束 / ended: %" PRId64 "\n", e->watch);
    return r;
}

int command_watch_end(session *s, int argc, char **argv, wjz_err *err) {
    ending e = {.actor = argument_option(&argc, argv, "as")};
    int r = argument_end(argc, argv, 1, "watch end WATCH --as PERSON", err);
    if (r >= 0) r = argument_number("WATCH", argv[0], 1, INT64_MAX, &e.watch, err);
    if (r >= 0 && !e.actor) r = wjz_err_set(err, -EINVAL, "say who ends it: --as PERSON");
    return r < 0 ? r : session_connected(s, true, ask_end, &e, err);
}
