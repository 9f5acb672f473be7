/* Mapping profiles that administrators changed, in the store: added to, never changed. */
#ifndef INTAKE_STORE_PROFILES_H
#define INTAKE_STORE_PROFILES_H

#include "intake/profile.h"
#include "intake/store_import.h"

typedef struct profile_change {
    const char *name, *document, *changed_by, *reason;
    int32_t expected_revision; /* the newest one that who changes it has seen; 0: none */
} profile_change;

/* The profiles as they are now: the newest change of each name, over the folder's files. In the arena. Waits. */
WJZ_MUST_CHECK int store_read_profiles(wjz_tx *tx, const char *folder, wjz_arena *arena, profile_source *ret_profiles,
                                       wjz_err *err);
/* The same for an import, as they were when it began; a first run begins it. Waits. */
WJZ_MUST_CHECK int store_read_import_profiles(wjz_tx *tx, const import_row *it, const char *folder, wjz_arena *arena,
                                              profile_source *ret_profiles, wjz_err *err);
/* Until the end of the transaction nobody else changes a profile. Waits. */
WJZ_MUST_CHECK int store_lock_profiles(wjz_tx *tx, wjz_err *err);
/* -ESTALE when there is a newer revision than the expected one. Needs the lock. Waits. */
WJZ_MUST_CHECK int store_add_profile(wjz_tx *tx, const profile_change *change, wjz_err *err);

#endif
