/* Clues: lists, one with its score card, and the export that other tools read. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/known.h"
#include "ctl/wording.h"
#include "proto/rules.pb-c.h"
#include "wjz/clock.h"

typedef struct query {
    const char *feed, *domain, *branch, *organ;
    int64_t stars, limit, clue;
    wording_language language;
    bool rules;
} query;

static const wjz_stmt LIST = {
    "ctl_clues",
    "SELECT c.id::text, round(c.index::numeric, 1)::text, c.stars::text, c.kind, c.branch, c.domain, "
    "c.complaint_count::text,"
    " nullif(c.place, ''), a.organ, nullif(a.prosecutor, ''), a.state, to_char(c.last_report_at, 'YYYY-MM-DD')"
    " FROM scoring.clue c LEFT JOIN assignment.assignment a ON a.region = c.region AND a.clue = c.id AND a.ended_at IS "
    "NULL"
    " WHERE c.merged_into = 0 AND c.stars >= $1 AND ($2::text IS NULL OR c.domain = $2) AND ($3::text IS NULL OR "
    "c.branch = $3)"
    " AND ($4::text IS NULL OR a.organ = $4) ORDER BY c.stars DESC, c.index DESC, c.id LIMIT $5",
    12};

static const out_column LIST_COLUMNS[] = {
    {"clue", "线索 / clue", false},
    {"index", "成案指数 / index", true},
    {"stars", "星 / stars", true},
    {"kind", "类型 / kind", false},
    {"branch", "检察 / branch", false},
    {"domain", "领域 / domain", false},
    {"complaints", "诉求 / complaints", true},
    {"place", "地点 / place", false},
    {"organ", "检察院 / organ", false},
    {"prosecutor", "检察官 / prosecutor", false},
    {"state", "状态 / state", false},
    {"last_report", "最近 / last", false},
};

static int print_list(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    const wjz_param params[] = {wjz_i16((int16_t)q->stars), wjz_text(q->domain), wjz_text(q->branch),
                                wjz_text(q->organ), wjz_i64(q->limit)};
    int r = known_domain(s, q->domain, err);
    if (r >= 0) r = known_organ(s, q->organ, err);
    if (r >= 0) r = session_read(s, &LIST, params, WJZ_COUNT(params), &rows, err);
    return r < 0 ? r : out_print(s->format, LIST_COLUMNS, WJZ_COUNT(LIST_COLUMNS), rows, "没有线索 / no clues");
}

int command_clues_list(session *s, int argc, char **argv, wjz_err *err) {
    static const char *const BRANCHES[] = {"public_interest", "administrative", "civil", "criminal", "none", NULL};
    query q = {.domain = argument_option(&argc, argv, "domain"),
               .organ = argument_option(&argc, argv, "organ"),
               .stars = 1,
               .limit = 50};
    const char *stars = argument_option(&argc, argv, "stars"), *limit = argument_option(&argc, argv, "limit");
    int r = stars ? argument_number("--stars", stars, 1, 5, &q.stars, err) : 0;
    if (r >= 0 && limit) r = argument_number("--limit", limit, 1, 10000000, &q.limit, err);
    if (r >= 0) r = argument_choice(&argc, argv, "branch", BRANCHES, &q.branch, err);
    if (r >= 0)
        r = argument_end(argc, argv, 0, "clues list [--stars N] [--domain D] [--branch B] [--organ O] [--limit N]",
                         err);
    return r < 0 ? r : session_connected(s, false, print_list, &q, err);
}

/* --- one clue --- */

static const wjz_stmt SHOW = {"ctl_clue",
                              "SELECT c.card, c.merged_into, p.outline FROM scoring.clue c LEFT JOIN scoring.pack p"
                              " ON p.version = c.pack WHERE c.id = $1",
                              3};

static const wjz_stmt SHOW_RATINGS = {
    "ctl_clue_ratings",
    "SELECT rater, stars::text, computed_stars::text, round(computed_index::numeric, 1)::text, pack,"
    " to_char(rated_at, 'YYYY-MM-DD HH24:MI'), to_char(withdrawn_at, 'YYYY-MM-DD HH24:MI')"
    " FROM scoring.rating WHERE region = (SELECT region FROM scoring.clue WHERE id = $1) AND clue = $1"
    " ORDER BY rated_at, id",
    7};

