/* The files of a rule pack as one piece: read from a folder, or taken from the store, which keeps them as they were
 * handed in. The bytes that are kept do not depend on the order of the files. */
#ifndef SCORING_PACK_FILES_H
#define SCORING_PACK_FILES_H

#include <stddef.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* The learned part; all other files of a pack are YAML. */
#define PACK_MODEL_FILE "model.bin"

enum { PACK_FILES_LIMIT = 200, PACK_FILE_NAME = 80, PACK_BYTES_LIMIT = 12 << 20, PACK_CHECKSUM = 65 };

typedef struct pack_file {
    const char *name; /* without folder */
    wjz_blob data;
} pack_file;

typedef struct pack_files {
    pack_file *list; /* by name, each name once */
    size_t count;
} pack_files;

/* Every .yaml and model.bin of the folder, in the arena. Errors name the file: -EINVAL for too much, or what opening
 * gave. */
WJZ_MUST_CHECK int pack_files_read(const char *dir, wjz_arena *arena, pack_files *ret_files, wjz_err *err);
/* Sorts, and refuses names that are no plain names of a .yaml file or model.bin, names that come twice, and too much:
 * -EINVAL. */
WJZ_MUST_CHECK int pack_files_check(pack_files *files, wjz_err *err);
/* NULL when there is no such file. */
const pack_file *pack_files_find(const pack_files *files, const char *name);

/* As a packed wjz.scoring.PackContent, and back; both live in the arena. -ENOMEM; -EBADMSG for other bytes. */
WJZ_MUST_CHECK int pack_files_pack(const pack_files *files, wjz_arena *arena, wjz_blob *ret_content);
WJZ_MUST_CHECK int pack_files_unpack(wjz_blob content, wjz_arena *arena, pack_files *ret_files, wjz_err *err);
/* SHA-256 of the packed content, hexadecimal. */
void pack_files_checksum(wjz_blob content, char ret_checksum[PACK_CHECKSUM]);

#endif
