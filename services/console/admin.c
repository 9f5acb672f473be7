/* Administration. The three administrators (三员分立): the system's makes accounts and looks after services, the
 * security's gives roles, locks and unlocks, the audit's reads who did what. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/console.h"
#include "console/password.h"
#include "console/read.h"
#include "console/sql.h"
#include "console/store_admin.h"
#include "console/yaml_json.h"
#include "proto/assignment.pb-c.h"
#include "proto/bus.pb-c.h"

/* --- accounts --- */

#define SQL_ACCOUNT                                                                                                    \
    "json_build_object('login', a.login, 'person', " SQL_PERSON(                                                       \
        "a.person") ", 'organ', COALESCE(p.organ, ''), 'region', a.region, 'roles', a.roles,"                          \
                    " 'locked', COALESCE(a.locked_until > now(), false), 'locked_until', CASE WHEN a.locked_until > "  \
                    "now() AND a.locked_until < 'infinity' THEN a.locked_until END,"                                   \
                    " 'must_change', a.must_change, 'totp', a.totp IS NOT NULL, 'active', COALESCE(p.active, false), " \
                    "'last_login_at', a.last_login_at, 'created_at', a.created_at,"                                    \
                    " 'version', a.revision::text)::text"
#define SQL_ACCOUNT_FROM                                                                                               \
    " FROM console.account a LEFT JOIN console.person p ON p.region = a.region AND p.code = a.person"