static const out_column RATING_COLUMNS[] = {
    {"rater", "评星人 / by", false},
    {"stars", "星 / stars", true},
    {"computed_stars", "机器星级 / computed", true},
    {"computed_index", "机器指数 / index", true},
    {"pack", "规则包 / pack", false},
    {"rated_at", "时间 / at", false},
    {"withdrawn_at", "撤回 / withdrawn", false},
};

static const wjz_stmt SHOW_COMPLAINTS = {
    "ctl_clue_complaints",
    "SELECT i.id::text, f.name, i.external_id, to_char(i.received_at, 'YYYY-MM-DD HH24:MI'), i.order_type, i.status,"
    " CASE WHEN i.satisfaction >= 4 AND i.satisfaction <= 5 THEN 'dissatisfied' END"
    " FROM scoring.finding x JOIN intake.complaint i ON i.region = x.region AND i.id = x.complaint"
    " JOIN intake.feed f ON f.number = i.feed WHERE x.region = (SELECT region FROM scoring.clue WHERE id = $1) AND "
    "x.clue = $1"
    " ORDER BY i.received_at, i.id",
    7};

static const out_column COMPLAINT_COLUMNS[] = {
    {"complaint", "诉求 / complaint", false}, {"feed", "数据源 / feed", false},
    {"external_id", "编号 / id", false},      {"received_at", "时间 / received", false},
    {"order_type", "类型 / type", false},     {"status", "状态 / status", false},
    {"satisfaction", "评价 / rating", false},
};

static const wjz_stmt SHOW_ASSIGNMENTS = {
    "ctl_clue_assignments",
    "SELECT a.id::text, a.state, a.organ, nullif(a.station, ''), nullif(a.prosecutor, ''),"
    " to_char(a.opened_at, 'YYYY-MM-DD HH24:MI'), replace(a.trace, E'\\n', '; ')"
    " FROM assignment.assignment a WHERE a.clue = $1 ORDER BY a.opened_at, a.id",
    7};

static const out_column ASSIGNMENT_COLUMNS[] = {
    {"assignment", "分派 / assignment", false},
    {"state", "状态 / state", false},
    {"organ", "检察院 / organ", false},
    {"station", "联络站 / station", false},
    {"prosecutor", "检察官 / prosecutor", false},
    {"opened_at", "时间 / opened", false},
    {"why", "依据 / why", false},
};

static const char *const FIELDS[] = {
    "",           "标题/title", "内容/content", "分类/categories", "地址/address", "回访/visit note",
    "答复/reply", "状态/status"};

static const out_column FACTOR_COLUMNS[] = {
    {"factor", "因子 / factor", false},     {"points", "得分 / points", true},      {"max", "满分 / max", true},
    {"measured", "测得 / measured", false}, {"evidence", "依据 / evidence", false},
};

static const char *describe_notes(wjz_arena *arena, const Wjz__Scoring__Factor *factor) {
    const char *text = "";
    for (size_t i = 0; text && i < factor->n_notes; i++)
        text = wjz_arena_printf(arena, "%s%s%s=%s", text, i ? " " : "", factor->notes[i]->key, factor->notes[i]->value);
    return text;
}

/* Where it stands, not what it says: `wjz` shows no complaint's text. */
static const char *describe_evidence(wjz_arena *arena, const Wjz__Scoring__Factor *factor) {
    const char *text = "";
    for (size_t i = 0; text && i < factor->n_evidence; i++) {
        const Wjz__Scoring__Evidence *e = factor->evidence[i];
        const char *field = e->span && e->span->field < WJZ_COUNT(FIELDS) ? FIELDS[e->span->field] : "";
        text = wjz_arena_printf(arena, "%s%s%s", text, i ? "; " : "", e->rule);
        if (text && e->span && e->span->to > e->span->from)
            text = wjz_arena_printf(arena, "%s @%" PRIu64 " %s %u–%u", text, e->complaint, field, e->span->from,
                                    e->span->to);
    }
    return text;
}

static int put_factor(session *s, out_table *table, const Wjz__Scoring__Factor *factor) {
    char points[32], max[32];
    snprintf(points, sizeof points, "%g", factor->points);
    snprintf(max, sizeof max, "%g", factor->max);
    return out_row(table, (const char *[]){factor->id, points, factor->max > 0 ? max : NULL,
                                           describe_notes(s->arena, factor), describe_evidence(s->arena, factor)});
}

