/* feeds.yaml: the feeds that a deployment begins with. */
#ifndef INTAKE_FEEDS_FILE_H
#define INTAKE_FEEDS_FILE_H

#include "intake/profile.h"
#include "intake/store.h"

typedef struct feeds_file {
    feed_definition *items;
    size_t count;
} feeds_file;

/* Reads and checks the file; everything lives in the arena. -EINVAL with file and line. Every feed's profile must be
 * among the profiles. */
WJZ_MUST_CHECK int feeds_file_load(const char *path, const profile_source *profiles, wjz_arena *arena,
                                   feeds_file *ret_file, wjz_err *err);

/* What is wrong with a definition, NULL when nothing: the field's name. */
const char *feed_definition_fault(const feed_definition *it);

/* What to give for a field of wjz.intake.DefineFeed that is wrong; never NULL. */
const char *feed_definition_remedy(const char *field);

#endif
