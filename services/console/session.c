/* Logging in and out, one's own password and authenticator. A session is made with what is still asked for as its stage
 * (totp, enrol, password) and is open when nothing is; every step changes its token, so that none planted before is of
 * use. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/console.h"
#include "console/endpoint.h"
#include "console/password.h"
#include "console/store_account.h"
#include "console/totp.h"
#include "wjz/clock.h"

static void give_cookie(exchange *x, const char *token) {
    const console_conf *conf = x->console->conf;
    char cookie[200];
    snprintf(cookie, sizeof cookie, "wjz_session=%s; Path=/; HttpOnly; SameSite=Lax%s%s", token,
             conf->behind_proxy || conf->http_tls_key ? "; Secure" : "", token[0] ? "" : "; Max-Age=0");
    int e = wjz_respond_header(x->request, "Set-Cookie", cookie);
    (void)e; /* a cookie of ours is well-formed; without memory there is no answer either */
}

static json_t *time_text(int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    return json_string(wjz_clock_format(us, text));
}

static json_t *words(const char *list) {
    json_t *array = json_array();
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        if (length > 0) (void)json_array_append_new(array, json_stringn(at, length));
        at += length + (at[length] == ',');
    }
    return array;
}

static json_t *permissions(const exchange *x) {
    json_t *allowed = json_array();
    const console *c = x->console;
    for (size_t i = 0; c->routes[i].method; i++)
        if (c->endpoints[i] && c->endpoints[i]->roles & x->who.mask)
            (void)json_array_append_new(allowed, json_string(c->endpoints[i]->operation));
    return allowed;
}

static json_t *me_json(const exchange *x) {
    const who *w = &x->who;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:b, s:s, s:o}", "login", w->login, "person",
                     w->person, "name", w->name, "organ", w->organ, "organ_name", w->organ_name, "region",
                     (int)w->region, "roles", words(w->roles), "branches", words(w->branches), "stations",
                     words(w->stations), "totp", (int)w->totp, "locale",
                     strncmp(w->locale, "en", 2) == 0 ? "en" : "zh-CN", "permissions", permissions(x));
}

static json_t *session_json(const exchange *x) {
    char csrf[TOKEN_TEXT + 1];
    token_csrf(x->token, csrf);
    bool open = strcmp(x->who.stage, "open") == 0;
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "stage", x->who.stage, "csrf_token", csrf, "me",
                     open ? me_json(x) : json_null(), "idle_until", time_text(x->who.idle_until_us), "ends_at",
                     time_text(x->who.ends_at_us));
}

/* Reads who the token's session is now, and answers with it. */
static int answer_session(exchange *x, wjz_err *err) {
    int r = exchange_enter(x);
    if (r == 0) r = exchange_wait(x, err);
    if (r == 0 && !x->who.login) return refuse(x, 401, "not_logged_in", "请登录 / log in");
    return r == 0 ? answer_json(x, 200, session_json(x)) : r;
}

static int renew(exchange *x, const char *stage, wjz_err *err) {
    char token[TOKEN_TEXT + 1];
    token_new(token);
    int r = store_renew_session(x->tx, x->token, token, stage);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    if (r < 0) return r;
    strcpy(x->token, token);
    give_cookie(x, token);
    return answer_session(x, err);
}

static const char *stage_after_password(const exchange *x, const account *a) {
    if (a->totp.data) return "totp";
    if (x->console->conf->totp_required) return "enrol";
    return a->must_change ? "password" : "open";
}

/* --- wrong passwords and codes --- */

static int refuse_wrong(exchange *x, const account *a, const char *login, const char *code, const char *detail,
                        wjz_err *err) {
    const console_conf *conf = x->console->conf;
    int r = a->known && !a->locked
                ? store_count_failure(x->tx, login, (int)conf->lock_after, (int)(conf->lock_for / 1000))
                : 0;
    if (r == 0) r = exchange_note(x, "login", "account", login, "refused", x->detail);
    if (r == 0) r = exchange_commit(x, err);
    return r < 0 ? r : refuse(x, 401, code, detail);
}