static int print_factors(session *s, const Wjz__Scoring__ScoreCard *card) {
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(s->format, FACTOR_COLUMNS, WJZ_COUNT(FACTOR_COLUMNS), &table);
    for (size_t i = 0; r >= 0 && i < card->n_factors; i++)
        r = put_factor(s, table, card->factors[i]);
    for (size_t i = 0; r >= 0 && i < card->n_adjustments; i++)
        r = put_factor(s, table, card->adjustments[i]);
    if (r >= 0) out_close(&table, "");
    return r;
}

/* The card in words; without its pack's outline names stay ids. */
static void print_words(const query *q, const Wjz__Scoring__ScoreCard *card, const Wjz__Scoring__PackOutline *outline,
                        int64_t merged_into) {
    wording w = {.out = stdout,
                 .language = q->language,
                 .outline = outline,
                 .today = wjz_day_number(wjz_clock_day(wjz_clock_us())),
                 .rules = q->rules};
    printf("线索 / clue %" PRId64 "\n", q->clue);
    if (merged_into) printf("已并入 / merged into %" PRId64 "\n", merged_into);
    wording_card(&w, card);
}

static int unpack(session *s, const ProtobufCMessageDescriptor *type, wjz_blob packed, const ProtobufCMessage **ret,
                  wjz_err *err) {
    return wjz_message_unpack(type, packed.data, packed.length, s->arena, ret, err);
}

static int print_card(session *s, const query *q, const wjz_rows *rows, wjz_err *err) {
    const ProtobufCMessage *card = NULL, *outline = NULL;
    int r = unpack(s, &wjz__scoring__score_card__descriptor, wjz_row_bytes(rows, 0, 0), &card, err);
    if (r >= 0 && !wjz_row_null(rows, 0, 2))
        r = unpack(s, &wjz__scoring__pack_outline__descriptor, wjz_row_bytes(rows, 0, 2), &outline, err);
    if (r < 0) return r;
    if (s->format != OUT_TABLE) return print_factors(s, (const Wjz__Scoring__ScoreCard *)card);
    print_words(q, (const Wjz__Scoring__ScoreCard *)card, (const Wjz__Scoring__PackOutline *)outline,
                wjz_row_int(rows, 0, 1));
    return 0;
}

static int print_rows(session *s, const wjz_stmt *stmt, int64_t clue, const out_column *columns, size_t count,
                      const char *title, wjz_err *err) {
    wjz_rows *rows;
    wjz_param id = wjz_i64(clue);
    int r = session_read(s, stmt, &id, 1, &rows, err);
    if (r < 0) return r;
    if (s->format == OUT_TABLE) printf("\n— %s —\n", title);
    return out_print(s->format, columns, count, rows, "无 / none");
}

static int print_clue(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    wjz_param id = wjz_i64(q->clue);
    int r = session_read(s, &SHOW, &id, 1, &rows, err);
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find clue %" PRId64 ": see wjz clues list", q->clue);
    r = print_card(s, q, rows, err);
    if (r >= 0)
        r = print_rows(s, &SHOW_COMPLAINTS, q->clue, COMPLAINT_COLUMNS, WJZ_COUNT(COMPLAINT_COLUMNS),
                       "诉求 / complaints", err);
    if (r >= 0)
        r = print_rows(s, &SHOW_ASSIGNMENTS, q->clue, ASSIGNMENT_COLUMNS, WJZ_COUNT(ASSIGNMENT_COLUMNS),
                       "分派 / assignments", err);
    if (r >= 0)
        r = print_rows(s, &SHOW_RATINGS, q->clue, RATING_COLUMNS, WJZ_COUNT(RATING_COLUMNS), "评星 / people's stars",
                       err);
    return r;
}

int command_clues_show(session *s, int argc, char **argv, wjz_err *err) {
    query q = {.rules = argument_flag(&argc, argv, "rules")};
    int r = wording_language_option(&argc, argv, &q.language, err);
    if (r >= 0) r = argument_end(argc, argv, 1, "clues show CLUE [--lang zh|en] [--rules]", err);
    if (r >= 0) r = argument_number("CLUE", argv[0], 1, INT64_MAX, &q.clue, err);
    return r < 0 ? r : session_connected(s, false, print_clue, &q, err);
}

/* --- export --- */

