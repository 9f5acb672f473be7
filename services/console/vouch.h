/* The program's word that it is itself who asks: without it the store shows and changes nothing of passwords, rights
 * and sessions, whoever is logged in. So SQL that somebody smuggles in cannot make itself somebody else. */
#ifndef CONSOLE_VOUCH_H
#define CONSOLE_VOUCH_H

#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/seal.h"

typedef struct vouch vouch;

/* From the key file. The store remembers it at the first start; -EACCES when it knows another one. Waits. */
WJZ_MUST_CHECK int vouch_new(const wjz_seal *seal, wjz_db *db, vouch **ret_vouch, wjz_err *err);
void vouch_destroy(vouch **at);
/* Queues it in the transaction, for this transaction; no rows to read. */
WJZ_MUST_CHECK int vouch_send(const vouch *v, wjz_tx *tx);

#endif