static const read_spec ACCOUNTS = {
    {"console_accounts",
     "SELECT " SQL_ACCOUNT ", x.place, 0::int8" SQL_ACCOUNT_FROM
     " JOIN (SELECT b.login, row_number() OVER (ORDER BY b.login) AS place FROM console.account b) x ON x.login = "
     "a.login"
     " WHERE a.region = (SELECT console.setting('region')::int4) AND ($1::text IS NULL OR a.login LIKE '%' || $1 || "
     "'%' OR "
     "a.person = $1)"
     " AND ($2::int8 IS NULL OR x.place > $2) AND $3::int8 IS NOT DISTINCT FROM $3 ORDER BY x.place LIMIT $4",
     3},
    {{"q", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};
static const wjz_stmt ACCOUNT = {"console_account_one",
                                 "SELECT " SQL_ACCOUNT SQL_ACCOUNT_FROM
                                 " WHERE a.login = $1 AND a.region = (SELECT console.setting('region')::int4)",
                                 1};

static const read_spec PEOPLE = {
    {"console_people",
     "SELECT json_build_object('code', p.code, 'name', p.name, 'organ', p.organ, 'region', p.region, 'roles', p.roles, "
     "'branches', p.branches, 'specialities', p.specialities,"
     " 'stations', p.stations, 'email', p.email, 'active', p.active, 'login', (SELECT a.login FROM console.account a "
     "WHERE a.region = p.region AND a.person = p.code))::text,"
     " x.place, 0::int8 FROM console.person p JOIN (SELECT q.region, q.code, row_number() OVER (ORDER BY q.region, "
     "q.code) AS place FROM console.person q) x"
     " ON x.region = p.region AND x.code = p.code WHERE ($1::text IS NULL OR p.name LIKE '%' || $1 || '%' OR p.code = "
     "$1) AND ($2::text IS NULL OR p.organ = $2)"
     " AND ($3::int8 IS NULL OR x.place > $3) AND $4::int8 IS NOT DISTINCT FROM $4 ORDER BY x.place LIMIT $5",
     3},
    {{"q", BIND_TEXT}, {"organ", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static int note_account(exchange *x, const char *login, const json_t *detail) {
    return exchange_note(x, x->endpoint->event, "account", login, "done", detail);
}

/* Hashing takes long: no transaction is open meanwhile. */
static int new_hash(exchange *x, char password[PASSWORD_TEXT], char **ret_hash, wjz_err *err) {
    password_random(password);
    int r = exchange_commit(x, err);
    if (r == 0) r = password_hash(x->console, password, x->arena, ret_hash);
    if (r == -EBUSY) return refuse_later(x, 1, "正忙 / busy");
    if (r == 0) r = exchange_begin(x, err);
    return r == 0 ? exchange_wait(x, err) : r;
}

static int answer_password(exchange *x, int status, const char *login, const char *password) {
    return answer_json(x, status, json_pack("{s:s, s:s}", "login", login, "password", password));
}

/* Without a role: the security administrator gives those. */
static int create_run(exchange *x, wjz_err *err) {
    const char *login = exchange_text(x, "login");
    char password[PASSWORD_TEXT], *hash;
    wjz_rows *rows;
    int r = new_hash(x, password, &hash, err);
    if (r < 0 || x->refused) return r;
    r = wjz_tx_query_v(x->tx, &MAKE_ACCOUNT, &rows, err, wjz_text(login), wjz_i32(x->who.region),
                       wjz_text(exchange_text(x, "person")), wjz_texts(NULL, 0), wjz_text(hash));
    if (r == -EEXIST)
        return refuse_field(x, 409, "conflict", "login",
                            "此登录名或此人已有账号 / the login or the person has an account");
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse_field(x, 422, "not_found", "person", "名录中没有此人 / not in the directory");
    r = note_account(x, login, x->body);
    return r < 0 ? r : answer_password(x, 201, login, password);
}

static int account_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &ACCOUNT, wjz_text(exchange_path(x, "login")));
}

/* 1 when it was refused: administrators of a county see the accounts of that county. */
static int need_account(exchange *x) {
    if (wjz_rows_count(wjz_tx_rows(x->tx, 1)) > 0) return 0;
    refuse(x, 404, "not_found", "没有此账号 / no such account");
    return 1;
}

static int answer_account(exchange *x, const char *login, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query_v(x->tx, &ACCOUNT, &rows, err, wjz_text(login));
    return r < 0 ? r : read_answer_one(x, rows);
}

static int reset_password_run(exchange *x, wjz_err *err) {
    const char *login = exchange_path(x, "login");
    char password[PASSWORD_TEXT], *hash;
    if (need_account(x)) return 0;
    int r = new_hash(x, password, &hash, err);
    if (r < 0 || x->refused) return r;
    r = wjz_tx_send_v(x->tx, &END_SESSIONS, wjz_text(login));
    if (r == 0) r = wjz_tx_query_v(x->tx, &RESET_PASSWORD, NULL, err, wjz_text(login), wjz_text(hash));
    if (r == 0) r = note_account(x, login, NULL);
    return r < 0 ? r : answer_password(x, 200, login, password);
}

static int lock(exchange *x, bool locked, wjz_err *err) {
    const char *login = exchange_path(x, "login");
    if (need_account(x)) return 0;
    if (locked && strcmp(login, x->who.login) == 0) return refuse(x, 409, "conflict", "不能锁定自己 / not oneself");
    int r = locked ? wjz_tx_send_v(x->tx, &END_SESSIONS, wjz_text(login)) : 0;
    if (r == 0) r = wjz_tx_query_v(x->tx, &SET_LOCKED, NULL, err, wjz_text(login), wjz_bool(locked));
    if (r == 0) r = note_account(x, login, x->body);
    return r < 0 ? r : answer_account(x, login, err);
}

static int lock_run(exchange *x, wjz_err *err) {
    return lock(x, true, err);
}

static int unlock_run(exchange *x, wjz_err *err) {
    return lock(x, false, err);
}

static int reset_totp_run(exchange *x, wjz_err *err) {
    const char *login = exchange_path(x, "login");
    if (need_account(x)) return 0;
    int r = wjz_tx_send_v(x->tx, &END_SESSIONS, wjz_text(login));
    if (r == 0) r = wjz_tx_query_v(x->tx, &RESET_TOTP, NULL, err, wjz_text(login));
    if (r == 0) r = note_account(x, login, NULL);
    return r < 0 ? r : answer_account(x, login, err);
}

/* Whose rights change logs in anew. */
static int roles_run(exchange *x, wjz_err *err) {
    const char *login = exchange_path(x, "login"), *roles[16], *version = wjz_request_header(x->request, "If-Match");
    size_t count = 0, i;
    const json_t *role;
    wjz_rows *rows;
    if (need_account(x)) return 0;
    if (strcmp(login, x->who.login) == 0) return refuse(x, 409, "conflict", "不能改自己的角色 / not one's own");
    json_array_foreach(json_object_get(x->body, "roles"), i, role) {
        if (count < WJZ_COUNT(roles)) roles[count++] = json_string_value(role);
    }
    char *seen = wjz_arena_strdup(x->arena, version + (*version == '"'));
    if (!seen) return -ENOMEM;
    seen[strcspn(seen, "\"")] = '\0';
    int r = wjz_tx_query_v(x->tx, &SET_ROLES, &rows, err, wjz_text(login), wjz_texts(roles, count), wjz_text(seen));
    if (r == -EINVAL)
        return refuse_field(x, 422, "invalid", "roles",
                            "三员须各自独立，不兼他职 / each of the three administrators is that alone");
    if (r < 0) return r;
    if (wjz_row_int(rows, 0, 0) == 0)
        return refuse(x, 412, "changed", "已被他人改动，请刷新 / it has changed since: read it again");
    r = wjz_tx_send_v(x->tx, &END_SESSIONS, wjz_text(login));
    if (r == 0) r = note_account(x, login, x->body);
    return r < 0 ? r : answer_account(x, login, err);
}

/* --- holidays --- */

static const read_spec HOLIDAYS = {{"console_holidays",
                                    "SELECT json_build_object('items', COALESCE(json_agg(json_build_object('day', "
                                    "h.day, 'working', h.working, 'name', h.name) ORDER BY h.day), '[]'))::text"
                                    " FROM console.holiday h WHERE $1::int8 IS NULL OR extract(year FROM h.day) = $1",
                                    1},
                                   {{"year", BIND_NUMBER}, {0}}};
static const wjz_stmt SET_HOLIDAY = {"console_set_holiday", "SELECT console.set_holiday($1::text::date, $2, $3)", 1};

static int change_holiday(exchange *x, const char *name, wjz_err *err) {
    wjz_rows *rows;
    const char *day = exchange_path(x, "day");
    bool working = json_is_true(json_object_get(x->body, "working"));
    int r = wjz_tx_query_v(x->tx, &SET_HOLIDAY, &rows, err, wjz_text(day), wjz_bool(working), wjz_text(name));
    if (r == -EINVAL) return refuse_field(x, 422, "invalid", "day", "须为日期 / must be a date");
    if (r < 0) return r;
    if (!wjz_row_bool(rows, 0, 0)) return refuse(x, 404, "not_found", "没有这一天 / there is none");
    r = exchange_note(x, x->endpoint->event, "holiday", day, "done", x->body);
    if (r < 0) return r;
    return name ? answer_json(x, 200, json_pack("{s:s, s:b, s:s}", "day", day, "working", (int)working, "name", name))
                : answer_nothing(x);
}

static int set_holiday_run(exchange *x, wjz_err *err) {
    return change_holiday(x, exchange_text(x, "name"), err);
}

static int remove_holiday_run(exchange *x, wjz_err *err) {
    return change_holiday(x, NULL, err);
}

/* --- routing --- */

static json_t *without(const json_t *entry, const char *const *left_out) {
    json_t *copy = json_deep_copy(entry);
    for (; *left_out; left_out++)
        (void)json_object_del(copy, *left_out);
    return copy;
}

static int routing_run(exchange *x, wjz_err *err) {
    static const char *const of_rule[] = {"name", "when", NULL}, *const of_test[] = {"clue", NULL};
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(x->console->conf->routing, &yaml, err);
    if (r < 0) return r;
    json_t *file = yaml_json(wjz_yaml_root(yaml)), *rules = json_array(), *tests = json_array(), *entry;
    size_t i;
    json_array_foreach(json_object_get(file, "rules"), i, entry) {
        json_t *when = json_object_get(entry, "when");
        (void)json_array_append_new(
            rules, json_pack("{s:i, s:O, s:o, s:o}", "number", (int)i + 1, "name", json_object_get(entry, "name"),
                             "when", when ? json_incref(when) : json_object(), "then", without(entry, of_rule)));
    }
    json_array_foreach(json_object_get(file, "expectations"), i, entry) {
        (void)json_array_append_new(tests, json_pack("{s:O, s:o}", "input", json_object_get(entry, "clue"), "expected",
                                                     without(entry, of_test)));
    }
    json_decref(file);
    return answer_json(x, 200, json_pack("{s:o, s:o}", "rules", rules, "tests", tests));
}

static const question TRACE = {.service = "assignment",
                               .asks = &wjz__assignment__trace_routing__descriptor,
                               .answers = &wjz__assignment__routing_trace__descriptor};

static json_t *show_trace(WJZ_UNUSED exchange *x, WJZ_UNUSED const target *t, const ProtobufCMessage *answer) {
    json_t *shown = message_to_json(answer, NULL);
    if (json_is_null(json_object_get(shown, "organ"))) (void)json_object_set_new(shown, "organ", json_string(""));
    return shown;
}

static int trace_run(exchange *x, wjz_err *err) {
    target t = {.region = (int32_t)json_integer_value(json_object_get(x->body, "region"))};
    const ProtobufCMessage *answer,
        *message = message_from_json(TRACE.asks, NULL, x->body, field_text_none, NULL, x->arena);
    if (!message) return -ENOMEM;
    int r = ask_send(x, &TRACE, &t, message, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_json(x, 200, show_trace(x, &t, answer));
}

/* --- services and queues --- */

static const read_spec SERVICES = {
    {"console_services",
     "SELECT json_build_object('items', COALESCE((SELECT json_agg(json_build_object('service', s.service, 'alive', "
     "s.alive, 'wanted', NULL, 'instances', s.instances) ORDER BY s.service) FROM ("
     "SELECT w.service, count(*) FILTER (WHERE i.heartbeat_at > now() - interval '5 seconds') AS alive, "
     "COALESCE(json_agg(json_build_object('service', i.service, 'name', i.name, 'host', i.host,"
     " 'pid', i.pid, 'started_at', i.started_at, 'heartbeat_at', i.heartbeat_at, 'alive', i.heartbeat_at > now() - "
     "interval '5 seconds') ORDER BY i.name) FILTER (WHERE i.name IS NOT NULL), '[]')"
     " AS instances FROM unnest(ARRAY['intake', 'scoring', 'assignment', 'scheduling', 'notification', 'console']) "
     "w(service) LEFT JOIN bus.instance i ON i.service = w.service"
     " GROUP BY w.service) s), '[]'))::text",
     1},
    {{0}}};
static const read_spec QUEUES = {
    {"console_queues",
     "SELECT json_build_object('items', COALESCE((SELECT json_agg(json_build_object('service', q.service, "
     "'destination', q.destination, 'type', q.type, 'waiting', q.waiting,"
     " 'retrying', q.retrying, 'oldest_seconds', q.oldest, 'dead', q.dead) ORDER BY q.service, q.destination, q.type) "
     "FROM (SELECT service, destination, type,"
     " count(*) FILTER (WHERE NOT dead) AS waiting, count(*) FILTER (WHERE NOT dead AND attempts > 0) AS retrying,"
     " COALESCE(extract(epoch FROM now() - min(created_at) FILTER (WHERE NOT dead)), 0)::float8 AS oldest, count(*) "
     "FILTER (WHERE dead) AS dead"
     " FROM console.queue GROUP BY service, destination, type) q), '[]'))::text",
     1},
    {{0}}};
static const read_spec DEAD_LETTERS = {
    {"console_dead",
     "SELECT json_build_object('service', d.service, 'id', d.id::text, 'region', d.region, 'destination', "
     "d.destination, 'type', d.type, 'attempts', d.attempts, 'error', d.error,"
     " 'created_at', d.created_at, 'died_at', d.died_at)::text, " SQL_US(
         "d.died_at") ", d.id FROM console.dead_letters d WHERE ($1::text IS NULL OR d.service = $1)"
                      " AND ($2::timestamptz IS NULL OR (d.died_at, d.id) < ($2, $3::int8)) ORDER BY d.died_at DESC, "
                      "d.id DESC LIMIT $4",
     3},
    {{"service", BIND_TEXT}, {"cursor", BIND_TIME_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static const field_name LETTER_NAMES[] = {{"id", "ids"}, {0}};
static const question RETRY = {.asks = &wjz__bus__retry_dead_letters__descriptor,
                               .answers = &wjz__bus__dead_letters_changed__descriptor,
                               .names = LETTER_NAMES};
static const question DROP = {.asks = &wjz__bus__drop_dead_letters__descriptor,
                              .answers = &wjz__bus__dead_letters_changed__descriptor,
                              .names = LETTER_NAMES};

/* The service that emitted them keeps them. */
static int letters_run(exchange *x, wjz_err *err) {
    static const char *const services[] = {"intake", "scoring", "assignment", "scheduling", "notification"};
    question q = *(const question *)x->endpoint->what;
    target t = {0};
    for (size_t i = 0; i < WJZ_COUNT(services); i++)
        if (strcmp(services[i], exchange_text(x, "service")) == 0) q.service = services[i];
    if (!q.service) return refuse_field(x, 422, "invalid", "service", "没有此服务 / no such service");
    const ProtobufCMessage *answer,
        *message = message_from_json(q.asks, q.names, x->body, field_text_none, NULL, x->arena);
    if (!message) return -ENOMEM;
    int r = ask_send(x, &q, &t, message, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    x->detail = json_deep_copy(x->body);
    return ask_done(x, &t, NULL, 0, message_to_json(answer, NULL), err);
}

/* --- audit --- */

static const read_spec AUDIT = {
    {"console_audit",
     "SELECT json_build_object('id', a.id::text, 'at', a.at, 'person', NULLIF(a.person, ''), 'login', NULLIF(a.login, "
     "''), 'name', (SELECT n.name FROM console.person_name n WHERE n.code = a.person LIMIT 1),"
     " 'organ', NULLIF(a.organ, ''), 'address', a.address, 'event', a.event, 'object_kind', a.object_kind, 'object', "
     "a.object, 'result', a.result, 'detail', a.detail)::text, a.id, a.id"
     " FROM console.audit a WHERE a.region IN (0, (SELECT console.setting('region')::int4)) AND ($1::text IS NULL OR "
     "a.person = "
     "$1 OR a.login = $1 OR a.person IN (SELECT n.code FROM console.person_name n WHERE n.name = $1)) AND ($2::text IS "
     "NULL OR a.event = $2)"
     " AND ($3::text IS NULL OR a.object = $3) AND ($4::text IS NULL OR a.result = $4) AND ($5::timestamptz IS NULL OR "
     "a.at >= $5) AND ($6::timestamptz IS NULL OR a.at < $6)"
     " AND ($7::int8 IS NULL OR a.id < $8::int8) ORDER BY a.id DESC LIMIT $9",
     3},
    {{"person", BIND_TEXT},
     {"event", BIND_TEXT},
     {"object", BIND_TEXT},
     {"result", BIND_TEXT},
     {"from", BIND_FROM},
     {"to", BIND_TO},
     {"cursor", BIND_CURSOR},
     {"limit", BIND_LIMIT},
     {0}}};
static const wjz_stmt VERIFY = {
    "console_audit_verify",
    "SELECT json_build_object('ok', v.first_bad = 0, 'chains', v.chains, 'rows', v.rows, 'first_bad', CASE WHEN "
    "v.first_bad > 0 THEN v.first_bad::text END,"
    " 'missing_at_end', v.first_bad = -1, 'checked_until', v.checked_until)::text FROM console.audit_verify() v",
    1};

static int verify_run(exchange *x, wjz_err *err) {
    wjz_rows *rows;
    int r = exchange_note(x, x->endpoint->event, "audit", "", "done", NULL);
    if (r == 0) r = wjz_tx_query(x->tx, &VERIFY, NULL, 0, &rows, err);
    return r < 0 ? r : read_answer_one(x, rows);
}

#define ADMINS (SYSTEM_ADMIN | SECURITY_ADMIN)

const endpoint ADMIN_ENDPOINTS[] = {
    READ_PAGE("listAccounts", ADMINS | VOUCHED, &ACCOUNTS),
    {"createAccount", SYSTEM_ADMIN | VOUCHED, NULL, create_run, NULL, "account_create", "account"},
    {"setRoles", SECURITY_ADMIN | VOUCHED, account_prepare, roles_run, NULL, "roles", "account"},
    {"lockAccount", SECURITY_ADMIN | VOUCHED, account_prepare, lock_run, NULL, "account_lock", "account"},
    {"unlockAccount", SECURITY_ADMIN | VOUCHED, account_prepare, unlock_run, NULL, "account_unlock", "account"},
    {"resetPassword", SYSTEM_ADMIN | VOUCHED, account_prepare, reset_password_run, NULL, "password_reset", "account"},
    {"resetTotp", SECURITY_ADMIN | VOUCHED, account_prepare, reset_totp_run, NULL, "totp_reset", "account"},
    READ_PAGE("listPeople", ADMINS | ORGAN_ADMIN | VOUCHED, &PEOPLE),
    {"readRouting", ORGAN_ADMIN | SYSTEM_ADMIN | CHIEF, NULL, routing_run, NULL, NULL, NULL},
    {"traceRouting", ORGAN_ADMIN | SYSTEM_ADMIN | CHIEF, NULL, trace_run, &TRACE, NULL, NULL},
    READ_ONE("listHolidays", ANYBODY, &HOLIDAYS),
    {"setHoliday", ORGAN_ADMIN | SYSTEM_ADMIN, NULL, set_holiday_run, NULL, "holiday", "holiday"},
    {"removeHoliday", ORGAN_ADMIN | SYSTEM_ADMIN, NULL, remove_holiday_run, NULL, "holiday", "holiday"},
    READ_ONE("listServices", SYSTEM_ADMIN | ORGAN_ADMIN, &SERVICES),
    READ_ONE("listQueues", SYSTEM_ADMIN, &QUEUES),
    READ_PAGE("listDeadLetters", SYSTEM_ADMIN, &DEAD_LETTERS),
    {"retryDeadLetters", SYSTEM_ADMIN, NULL, letters_run, &RETRY, "dead_letters_retry", "queue"},
    {"dropDeadLetters", SYSTEM_ADMIN, NULL, letters_run, &DROP, "dead_letters_drop", "queue"},
    {"searchAudit", AUDIT_ADMIN, read_prepare, read_page, &AUDIT, "audit_search", "audit"},
    {"verifyAudit", AUDIT_ADMIN, NULL, verify_run, NULL, "audit_verify", "audit"},
    {0},
};
