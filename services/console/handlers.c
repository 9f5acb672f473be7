#include "console/handlers.h"

#include <errno.h>
#include <string.h>

#include "console/console.h"
#include "console/endpoint.h"
#include "console/password.h"
#include "console/store_admin.h"
#include "console/vouch.h"
#include "proto/console.pb-c.h"
#include "wjz/log.h"

static int refuse_call(wjz_call *call, wjz_refusal_code code, const char *field, const char *value,
                       const char *message) {
    return wjz_call_refuse(call, &(wjz_refusal){.code = code, .field = field, .value = value, .message = message});
}

static int begin(console *c, wjz_tx **ret_tx, wjz_err *err) {
    int r = wjz_tx_begin(c->db, ret_tx, err);
    if (r == 0) r = vouch_send(c->vouch, *ret_tx);
    return r == 0 ? wjz_tx_send(*ret_tx, &BE_OPERATOR, NULL, 0) : r;
}

static const wjz_stmt NOTE = {"console_note_operator",
                              "SELECT console.note('local', $1, 'account', $2, 'done', $3::jsonb)::text", 1};

static int end(wjz_tx **tx, const char *event, const char *login, const char *detail, wjz_err *err) {
    int r = wjz_tx_send_v(*tx, &NOTE, wjz_text(event), wjz_text(login), wjz_text(detail));
    return r == 0 ? wjz_tx_commit(tx, err) : r;
}

static int reply_password(wjz_call *call, const char *login, char *password) {
    Wjz__Console__AccountPassword reply = WJZ__CONSOLE__ACCOUNT_PASSWORD__INIT;
    reply.login = (char *)login;
    reply.password = password;
    return wjz_call_reply(call, &reply.base);
}

static int on_create_account(wjz_call *call, void *state, wjz_err *err) {
    console *c = state;
    const Wjz__Console__CreateAccount *asked = (const void *)wjz_call_message(call)->body;
    char password[PASSWORD_TEXT], *hash;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    password_random(password);
    int r = password_hash(c, password, wjz_call_arena(call), &hash);
    if (r == -EBUSY)
        return wjz_call_refuse(
            call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER, .message = "正忙 / busy", .retry_after_ms = 500});
    if (r == 0) r = begin(c, &tx, err);
    if (r == 0)
        r = wjz_tx_query_v(tx, &MAKE_ACCOUNT, &rows, err, wjz_text(asked->login), wjz_i32((int32_t)asked->region),
                           wjz_text(asked->person), wjz_texts((const char *const *)asked->role, asked->n_role),
                           wjz_text(hash));
    if (r == -EEXIST)
        return refuse_call(call, WJZ_REFUSAL_CONFLICT, "login", asked->login,
                           "此登录名或此人已有账号 / the login or the person has an account");
    if (r == -EINVAL)
        return refuse_call(call, WJZ_REFUSAL_INVALID, "login", asked->login,
                           "登录名或角色不合要求 / the login or a role is not allowed");
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse_call(call, WJZ_REFUSAL_NOT_FOUND, "person", asked->person,
                           "名录中没有此人 / not in the directory");
    r = end(&tx, "account_create", asked->login, "{}", err);
    return r < 0 ? r : reply_password(call, asked->login, password);
}

static int on_reset_password(wjz_call *call, void *state, wjz_err *err) {
    console *c = state;
    const Wjz__Console__ResetPassword *asked = (const void *)wjz_call_message(call)->body;
    char password[PASSWORD_TEXT], *hash;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    password_random(password);
    int r = password_hash(c, password, wjz_call_arena(call), &hash);
    if (r == 0) r = begin(c, &tx, err);
    if (r == 0) r = wjz_tx_send_v(tx, &END_SESSIONS, wjz_text(asked->login));
    if (r == 0) r = wjz_tx_query_v(tx, &RESET_PASSWORD, &rows, err, wjz_text(asked->login), wjz_text(hash));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse_call(call, WJZ_REFUSAL_NOT_FOUND, "login", asked->login, "没有此账号 / no such account");
    r = end(&tx, "password_reset", asked->login, "{}", err);
    return r < 0 ? r : reply_password(call, asked->login, password);
}

