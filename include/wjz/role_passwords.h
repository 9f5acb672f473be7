/* Passwords of the services' roles, for a server that is reached over a network rather than by a socket with peers.
 *
 * They stand in a file of libpq's own format (HOST:PORT:DATABASE:ROLE:PASSWORD, see PGPASSFILE), so that every program finds
 * its own there by itself. For tools: it blocks. */
#ifndef WJZ_ROLE_PASSWORDS_H
#define WJZ_ROLE_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "wjz/err.h"

/* Told after each role: made is false when its password had stood in the file before. May be NULL. */
typedef void wjz_role_password_fn(const char *role, bool made, void *arg);

/* Gives the server the passwords that the file has for the roles; for a role without one it makes one and adds the line first.
 * The server never sees a password, only what verifies it. url: of a role that may alter the others, and without a password in
 * it, which they would use too: -EINVAL. -EACCES when others may read the file, -ECONNREFUSED when the server cannot be
 * reached. Safe to repeat after an error. */
WJZ_MUST_CHECK int wjz_role_passwords_set(const char *url, const char *file, const char *const *roles, size_t count,
                                          wjz_role_password_fn *tell, void *arg, wjz_err *err);

#endif
