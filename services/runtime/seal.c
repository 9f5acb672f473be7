/* Sealed fields: personal data that lies in the database is worth nothing without the key file. */
#include "wjz/seal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY = 32,
    KEY_DIGITS = 2 * KEY,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    VERSION = 1,
    SEALING = 1, /* numbers of the derived keys */
    HASHING = 2,
    KEYS_KEPT = 8,
};

_Static_assert(1 + NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES == WJZ_SEAL_OVERHEAD, "overhead of a box");
_Static_assert(crypto_kdf_KEYBYTES == KEY, "size of the master key");

typedef struct derived_key {
    char purpose[crypto_kdf_CONTEXTBYTES];
    uint64_t number; /* 0: a free place */
    uint8_t key[KEY];
} derived_key;

/* Keys are derived once: that costs as much as to seal a name with one. */
struct wjz_seal {
    uint8_t key[KEY];
    derived_key *kept; /* in the same memory; a seal is const for who only uses it */
    derived_key places[KEYS_KEPT];
};

void wjz_seal_random(void *bytes, size_t length) {
    randombytes_buf(bytes, length);
}

bool wjz_seal_same(const void *a, const void *b, size_t length) {
    return sodium_memcmp(a, b, length) == 0;
}

/* Writes a new key beside path and links it there: whoever comes first wins, nobody ever reads half a key. */
static int make_key_file(const char *path, wjz_err *err) {
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof beside)
        return wjz_err_set(err, -ENAMETOOLONG, "path of key file \"%.100s\" is too long", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return wjz_err_set(err, -errno, "could not make key file \"%s\": %m", path);

    uint8_t key[KEY];
    char text[KEY_DIGITS + 2];
    randombytes_buf(key, sizeof key);
    sodium_bin2hex(text, sizeof text, key, sizeof key);
    text[KEY_DIGITS] = '\n';
    int r = 0;
    if (write(fd, text, KEY_DIGITS + 1) != KEY_DIGITS + 1 || fsync(fd) < 0)
        r = wjz_err_set(err, -EIO, "could not write key file \"%s\": %m", path);
    close(fd);
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    if (r == 0 && link(beside, path) < 0 && errno != EEXIST)
        r = wjz_err_set(err, -errno, "could not make key file \"%s\": %m", path);
    unlink(beside);
    return r;
}

static int read_key_file(int fd, const char *path, uint8_t key[KEY], wjz_err *err) {
    struct stat status;
    if (fstat(fd, &status) < 0) return wjz_err_set(err, -errno, "could not read key file \"%s\": %m", path);
    if ((status.st_mode & 077) != 0)
        return wjz_err_set(err, -EACCES, "key file \"%s\" is readable by others: run chmod 600 on it", path);

    char text[KEY_DIGITS + 2];
    ssize_t length = read(fd, text, sizeof text);
    if (length < 0) return wjz_err_set(err, -errno, "could not read key file \"%s\": %m", path);
    size_t written = 0;
    const char *end = text;
    bool whole = length >= KEY_DIGITS && sodium_hex2bin(key, KEY, text, KEY_DIGITS, NULL, &written, &end) == 0 &&
                 written == KEY && (length == KEY_DIGITS || (length == KEY_DIGITS + 1 && text[KEY_DIGITS] == '\n'));
    sodium_memzero(text, sizeof text);
    return whole
               ? 0
               : wjz_err_set(err, -EINVAL, "file \"%s\" is no key: it must be %d hexadecimal digits", path, KEY_DIGITS);
}

int wjz_seal_open(const char *path, wjz_seal **ret_seal, wjz_err *err) {
    if (sodium_init() < 0) return wjz_err_set(err, -EIO, "could not start the cryptographic library");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        int r = make_key_file(path, err);
        if (r < 0) return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) return wjz_err_set(err, -errno, "could not open key file \"%s\": %m", path);

    wjz_seal *seal = sodium_malloc(sizeof *seal);
    if (seal != NULL) {
        memset(seal, 0, sizeof *seal);
        seal->kept = seal->places;
    }
    int r = seal == NULL ? wjz_err_set(err, -ENOMEM, "out of memory") : read_key_file(fd, path, seal->key, err);
    close(fd);
    if (r < 0)
        wjz_seal_destroy(&seal);
    else
        *ret_seal = seal;
    return r;
}

