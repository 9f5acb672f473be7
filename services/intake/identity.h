/* Who reported: sealed for the few who may know, hashed for recognising the same person (domain.md 6; PIPL 51). */
#ifndef INTAKE_IDENTITY_H
#define INTAKE_IDENTITY_H

#include "proto/intake.pb-c.h"
#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/db.h"
#include "wjz/seal.h"

/* Equal for reports by one person: made of the ID number, else the phone's digits, else the platform's own handle
 * within its feed; a name alone recognises nobody. 0: anonymous or not known. */
int64_t identity_hash(const wjz_seal *seal, const char *feed, const Wjz__Intake__Reporter *reporter);

/* Name, phone, handle and, when kept, ID number as one sealed field, bound to the complaint. {NULL, 0} when there is
 * nothing to keep. -ENOMEM. */
WJZ_MUST_CHECK int identity_seal(const wjz_seal *seal, int64_t complaint, const Wjz__Intake__Reporter *reporter,
                                 bool keep_id_number, wjz_arena *arena, wjz_blob *ret_cipher);

/* What identity_seal sealed for the complaint. -EBADMSG when it was sealed with another key. */
WJZ_MUST_CHECK int identity_open(const wjz_seal *seal, int64_t complaint, wjz_blob cipher, wjz_arena *arena,
                                 const Wjz__Intake__Reporter **ret_reporter, wjz_err *err);

/* What is stored of a key that a platform shows: 32 bytes. */
void identity_hash_key(const wjz_seal *seal, const char *key, uint8_t ret_hash[WJZ_SEAL_MAC]);

enum { IDENTITY_KEY_TEXT = 48 };
/* A new key: "wjz_" and 256 random bits. */
void identity_new_key(char ret_key[IDENTITY_KEY_TEXT]);

#endif
