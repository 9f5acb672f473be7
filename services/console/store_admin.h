/* Statements of those who administer accounts; used by operators' requests and by the pages. */
#ifndef CONSOLE_STORE_ADMIN_H
#define CONSOLE_STORE_ADMIN_H

#include "wjz/db.h"

/* Makes the transaction, for which the program vouches, that of an operator, who may do what the three administrators may; for requests over the bus,
 * whose senders the bus has authenticated. No parameters. */
extern const wjz_stmt BE_OPERATOR;
/* login, region (0: the person's, whichever it is), person, roles, password hash; a row when it was made; nothing when
 * the person is not known. */
extern const wjz_stmt MAKE_ACCOUNT;
/* login, locked; a row when it was there. */
extern const wjz_stmt SET_LOCKED;
/* login, hash; a row when it was there. */
extern const wjz_stmt RESET_PASSWORD;
/* login; a row when it was there. Also ends its sessions, as the two above. */
extern const wjz_stmt RESET_TOTP;
/* login, roles, revision as text; a row with 1 when it was done, 0 when it has changed since. */
extern const wjz_stmt SET_ROLES;
/* login; ends its sessions. */
extern const wjz_stmt END_SESSIONS;
/* All accounts, for operators. */
extern const wjz_stmt LIST_ACCOUNTS;

#endif
