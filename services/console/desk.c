/* The desk: what is mine, what is new, who is on duty; notices. */
#include <errno.h>

#include "console/ask.h"
#include "console/read.h"
#include "console/sql.h"
#include "console/sql_stations.h"
#include "proto/notification.pb-c.h"

#define SQL_NOTICE                                                                                                     \
    "json_build_object('id', n.id::text, 'event', n.event, 'template', n.template, 'title', n.title, 'body', n.body, " \
    "'urgency', n.urgency,"                                                                                            \
    " 'subject_kind', n.subject_kind, 'subject', CASE WHEN n.subject <> 0 THEN n.subject::text END, 'made_at', "       \
    "n.made_at,"                                                                                                       \
    " 'acknowledge_until', n.acknowledge_until, 'acknowledged_at', n.acknowledged_at)"

/* clang-format off */
#define SQL_ROWS(of) "COALESCE((SELECT json_agg(x.item ORDER BY x.place) FROM (" of ") x), '[]')"
#define SQL_MINE "c.merged_into = 0 AND c.state IN ('assigned', 'accepted', 'verifying')" \
    " AND c.prosecutor = (SELECT console.setting('person')) AND c.prosecutor <> ''"

/* Without parameters: planned once per connection. */
static const read_spec DESK = {
    {"console_desk",
     "SELECT json_build_object("
     "'mine', " SQL_ROWS(
        "SELECT " SQL_CLUE_ROW " AS item, row_number() OVER () AS place"
        " FROM (SELECT * FROM console.clue c WHERE " SQL_MINE " ORDER BY c.due_at, c.rank DESC LIMIT 50) c") ","
     "'fresh', " SQL_ROWS(
        "SELECT " SQL_CLUE_ROW " AS item, row_number() OVER () AS place"
        " FROM (SELECT * FROM console.clue c WHERE c.merged_into = 0 AND c.state = 'assigned' ORDER BY c.rank DESC, c.clue DESC LIMIT 20) c") ","
     "'duty', " SQL_ROWS(
        "SELECT json_build_object('shift', h.id::text, 'station', h.station, 'station_name', s.name, 'prosecutor', " SQL_PERSON("h.prosecutor") ","
        " 'starts_at', h.starts_at, 'ends_at', h.ends_at, 'reason', h.reason) AS item, row_number() OVER (ORDER BY h.starts_at, h.id) AS place"
        " FROM console.shift h JOIN console.station s ON s.region = h.region AND s.code = h.station"
        " WHERE h.state <> 'cancelled' AND h.starts_at >= current_date AND h.starts_at < current_date + 1") ","
     "'appointments', " SQL_ROWS(
        "SELECT " SQL_APPOINTMENT " AS item, row_number() OVER (ORDER BY a.starts_at, a.id) AS place"
        " FROM console.appointment a WHERE a.state IN ('held', 'confirmed') AND a.starts_at >= current_date AND a.starts_at < current_date + 2"
        " AND (a.prosecutor = (SELECT console.setting('person')) OR a.station = ANY ((SELECT console.settings('stations'))::text[])) LIMIT 50") ","
     "'visits', " SQL_ROWS(
        "SELECT " SQL_VISIT " AS item, row_number() OVER (ORDER BY v.starts_at, v.id) AS place"
        " FROM console.visit v WHERE v.state = 'proposed' AND v.prosecutor = (SELECT console.setting('person')) LIMIT 50") ","
     "'unread', (SELECT count(*) FROM console.notice n WHERE n.acknowledged_at IS NULL),"
     "'notices', " SQL_ROWS(
        "SELECT " SQL_NOTICE " AS item, row_number() OVER (ORDER BY n.id DESC) AS place"
        " FROM console.notice n WHERE n.acknowledged_at IS NULL ORDER BY n.id DESC LIMIT 20") ","
     "'counts', (SELECT json_build_object('open', count(*), 'unaccepted', count(*) FILTER (WHERE c.state = 'assigned'),"
        " 'overdue', count(*) FILTER (WHERE c.due_at < now()), 'urgent', count(*) FILTER (WHERE c.urgent),"
        " 'review', (SELECT count(*) FROM (SELECT FROM console.review r WHERE r.state = 'open' AND r.region = " SQL_REGIONS " LIMIT 100) q))"
        " FROM console.clue c WHERE " SQL_MINE "),"
     "'down', (SELECT COALESCE(json_agg(w.service ORDER BY w.service), '[]')"
        " FROM unnest(ARRAY['intake', 'scoring', 'assignment', 'scheduling', 'notification']) w(service)"
        " WHERE NOT EXISTS (SELECT FROM bus.instance i WHERE i.service = w.service AND i.heartbeat_at > now() - interval '5 seconds'))"
     ")::text",
     1},
    {{0}}};
