/* Signatures of webhooks: the receiver can tell that a notice came from here and when. */
#include "notification/signature.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int webhook_secret_parse(const char *text, struct webhook_secret *ret_secret, wjz_err *err) {
    static const char prefix[] = "whsec_";
    struct webhook_secret secret = {0};
    bool well_formed =
        text != NULL && strncmp(text, prefix, sizeof prefix - 1) == 0 &&
        sodium_base642bin(secret.key, sizeof secret.key, text + sizeof prefix - 1, strlen(text) - (sizeof prefix - 1),
                          NULL, &secret.length, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!well_formed || secret.length < 24)
        return wjz_err_set(err, -EINVAL, "webhook secret is not \"whsec_\" and base64 of 24 to 64 bytes");
    *ret_secret = secret;
    return 0;
}

const char *webhook_signature(const struct webhook_secret *secret, const char *id, int64_t timestamp_s,
                              const void *body, size_t length, wjz_arena *arena) {
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char encoded[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
    char moment[32];
    int moment_length = snprintf(moment, sizeof moment, ".%" PRId64 ".", timestamp_s);

    crypto_auth_hmacsha256_init(&state, secret->key, secret->length);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)moment, (unsigned long long)moment_length);
    crypto_auth_hmacsha256_update(&state, body, length);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(encoded, sizeof encoded, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    return wjz_arena_printf(arena, "v1,%s", encoded);
}
