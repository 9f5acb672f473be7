/* Keeps the console's copy of clues as they are (deploy/migrations/0141_console_clues.sql), looks which services live,
 * and removes what has ended. One fiber; of several instances one works at a time. */
#ifndef CONSOLE_FOLLOW_H
#define CONSOLE_FOLLOW_H

#include "wjz/err.h"

typedef struct follow follow;
struct console;

WJZ_MUST_CHECK int follow_open(struct console *c, follow **ret_follow, wjz_err *err);
/* Waits for its end; only from a fiber. Accepts NULL. */
void follow_close(follow **follow);

#endif
