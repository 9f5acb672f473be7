/* Two versions are kept at hand, the last that was found active and the one that may become so next; others live as
 * long as they are held. */
#include "scoring/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/outline.h"
#include "scoring/refuse.h"
#include "scoring/rules_data.h"
#include "scoring/store_packs.h"
#include "scoring/store_runs.h"
#include "wjz/id.h"
#include "wjz/log.h"

/* Who stands for the pack that comes with a release: two, as for every pack. */
#define RELEASE "weijianzhi"
#define INSTALLATION "installation"

struct held_pack {
    int holders;
    rule_pack *rules;
};

struct pack_versions {
    wjz_loop *loop;
    held_pack *current; /* NULL before the start */
    held_pack *next;    /* approved; NULL: none */
    char *unfit;        /* approved version that could not be loaded, and was told of; NULL: none */
};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

const rule_pack *held_rules(const held_pack *pack) {
    return pack->rules;
}

void held_drop(held_pack **pack) {
    if (!pack || !*pack) return;
    if (--(*pack)->holders == 0) {
        rule_pack_destroy(&(*pack)->rules);
        free(*pack);
    }
    *pack = NULL;
}

static held_pack *hold(held_pack *pack) {
    pack->holders++;
    return pack;
}

/* Takes the rules; frees them when out of memory. */
static held_pack *held_new(rule_pack **rules) {
    held_pack *pack = calloc(1, sizeof *pack);
    if (pack) *pack = (held_pack){1, WJZ_STEAL(*rules)};
    rule_pack_destroy(rules);
    return pack;
}

int versions_new(wjz_loop *loop, pack_versions **ret_versions) {
    *ret_versions = calloc(1, sizeof **ret_versions);
    if (!*ret_versions) return -ENOMEM;
    (*ret_versions)->loop = loop;
    return 0;
}

void versions_destroy(pack_versions **versions) {
    if (!versions || !*versions) return;
    held_drop(&(*versions)->current);
    held_drop(&(*versions)->next);
    free((*versions)->unfit);
    free(*versions);
    *versions = NULL;
}

/* --- loading --- */

static bool is_version(const held_pack *pack, const char *version) {
    return pack && strcmp(rule_pack_version(pack->rules), version) == 0;
}

static bool is_current(const pack_versions *v, const char *version) {
    return is_version(v->current, version);
}

typedef struct compilation {
    const pack_files *files;
    rule_pack *pack;
    wjz_err err;
    int result;
} compilation;

static void compile(void *arg) {
    compilation *c = arg;
    c->result = rules_load_files(c->files, "", true, &c->pack, &c->err);
}

int versions_compile(wjz_loop *loop, const pack_files *files, rule_pack **ret_pack, wjz_err *err) {
    compilation c = {.files = files};
    if (wjz_fiber_compute(loop, compile, &c)) return out_of_memory(err);
    if (c.result)
        *err = c.err;
    else
        *ret_pack = c.pack;
    return c.result;
}

static int load(wjz_loop *loop, wjz_tx *tx, const char *version, held_pack **ret_pack, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *rules = NULL;
    wjz_blob content;
    pack_files files;
    if (!arena) return out_of_memory(err);
    int r = store_pack_content(tx, version, arena, &content, err);
    if (r) return r;
    r = pack_files_unpack(content, arena, &files, err);
    if (!r) r = versions_compile(loop, &files, &rules, err);
    if (r) return wjz_err_prefix(err, "cannot use rule pack \"%s\"", version);
    *ret_pack = held_new(&rules);
    return *ret_pack ? 0 : out_of_memory(err);
}

/* Makes the version the one at hand. While it was read somebody else may have done so. */
static int make_current(pack_versions *v, wjz_tx *tx, const char *version, wjz_err *err) {
    if (is_current(v, version)) return 0;
    if (!*version) return wjz_err_set(err, -EIO, "no rule pack is active: see wjz rules list, then wjz rules activate");
    held_pack *fresh = NULL;
    int r = 0;
    if (is_version(v->next, version))
        fresh = WJZ_STEAL(v->next);
    else
        r = load(v->loop, tx, version, &fresh, err);
    if (r) return r;
    if (is_current(v, version)) {
        held_drop(&fresh);
        return 0;
    }
    held_drop(&v->current);
    v->current = fresh;
    wjz_log_info("rule pack in use", "pack=\"%s\"", version);
    return 0;
}

int versions_load(pack_versions *v, wjz_tx *tx, const char *version, held_pack **ret_pack, wjz_err *err) {
    int r = 0;
    if (!*version) r = store_read_active(tx, wjz_tx_arena(tx), &version, err);
    if (r) return r;
    held_pack *there = is_current(v, version) ? v->current : is_version(v->next, version) ? v->next : NULL;
    if (!there) return load(v->loop, tx, version, ret_pack, err);
    *ret_pack = hold(there);
    return 0;
}

/* Whoever activates it will be told what is wrong with it, and work goes on with the active one. */
static void note_unfit(pack_versions *v, const char *version, const wjz_err *err) {
    free(v->unfit);
    v->unfit = strdup(version);
    wjz_log_warn("approved rule pack cannot be loaded", "pack=\"%s\" error=\"%s\"", version, err->text);
}

/* Has the approved version ready. */
static int make_ready(pack_versions *v, wjz_tx *tx, const char *version, wjz_err *err) {
    if (is_version(v->next, version) || (v->unfit && strcmp(v->unfit, version) == 0)) return 0;
    held_drop(&v->next);
    if (!*version) return 0;
    int r = load(v->loop, tx, version, &v->next, err);
    if (!r)
        wjz_log_info("rule pack ready", "pack=\"%s\"", version);
    else if (!store_is_away(r))
        note_unfit(v, version, err);
    return store_is_away(r) ? r : 0;
}

