#include "console/password.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "console/console.h"

enum { AT_ONCE = 2, CLASSES_LEAST = 3, LONG_ENOUGH = 16 };

typedef struct work {
    const char *plain, *hash;
    char made[crypto_pwhash_STRBYTES];
    int result;
} work;

/* argon2id of "no such account", so that an unknown login takes as long as a known one. */
static const char NOBODY[] =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void verify(void *arg) {
    work *w = arg;
    w->result = crypto_pwhash_str_verify(w->hash, w->plain, strlen(w->plain));
}

static void make(void *arg) {
    work *w = arg;
    w->result = crypto_pwhash_str(w->made, w->plain, strlen(w->plain), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                  crypto_pwhash_MEMLIMIT_INTERACTIVE);
}

static int compute(console *c, wjz_call_fn *fn, work *w) {
    if (c->hashing >= AT_ONCE) return -EBUSY;
    c->hashing++;
    int r = wjz_fiber_compute(c->loop, fn, w);
    c->hashing--;
    return r;
}

int password_verify(console *c, const char *plain, const char *hash, bool *ret_same) {
    work w = {.plain = plain, .hash = hash ? hash : NOBODY};
    int r = compute(c, verify, &w);
    if (r == 0) *ret_same = w.result == 0 && hash;
    return r;
}

int password_hash(console *c, const char *plain, wjz_arena *arena, char **ret_hash) {
    work w = {.plain = plain};
    int r = compute(c, make, &w);
    if (r < 0 || w.result != 0) return r < 0 ? r : -ENOMEM;
    char *hash = wjz_arena_strdup(arena, w.made);
    if (!hash) return -ENOMEM;
    *ret_hash = hash;
    return 0;
}

void password_random(char ret_plain[PASSWORD_TEXT]) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* none that look like another */
    for (int i = 0; i < PASSWORD_TEXT - 1; i++)
        ret_plain[i] = i % 5 == 4 ? '-' : letters[randombytes_uniform(sizeof letters - 1)];
    ret_plain[PASSWORD_TEXT - 1] = '\0';
}

const char *password_weakness(const char *plain, const char *login) {
    bool lower = false, upper = false, digit = false, other = false;
    size_t different = 0;
    for (const char *at = plain; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        lower |= islower(byte) != 0;
        upper |= isupper(byte) != 0;
        digit |= isdigit(byte) != 0;
        other |= !isalnum(byte);
        different += memchr(plain, *at, (size_t)(at - plain)) == NULL;
    }
    if (strlen(plain) < 12) return "至少 12 个字符 / at least 12 characters";
    if (different < 6) return "重复过多 / too much of the same";
    if (strcasestr(plain, login)) return "不得包含登录名 / must not contain the login";
    if (strlen(plain) < LONG_ENOUGH && lower + upper + digit + other < CLASSES_LEAST)
        return "不足 16 个字符时须含大写、小写、数字、符号中的三类 / below 16 characters it needs three of: capitals, "
               "small letters, "
               "digits, signs";
    return NULL;
}
