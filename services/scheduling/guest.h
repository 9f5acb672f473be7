/* What a guest says about themself, as it lies sealed in the store. */
#ifndef SCHEDULING_GUEST_H
#define SCHEDULING_GUEST_H

#include "wjz/seal.h"

enum { GUEST_TOKEN_TEXT = 33 };

struct guest {
    const char *name, *phone, *email, *topic;
    const char *token; /* what the guest shows instead of a login */
};

/* binding: the appointment's id. -ENOMEM. */
WJZ_MUST_CHECK int guest_seal(const wjz_seal *seal, int64_t binding, const struct guest *guest, wjz_arena *arena,
                              uint8_t **ret_box, size_t *ret_length);
/* -EBADMSG when it was sealed with another key. */
WJZ_MUST_CHECK int guest_unseal(const wjz_seal *seal, int64_t binding, const void *box, size_t length, wjz_arena *arena,
                                struct guest *ret_guest);

/* A new token of 128 random bits. */
void guest_make_token(char token[GUEST_TOKEN_TEXT]);
void guest_hash_token(const wjz_seal *seal, const char *token, uint8_t ret_hash[WJZ_SEAL_MAC]);

#endif
