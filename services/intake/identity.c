/* See identity.h. */
#include "intake/identity.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "intake/cell.h"

/* Digits alone, the country code left out; what is shorter is no phone. */
static size_t phone_digits(const char *phone, char *out, size_t size) {
    char narrow[128];
    cell_narrow(phone, narrow, sizeof narrow);
    size_t length = 0;
    for (const char *at = narrow; *at != '\0' && length + 1 < size; at++) {
        if (isdigit((unsigned char)*at)) out[length++] = *at;
    }
    out[length] = '\0';
    if (length == 13 && strncmp(out, "86", 2) == 0) {
        memmove(out, out + 2, length - 1);
        length -= 2;
    }
    return length >= 7 ? length : 0;
}

static int64_t hash_of(const wjz_seal *seal, const char *kind, const char *space, const char *text) {
    char joined[1024];
    size_t length = 0;
    const char *const parts[] = {kind, space, text};
    for (size_t i = 0; i < WJZ_COUNT(parts); i++) { /* each with its NUL, so that no two triples join alike */
        size_t part = strnlen(parts[i], 320);
        memcpy(joined + length, parts[i], part);
        length += part;
        joined[length++] = '\0';
    }
    uint8_t mac[WJZ_SEAL_MAC];
    int64_t hash = 0;
    wjz_seal_mac(seal, "reporter", joined, length, mac);
    memcpy(&hash, mac, sizeof hash);
    return hash != 0 ? hash : 1;
}

int64_t identity_hash(const wjz_seal *seal, const char *feed, const Wjz__Intake__Reporter *reporter) {
    if (reporter == NULL || reporter->anonymous) return 0;
    char text[128];
    if (cell_narrow(reporter->id_number, text, sizeof text) >= 15) {
        for (char *at = text; *at != '\0'; at++)
            *at = (char)toupper((unsigned char)*at);
        return hash_of(seal, "id", "", text);
    }
    if (phone_digits(reporter->phone, text, sizeof text) > 0) return hash_of(seal, "phone", "", text);
    if (reporter->handle[0] != '\0') return hash_of(seal, "handle", feed, reporter->handle);
    return 0;
}

int identity_seal(const wjz_seal *seal, int64_t complaint, const Wjz__Intake__Reporter *reporter, bool keep_id_number,
                  wjz_arena *arena, wjz_blob *ret_cipher) {
    *ret_cipher = (wjz_blob){NULL, 0};
    if (reporter == NULL) return 0;
    Wjz__Intake__Reporter kept = WJZ__INTAKE__REPORTER__INIT;
    kept.name = reporter->name;
    kept.phone = reporter->phone;
    kept.handle = reporter->handle;
    if (keep_id_number) kept.id_number = reporter->id_number;
    size_t length = wjz__intake__reporter__get_packed_size(&kept);
    if (length == 0) return 0;
    uint8_t *plain = wjz_arena_alloc(arena, length);
    if (plain == NULL) return -ENOMEM;
    wjz__intake__reporter__pack(&kept, plain);
    uint8_t *box = NULL;
    size_t box_length = 0;
    int r = wjz_seal_box(seal, "reporter", complaint, plain, length, arena, &box, &box_length);
    sodium_memzero(plain, length);
    if (r == 0) *ret_cipher = (wjz_blob){box, box_length};
    return r;
}

int identity_open(const wjz_seal *seal, int64_t complaint, wjz_blob cipher, wjz_arena *arena,
                  const Wjz__Intake__Reporter **ret_reporter, wjz_err *err) {
    char *plain = NULL;
    size_t length = 0;
    const ProtobufCMessage *body = NULL;
    int r = wjz_seal_unbox(seal, "reporter", complaint, cipher.data, cipher.length, arena, &plain, &length);
    if (r < 0) return wjz_err_set(err, r, "cannot open the reporter of a complaint: is identity.key another one");
    r = wjz_message_unpack(&wjz__intake__reporter__descriptor, plain, length, arena, &body, err);
    sodium_memzero(plain, length);
    if (r == 0) *ret_reporter = (const Wjz__Intake__Reporter *)body;
    return r;
}

void identity_hash_key(const wjz_seal *seal, const char *key, uint8_t ret_hash[WJZ_SEAL_MAC]) {
    wjz_seal_mac(seal, "feedkey", key, strlen(key), ret_hash);
}

void identity_new_key(char ret_key[IDENTITY_KEY_TEXT]) {
    uint8_t bytes[32];
    wjz_seal_random(bytes, sizeof bytes);
    memcpy(ret_key, "wjz_", 4);
    sodium_bin2base64(ret_key + 4, IDENTITY_KEY_TEXT - 4, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}
