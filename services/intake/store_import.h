/* Imports in the store: the file in portions, how far it is, what was wrong. */
#ifndef INTAKE_STORE_IMPORT_H
#define INTAKE_STORE_IMPORT_H

#include "intake/issue.h"
#include "intake/store.h"

typedef enum import_stage {
    IMPORT_NONE,
    IMPORT_RECEIVING,
    IMPORT_RUNNING,
    IMPORT_FINISHED,
    IMPORT_FAILED
} import_stage;

typedef struct import_row {
    int32_t region;
    int64_t id;
    int32_t feed;
    import_stage stage;
    bool dry_run;
    uint64_t size, received;
    uint8_t sha256[32];
    uint64_t rows_read, rows_total, accepted, duplicate, revised, rejected;
    const char *error, *profile, *encoding; /* in the arena */
} import_row;

typedef struct import_file {
    const char *name;
    uint64_t size;
    const void *sha256;
    bool dry_run;
    const char *actor;
} import_file;

/* The import of this file by this feed, made when there is none; one that failed, or ended before a
 * mapping profile was changed, begins anew. Waits. */
WJZ_MUST_CHECK int store_begin_import(wjz_tx *tx, const feed *of, const import_file *file, wjz_arena *arena,
                                      import_row *ret_import, wjz_err *err);
/* -ENOENT when there is none. Waits. */
WJZ_MUST_CHECK int store_read_import(wjz_tx *tx, int64_t id, wjz_arena *arena, import_row *ret_import, wjz_err *err);
/* Takes a portion that begins where the last one ended; the last one starts the run. Result: whether it was taken, in
 * *ret_taken (not when somebody else was faster). Waits. */
WJZ_MUST_CHECK int store_add_chunk(wjz_tx *tx, const import_row *it, const void *data, size_t length, bool *ret_taken,
                                   wjz_err *err);
/* Copies of one portion; length 0 behind the last one. Waits. */
WJZ_MUST_CHECK int store_read_chunk(wjz_tx *tx, const import_row *it, uint64_t offset, wjz_blob *ret_data,
                                    wjz_err *err);
/* An import that runs nowhere, leased to the owner; id 0 when there is none. Waits. */
WJZ_MUST_CHECK int store_claim_import(wjz_tx *tx, int32_t owner, wjz_arena *arena, import_row *ret_import,
                                      wjz_err *err);

typedef struct import_progress {
    uint64_t rows_read;                              /* of the file so far */
    uint64_t accepted, duplicate, revised, rejected; /* to add */
} import_progress;

/* Also prolongs the lease; *ret_owned is false when it has gone to another instance, which counts these rows. Waits. */
WJZ_MUST_CHECK int store_add_progress(wjz_tx *tx, const import_row *it, int32_t owner, const import_progress *progress,
                                      bool *ret_owned, wjz_err *err);

/* Prolongs the lease alone. Waits. */
WJZ_MUST_CHECK int store_keep_lease(wjz_tx *tx, const import_row *it, int32_t owner, bool *ret_owned, wjz_err *err);

typedef struct import_error {
    int32_t sheet;
    int64_t line;
    int32_t number;
    issue what;
} import_error;

/* Queues. */
WJZ_MUST_CHECK int store_add_errors(wjz_tx *tx, const import_row *it, const import_error *errors, size_t count);
/* Queues: the end; error NULL when all went well. */
WJZ_MUST_CHECK int store_end_import(wjz_tx *tx, const import_row *it, int32_t owner, const char *encoding,
                                    const char *profile, const char *error);
/* Queues: it is free for others at once. */
WJZ_MUST_CHECK int store_release_import(wjz_tx *tx, const import_row *it, int32_t owner);
/* Queues: contents of files that failed, or came in part only, and were left alone for that long. Begun again, such a
 * file is sent again. */
WJZ_MUST_CHECK int store_forget_files(wjz_tx *tx, int days);
/* Errors behind a place (sheet, line, number), at most 1000, for paging. Waits. */
WJZ_MUST_CHECK int store_read_errors(wjz_tx *tx, const import_row *it, int32_t sheet, int64_t line, int32_t number,
                                     wjz_rows **ret_rows, wjz_err *err);

#endif
