/* `wjz up`: keeps PostgreSQL and the services running. */
#ifndef CTL_SUPERVISOR_H
#define CTL_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/home.h"

enum { SUPERVISED_SERVICES = 6, INSTANCES_MOST = 64 };

/* The services it runs, in the order they are started. */
extern const char *const supervised_services[SUPERVISED_SERVICES];

typedef struct scale {
    int instances[SUPERVISED_SERVICES]; /* wanted, from 0 to INSTANCES_MOST */
} scale;

/* "scoring=4" changes one count. */
WJZ_MUST_CHECK int scale_parse(const char *text, scale *s, wjz_err *err);

/* Runs the supervisor in the background; comes back when every instance is registered and heard from, or with the
 * reason why not. When one runs already it is told the new scale. foreground: does not come back before the end. */
WJZ_MUST_CHECK int supervisor_up(const home *h, const scale *s, bool foreground, wjz_err *err);

/* The supervisor's process id, 0 when none runs. */
pid_t supervisor_running(const home *h);

/* Ends it in order; waits at most timeout_ms. 0 also when none ran. */
WJZ_MUST_CHECK int supervisor_down(const home *h, int timeout_ms, wjz_err *err);

/* Tells a running supervisor how many instances to run. */
WJZ_MUST_CHECK int supervisor_scale(const home *h, const scale *s, wjz_err *err);
/* What was last asked for; one of each, two for scoring, when nothing was. */
void supervisor_read_scale(const home *h, scale *ret_scale);

#endif
