#include "console/store_account.h"

#include <errno.h>

static const wjz_stmt BE = {"console_be", "SELECT console.be($1)", 1};
static const wjz_stmt READ = {"console_account",
                              "SELECT password, must_change, locked_until > now(), totp, totp_offered, totp_step"
                              " FROM console.account WHERE login = $1 FOR UPDATE",
                              6};
static const wjz_stmt FAILURE = {
    "console_failure",
    "UPDATE console.account SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,"
    " locked_until = CASE WHEN failures + 1 >= $2 THEN now() + make_interval(secs => $3::int8) ELSE locked_until END "
    "WHERE login = $1",
    0};
static const wjz_stmt SUCCESS = {"console_success",
                                 "UPDATE console.account SET failures = 0, last_login_at = now() WHERE login = $1", 0};
static const wjz_stmt ADD = {"console_session_add",
                             "INSERT INTO console.session (token_hash, login, stage, address, idle_s, ends_at)"
                             " VALUES ($1, $2, $3, $4, $5::int8, now() + make_interval(secs => $6::int8))",
                             0};
static const wjz_stmt RENEW = {
    "console_session_renew",
    "UPDATE console.session SET token_hash = $2, stage = $3, seen_at = now() WHERE token_hash = $1", 0};
static const wjz_stmt DROP = {"console_session_drop", "DELETE FROM console.session WHERE token_hash = $1", 0};
static const wjz_stmt DROP_ALL = {"console_sessions_drop",
                                  "DELETE FROM console.session WHERE login = $1 AND token_hash <> $2", 0};
static const wjz_stmt PASSWORD = {"console_password",
                                  "UPDATE console.account SET password = $2, must_change = $3, failures = 0, revision "
                                  "= revision + 1 WHERE login = $1",
                                  0};
static const wjz_stmt OFFER = {"console_totp_offer", "UPDATE console.account SET totp_offered = $2 WHERE login = $1",
                               0};
static const wjz_stmt TOTP = {"console_totp",
                              "UPDATE console.account SET totp = $2, totp_offered = NULL, totp_step = $3, revision = "
                              "revision + 1 WHERE login = $1",
                              0};
static const wjz_stmt USE = {"console_totp_use",
                             "UPDATE console.account SET totp_step = $2 WHERE login = $1 AND totp_step < $2", 0};

static wjz_blob kept(wjz_tx *tx, wjz_blob blob) {
    return blob.data ? (wjz_blob){wjz_arena_strndup(wjz_tx_arena(tx), blob.data, blob.length), blob.length} : blob;
}

int store_read_account(wjz_tx *tx, const char *login, account *ret_account, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_send_v(tx, &BE, wjz_text(login));
    if (r == 0) r = wjz_tx_query_v(tx, &READ, &rows, err, wjz_text(login));
    if (r < 0) return r;
    account a = {.known = wjz_rows_count(rows) > 0};
    if (a.known) {
        a.password = wjz_arena_strdup(wjz_tx_arena(tx), wjz_row_text(rows, 0, 0));
        a.must_change = wjz_row_bool(rows, 0, 1);
        a.locked = !wjz_row_null(rows, 0, 2) && wjz_row_bool(rows, 0, 2);
        a.totp = kept(tx, wjz_row_bytes(rows, 0, 3));
        a.totp_offered = kept(tx, wjz_row_bytes(rows, 0, 4));
        a.totp_step = wjz_row_int(rows, 0, 5);
        if (!a.password) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    *ret_account = a;
    return 0;
}

int store_count_failure(wjz_tx *tx, const char *login, int lock_after, int lock_s) {
    return wjz_tx_send_v(tx, &FAILURE, wjz_text(login), wjz_i32(lock_after), wjz_i64(lock_s));
}

int store_count_success(wjz_tx *tx, const char *login) {
    return wjz_tx_send_v(tx, &SUCCESS, wjz_text(login));
}

int store_add_session(wjz_tx *tx, const session_row *s) {
    uint8_t hash[TOKEN_HASH];
    token_hash(s->token, hash);
    return wjz_tx_send_v(tx, &ADD, wjz_bytes(hash, sizeof hash), wjz_text(s->login), wjz_text(s->stage),
                         wjz_text(s->address), wjz_i64(s->idle_s), wjz_i64(s->length_s));
}

int store_renew_session(wjz_tx *tx, const char *old_token, const char *token, const char *stage) {
    uint8_t old[TOKEN_HASH], hash[TOKEN_HASH];
    token_hash(old_token, old);
    token_hash(token, hash);
    return wjz_tx_send_v(tx, &RENEW, wjz_bytes(old, sizeof old), wjz_bytes(hash, sizeof hash), wjz_text(stage));
}

int store_drop_session(wjz_tx *tx, const char *token) {
    uint8_t hash[TOKEN_HASH];
    token_hash(token, hash);
    return wjz_tx_send_v(tx, &DROP, wjz_bytes(hash, sizeof hash));
}

int store_drop_sessions(wjz_tx *tx, const char *login, const char *token) {
    uint8_t hash[TOKEN_HASH];
    token_hash(token, hash);
    return wjz_tx_send_v(tx, &DROP_ALL, wjz_text(login), wjz_bytes(hash, sizeof hash));
}

int store_set_password(wjz_tx *tx, const char *login, const char *hash, bool must_change) {
    return wjz_tx_send_v(tx, &PASSWORD, wjz_text(login), wjz_text(hash), wjz_bool(must_change));
}

int store_offer_totp(wjz_tx *tx, const char *login, const void *sealed, size_t length) {
    return wjz_tx_send_v(tx, &OFFER, wjz_text(login), wjz_bytes(sealed, length));
}

int store_set_totp(wjz_tx *tx, const char *login, const void *sealed, size_t length, int64_t step) {
    return wjz_tx_send_v(tx, &TOTP, wjz_text(login), wjz_bytes(sealed, length), wjz_i64(step));
}

int store_use_totp(wjz_tx *tx, const char *login, int64_t step) {
    return wjz_tx_send_v(tx, &USE, wjz_text(login), wjz_i64(step));
}
