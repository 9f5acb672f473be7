#include "console/token.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void to_text(const uint8_t bytes[32], char text[TOKEN_TEXT + 1]) {
    sodium_bin2base64(text, TOKEN_TEXT + 1, bytes, 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void token_new(char ret_token[TOKEN_TEXT + 1]) {
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    to_text(bytes, ret_token);
}

int token_in_cookies(const char *header, const char *name, char ret_token[TOKEN_TEXT + 1]) {
    size_t length = strlen(name);
    const char *found = NULL;
    for (const char *at = header; at && *at;) {
        at += strspn(at, "; \t");
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            if (found) return -ENOENT;
            found = at + length + 1;
        }
        at += strcspn(at, ";");
    }
    if (!found || strspn(found, ALPHABET) != TOKEN_TEXT) return -ENOENT;
    if (found[TOKEN_TEXT] && !strchr("; \t", found[TOKEN_TEXT])) return -ENOENT;
    memcpy(ret_token, found, TOKEN_TEXT);
    ret_token[TOKEN_TEXT] = '\0';
    return 0;
}

static void derive(const char *purpose, const char *token, uint8_t hash[32]) {
    crypto_generichash(hash, 32, (const uint8_t *)token, strlen(token), (const uint8_t *)purpose, strlen(purpose));
}

void token_hash(const char *token, uint8_t ret_hash[TOKEN_HASH]) {
    derive("wjz.console.session", token, ret_hash);
}

void token_csrf(const char *token, char ret_csrf[TOKEN_TEXT + 1]) {
    uint8_t hash[32];
    derive("wjz.console.csrf...", token, hash);
    to_text(hash, ret_csrf);
}

bool token_csrf_ok(const char *token, const char *given) {
    char wanted[TOKEN_TEXT + 1];
    token_csrf(token, wanted);
    return given && strlen(given) == TOKEN_TEXT && sodium_memcmp(given, wanted, TOKEN_TEXT) == 0;
}
