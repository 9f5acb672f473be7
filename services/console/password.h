/* Passwords: argon2id by libsodium, computed beside the loop. */
#ifndef CONSOLE_PASSWORD_H
#define CONSOLE_PASSWORD_H

#include <stdbool.h>

#include "wjz/arena.h"
#include "wjz/err.h"

struct console;

/* Whether plain is the password of which hash was made; hash NULL: takes as long, and says no. -EBUSY when as many are
 * computed already as memory allows. Only from a fiber. */
WJZ_MUST_CHECK int password_verify(struct console *c, const char *plain, const char *hash, bool *ret_same);
WJZ_MUST_CHECK int password_hash(struct console *c, const char *plain, wjz_arena *arena, char **ret_hash);
/* A random one that a person can type, NUL-terminated. */
enum { PASSWORD_TEXT = 25 };
void password_random(char ret_plain[PASSWORD_TEXT]);
/* Why it is too weak, for a person; NULL when it is not. Pure. */
const char *password_weakness(const char *plain, const char *login);

#endif
