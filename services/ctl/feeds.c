/* Feeds: what comes from where, and how it is. Keys are made by intake and shown once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "proto/intake.pb-c.h"

static const wjz_stmt LIST = {
    "ctl_feeds",
    "SELECT f.name, f.title, f.region::text, f.profile, f.source_kind, CASE WHEN f.disabled THEN 'no' ELSE 'yes' END,"
    " coalesce(d.accepted, 0)::text, coalesce(d.duplicate, 0)::text, coalesce(d.revised, 0)::text,"
    " coalesce(d.rejected, 0)::text, to_char(d.last_at, 'YYYY-MM-DD HH24:MI:SS'), f.sequence_floor::text,"
    " coalesce(b.beyond, 0)::text"
    " FROM intake.feed f"
    " LEFT JOIN (SELECT feed, sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(revised) AS revised,"
    "   sum(rejected) AS rejected, max(last_at) AS last_at FROM intake.feed_day GROUP BY feed) d ON d.feed = f.number"
    " LEFT JOIN LATERAL (SELECT max(sequence) - f.sequence_floor - count(*) AS beyond FROM intake.batch"
    "   WHERE feed = f.number AND region = f.region AND sequence > f.sequence_floor) b ON true"
    " ORDER BY f.name",
    13};

static const out_column COLUMNS[] = {
    {"name", "数据源 / feed", false},      {"title", "名称 / title", false},
    {"region", "区划 / region", false},    {"profile", "映射 / profile", false},
    {"source", "来源 / source", false},    {"enabled", "启用 / enabled", false},
    {"accepted", "收到 / accepted", true}, {"duplicate", "重复 / duplicate", true},
    {"revised", "修订 / revised", true},   {"rejected", "拒收 / rejected", true},
    {"last_at", "最近 / last", false},     {"sequence", "序号 / sequence", true},
    {"missing", "缺批 / missing", true},
};

static int print_list(session *s, void *arg, wjz_err *err) {
    (void)arg;
    wjz_rows *rows;
    int r = session_read(s, &LIST, NULL, 0, &rows, err);
    return r < 0 ? r : out_print(s->format, COLUMNS, WJZ_COUNT(COLUMNS), rows, "没有数据源 / no feeds");
}

int command_feeds_list(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "feeds list", err);
    return r < 0 ? r : session_connected(s, false, print_list, NULL, err);
}

typedef struct feed_change {
    Wjz__Intake__DefineFeed *question;
    bool keep; /* whether it is disabled: as it was */
} feed_change;

/* The question always says whether a feed is disabled, and a feed that somebody has shut stays shut. */
static int keep_disabled(session *s, Wjz__Intake__DefineFeed *question, wjz_err *err) {
    static const wjz_stmt stmt = {"ctl_feed_disabled", "SELECT disabled FROM intake.feed WHERE name = $1", 1};
    wjz_rows *rows;
    wjz_param name = wjz_text(question->name);
    int r = session_read(s, &stmt, &name, 1, &rows, err);
    if (r >= 0 && wjz_rows_count(rows) > 0) question->disabled = wjz_row_bool(rows, 0, 0);
    return r;
}

static int ask_define(session *s, void *arg, wjz_err *err) {
    const feed_change *change = arg;
    const Wjz__Intake__DefineFeed *question = change->question;
    const ProtobufCMessage *answer;
    int r = change->keep ? keep_disabled(s, change->question, err) : 0;
    if (r < 0) return r;
    r = session_ask(s, "intake", &question->base, &wjz__intake__feed_defined__descriptor, &answer, err);
    if (r < 0) return r;
    const Wjz__Intake__FeedDefined *defined = (const Wjz__Intake__FeedDefined *)answer;
    static const out_column columns[] = {
        {"name", "数据源 / feed", false},
        {"bearer_key", "密钥（只显示一次） / key, shown once", false},
        {"door_endpoint", "推送地址 / door", false},
        {"door_public_key", "服务器公钥 / server key", false},
    };
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    r = out_open(s->format, columns, WJZ_COUNT(columns), &table);
    if (r >= 0)
        r = out_row(table, (const char *[]){defined->name, defined->bearer_key[0] ? defined->bearer_key : NULL,
                                            defined->door_endpoint, defined->door_public_key});
    if (r >= 0) out_close(&table, "");
    if (r >= 0 && defined->warning[0]) fprintf(stderr, "wjz feeds define: %s\n", defined->warning);
    return r;
}

static char *text_option(int *argc, char **argv, const char *name) {
    const char *text = argument_option(argc, argv, name);
    return (char *)(text ? text : "");
}

int command_feeds_define(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Intake__DefineFeed question = WJZ__INTAKE__DEFINE_FEED__INIT;
    question.title = text_option(&argc, argv, "title");
    question.profile = text_option(&argc, argv, "profile");
    question.legal_basis = text_option(&argc, argv, "legal-basis");
    question.clue_source = text_option(&argc, argv, "clue-source");
    question.curve_key = text_option(&argc, argv, "curve-key");
    question.new_bearer_key = argument_flag(&argc, argv, "new-bearer-key");
    bool disable = argument_flag(&argc, argv, "disable"), enable = argument_flag(&argc, argv, "enable");
    const char *region = argument_option(&argc, argv, "region"), *rate = argument_option(&argc, argv, "rate");
    const char *silent = argument_option(&argc, argv, "silent-after");
    int64_t number = 0, per_second = 0, hours = 0;
    int r = region ? argument_number("--region", region, 110000, 999999, &number, err) : 0;
    if (r >= 0 && rate) r = argument_number("--rate", rate, 1, 1000000, &per_second, err);
    if (r >= 0 && silent) r = argument_number("--silent-after", silent, 1, 24 * 366, &hours, err);
    if (r >= 0) r = argument_end(argc, argv, 1, "feeds define NAME …", err);
    if (r >= 0 && disable && enable) r = wjz_err_set(err, -EINVAL, "give --disable or --enable, not both");
    if (r < 0) return r;
    feed_change change = {.question = &question, .keep = !disable && !enable};
    question.disabled = disable;
    question.name = argv[0];
    question.region = (uint32_t)number;
    question.rate_per_second = (uint32_t)per_second;
    question.silent_after_s = (uint32_t)hours * 3600;
    return session_connected(s, true, ask_define, &change, err);
}
