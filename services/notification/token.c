/* Links that acknowledge without a login. */
#include "notification/token.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "wjz/clock.h"

enum { MAC = 24 };

/* As it stands in the link: big-endian numbers, then the first bytes of their keyed hash. */
struct __attribute__((packed)) plain {
    uint32_t region;
    uint64_t notice;
    uint32_t expires_s;
    uint8_t mac[MAC];
};

_Static_assert(sodium_base64_ENCODED_LEN(sizeof(struct plain), sodium_base64_VARIANT_URLSAFE_NO_PADDING) <= TOKEN_TEXT,
               "room for a token");

static void sign(const wjz_seal *seal, const struct plain *plain, uint8_t mac[WJZ_SEAL_MAC]) {
    wjz_seal_mac(seal, "ack", plain, offsetof(struct plain, mac), mac);
}

void token_write(const wjz_seal *seal, const struct token *token, char text[TOKEN_TEXT]) {
    uint8_t mac[WJZ_SEAL_MAC];
    struct plain plain = {
        .region = htobe32((uint32_t)token->region),
        .notice = htobe64((uint64_t)token->notice),
        .expires_s = htobe32((uint32_t)(token->expires_us / WJZ_SECOND_US)),
    };
    sign(seal, &plain, mac);
    memcpy(plain.mac, mac, sizeof plain.mac);
    sodium_bin2base64(text, TOKEN_TEXT, (const uint8_t *)&plain, sizeof plain,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int token_read(const wjz_seal *seal, const char *text, struct token *ret_token) {
    struct plain plain;
    size_t length = 0, text_length = strnlen(text, TOKEN_TEXT);
    if (text_length == TOKEN_TEXT ||
        sodium_base642bin((uint8_t *)&plain, sizeof plain, text, text_length, NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) < 0 ||
        length != sizeof plain)
        return -EBADMSG;
    uint8_t mac[WJZ_SEAL_MAC];
    sign(seal, &plain, mac);
    if (!wjz_seal_same(mac, plain.mac, sizeof plain.mac)) return -EBADMSG;
    *ret_token = (struct token){
        .region = (int32_t)be32toh(plain.region),
        .notice = (int64_t)be64toh(plain.notice),
        .expires_us = (int64_t)be32toh(plain.expires_s) * WJZ_SECOND_US,
    };
    return 0;
}

void token_hash(const char *text, uint8_t ret_hash[TOKEN_HASH]) {
    crypto_hash_sha256(ret_hash, (const uint8_t *)text, strlen(text));
}