int versions_renew(pack_versions *v, wjz_db *db, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    const char *active = NULL, *approved = NULL;
    int r = wjz_tx_begin(db, &tx, err);
    if (!r) r = store_read_versions(tx, wjz_tx_arena(tx), &active, &approved, err);
    if (!r) r = make_current(v, tx, active, err);
    return r ? r : make_ready(v, tx, approved, err);
}

/* --- a turn --- */

int versions_ask(wjz_tx *tx, int *ret_question) {
    return store_ask_active(tx, ret_question);
}

int versions_ask_now(wjz_tx *tx, int *ret_question) {
    return store_ask_active_now(tx, ret_question);
}

static void turn_ended(void *arg, int result) {
    held_pack *pack = arg;
    (void)result;
    held_drop(&pack);
}

int versions_answer(pack_versions *v, wjz_tx *tx, int question, const rule_pack **ret_pack, wjz_err *err) {
    const char *version = NULL;
    int r = store_active(tx, question, wjz_tx_arena(tx), &version);
    if (r) return r == -EAGAIN ? wjz_err_set(err, r, "a rule pack is being activated") : out_of_memory(err);
    r = make_current(v, tx, version, err);
    if (r) return r;
    held_pack *used = hold(v->current);
    r = wjz_tx_after(tx, turn_ended, used);
    if (r) {
        held_drop(&used);
        return wjz_err_set(err, r, "could not hold a rule pack");
    }
    *ret_pack = used->rules;
    return 0;
}

/* --- the start of a process --- */

typedef struct folder_pack {
    rule_pack *rules;
    wjz_blob content, outline;
    char checksum[PACK_CHECKSUM];
} folder_pack;

static void folder_free(folder_pack *folder) {
    rule_pack_destroy(&folder->rules);
}

static int read_folder(const char *dir, wjz_arena *arena, folder_pack *ret, wjz_err *err) {
    pack_files files;
    const char *prefix = wjz_arena_printf(arena, "%s/", dir);
    if (!prefix) return out_of_memory(err);
    int r = pack_files_read(dir, arena, &files, err);
    if (!r) r = rules_load_files(&files, prefix, true, &ret->rules, err);
    if (r) return r;
    if (pack_files_pack(&files, arena, &ret->content) || outline_pack(ret->rules, arena, &ret->outline))
        return out_of_memory(err);
    pack_files_checksum(ret->content, ret->checksum);
    return 0;
}

static int activate_release(wjz_tx *tx, const char *version, wjz_err *err) {
    int r = store_approve_pack(tx, version, INSTALLATION);
    if (!r) r = store_pack_event(tx, version, "approved", INSTALLATION, "");
    if (!r) r = store_retire_active(tx, INSTALLATION);
    if (!r) r = store_activate_pack(tx, version, INSTALLATION);
    if (!r) r = store_pack_event(tx, version, "activated", INSTALLATION, "");
    if (!r) r = store_begin_rescores(tx, wjz_id_next(), version);
    return r ? wjz_err_set(err, r, "could not activate rule pack \"%s\"", version) : 0;
}

/* Puts the folder's pack into the store if it is new there, and activates it while releases decide. */
static int install(wjz_tx *tx, const folder_pack *folder, wjz_arena *arena, wjz_err *err) {
    const char *version = rule_pack_version(folder->rules), *active = NULL;
    pack_row own = {.version = version,
                    .checksum = folder->checksum,
                    .author = RELEASE,
                    .note = "随软件发布 / comes with the release",
                    .outline = folder->outline};
    pack_row row = {0};
    bool added = false, found = false;
    int r = store_lock_packs(tx);
    if (r) return wjz_err_set(err, r, "could not lock the rule packs");
    r = store_submit_pack(tx, &own, folder->content, &added, err);
    if (!r) r = store_read_active(tx, arena, &active, err);
    if (!r && *active) r = store_find_pack(tx, active, arena, &row, &found, err);
    if (r) return r;
    if (added && (!*active || strcmp(row.activated_by, INSTALLATION) == 0)) return activate_release(tx, version, err);
    if (added) wjz_log_info("rule pack of this release waits for approval", "pack=\"%s\"", version);
    if (!added && found && strcmp(active, version) == 0 && strcmp(row.checksum, folder->checksum) != 0)
        wjz_log_warn("the rules folder is not what is active: give pack.yaml a new version and submit it",
                     "pack=\"%s\"", version);
    return 0;
}

static int start(pack_versions *v, wjz_db *db, folder_pack *folder, wjz_arena *arena, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    pack_row row = {0};
    const char *active = NULL;
    bool found = false;
    int r = wjz_tx_begin(db, &tx, err);
    if (!r) r = install(tx, folder, arena, err);
    if (!r) r = store_read_active(tx, arena, &active, err);
    if (!r) r = store_find_pack(tx, active, arena, &row, &found, err);
    if (!r) r = wjz_tx_commit(&tx, err);
    if (r) return r;
    if (found && strcmp(row.checksum, folder->checksum) == 0) {
        v->current = held_new(&folder->rules);
        return v->current ? 0 : out_of_memory(err);
    }
    return versions_renew(v, db, err);
}

int versions_start(pack_versions *v, wjz_db *db, const char *dir, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(folder_free) folder_pack folder = {0};
    if (!arena) return out_of_memory(err);
    int r = read_folder(dir, arena, &folder, err);
    return r ? r : start(v, db, &folder, arena, err);
}
