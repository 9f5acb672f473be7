/* Personal data at rest: one key file outside the database seals fields and makes keyed hashes.
 *
 * Sealing is XChaCha20-Poly1305, hashing is keyed BLAKE2b, each with a key of its own that is derived from the file's
 * by purpose: what was sealed for one purpose cannot be opened for another. A seal is used by one thread. */
#ifndef WJZ_SEAL_H
#define WJZ_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"

typedef struct wjz_seal wjz_seal;

enum {
    WJZ_SEAL_OVERHEAD = 41, /* bytes that sealing adds: version, nonce, tag */
    WJZ_SEAL_MAC = 32,
};

/* Reads the key file, 64 hexadecimal digits; it is made with mode 0600 when absent, also by several processes at once.
 * Blocks: at start only. -EACCES when group or others may read it, -EINVAL when it is no key. */
WJZ_MUST_CHECK int wjz_seal_open(const char *path, wjz_seal **ret_seal, wjz_err *err);
/* The same with a default: path NULL is keys/NAME in the state folder, which the environment's WJZ_HOME names. -ENOENT when
 * neither is given. */
WJZ_MUST_CHECK int wjz_seal_open_named(const char *path, const char *name, wjz_seal **ret_seal, wjz_err *err);
/* Wipes the key. */
void wjz_seal_destroy(wjz_seal **seal);

/* Seals length bytes into the arena: *ret_length is length + WJZ_SEAL_OVERHEAD. purpose: 1 to 8 characters. binding: what
 * the field belongs to, e.g. a row's id; opening needs the same, so that fields cannot be exchanged between rows. */
WJZ_MUST_CHECK int wjz_seal_box(const wjz_seal *seal, const char *purpose, int64_t binding, const void *plain, size_t length, wjz_arena *arena, uint8_t **ret_box, size_t *ret_length);
/* The plain bytes with a NUL behind them. -EBADMSG when it was sealed with another key, purpose or binding, or altered. */
WJZ_MUST_CHECK int wjz_seal_unbox(const wjz_seal *seal, const char *purpose, int64_t binding, const void *box, size_t length, wjz_arena *arena, char **ret_plain, size_t *ret_length);

/* Keyed hash, the same for the same bytes and purpose. */
void wjz_seal_mac(const wjz_seal *seal, const char *purpose, const void *data, size_t length, uint8_t ret_mac[WJZ_SEAL_MAC]);

/* Whether two byte strings are equal, in time that tells nothing about where they differ. */
bool wjz_seal_same(const void *a, const void *b, size_t length);
/* length random bytes from the operating system. */
void wjz_seal_random(void *bytes, size_t length);

#endif
