/* Accounts of the console, and its audit. Accounts are the console's: it makes the passwords, which are shown once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/known.h"
#include "proto/console.pb-c.h"
#include "wjz/clock.h"

enum { ROLES_MOST = 9 };

static const out_column PASSWORD[] = {{"login", "登录名 / login", false},
                                      {"password", "密码（只显示一次） / password, shown once", false}};
static const out_column ACCOUNTS[] = {
    {"login", "登录名 / login", false},
    {"person", "人员 / person", false},
    {"name", "姓名 / name", false},
    {"roles", "角色 / roles", false},
    {"state", "状态 / state", false},
    {"totp", "验证器 / authenticator", false},
    {"last_login", "最近登录 / last login", false},
};

/* --- a password --- */

static int show_password(out_table *table, const Wjz__Console__AccountPassword *made) {
    return out_row(table, (const char *[]){made->login, made->password});
}

static int ask_password(session *s, const ProtobufCMessage *question, const Wjz__Console__AccountPassword **ret_made,
                        wjz_err *err) {
    const ProtobufCMessage *answer;
    int r = session_ask(s, "console", question, &wjz__console__account_password__descriptor, &answer, err);
    if (r == 0) *ret_made = (const Wjz__Console__AccountPassword *)answer;
    return r;
}

static int print_password(session *s, void *arg, wjz_err *err) {
    const Wjz__Console__AccountPassword *made;
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = ask_password(s, arg, &made, err);
    if (r == 0) r = out_open(s->format, PASSWORD, WJZ_COUNT(PASSWORD), &table);
    if (r == 0) r = show_password(table, made);
    if (r == 0) out_close(&table, "");
    return r;
}

int command_accounts_create(session *s, int argc, char **argv, wjz_err *err) {
    static const char usage[] = "accounts create LOGIN --person CODE [--region R] --role ROLE …";
    char *roles[ROLES_MOST];
    Wjz__Console__CreateAccount question = WJZ__CONSOLE__CREATE_ACCOUNT__INIT;
    const char *person = argument_option(&argc, argv, "person"), *region = argument_option(&argc, argv, "region"),
               *role;
    int64_t number = 0;
    question.role = roles;
    while (question.n_role < ROLES_MOST && (role = argument_option(&argc, argv, "role")))
        roles[question.n_role++] = (char *)role;
    int r = region ? argument_number("--region", region, 110000, 999999, &number, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 1, usage, err);
    if (r < 0) return r;
    if (!person) return wjz_err_set(err, -EINVAL, "say whose login it is: --person CODE; usage: wjz %s", usage);
    question.login = argv[0];
    question.person = (char *)person;
    question.region = (uint32_t)number;
    return session_connected(s, true, print_password, &question, err);
}

int command_accounts_reset_password(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Console__ResetPassword question = WJZ__CONSOLE__RESET_PASSWORD__INIT;
    int r = argument_end(argc, argv, 1, "accounts reset-password LOGIN", err);
    if (r < 0) return r;
    question.login = argv[0];
    return session_connected(s, true, print_password, &question, err);
}

/* --- lists --- */

static int print_accounts(session *s, const Wjz__Console__Accounts *all) {
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(s->format, ACCOUNTS, WJZ_COUNT(ACCOUNTS), &table);
    for (size_t i = 0; r == 0 && i < all->n_accounts; i++) {
        const Wjz__Console__Account *a = all->accounts[i];
        char roles[300] = "", at[WJZ_CLOCK_TEXT];
        for (size_t j = 0; j < a->n_role; j++)
            snprintf(roles + strlen(roles), sizeof roles - strlen(roles), "%s%s", j > 0 ? "," : "", a->role[j]);
        wjz_clock_format(a->last_login_us, at);
        r = out_row(table, (const char *[]){a->login, a->person, a->name, roles,
                                            a->locked        ? "locked"
                                            : a->must_change ? "new"
                                                             : "active",
                                            a->totp ? "yes" : "no", *at ? at : NULL});
    }
    if (r == 0) out_close(&table, "没有账号 / no accounts: wjz accounts create");
    return r;
}