/* In pages by complaint id, so that a feed of any size needs little memory. */
static const wjz_stmt EXPORT = {
    "ctl_export",
    "SELECT i.external_id, x.clue::text, round(c.index::numeric, 2)::text, c.stars::text, c.kind, c.branch, c.domain,"
    " coalesce(nullif(c.report_region, 0), i.region)::text, a.organ, nullif(a.station, ''), nullif(a.prosecutor, ''), "
    "i.id,"
    " x.finding"
    " FROM intake.complaint i JOIN scoring.finding x ON x.region = i.region AND x.complaint = i.id"
    " JOIN scoring.clue c ON c.region = x.region AND c.id = x.clue"
    " LEFT JOIN assignment.assignment a ON a.region = c.region AND a.clue = c.id AND a.ended_at IS NULL"
    " WHERE i.feed = (SELECT number FROM intake.feed WHERE name = $1) AND i.id > $2 ORDER BY i.id LIMIT $3",
    13};

static const wjz_stmt FEED_EXISTS = {"ctl_feed_exists", "SELECT count(*) FROM intake.feed WHERE name = $1", 1};

enum { EXPORT_COLUMNS = 11, EXPORT_PAGE = 5000 };

/* Kind, branch and domain are the complaint's own; index and stars are the matter's. */
static const out_column COLUMNS[EXPORT_COLUMNS] = {
    {"external_id", "编号 / id", false},
    {"clue", "线索 / clue", false},
    {"index", "成案指数 / index", true},
    {"stars", "星 / stars", true},
    {"kind", "类型 / kind", false},
    {"branch", "检察 / branch", false},
    {"domain", "领域 / domain", false},
    {"region", "区划 / region", false},
    {"organ", "检察院 / organ", false},
    {"station", "联络站 / station", false},
    {"prosecutor", "检察官 / prosecutor", false},
};

static int export_row(session *s, out_table *table, const wjz_rows *rows, int row, wjz_err *err) {
    const char *cells[EXPORT_COLUMNS];
    for (int i = 0; i < EXPORT_COLUMNS; i++)
        cells[i] = wjz_row_text(rows, row, i);
    wjz_blob packed = wjz_row_bytes(rows, row, 12);
    const ProtobufCMessage *message;
    int r = wjz_message_unpack(&wjz__scoring__finding__descriptor, packed.data, packed.length, s->arena, &message, err);
    if (r < 0) return r;
    const Wjz__Scoring__Finding *finding = (const Wjz__Scoring__Finding *)message;
    cells[4] = finding->kind;
    cells[5] = finding->branch;
    cells[6] = finding->domain;
    return out_row(table, cells);
}

static int export_feed(session *s, void *arg, wjz_err *err) {
    const query *q = arg;
    wjz_rows *rows;
    wjz_param feed = wjz_text(q->feed);
    int r = session_read(s, &FEED_EXISTS, &feed, 1, &rows, err);
    if (r < 0) return r;
    if (wjz_row_int(rows, 0, 0) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find feed \"%s\": see wjz feeds list", q->feed);
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    r = out_open(s->format, COLUMNS, EXPORT_COLUMNS, &table);
    int64_t after = 0;
    int count = EXPORT_PAGE;
    while (r >= 0 && count == EXPORT_PAGE) {
        const wjz_param params[] = {wjz_text(q->feed), wjz_i64(after), wjz_i64(EXPORT_PAGE)};
        wjz_arena_reset(s->arena);
        r = session_read(s, &EXPORT, params, WJZ_COUNT(params), &rows, err);
        if (r < 0) return r;
        count = wjz_rows_count(rows);
        for (int row = 0; r >= 0 && row < count; row++)
            r = export_row(s, table, rows, row, err);
        if (count > 0) after = wjz_row_int(rows, count - 1, 11);
    }
    if (r >= 0) out_close(&table, "没有诉求 / no complaints");
    return r;
}

int command_clues_export(session *s, int argc, char **argv, wjz_err *err) {
    query q = {.feed = argument_option(&argc, argv, "feed")};
    int r = argument_end(argc, argv, 0, "clues export --feed NAME", err);
    if (r < 0) return r;
    if (!q.feed) return wjz_err_set(err, -EINVAL, "say which feed: --feed NAME (see wjz feeds list)");
    return session_connected(s, false, export_feed, &q, err);
}