int wjz_seal_open_named(const char *path, const char *name, wjz_seal **ret_seal, wjz_err *err) {
    if (path != NULL && *path != '\0') return wjz_seal_open(path, ret_seal, err);
    const char *home = getenv("WJZ_HOME");
    if (home == NULL || *home == '\0')
        return wjz_err_set(err, -ENOENT, "no place for key file \"%s\": give the key file's option or set WJZ_HOME",
                           name);
    char folder[4000], whole[4096];
    if (snprintf(folder, sizeof folder, "%s/keys", home) >= (int)sizeof folder)
        return wjz_err_set(err, -ENAMETOOLONG, "WJZ_HOME is too long");
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return wjz_err_set(err, -errno, "could not make folder \"%s\": %m", folder);
    snprintf(whole, sizeof whole, "%s/%s", folder, name);
    return wjz_seal_open(whole, ret_seal, err);
}

void wjz_seal_destroy(wjz_seal **seal) {
    if (seal == NULL || *seal == NULL) return;
    sodium_free(*seal); /* wipes */
    *seal = NULL;
}

/* The key of a purpose: kept with the seal, or in spare when there is no place for it. */
static const uint8_t *key_of(const wjz_seal *seal, const char *purpose, uint64_t number, uint8_t spare[KEY]) {
    char context[crypto_kdf_CONTEXTBYTES] = {0};
    memcpy(context, purpose, strnlen(purpose, sizeof context));
    for (derived_key *it = seal->kept; it < seal->kept + KEYS_KEPT; it++) {
        if (it->number == number && memcmp(it->purpose, context, sizeof context) == 0) return it->key;
        if (it->number != 0) continue;
        memcpy(it->purpose, context, sizeof context);
        it->number = number;
        crypto_kdf_derive_from_key(it->key, KEY, number, context, seal->key);
        return it->key;
    }
    crypto_kdf_derive_from_key(spare, KEY, number, context, seal->key);
    return spare;
}

/* Many are asked for at once, as the question costs more than a short text's sealing. No process of ours forks and goes
 * on sealing on both sides. */
static void next_nonce(uint8_t nonce[NONCE]) {
    enum { AT_ONCE = 32 };
    static _Thread_local uint8_t ready[AT_ONCE][NONCE];
    static _Thread_local size_t left;
    if (left == 0) {
        randombytes_buf(ready, sizeof ready);
        left = AT_ONCE;
    }
    memcpy(nonce, ready[--left], NONCE);
}

int wjz_seal_box(const wjz_seal *seal, const char *purpose, int64_t binding, const void *plain, size_t length,
                 wjz_arena *arena, uint8_t **ret_box, size_t *ret_length) {
    uint8_t *box = length > SIZE_MAX - WJZ_SEAL_OVERHEAD ? NULL : wjz_arena_alloc(arena, length + WJZ_SEAL_OVERHEAD);
    if (box == NULL) return -ENOMEM;

    uint8_t spare[KEY] = {0};
    uint64_t bound = htole64((uint64_t)binding);
    box[0] = VERSION;
    next_nonce(box + 1);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + 1 + NONCE, NULL, plain, length, (const uint8_t *)&bound,
                                               sizeof bound, NULL, box + 1, key_of(seal, purpose, SEALING, spare));
    sodium_memzero(spare, sizeof spare);
    *ret_box = box;
    *ret_length = length + WJZ_SEAL_OVERHEAD;
    return 0;
}

int wjz_seal_unbox(const wjz_seal *seal, const char *purpose, int64_t binding, const void *box, size_t length,
                   wjz_arena *arena, char **ret_plain, size_t *ret_length) {
    const uint8_t *bytes = box;
    if (length < WJZ_SEAL_OVERHEAD || bytes[0] != VERSION) return -EBADMSG;
    char *plain = wjz_arena_alloc(arena, length - WJZ_SEAL_OVERHEAD + 1);
    if (plain == NULL) return -ENOMEM;

    uint8_t spare[KEY] = {0};
    uint64_t bound = htole64((uint64_t)binding);
    int r = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, NULL, NULL, bytes + 1 + NONCE,
                                                       length - 1 - NONCE, (const uint8_t *)&bound, sizeof bound,
                                                       bytes + 1, key_of(seal, purpose, SEALING, spare));
    sodium_memzero(spare, sizeof spare);
    if (r < 0) return -EBADMSG;
    plain[length - WJZ_SEAL_OVERHEAD] = '\0';
    *ret_plain = plain;
    *ret_length = length - WJZ_SEAL_OVERHEAD;
    return 0;
}

void wjz_seal_mac(const wjz_seal *seal, const char *purpose, const void *data, size_t length,
                  uint8_t ret_mac[WJZ_SEAL_MAC]) {
    uint8_t spare[KEY] = {0};
    crypto_generichash(ret_mac, WJZ_SEAL_MAC, data, length, key_of(seal, purpose, HASHING, spare), KEY);
    sodium_memzero(spare, sizeof spare);
}