static int ask_accounts(session *s, void *arg, wjz_err *err) {
    const ProtobufCMessage *answer;
    int r = session_ask(s, "console", arg, &wjz__console__accounts__descriptor, &answer, err);
    return r < 0 ? r : print_accounts(s, (const Wjz__Console__Accounts *)answer);
}

int command_accounts_list(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Console__ListAccounts question = WJZ__CONSOLE__LIST_ACCOUNTS__INIT;
    int r = argument_end(argc, argv, 0, "accounts list", err);
    return r < 0 ? r : session_connected(s, true, ask_accounts, &question, err);
}

static int lock(session *s, int argc, char **argv, bool locked, const char *usage, wjz_err *err) {
    Wjz__Console__LockAccount question = WJZ__CONSOLE__LOCK_ACCOUNT__INIT;
    int r = argument_end(argc, argv, 1, usage, err);
    if (r < 0) return r;
    question.login = argv[0];
    question.locked = locked;
    return session_connected(s, true, ask_accounts, &question, err);
}

int command_accounts_lock(session *s, int argc, char **argv, wjz_err *err) {
    return lock(s, argc, argv, true, "accounts lock LOGIN", err);
}

int command_accounts_unlock(session *s, int argc, char **argv, wjz_err *err) {
    return lock(s, argc, argv, false, "accounts unlock LOGIN", err);
}

/* --- the demonstration's logins: made when there is no account at all --- */

static const struct {
    const char *login, *person, *roles[2];
} DEMONSTRATION[] = {
    {"jianchazhang", "P-510184-001", {"chief_procurator", NULL}},
    {"zhuren", "P-510184-002", {"branch_head", "prosecutor"}},
    {"jianchaguan", "P-510184-003", {"prosecutor", NULL}},
    {"lianluozhan", "P-510184-012", {"station_staff", NULL}},
    {"lianluoyuan", "P-510184-025", {"liaison", NULL}},
    {"guanli", "P-510184-021", {"organ_administrator", NULL}},
    {"xitong", "P-510184-022", {"system_administrator", NULL}},
    {"anquan", "P-510184-023", {"security_administrator", NULL}},
    {"shenji", "P-510184-024", {"audit_administrator", NULL}},
};

static int make_demonstration(session *s, void *arg, wjz_err *err) {
    (void)arg;
    const ProtobufCMessage *answer;
    Wjz__Console__ListAccounts list = WJZ__CONSOLE__LIST_ACCOUNTS__INIT;
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = session_ask(s, "console", &list.base, &wjz__console__accounts__descriptor, &answer, err);
    if (r < 0) return r;
    if (((const Wjz__Console__Accounts *)answer)->n_accounts > 0)
        return print_accounts(s, (const Wjz__Console__Accounts *)answer);
    r = out_open(s->format, PASSWORD, WJZ_COUNT(PASSWORD), &table);
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(DEMONSTRATION); i++) {
        const Wjz__Console__AccountPassword *made;
        Wjz__Console__CreateAccount question = WJZ__CONSOLE__CREATE_ACCOUNT__INIT;
        question.login = (char *)DEMONSTRATION[i].login;
        question.person = (char *)DEMONSTRATION[i].person;
        question.role = (char **)DEMONSTRATION[i].roles;
        question.n_role = DEMONSTRATION[i].roles[1] ? 2 : 1;
        r = ask_password(s, &question.base, &made, err);
        if (r == 0) r = show_password(table, made);
    }
    if (r == 0) out_close(&table, "");
    return r;
}

int command_accounts_demonstration(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "accounts demonstration", err);
    return r < 0 ? r : session_connected(s, true, make_demonstration, NULL, err);
}

/* --- audit --- */

static const wjz_stmt VERIFY = {"ctl_audit_verify",
                                "SELECT chains::text, rows::text, CASE WHEN first_bad > 0 THEN first_bad::text WHEN "
                                "first_bad < 0 THEN 'missing' END,"
                                " to_char(checked_until, 'YYYY-MM-DD HH24:MI:SS') FROM console.audit_verify()",
                                4};