/* One answer for an unknown login, a wrong password and a locked account: who tries learns nothing about which logins
 * exist. */
static int refuse_login(exchange *x, const account *a, const char *login, wjz_err *err) {
    return refuse_wrong(x, a, login, "login_failed",
                        "登录名或密码有误，或账号已锁定 / login or password is wrong, or the account is locked", err);
}

static bool may_try(exchange *x) {
    int wait_s = rate_take(x->console->logins, x->address, strlen(x->address), wjz_clock_monotonic_us());
    if (wait_s == 0) return true;
    int e = wjz_respond_header(x->request, "Retry-After", wait_s > 30 ? "60" : "30");
    (void)e;
    refuse(x, 429, "too_many", "尝试过多，请稍后 / too many attempts: wait a while");
    return false;
}

static int verify(exchange *x, const char *plain, const account *a, bool *ret_same, wjz_err *err) {
    int r = password_verify(x->console, plain, a->known ? a->password : NULL, ret_same);
    if (r == -EBUSY) return refuse_later(x, 1, "正在登录的人过多 / too many log in at once");
    return r < 0 ? wjz_err_set(err, r, "could not verify a password") : 0;
}

/* --- logging in --- */

static int open_session(exchange *x, const char *login, const account *a, wjz_err *err) {
    const console_conf *conf = x->console->conf;
    char old[TOKEN_TEXT + 1];
    strcpy(old, x->token);
    token_new(x->token);
    const session_row row = {x->token,
                             login,
                             stage_after_password(x, a),
                             x->address,
                             (int)(conf->session_idle / 1000),
                             (int)(conf->session_length / 1000)};
    int r = old[0] ? store_drop_session(x->tx, old) : 0;
    if (r == 0) r = store_add_session(x->tx, &row);
    if (r == 0) r = store_count_success(x->tx, login);
    if (r == 0) r = exchange_note(x, "login", "account", login, "done", x->detail);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    if (r < 0) return r;
    give_cookie(x, x->token);
    return answer_session(x, err);
}

static int log_in(exchange *x, wjz_err *err) {
    const char *login = exchange_text(x, "login");
    account a;
    bool same = false;
    if (!may_try(x)) return 0;
    x->detail = json_pack("{s:s}", "step", "password");
    int r = store_read_account(x->tx, login, &a, err);
    /* The hash takes long: no transaction is open meanwhile. */
    if (r == 0 && a.known) a.password = wjz_arena_strdup(x->arena, a.password);
    if (r == 0) r = exchange_commit(x, err);
    if (r == 0) r = verify(x, exchange_text(x, "password"), &a, &same, err);
    if (r < 0 || x->refused) return r;
    r = exchange_begin(x, err);
    if (r == 0) r = store_read_account(x->tx, login, &a, err);
    if (r < 0) return r;
    return same && a.known && !a.locked ? open_session(x, login, &a, err) : refuse_login(x, &a, login, err);
}

static int read_session(exchange *x, WJZ_UNUSED wjz_err *err) {
    return answer_json(x, 200, session_json(x));
}

static int log_out(exchange *x, wjz_err *err) {
    int r = store_drop_session(x->tx, x->token);
    if (r == 0) r = exchange_note(x, "logout", "account", x->who.login, "done", NULL);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    if (r < 0) return r;
    give_cookie(x, "");
    int e = wjz_respond_header(x->request, "Clear-Site-Data", "\"cache\"");
    (void)e;
    return answer_nothing(x);
}

static int read_me(exchange *x, WJZ_UNUSED wjz_err *err) {
    return answer_json(x, 200, me_json(x));
}

/* --- authenticator --- */

