/* A step that looking up complaints and records have in common. */
#ifndef INTAKE_STORE_KNOWN_H
#define INTAKE_STORE_KNOWN_H

#include "intake/store.h"

/* Rows of (number of the item from 1, id, hash of the original, hashes of the revisions). */
WJZ_MUST_CHECK int store_take_known(const wjz_rows *rows, wjz_arena *arena, known_item *out, wjz_err *err);

#endif