static const out_column VERIFIED[] = {{"chains", "链 / chains", true},
                                      {"rows", "记录 / rows", true},
                                      {"first_bad", "首条不符 / first bad", false},
                                      {"until", "截至 / until", false}};

static const wjz_stmt ANCHORED = {"ctl_audit_anchored", "SELECT console.audit_anchored($1)", 1};

/* Against a digest that was told long ago (NULL: none): who has rewritten everything here could not rewrite that. */
static int verify_head(session *s, const char *digest, wjz_err *err) {
    wjz_rows *rows;
    if (!digest) return 0;
    int r = session_read(s, &ANCHORED, (const wjz_param[]){wjz_text(digest)}, 1, &rows, err);
    if (r < 0 || strcmp(wjz_row_text(rows, 0, 0), "whole") == 0) return r;
    return wjz_err_set(err, -EBADMSG, "the audit is not as it was when its head \"%.70s\" was told: %s", digest,
                       wjz_row_text(rows, 0, 0));
}

static int verify(session *s, void *arg, wjz_err *err) {
    wjz_rows *rows;
    int r = verify_head(s, arg, err);
    if (r == 0) r = session_read(s, &VERIFY, NULL, 0, &rows, err);
    if (r == 0) r = out_print(s->format, VERIFIED, WJZ_COUNT(VERIFIED), rows, "");
    if (r == 0 && !wjz_row_null(rows, 0, 2))
        r = wjz_err_set(err, -EBADMSG, "the audit is not as it was written: %s is \"%s\"", "the first bad row",
                        wjz_row_text(rows, 0, 2));
    return r;
}

int command_audit_verify(session *s, int argc, char **argv, wjz_err *err) {
    const char *head = argument_option(&argc, argv, "head");
    int r = argument_end(argc, argv, 0, "audit verify [--head DIGEST]", err);
    return r < 0 ? r : session_connected(s, false, verify, (void *)head, err);
}

static const wjz_stmt SEARCH = {"ctl_audit_search",
                                "SELECT id::text, to_char(at, 'YYYY-MM-DD HH24:MI:SS'), login, person, address, event, "
                                "object_kind, object, result, detail::text FROM console.audit"
                                " WHERE ($1::text IS NULL OR person = $1 OR login = $1) AND ($2::text IS NULL OR event "
                                "= $2) AND ($3::text IS NULL OR object = $3)"
                                " ORDER BY id DESC LIMIT $4",
                                10};
static const out_column FOUND[] = {
    {"id", "编号 / id", false},         {"at", "时间 / at", false},           {"login", "登录名 / login", false},
    {"person", "人员 / person", false}, {"address", "地址 / address", false}, {"event", "事件 / event", false},
    {"kind", "对象 / object", false},   {"object", "编号 / id", false},       {"result", "结果 / result", false},
    {"detail", "详情 / detail", false},
};

typedef struct search {
    const char *person, *event, *object;
    int64_t limit;
} search;

static int print_search(session *s, void *arg, wjz_err *err) {
    const search *q = arg;
    wjz_rows *rows;
    const wjz_param params[] = {wjz_text(q->person), wjz_text(q->event), wjz_text(q->object), wjz_i64(q->limit)};
    int r = known_audited(s, q->person, err);
    if (r >= 0) r = session_read(s, &SEARCH, params, WJZ_COUNT(params), &rows, err);
    return r < 0 ? r : out_print(s->format, FOUND, WJZ_COUNT(FOUND), rows, "没有记录 / nothing");
}

int command_audit_search(session *s, int argc, char **argv, wjz_err *err) {
    search q = {.person = argument_option(&argc, argv, "person"),
                .event = argument_option(&argc, argv, "event"),
                .object = argument_option(&argc, argv, "object"),
                .limit = 50};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 1000000, &q.limit, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 0, "audit search [--person P] [--event E] [--object ID] [--limit N]", err);
    return r < 0 ? r : session_connected(s, false, print_search, &q, err);
}