/* clang-format on */

static const read_spec NOTICES = {
    {"console_notices",
     "SELECT " SQL_NOTICE
     "::text, n.id, n.id FROM console.notice n WHERE ($1::text IS NULL OR (n.acknowledged_at IS NULL) = ($1 = 'true'))"
     " AND ($2::int8 IS NULL OR n.id < $3::int8) ORDER BY n.id DESC LIMIT $4",
     3},
    {{"unread", BIND_FLAG}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static const wjz_stmt NOTICE_TARGET = {"console_notice_target",
                                       "SELECT region, '', 0::int8 FROM console.notice WHERE id = $1", 3};
static const wjz_stmt ONE_NOTICE = {"console_one_notice",
                                    "SELECT " SQL_NOTICE "::text FROM console.notice n WHERE n.id = $1", 1};

static const question ACKNOWLEDGE = {.service = "notification",
                                     .asks = &wjz__notification__acknowledge_notice__descriptor,
                                     .answers = &wjz__notification__notice_acknowledged__descriptor,
                                     .about = "notice",
                                     .target = &NOTICE_TARGET,
                                     .actor = "actor"};

/* Answers with the notice as it is then. */
static int acknowledge_run(exchange *x, wjz_err *err) {
    target t;
    const ProtobufCMessage *answer;
    wjz_rows *rows;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Notification__AcknowledgeNotice message = WJZ__NOTIFICATION__ACKNOWLEDGE_NOTICE__INIT;
    message.notice = (uint64_t)exchange_id(x, "notice");
    message.actor = (char *)x->who.person;
    r = ask_send(x, &ACKNOWLEDGE, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    r = wjz_tx_query_v(x->tx, &ONE_NOTICE, &rows, err, wjz_i64(exchange_id(x, "notice")));
    return r < 0 ? r : read_answer_one(x, rows);
}

/* --- channels --- */

static const read_spec PREFERENCES = {
    {"console_preferences",
     "SELECT json_build_object('email', COALESCE(bool_and(p.enabled) FILTER (WHERE p.channel = 'email'), true),"
     " 'webhook', COALESCE(bool_and(p.enabled) FILTER (WHERE p.channel = 'webhook'), true))::text FROM "
     "console.preference p",
     1},
    {{0}}};

static const question PREFER = {.service = "notification",
                                .asks = &wjz__notification__set_preference__descriptor,
                                .answers = &wjz__notification__preference_set__descriptor};

static int prefer_run(exchange *x, wjz_err *err) {
    static const char *const channels[] = {"email", "webhook"};
    target t = {.region = x->who.region};
    const ProtobufCMessage *answer;
    for (size_t i = 0; i < WJZ_COUNT(channels); i++) {
        Wjz__Notification__SetPreference message = WJZ__NOTIFICATION__SET_PREFERENCE__INIT;
        message.person = message.actor = (char *)x->who.person;
        message.channel = (char *)channels[i];
        message.enabled = json_is_true(json_object_get(x->body, channels[i]));
        int r = ask_send(x, &PREFER, &t, &message.base, &answer, err);
        if (r != 0) return r < 0 ? r : 0;
    }
    return answer_json(x, 200, json_incref(x->body));
}

const endpoint DESK_ENDPOINTS[] = {
    READ_ONE("readDesk", ANYBODY, &DESK),
    READ_PAGE("listNotices", ANYBODY, &NOTICES),
    {"acknowledgeNotice", ANYBODY, ask_prepare, acknowledge_run, &ACKNOWLEDGE, NULL, NULL},
    READ_ONE("readPreferences", ANYBODY, &PREFERENCES),
    {"setPreferences", ANYBODY, NULL, prefer_run, &PREFER, NULL, NULL},
    {0},
};
