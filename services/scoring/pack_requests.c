/* A version's life, each step one transaction with its line in the history:
 *
 *   submitted ──approve (another person)──▶ approved ──activate──▶ active ──another is activated──▶ retired
 *                                                                    ▲                                 │
 *                                                                    └────────────roll back────────────┘ */
#include "scoring/pack_requests.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "proto/rules.pb-c.h"
#include "scoring/outline.h"
#include "scoring/refuse.h"
#include "scoring/rules_data.h"
#include "scoring/runs.h"
#include "scoring/scoring.h"
#include "scoring/store_packs.h"
#include "scoring/store_runs.h"
#include "wjz/id.h"

enum { EVENTS_TOLD = 200, RESCORES_TOLD = 50 };

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

#define SEE_VERSIONS "各版本见 wjz rules list / for the versions see wjz rules list"

static int refuse_unknown(wjz_call *call, const char *version) {
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                .field = "version",
                                                .value = version,
                                                .message = "没有这个规则包版本 / there is no such version",
                                                .remedy = SEE_VERSIONS});
}

static int refuse_state(wjz_call *call, const char *state, const char *message, const char *remedy) {
    return wjz_call_refuse(
        call,
        &(wjz_refusal){
            .code = WJZ_REFUSAL_CONFLICT, .field = "state", .value = state, .message = message, .remedy = remedy});
}

/* --- as messages --- */

static int fill_state(const pack_row *row, wjz_arena *arena, Wjz__Scoring__RulePackState *state) {
    const ProtobufCMessage *message = NULL;
    wjz_err err = {0};
    wjz__scoring__rule_pack_state__init(state);
    if (wjz_message_unpack(&wjz__scoring__pack_outline__descriptor, row->outline.data, row->outline.length, arena,
                           &message, &err) < 0)
        return err.code;
    const Wjz__Scoring__PackOutline *outline = (const Wjz__Scoring__PackOutline *)message;
    state->version = (char *)row->version;
    state->state = (char *)row->state;
    state->checksum = (char *)row->checksum;
    state->author = (char *)row->author;
    state->approver = (char *)row->approver;
    state->activated_by = (char *)row->activated_by;
    state->note = (char *)row->note;
    state->submitted_at_us = row->submitted_at_us;
    state->approved_at_us = row->approved_at_us;
    state->activated_at_us = row->activated_at_us;
    state->retired_at_us = row->retired_at_us;
    state->model = outline->model;
    state->rules = outline->rules;
    state->patterns = outline->patterns;
    return 0;
}

/* Reads the version as it is now, commits, and tells it. */
static int commit_and_tell(wjz_call *call, wjz_tx **tx, const char *version, wjz_err *err) {
    pack_row row;
    bool found = false;
    Wjz__Scoring__RulePackState state;
    int r = store_find_pack(*tx, version, wjz_call_arena(call), &row, &found, err);
    if (!r) r = wjz_tx_commit(tx, err);
    if (!r && fill_state(&row, wjz_call_arena(call), &state)) return out_of_memory(err);
    if (store_is_away(r)) return refuse_busy(call);
    return r ? r : wjz_call_reply(call, &state.base);
}

/* --- submit --- */

typedef struct submission {
    rule_pack *rules;
    pack_row row;
    wjz_blob content;
    char checksum[PACK_CHECKSUM];
} submission;

static void submission_free(submission *s) {
    rule_pack_destroy(&s->rules);
}

/* Checks and compiles the files; err says what is wrong with them, with file and line. */
static int read_submission(wjz_loop *loop, const Wjz__Scoring__SubmitRulePack *body, wjz_arena *arena, submission *ret,
                           wjz_err *err) {
    pack_files files = {.list = wjz_arena_calloc(arena, body->n_files, sizeof *files.list), .count = body->n_files};
    if (!files.list) return out_of_memory(err);
    for (size_t i = 0; i < body->n_files; i++)
        files.list[i] = (pack_file){body->files[i]->name, {body->files[i]->content.data, body->files[i]->content.len}};
    int r = pack_files_check(&files, err);
    if (!r) r = versions_compile(loop, &files, &ret->rules, err);
    if (r) return r;
    if (pack_files_pack(&files, arena, &ret->content) || outline_pack(ret->rules, arena, &ret->row.outline))
        return out_of_memory(err);
    pack_files_checksum(ret->content, ret->checksum);
    ret->row.version = rule_pack_version(ret->rules);
    ret->row.checksum = ret->checksum;
    ret->row.author = body->author;
    ret->row.note = body->note;
    return 0;
}

