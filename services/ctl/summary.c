/* `wjz summary`: one look at the whole: stars, funnel, assignments per organ, tomorrow's rota, notices. */
#include <stdio.h>

#include "ctl/command.h"

typedef struct part {
    const char *title;
    wjz_stmt stmt;
    const out_column *columns;
    size_t count;
    const char *empty;
} part;

static const out_column STARS[] = {{"stars", "星级 / stars", false},
                                   {"clues", "线索 / clues", true},
                                   {"complaints", "诉求 / complaints", true},
                                   {"share", "占推送 / of pushed %", true}};
static const out_column FUNNEL[] = {{"step", "步骤 / step", false}, {"count", "数量 / count", true}};
static const out_column ORGANS[] = {{"organ", "检察院 / organ", false},
                                    {"name", "名称 / name", false},
                                    {"open", "在办 / open", true},
                                    {"unaccepted", "待接收 / unaccepted", true},
                                    {"five_star", "五星 / 5★", true}};
static const out_column ROTA[] = {{"day", "日期 / day", false},
                                  {"hours", "时间 / hours", false},
                                  {"station", "联络站 / station", false},
                                  {"who", "检察官 / prosecutor", false},
                                  {"visits", "走访 / visits", true}};
static const out_column TOLD[] = {{"template", "通知 / notice", false},
                                  {"channel", "渠道 / channel", false},
                                  {"state", "状态 / state", false},
                                  {"count", "数量 / count", true}};

#define ALIVE_CLUE "merged_into = 0"

static const part PARTS[] = {
    {"星级分布 / stars",
     {"ctl_summary_stars",
      "SELECT repeat('★', stars) || ' ' || stars, count(*)::text, sum(complaint_count)::text,"
      " CASE WHEN stars >= 3 THEN round(100.0 * count(*) / nullif(sum(count(*)) FILTER (WHERE stars >= 3) OVER (), 0), "
      "1)::text END"
      " FROM scoring.clue WHERE " ALIVE_CLUE " GROUP BY stars ORDER BY stars DESC",
      4},
     STARS,
     WJZ_COUNT(STARS),
     "还没有线索 / no clues yet"},
    {"漏斗 / funnel",
     {"ctl_summary_funnel",
      "SELECT step, n::text FROM (VALUES"
      " (1, '诉求 / complaints', (SELECT count(*) FROM intake.complaint)),"
      " (2, '线索 / clues', (SELECT count(*) FROM scoring.clue WHERE " ALIVE_CLUE ")),"
      " (3, '推送 ≥3★ / pushed', (SELECT count(*) FROM scoring.clue WHERE stars >= 3 AND " ALIVE_CLUE ")),"
      " (4, '五星 / five stars', (SELECT count(*) FROM scoring.clue WHERE stars = 5 AND " ALIVE_CLUE ")),"
      " (5, '调解 <3★ / to be mediated', (SELECT count(*) FROM scoring.clue WHERE mediation AND stars < 3 AND " ALIVE_CLUE
      ")),"
      " (6, '已分派 / assigned', (SELECT count(*) FROM assignment.assignment WHERE ended_at IS NULL)),"
      " (7, '已接收 / accepted', (SELECT count(*) FROM assignment.assignment WHERE state IN ('accepted', 'verifying', "
      "'closed'))),"
      " (8, '有结果 / with an outcome', (SELECT count(*) FROM assignment.outcome)),"
      " (9, '立案 / filed', (SELECT count(*) FROM assignment.outcome WHERE outcome = 'filed'))"
      ") f (ord, step, n) ORDER BY ord",
      2},
     FUNNEL,
     WJZ_COUNT(FUNNEL),
     ""},
    {"各院在办 / assignments per organ",
     {"ctl_summary_organs",
      "SELECT a.organ, o.name, count(*)::text, count(*) FILTER (WHERE a.state = 'assigned')::text,"
      " count(*) FILTER (WHERE a.stars = 5)::text FROM assignment.assignment a LEFT JOIN directory.organ o ON o.code = "
      "a.organ"
      " WHERE a.ended_at IS NULL GROUP BY a.organ, o.name ORDER BY count(*) DESC, a.organ",
      5},
     ORGANS,
     WJZ_COUNT(ORGANS),
     "没有分派 / no assignments"},
    {"下一个到岗日 / the next duty day",
     {"ctl_summary_rota",
      "SELECT to_char(s.starts_at, 'YYYY-MM-DD'), to_char(s.starts_at, 'HH24:MI') || '–' || to_char(s.ends_at, "
      "'HH24:MI'),"
      " coalesce(t.name, s.station), coalesce(p.name, '空缺 / nobody'),"
      " (SELECT count(*) FROM scheduling.visit v WHERE v.region = s.region AND v.shift = s.id"
      "  AND v.state IN ('proposed', 'accepted'))::text"
      " FROM scheduling.shift s LEFT JOIN directory.station t ON t.region = s.region AND t.code = s.station"
      " LEFT JOIN directory.person p ON p.region = s.region AND p.code = s.prosecutor"
      " WHERE s.state <> 'cancelled' AND s.duty_day = (SELECT min(duty_day) FROM scheduling.shift"
      "  WHERE state <> 'cancelled' AND duty_day > current_date) ORDER BY s.starts_at, 3",
      5},
     ROTA,
     WJZ_COUNT(ROTA),
     "没有班次 / no shifts"},
    {"通知 / notices",
     {"ctl_summary_notices",
      "SELECT template, channel, state, count(*)::text FROM (SELECT n.template, 'inbox' AS channel,"
      "  CASE WHEN n.acknowledged_at IS NULL THEN 'told' ELSE 'acknowledged' END AS state FROM notification.notice n"
      "  UNION ALL SELECT n.template, s.channel, s.state FROM notification.sending s"
      "  JOIN notification.notice n ON n.region = s.region AND n.id = s.notice) x GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
      4},
     TOLD,
     WJZ_COUNT(TOLD),
     "没有通知 / no notices"},
};

static int print_parts(session *s, void *arg, wjz_err *err) {
    (void)arg;
    for (size_t i = 0; i < WJZ_COUNT(PARTS); i++) {
        wjz_rows *rows;
        int r = session_read(s, &PARTS[i].stmt, NULL, 0, &rows, err);
        if (r < 0) return r;
        if (s->format == OUT_TABLE) printf("%s— %s —\n", i ? "\n" : "", PARTS[i].title);
        r = out_print(s->format, PARTS[i].columns, PARTS[i].count, rows, PARTS[i].empty);
        if (r < 0) return r;
    }
    return 0;
}

int command_summary(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "summary", err);
    return r < 0 ? r : session_connected(s, false, print_parts, NULL, err);
}