static int unseal(exchange *x, wjz_blob sealed, uint8_t secret[TOTP_SECRET], wjz_err *err) {
    char *plain;
    size_t length;
    int r = wjz_seal_unbox(x->console->seal, "totp", 0, sealed.data, sealed.length, x->arena, &plain, &length);
    if (r < 0 || length != TOTP_SECRET)
        return wjz_err_set(err, -EIO, "cannot open the secret of an authenticator: is console.key another one");
    memcpy(secret, plain, TOTP_SECRET);
    return 0;
}

static int pass_totp(exchange *x, wjz_err *err) {
    const char *login = x->who.login;
    account a;
    uint8_t secret[TOTP_SECRET];
    int64_t step;
    if (strcmp(x->who.stage, "totp") != 0) return refuse(x, 409, "conflict", "此时不需要验证码 / no code is asked for");
    if (!may_try(x)) return 0;
    x->detail = json_pack("{s:s}", "step", "totp");
    int r = store_read_account(x->tx, login, &a, err);
    if (r == 0) r = unseal(x, a.totp, secret, err);
    if (r < 0) return r;
    if (a.locked || totp_check(secret, exchange_text(x, "code"), wjz_clock_us(), a.totp_step, &step) < 0)
        return refuse_wrong(x, &a, login, "code_wrong", "验证码有误或已用过 / the code is wrong, or was used", err);
    r = store_use_totp(x->tx, login, step);
    if (r == 0) r = store_count_success(x->tx, login);
    if (r == 0) r = exchange_note(x, "login", "account", login, "done", x->detail);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    return r < 0 ? r : renew(x, a.must_change ? "password" : "open", err);
}

static bool at_stage(exchange *x, const char *stage) {
    if (strcmp(x->who.stage, "open") == 0 || strcmp(x->who.stage, stage) == 0) return true;
    refuse(x, 401, "login_unfinished", "登录尚未完成 / the login is not finished");
    return false;
}

static int begin_totp(exchange *x, wjz_err *err) {
    uint8_t secret[TOTP_SECRET], *box;
    size_t length;
    if (!at_stage(x, "enrol")) return 0;
    wjz_seal_random(secret, sizeof secret);
    int r = wjz_seal_box(x->console->seal, "totp", 0, secret, sizeof secret, x->arena, &box, &length);
    if (r == 0) r = store_offer_totp(x->tx, x->who.login, box, length);
    if (r == 0) r = exchange_note(x, "totp_begin", "account", x->who.login, "done", NULL);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    char *text = r == 0 ? totp_secret_text(secret, x->arena) : NULL;
    char *uri = text ? totp_uri(text, x->who.login, x->arena) : NULL;
    if (r < 0) return r;
    return uri ? answer_json(x, 200, json_pack("{s:s, s:s}", "secret", text, "uri", uri)) : -ENOMEM;
}

static int confirm_totp(exchange *x, wjz_err *err) {
    account a;
    uint8_t secret[TOTP_SECRET];
    int64_t step;
    if (!at_stage(x, "enrol")) return 0;
    if (!may_try(x)) return 0;
    int r = store_read_account(x->tx, x->who.login, &a, err);
    if (r < 0) return r;
    if (!a.totp_offered.data) return refuse(x, 409, "conflict", "请先取得密钥 / ask for a secret first");
    r = unseal(x, a.totp_offered, secret, err);
    if (r < 0) return r;
    if (totp_check(secret, exchange_text(x, "code"), wjz_clock_us(), 0, &step) < 0)
        return refuse_field(x, 422, "code_wrong", "code", "验证码有误 / the code is wrong");
    r = store_set_totp(x->tx, x->who.login, a.totp_offered.data, a.totp_offered.length, step);
    if (r == 0) r = exchange_note(x, "totp_enrol", "account", x->who.login, "done", NULL);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    bool open = strcmp(x->who.stage, "open") == 0;
    return r < 0 ? r : renew(x, !open && a.must_change ? "password" : "open", err);
}

/* --- what needs the password once more --- */