/* *ret_same false: the version is there with other files. */
static int store_submission(wjz_tx *tx, const submission *s, wjz_arena *arena, bool *ret_same, wjz_err *err) {
    pack_row row;
    bool added = false, found = false;
    int r = store_submit_pack(tx, &s->row, s->content, &added, err);
    if (!r) r = store_find_pack(tx, s->row.version, arena, &row, &found, err);
    if (!r) *ret_same = found && strcmp(row.checksum, s->checksum) == 0;
    return r;
}

int on_submit_rule_pack(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__SubmitRulePack *body = (const Wjz__Scoring__SubmitRulePack *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    WJZ_CLEANUP(submission_free) submission s = {0};
    wjz_err wrong = {0};
    bool same = false;
    if (!text_given(call, "author", body->author)) return 0;
    int r = read_submission(self->loop, body, wjz_call_arena(call), &s, &wrong);
    if (r == -ENOMEM) return out_of_memory(err);
    if (r) return refuse_invalid(call, "files", NULL, wrong.text, "wjz rules check DIR");
    r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = store_submission(tx, &s, wjz_call_arena(call), &same, err);
    if (store_is_away(r)) return refuse_busy(call);
    if (r) return r;
    if (same) return commit_and_tell(call, &tx, s.row.version, err);
    return wjz_call_refuse(call,
                           &(wjz_refusal){.code = WJZ_REFUSAL_CONFLICT,
                                          .field = "version",
                                          .value = s.row.version,
                                          .message = "该版本号已有别的内容 / this version is there with other files",
                                          .remedy = "在 pack.yaml 中写新的版本号 / give pack.yaml a new version"});
}

/* --- approve --- */

/* 0 and the row, or 1 when it was refused. */
static int find_or_refuse(wjz_call *call, wjz_tx *tx, const char *version, pack_row *ret_row, wjz_err *err) {
    bool found = false;
    int r = store_find_pack(tx, version, wjz_call_arena(call), ret_row, &found, err);
    if (r || found) return r;
    refuse_unknown(call, version);
    return 1;
}

static int approve(wjz_call *call, wjz_tx **tx, const Wjz__Scoring__ApproveRulePack *body, wjz_err *err) {
    pack_row row;
    int r = find_or_refuse(call, *tx, body->version, &row, err);
    if (r) return r > 0 ? 0 : r;
    if (strcasecmp(row.author, body->approver) == 0)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_FORBIDDEN,
                                                    .field = "approver",
                                                    .value = body->approver,
                                                    .message = "作者不能批准自己的规则包 / the author cannot approve",
                                                    .remedy = "请由另一人批准 / another person approves"});
    if (strcmp(row.state, "submitted") != 0)
        return refuse_state(call, row.state, "只有已提交的版本可以批准 / only a submitted version can be approved",
                            NULL);
    r = store_approve_pack(*tx, body->version, body->approver);
    if (!r) r = store_pack_event(*tx, body->version, "approved", body->approver, body->note);
    return r ? wjz_err_set(err, r, "could not approve") : commit_and_tell(call, tx, body->version, err);
}

