/* Accounts and sessions in the store. Statements are queued in the transaction unless said otherwise. */
#ifndef CONSOLE_STORE_ACCOUNT_H
#define CONSOLE_STORE_ACCOUNT_H

#include "console/token.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct account {
    bool known, must_change, locked;
    const char *password;
    wjz_blob totp, totp_offered; /* sealed; data NULL: none */
    int64_t totp_step;
} account;

/* Makes the transaction, for which the program vouches, that of the login, and reads its account; waits. Texts live in
 * the transaction's arena. */
WJZ_MUST_CHECK int store_read_account(wjz_tx *tx, const char *login, account *ret_account, wjz_err *err);

/* A password or code that was wrong: after lock_after of them the account is locked for lock_s. */
WJZ_MUST_CHECK int store_count_failure(wjz_tx *tx, const char *login, int lock_after, int lock_s);
WJZ_MUST_CHECK int store_count_success(wjz_tx *tx, const char *login);

typedef struct session_row {
    const char *token, *login, *stage, *address;
    int idle_s, length_s;
} session_row;

WJZ_MUST_CHECK int store_add_session(wjz_tx *tx, const session_row *s);
/* Another token and stage for the session of old_token. */
WJZ_MUST_CHECK int store_renew_session(wjz_tx *tx, const char *old_token, const char *token, const char *stage);
WJZ_MUST_CHECK int store_drop_session(wjz_tx *tx, const char *token);
/* All of the login but that of the token; token "": all. */
WJZ_MUST_CHECK int store_drop_sessions(wjz_tx *tx, const char *login, const char *token);

WJZ_MUST_CHECK int store_set_password(wjz_tx *tx, const char *login, const char *hash, bool must_change);
WJZ_MUST_CHECK int store_offer_totp(wjz_tx *tx, const char *login, const void *sealed, size_t length);
/* sealed NULL removes it. */
WJZ_MUST_CHECK int store_set_totp(wjz_tx *tx, const char *login, const void *sealed, size_t length, int64_t step);
WJZ_MUST_CHECK int store_use_totp(wjz_tx *tx, const char *login, int64_t step);

#endif
