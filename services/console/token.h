/* Session tokens: where they are in a cookie, what is stored of them, and the token against forged requests that
 * follows from one. Pure. */
#ifndef CONSOLE_TOKEN_H
#define CONSOLE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

enum {
    TOKEN_TEXT = 43, /* base64url of 32 random bytes */
    TOKEN_HASH = 32,
};

/* A new token, NUL-terminated. */
void token_new(char ret_token[TOKEN_TEXT + 1]);
/* The value of the cookie in a Cookie header (RFC 6265), as far as it looks like a token. -ENOENT when there is none,
 * or several: then somebody has planted one. header may be NULL. */
WJZ_MUST_CHECK int token_in_cookies(const char *header, const char *name, char ret_token[TOKEN_TEXT + 1]);
void token_hash(const char *token, uint8_t ret_hash[TOKEN_HASH]);
/* What a page has to send with every change: only who has the session can know it. */
void token_csrf(const char *token, char ret_csrf[TOKEN_TEXT + 1]);
/* In time that does not tell where they differ; given may be NULL. */
bool token_csrf_ok(const char *token, const char *given);

#endif
