/* What a guest says about themself: readable only with the key file. */
#include "scheduling/guest.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PURPOSE "guest"

int guest_seal(const wjz_seal *seal, int64_t binding, const struct guest *guest, wjz_arena *arena, uint8_t **ret_box,
               size_t *ret_length) {
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", guest->name, "phone", guest->phone, "email",
                               guest->email, "topic", guest->topic, "token", guest->token);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) return -ENOMEM;
    int r = wjz_seal_box(seal, PURPOSE, binding, text, strlen(text), arena, ret_box, ret_length);
    explicit_bzero(text, strlen(text));
    free(text);
    return r;
}

static const char *member(const json_t *object, const char *name, wjz_arena *arena) {
    const char *text = json_string_value(json_object_get(object, name));
    return wjz_arena_strdup(arena, text == NULL ? "" : text);
}

int guest_unseal(const wjz_seal *seal, int64_t binding, const void *box, size_t length, wjz_arena *arena,
                 struct guest *ret_guest) {
    char *text = NULL;
    size_t text_length = 0;
    int r = wjz_seal_unbox(seal, PURPOSE, binding, box, length, arena, &text, &text_length);
    if (r < 0) return r;
    json_t *object = json_loadb(text, text_length, 0, NULL);
    if (object == NULL) return -EBADMSG;
    struct guest guest = {
        .name = member(object, "name", arena),
        .phone = member(object, "phone", arena),
        .email = member(object, "email", arena),
        .topic = member(object, "topic", arena),
        .token = member(object, "token", arena),
    };
    json_decref(object);
    if (guest.name == NULL || guest.phone == NULL || guest.email == NULL || guest.topic == NULL || guest.token == NULL)
        return -ENOMEM;
    *ret_guest = guest;
    return 0;
}

void guest_make_token(char token[GUEST_TOKEN_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[(GUEST_TOKEN_TEXT - 1) / 2];
    wjz_seal_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        token[2 * i] = digits[bytes[i] >> 4];
        token[2 * i + 1] = digits[bytes[i] & 15];
    }
    token[GUEST_TOKEN_TEXT - 1] = '\0';
}

void guest_hash_token(const wjz_seal *seal, const char *token, uint8_t ret_hash[WJZ_SEAL_MAC]) {
    wjz_seal_mac(seal, "token", token, strlen(token), ret_hash);
}
