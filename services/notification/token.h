/* Links that acknowledge without a login: a notice, an expiry and a keyed hash over both. Pure.
 *
 * The same notice and expiry give the same token, so a message sent again carries the same link; the store keeps its
 * hash, so that a link can be revoked. */
#ifndef NOTIFICATION_TOKEN_H
#define NOTIFICATION_TOKEN_H

#include <stdint.h>

#include "wjz/clean.h"
#include "wjz/seal.h"

enum { TOKEN_TEXT = 60 /* 54 characters of URL-safe base64 and NUL, rounded up */, TOKEN_HASH = 32 };

struct token {
    int32_t region;
    int64_t notice;
    int64_t expires_us; /* whole seconds */
};

void token_write(const wjz_seal *seal, const struct token *token, char text[TOKEN_TEXT]);
/* -EBADMSG when it is no token or was not made with this key. Does not look at the expiry. */
WJZ_MUST_CHECK int token_read(const wjz_seal *seal, const char *text, struct token *ret_token);
void token_hash(const char *text, uint8_t ret_hash[TOKEN_HASH]);

#endif
