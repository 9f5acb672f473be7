/* The embedded PostgreSQL: a private cluster in the state folder, reached over a unix socket only. */
#ifndef CTL_POSTGRES_H
#define CTL_POSTGRES_H

#include <sys/types.h>

#include "ctl/home.h"

/* Makes the cluster, with the product's empty database, when there is none. */
WJZ_MUST_CHECK int postgres_init(const home *h, wjz_err *err);
/* Starts the server as a child of this process, logging to log/postgres.log. */
WJZ_MUST_CHECK int postgres_start(const home *h, pid_t *ret_pid, wjz_err *err);
/* Waits, at most timeout_ms, until it answers. */
WJZ_MUST_CHECK int postgres_wait(const home *h, int timeout_ms, wjz_err *err);

#endif
