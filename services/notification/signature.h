/* Signatures of webhooks as in Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks). Pure. */
#ifndef NOTIFICATION_SIGNATURE_H
#define NOTIFICATION_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"

enum { WEBHOOK_SECRET_MOST = 64 };

struct webhook_secret {
    uint8_t key[WEBHOOK_SECRET_MOST];
    size_t length;
};

/* "whsec_" and base64 of 24 to 64 bytes. -EINVAL; the error does not repeat the secret. */
WJZ_MUST_CHECK int webhook_secret_parse(const char *text, struct webhook_secret *ret_secret, wjz_err *err);

/* "v1," and base64 of HMAC-SHA256 over "id.timestamp.body". NULL when out of memory. */
const char *webhook_signature(const struct webhook_secret *secret, const char *id, int64_t timestamp_s,
                              const void *body, size_t length, wjz_arena *arena);

#endif
