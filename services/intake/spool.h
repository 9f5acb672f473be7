/* Data too large for memory, kept in a file without a name that vanishes with the process. */
#ifndef INTAKE_SPOOL_H
#define INTAKE_SPOOL_H

#include <stddef.h>

#include "wjz/err.h"

typedef struct spool spool;

WJZ_MUST_CHECK int spool_new(spool **ret_spool, wjz_err *err);
void spool_destroy(spool **spool);

/* Appends. -ENOSPC and the like. */
WJZ_MUST_CHECK int spool_write(spool *spool, const void *data, size_t length, wjz_err *err);
size_t spool_size(const spool *spool);
/* Copies length bytes from offset. -EIO also beyond the end. */
WJZ_MUST_CHECK int spool_read(spool *spool, size_t offset, void *out, size_t length, wjz_err *err);
/* All that was written, mapped read-only until the spool is destroyed; nothing may be written any more. */
WJZ_MUST_CHECK int spool_map(spool *spool, const void **ret_data, wjz_err *err);

/* A path under which the file can be opened while the spool lives. */
WJZ_MUST_CHECK int spool_path(spool *spool, char *out, size_t size, wjz_err *err);

#endif
