/* A 64-bit hash of what an item says, by which a repetition is told from a change. Stored for years: it must never
 * change for the same content, so new fields enter it only when they are set. */
#ifndef INTAKE_CONTENT_HASH_H
#define INTAKE_CONTENT_HASH_H

#include <stdint.h>

#include "intake/item.h"

/* Of all fields but the identity (external id, region); never 0. */
uint64_t content_hash(const Wjz__Intake__FeedItem *item);

#endif