/* 0 with *ret_ok false when it has been refused. */
static int confirm_password(exchange *x, const char *plain, account *a, bool *ret_ok, wjz_err *err) {
    bool same = false;
    *ret_ok = false;
    if (!may_try(x)) return 0;
    int r = store_read_account(x->tx, x->who.login, a, err);
    if (r == 0) a->password = wjz_arena_strdup(x->arena, a->password);
    if (r == 0) r = exchange_commit(x, err);
    if (r == 0) r = verify(x, plain, a, &same, err);
    if (r < 0 || x->refused) return r;
    r = exchange_begin(x, err);
    if (r == 0) r = exchange_wait(x, err);
    if (r < 0) return r;
    *ret_ok = same;
    return same ? 0 : refuse_wrong(x, a, x->who.login, "password_wrong", "密码有误 / the password is wrong", err);
}

static int change_password(exchange *x, wjz_err *err) {
    const char *new = exchange_text(x, "new");
    account a;
    bool ok;
    char *hash = NULL;
    if (!at_stage(x, "password")) return 0;
    const char *weak = password_weakness(new, x->who.login);
    if (!weak && strcmp(new, exchange_text(x, "current")) == 0) weak = "须与原密码不同 / must differ from the old one";
    if (weak) return refuse_field(x, 422, "password_weak", "new", weak);
    int r = confirm_password(x, exchange_text(x, "current"), &a, &ok, err);
    if (r < 0 || !ok) return r;
    r = exchange_commit(x, err);
    if (r == 0) r = password_hash(x->console, new, x->arena, &hash);
    if (r == -EBUSY) return refuse_later(x, 1, "请再试一次 / try again");
    if (r == 0) r = exchange_begin(x, err);
    if (r == 0) r = exchange_wait(x, err);
    if (r == 0) r = store_set_password(x->tx, x->who.login, hash, false);
    if (r == 0) r = store_drop_sessions(x->tx, x->who.login, x->token);
    if (r == 0) r = exchange_note(x, "password_change", "account", x->who.login, "done", NULL);
    if (r == 0) r = wjz_tx_wait(x->tx, NULL, err);
    return r < 0 ? r : renew(x, "open", err);
}

static int remove_totp(exchange *x, wjz_err *err) {
    account a;
    bool ok;
    if (x->console->conf->totp_required)
        return refuse(x, 409, "conflict", "此处必须使用验证器 / an authenticator is required here");
    int r = confirm_password(x, exchange_text(x, "password"), &a, &ok, err);
    if (r < 0 || !ok) return r;
    r = store_set_totp(x->tx, x->who.login, NULL, 0, 0);
    if (r == 0) r = exchange_note(x, "totp_remove", "account", x->who.login, "done", NULL);
    return r < 0 ? r : answer_nothing(x);
}

static int read_reference(exchange *x, wjz_err *err) {
    return reference_answer(x, err);
}

const endpoint SESSION_ENDPOINTS[] = {
    {"logIn", VOUCHED, NULL, log_in, NULL, NULL, NULL},
    {"readSession", ANYBODY | UNFINISHED, NULL, read_session, NULL, NULL, NULL},
    {"passTotp", UNFINISHED | VOUCHED, NULL, pass_totp, NULL, NULL, NULL},
    {"logOut", ANYBODY | UNFINISHED | VOUCHED, NULL, log_out, NULL, NULL, NULL},
    {"readMe", ANYBODY, NULL, read_me, NULL, NULL, NULL},
    {"changePassword", ANYBODY | UNFINISHED | VOUCHED, NULL, change_password, NULL, NULL, NULL},
    {"beginTotp", ANYBODY | UNFINISHED | VOUCHED, NULL, begin_totp, NULL, NULL, NULL},
    {"confirmTotp", ANYBODY | UNFINISHED | VOUCHED, NULL, confirm_totp, NULL, NULL, NULL},
    {"removeTotp", ANYBODY | VOUCHED, NULL, remove_totp, NULL, NULL, NULL},
    {"readReference", ANYBODY, NULL, read_reference, NULL, NULL, NULL},
    {"streamEvents", ANYBODY, NULL, events_open_stream, NULL, NULL, NULL},
    {0},
};