static char *text_at(const wjz_rows *rows, int row, int column, wjz_arena *arena) {
    const char *text = wjz_row_text(rows, row, column);
    return wjz_arena_strdup(arena, text ? text : "");
}

static int split_roles(char *list, wjz_arena *arena, Wjz__Console__Account *a) {
    a->role = wjz_arena_calloc(arena, 16, sizeof *a->role);
    if (!a->role) return -ENOMEM;
    for (char *one; list && *list && a->n_role < 16 && (one = strsep(&list, ","));)
        a->role[a->n_role++] = one;
    return 0;
}

/* In the open transaction. */
static int reply_accounts(wjz_call *call, wjz_tx *tx, wjz_err *err) {
    wjz_arena *arena = wjz_call_arena(call);
    wjz_rows *rows;
    int r = wjz_tx_query(tx, &LIST_ACCOUNTS, NULL, 0, &rows, err);
    if (r < 0) return r;
    Wjz__Console__Accounts reply = WJZ__CONSOLE__ACCOUNTS__INIT;
    reply.accounts = wjz_arena_calloc(arena, (size_t)wjz_rows_count(rows), sizeof *reply.accounts);
    for (int i = 0; reply.accounts && i < wjz_rows_count(rows); i++) {
        Wjz__Console__Account *a = wjz_arena_alloc(arena, sizeof *a);
        if (!a) return -ENOMEM;
        wjz__console__account__init(a);
        a->login = text_at(rows, i, 0, arena);
        a->region = (uint32_t)wjz_row_int(rows, i, 1);
        a->person = text_at(rows, i, 2, arena);
        a->name = text_at(rows, i, 3, arena);
        a->organ = text_at(rows, i, 4, arena);
        a->locked = wjz_row_bool(rows, i, 6);
        a->must_change = wjz_row_bool(rows, i, 7);
        a->totp = wjz_row_bool(rows, i, 8);
        a->last_login_us = wjz_row_time(rows, i, 9);
        char *roles = text_at(rows, i, 5, arena);
        if (!roles || split_roles(roles, arena, a) < 0) return -ENOMEM;
        reply.accounts[reply.n_accounts++] = a;
    }
    return reply.accounts ? wjz_call_reply(call, &reply.base) : -ENOMEM;
}

static int on_list_accounts(wjz_call *call, void *state, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = begin(state, &tx, err);
    return r == 0 ? reply_accounts(call, tx, err) : r;
}

static int on_lock_account(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Console__LockAccount *asked = (const void *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = begin(state, &tx, err);
    if (r == 0) r = wjz_tx_send_v(tx, &END_SESSIONS, wjz_text(asked->login));
    if (r == 0) r = wjz_tx_query_v(tx, &SET_LOCKED, &rows, err, wjz_text(asked->login), wjz_bool(asked->locked));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse_call(call, WJZ_REFUSAL_NOT_FOUND, "login", asked->login, "没有此账号 / no such account");
    r = end(&tx, asked->locked ? "account_lock" : "account_unlock", asked->login, "{}", err);
    if (r == 0) r = begin(state, &tx, err);
    return r == 0 ? reply_accounts(call, tx, err) : r;
}

const wjz_request_route CONSOLE_REQUESTS[] = {
    {.type = &wjz__console__create_account__descriptor, .handler = on_create_account},
    {.type = &wjz__console__reset_password__descriptor, .handler = on_reset_password},
    {.type = &wjz__console__lock_account__descriptor, .handler = on_lock_account},
    {.type = &wjz__console__list_accounts__descriptor, .handler = on_list_accounts},
    {.type = NULL},
};