int on_approve_rule_pack(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__ApproveRulePack *body = (const Wjz__Scoring__ApproveRulePack *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    if (!text_given(call, "version", body->version) || !text_given(call, "approver", body->approver)) return 0;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = approve(call, &tx, body, err);
    return store_is_away(r) ? refuse_busy(call) : r;
}

/* --- activate, roll back --- */

typedef struct activation {
    const char *version, *actor, *note;
    bool back;
} activation;

static int refuse_going_back(wjz_call *call, const char *state) {
    static const struct {
        const char *state, *message, *remedy;
    } CASES[] = {
        {"active", "此版本正在使用 / this version is the active one",
         "不写版本号即退回到前一个版本：wjz rules rollback --as PERSON / without a version the one before it is active "
         "again: wjz rules rollback --as PERSON"},
        {"approved", "此版本从未启用，不能退回 / this version was never active, nobody can go back to it",
         "要启用它：wjz rules activate VERSION --as PERSON / to activate it: wjz rules activate VERSION --as PERSON"},
        {"submitted", "此版本尚未批准，不能退回 / this version is not approved, nobody can go back to it",
         "先由另一人批准：wjz rules approve VERSION --as PERSON / another person approves it first: wjz rules approve "
         "VERSION --as PERSON"},
    };
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++)
        if (strcmp(CASES[i].state, state) == 0) return refuse_state(call, state, CASES[i].message, CASES[i].remedy);
    return refuse_state(call, state, "只能退回到已停用的版本 / only a retired version can be gone back to",
                        SEE_VERSIONS);
}

static int refuse_nothing_before(wjz_call *call) {
    return wjz_call_refuse(
        call, &(wjz_refusal){
                  .code = WJZ_REFUSAL_CONFLICT,
                  .message = "没有可退回的版本，此前没有启用过别的版本 / there is nothing to go back to, no "
                             "other version was ever active",
                  .remedy = "要换规则，请提交新版本：wjz rules submit DIR --as PERSON / to change the rules submit "
                            "a new version: wjz rules submit DIR --as PERSON"});
}

/* The pack is there, but this release does not understand it. */
static int refuse_unusable(wjz_call *call, const char *state, const char *why) {
    const char *message = wjz_arena_printf(
        wjz_call_arena(call), "本软件版本无法使用该规则包（%s） / this release cannot use that version (%s)", why, why);
    return refuse_state(
        call, state, message,
        "未作更改；请另选版本，或提交可用的新版本：wjz rules submit / nothing was changed: take another "
        "version, or submit one that this release can read: wjz rules submit");
}

/* state: the version's, NULL when there is none. False: refused. */
static bool allowed(wjz_call *call, const activation *a, const char *state) {
    if (!state)
        (void)(a->version[0] ? refuse_unknown(call, a->version) : refuse_nothing_before(call));
    else if (a->back && strcmp(state, "retired") != 0)
        refuse_going_back(call, state);
    else if (!a->back && strcmp(state, "approved") != 0)
        refuse_state(call, state, "只有已批准的版本可以启用 / only an approved version can be activated",
                     strcmp(state, "submitted") == 0 ? "wjz rules approve" : NULL);
    else
        return true;
    return false;
}

/* The version to activate: allowed, and usable by this release. 0, or 1 when it was refused. */
static int check_activation(wjz_call *call, scoring_service *self, activation *a, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    WJZ_CLEANUP(held_drop) held_pack *pack = NULL;
    pack_row row;
    bool found = false;
    wjz_err wrong = {0};
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = store_find_pack(tx, a->version, wjz_call_arena(call), &row, &found, err);
    if (r) return r;
    if (!allowed(call, a, found ? row.state : NULL)) return 1;
    a->version = row.version;
    r = versions_load(self->packs, tx, row.version, &pack, &wrong);
    if (!r || store_is_away(r)) return r;
    refuse_unusable(call, row.state, wrong.text);
    return 1;
}

/* The moment: no turn is under way while it happens. */
static int activate(scoring_service *self, const activation *a, wjz_tx **ret_tx, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = store_lock_packs(tx);
    if (!r) r = store_retire_active(tx, a->actor);
    if (!r) r = store_activate_pack(tx, a->version, a->actor);
    if (!r) r = store_pack_event(tx, a->version, a->back ? "rolled_back" : "activated", a->actor, a->note);
    if (!r) r = store_begin_rescores(tx, wjz_id_next(), a->version);
    if (!r) *ret_tx = WJZ_STEAL(tx);
    return r;
}

