/* Brings a database to the newest schema: ordered SQL files, forward only, each in one transaction, checksummed.
 *
 * For tools, before services run: it blocks. Files are DIR/NNNN_name.sql; which ones were applied, when and with what
 * SHA-256 stands in the table wjz_migration. A file that was applied and has been changed since is an error: history is
 * not rewritten, a new file is added. Two at once wait for each other by an advisory lock. */
#ifndef WJZ_MIGRATE_H
#define WJZ_MIGRATE_H

#include <stdbool.h>

#include "wjz/err.h"

/* Told after each file: applied is false when it had been applied before. May be NULL. */
typedef void wjz_migrate_fn(const char *file, bool applied, void *arg);

/* url: libpq connection string of a role that owns the database. -EINVAL for a broken file (err names file and line),
 * -ECONNREFUSED when the server cannot be reached. What was applied before an error stays applied. */
WJZ_MUST_CHECK int wjz_migrate(const char *url, const char *dir, wjz_migrate_fn *tell, void *arg, wjz_err *err);

/* The same check without changing anything: *ret_pending is how many files wait. */
WJZ_MUST_CHECK int wjz_migrate_check(const char *url, const char *dir, int *ret_pending, wjz_err *err);

#endif
