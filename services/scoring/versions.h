/* The versions of the rule pack that this process has loaded. The store says which one is active; a turn asks it and
 * uses that one until it ends (store_packs.h), so that no activation needs a restart and no complaint is scored by two
 * versions. */
#ifndef SCORING_VERSIONS_H
#define SCORING_VERSIONS_H

#include "scoring/pack_files.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct pack_versions pack_versions;
/* A loaded version, freed when nobody holds it. */
typedef struct held_pack held_pack;

WJZ_MUST_CHECK int versions_new(wjz_loop *loop, pack_versions **ret_versions);
void versions_destroy(pack_versions **versions);

/* At the start of a process: the folder's pack is put into the store when the store has none, and is active then; so is
 * a newer one of a new release, while nobody has activated one of their own; otherwise it waits there for approval.
 * Loads the active version. Errors of the folder name file and line. Only from a fiber. */
WJZ_MUST_CHECK int versions_start(pack_versions *versions, wjz_db *db, const char *dir, wjz_err *err);

/* rules_load_files with the model, on another thread: compiling takes tens of milliseconds, and whatever is live goes
 * on meanwhile. Only from a fiber. */
WJZ_MUST_CHECK int versions_compile(wjz_loop *loop, const pack_files *files, rule_pack **ret_pack, wjz_err *err);

/* In a turn: _ask queues the question, _answer gives the active version after the one wait that followed; it is there
 * until the transaction has ended. Loads it when this process has not met it yet. _ask_now does not wait for an activation
 * that is under way: then _answer fails with -EAGAIN. */
WJZ_MUST_CHECK int versions_ask(wjz_tx *tx, int *ret_question);
WJZ_MUST_CHECK int versions_ask_now(wjz_tx *tx, int *ret_question);
WJZ_MUST_CHECK int versions_answer(pack_versions *versions, wjz_tx *tx, int question, const rule_pack **ret_pack,
                                   wjz_err *err);

/* Loads the active version ahead of the next turn; and the one that was approved last, so that no complaint waits for it
 * when it is activated. Only from a fiber. */
WJZ_MUST_CHECK int versions_renew(pack_versions *versions, wjz_db *db, wjz_err *err);

/* Any version of the store, "" for the active one; -ENOENT, or what is wrong with it. */
WJZ_MUST_CHECK int versions_load(pack_versions *versions, wjz_tx *tx, const char *version, held_pack **ret_pack,
                                 wjz_err *err);
const rule_pack *held_rules(const held_pack *pack);
void held_drop(held_pack **pack);

#endif