static int change_active(wjz_call *call, scoring_service *self, activation *a, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    if (!text_given(call, "actor", a->actor)) return 0;
    int r = check_activation(call, self, a, err);
    if (r > 0) return 0;
    if (!r) r = activate(self, a, &tx, err);
    if (!r) r = commit_and_tell(call, &tx, a->version, err);
    if (!r) runs_wake(self->runs);
    return store_is_away(r) ? refuse_busy(call) : r;
}

int on_activate_rule_pack(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scoring__ActivateRulePack *body = (const Wjz__Scoring__ActivateRulePack *)wjz_call_message(call)->body;
    if (!text_given(call, "version", body->version)) return 0;
    activation a = {body->version, body->actor, body->note, false};
    return change_active(call, state, &a, err);
}

int on_roll_back_rule_pack(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scoring__RollBackRulePack *body = (const Wjz__Scoring__RollBackRulePack *)wjz_call_message(call)->body;
    activation a = {body->version, body->actor, body->note, true};
    return change_active(call, state, &a, err);
}

/* --- describe --- */

static int tell_packs(wjz_tx *tx, wjz_arena *arena, Wjz__Scoring__RulePacks *ret, wjz_err *err) {
    pack_row *rows;
    size_t count;
    int r = store_list_packs(tx, arena, &rows, &count, err);
    if (r) return r;
    Wjz__Scoring__RulePackState *items = wjz_arena_alloc(arena, count * sizeof *items);
    ret->packs = wjz_arena_alloc(arena, count * sizeof *ret->packs);
    if (!items || !ret->packs) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (fill_state(&rows[i], arena, &items[i])) return out_of_memory(err);
        ret->packs[ret->n_packs++] = &items[i];
    }
    return 0;
}

static int tell_events(wjz_tx *tx, wjz_arena *arena, Wjz__Scoring__RulePacks *ret, wjz_err *err) {
    pack_event_row *rows;
    size_t count;
    int r = store_list_pack_events(tx, EVENTS_TOLD, arena, &rows, &count, err);
    if (r) return r;
    Wjz__Scoring__RulePackEvent *items = wjz_arena_alloc(arena, count * sizeof *items);
    ret->events = wjz_arena_alloc(arena, count * sizeof *ret->events);
    if (!items || !ret->events) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        wjz__scoring__rule_pack_event__init(&items[i]);
        items[i].version = (char *)rows[i].version;
        items[i].event = (char *)rows[i].event;
        items[i].actor = (char *)rows[i].actor;
        items[i].note = (char *)rows[i].note;
        items[i].at_us = rows[i].at_us;
        ret->events[ret->n_events++] = &items[i];
    }
    return 0;
}

static int tell_rescores(wjz_tx *tx, wjz_arena *arena, Wjz__Scoring__RulePacks *ret, wjz_err *err) {
    rescore_row *rows;
    size_t count;
    int r = store_list_rescores(tx, RESCORES_TOLD, arena, &rows, &count, err);
    if (r) return r;
    Wjz__Scoring__RescoreProgress *items = wjz_arena_alloc(arena, count * sizeof *items);
    ret->rescores = wjz_arena_alloc(arena, count * sizeof *ret->rescores);
    if (!items || !ret->rescores) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        wjz__scoring__rescore_progress__init(&items[i]);
        items[i].region = (uint32_t)rows[i].region;
        items[i].version = (char *)rows[i].version;
        items[i].state = (char *)rows[i].state;
        items[i].done = (uint64_t)rows[i].done;
        items[i].total = (uint64_t)rows[i].total;
        items[i].began_at_us = rows[i].began_at_us;
        items[i].ended_at_us = rows[i].ended_at_us;
        items[i].busy_us = rows[i].busy_us;
        ret->rescores[ret->n_rescores++] = &items[i];
    }
    return 0;
}

int on_describe_rule_packs(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    Wjz__Scoring__RulePacks reply = WJZ__SCORING__RULE_PACKS__INIT;
    wjz_arena *arena = wjz_call_arena(call);
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = tell_packs(tx, arena, &reply, err);
    if (!r) r = tell_events(tx, arena, &reply, err);
    if (!r) r = tell_rescores(tx, arena, &reply, err);
    if (store_is_away(r)) return refuse_busy(call);
    return r ? r : wjz_call_reply(call, &reply.base);
}
