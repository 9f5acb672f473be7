/* Rule packs: versions, who answers for them, rehearsals. All changes are scoring's, which asks for two people. */
#include <errno.h>
#include <string.h>

#include "console/ask.h"
#include "console/read.h"
#include "console/sql.h"
#include "proto/rules.pb-c.h"

#define SQL_PACK                                                                                                       \
    "json_build_object('version', p.version, 'state', p.state, 'note', p.note, 'submitted_by', " SQL_PERSON(           \
        "p.author") ", 'submitted_at', p.submitted_at,"                                                                \
                    " 'approved_by', " SQL_PERSON(                                                                     \
                        "p.approver") ", 'approved_at', p.approved_at, 'activated_at', p.activated_at, 'rehearsal', "  \
                                      "(SELECT json_build_object('id', r.id::text,"                                    \
                                      " 'state', r.state, 'beside', r.beside, 'days', r.days, 'total', r.total, "      \
                                      "'done', r.done, 'changed', r.changed, 'before', r.before, 'after', r.after, "   \
                                      "'error', r.error,"                                                              \
                                      " 'requested_at', r.requested_at, 'ended_at', r.ended_at, 'examples', "          \
                                      "COALESCE((SELECT json_agg(json_build_object('clue', e.clue::text, 'before', "   \
                                      "e.stars_before, 'after', e.stars_after,"                                        \
                                      " 'index_before', e.index_before, 'index_after', e.index_after, 'title', "       \
                                      "e.title)) FROM (SELECT e.*, c.title FROM console.rehearsal_change e JOIN "      \
                                      "console.clue c ON c.region = e.region"                                          \
                                      " AND c.clue = e.clue WHERE e.rehearsal = r.id ORDER BY abs(e.stars_after - "    \
                                      "e.stars_before) DESC, e.clue LIMIT 20) e), '[]'))"                              \
                                      " FROM console.rehearsal r WHERE r.version = p.version ORDER BY r.id DESC "      \
                                      "LIMIT 1))::text"

static const read_spec PACKS = {
    {"console_packs",
     "SELECT " SQL_PACK ", " SQL_US("p.submitted_at") ", 0::int8 FROM console.pack p WHERE ($1::timestamptz IS NULL OR "
                                                      "p.submitted_at < $1) AND $2::int8 IS NOT DISTINCT FROM $2"
                                                      " ORDER BY p.submitted_at DESC LIMIT $3",
     3},
    {{"cursor", BIND_TIME_CURSOR}, {"limit", BIND_LIMIT}, {0}}};
static const read_spec PACK = {{"console_pack", "SELECT " SQL_PACK " FROM console.pack p WHERE p.version = $1", 1},
                               {{"version", BIND_TEXT}, {0}}};
static const read_spec CONTENT = {{"console_pack_content", "SELECT content FROM console.pack WHERE version = $1", 1},
                                  {{"version", BIND_TEXT}, {0}}};
static const read_spec ACTIVE = {{"console_pack_active", "SELECT content FROM console.pack WHERE state = 'active'", 1},
                                 {{0}}};
static const wjz_stmt PACK_TARGET = {"console_pack_target",
                                     "SELECT 0::int4, '', 0::int8 FROM console.pack WHERE version = $1::text", 3};

/* The content of the row that was read; NULL without one. */
static int unpack_content(exchange *x, const Wjz__Scoring__PackContent **ret_content, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    const ProtobufCMessage *body = NULL;
    wjz_blob bytes = wjz_rows_count(rows) > 0 ? wjz_row_bytes(rows, 0, 0) : (wjz_blob){NULL, 0};
    int r = bytes.data ? wjz_message_unpack(&wjz__scoring__pack_content__descriptor, bytes.data, bytes.length, x->arena,
                                            &body, err)
                       : 0;
    if (r == 0) *ret_content = (const Wjz__Scoring__PackContent *)body;
    return r;
}

static bool is_text(const char *name) {
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static int files_run(exchange *x, wjz_err *err) {
    const Wjz__Scoring__PackContent *content;
    int r = unpack_content(x, &content, err);
    if (r < 0) return r;
    if (!content) return refuse(x, 404, "not_found", "没有此版本 / no such version");
    json_t *files = json_object();
    for (size_t i = 0; i < content->n_files; i++) {
        const Wjz__Scoring__PackFile *file = content->files[i];
        if (is_text(file->name))
            (void)json_object_set_new(files, file->name,
                                      json_stringn((const char *)file->content.data, file->content.len));
    }
    return answer_json(x, 200, json_pack("{s:s, s:o}", "version", exchange_path(x, "version"), "files", files));
}

/* --- what answers with a version as it is then --- */

#define ABOUT_PACK(message, who, answer)                                                                               \
    {                                                                                                                  \
        .service = "scoring", .asks = &wjz__scoring__##message##__descriptor,                                          \
        .answers = &wjz__scoring__##answer##__descriptor, .actor = who                                                 \
    }

static const field_name NOTE[] = {{"note", "reason"}, {0}};
static const question SUBMIT = ABOUT_PACK(submit_rule_pack, "author", rule_pack_state);
static const question APPROVE = {.service = "scoring",
                                 .asks = &wjz__scoring__approve_rule_pack__descriptor,
                                 .answers = &wjz__scoring__rule_pack_state__descriptor,
                                 .actor = "approver",
                                 .names = NOTE};
static const question ACTIVATE = {.service = "scoring",
                                  .asks = &wjz__scoring__activate_rule_pack__descriptor,
                                  .answers = &wjz__scoring__rule_pack_state__descriptor,
                                  .actor = "actor",
                                  .names = NOTE};
static const question ROLL_BACK = {.service = "scoring",
                                   .asks = &wjz__scoring__roll_back_rule_pack__descriptor,
                                   .answers = &wjz__scoring__rule_pack_state__descriptor,
                                   .actor = "actor",
                                   .names = NOTE};
static const question REHEARSE = ABOUT_PACK(rehearse_rules, "actor", rehearsal);

static int answer_pack(exchange *x, const char *version, int status, wjz_err *err) {
    wjz_rows *rows;
    json_t *detail = json_object();
    const json_t *reason = json_object_get(x->body, "reason");
    if (reason) (void)json_object_set(detail, "reason", (json_t *)reason);
    int r = exchange_note(x, x->endpoint->event, "rules", version, "done", detail);
    json_decref(detail);
    if (r == 0) r = wjz_tx_query_v(x->tx, &PACK.stmt, &rows, err, wjz_text(version));
    if (r < 0) return r;
    const char *json = wjz_rows_count(rows) > 0 ? wjz_row_text(rows, 0, 0) : NULL;
    return json ? answer_text(x, status, json) : refuse(x, 404, "not_found", "没有此版本 / no such version");
}

static int pack_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &PACK_TARGET, wjz_text(exchange_path(x, "version")));
}

static int pack_run(exchange *x, wjz_err *err) {
    const question *q = x->endpoint->what;
    const target t = {.region = x->who.region, .version = ""};
    const ProtobufCMessage *answer;
    if (wjz_rows_count(wjz_tx_rows(x->tx, 1)) == 0) return refuse(x, 404, "not_found", "没有此版本 / no such version");
    const ProtobufCMessage *message = message_from_json(q->asks, q->names, x->body, ask_text, x, x->arena);
    if (!message) return -ENOMEM;
    int r = ask_send(x, q, &t, message, &answer, err);
    return r != 0 ? (r < 0 ? r : 0) : answer_pack(x, exchange_path(x, "version"), 200, err);
}

/* --- a new version: the files that were sent in place of the active one's, which also gives what is no text --- */

static int collect(exchange *x, const Wjz__Scoring__PackContent *active, Wjz__Scoring__SubmitRulePack *message) {
    json_t *sent = json_object_get(x->body, "files"), *text;
    const char *name;
    size_t most = json_object_size(sent) + (active ? active->n_files : 0);
    message->files = wjz_arena_calloc(x->arena, most, sizeof *message->files);
    if (!message->files) return -ENOMEM;
    for (size_t i = 0; active && i < active->n_files; i++)
        if (!is_text(active->files[i]->name)) message->files[message->n_files++] = active->files[i];
    json_object_foreach(sent, name, text) {
        Wjz__Scoring__PackFile *file = wjz_arena_alloc(x->arena, sizeof *file);
        if (!file) return -ENOMEM;
        wjz__scoring__pack_file__init(file);
        file->name = wjz_arena_strdup(x->arena, name);
        file->content = (ProtobufCBinaryData){json_string_length(text), (uint8_t *)(uintptr_t)json_string_value(text)};
        message->files[message->n_files++] = file;
    }
    return 0;
}

static int submit_run(exchange *x, wjz_err *err) {
    const Wjz__Scoring__PackContent *active;
    const target t = {.region = x->who.region, .version = ""};
    const ProtobufCMessage *answer;
    Wjz__Scoring__SubmitRulePack message = WJZ__SCORING__SUBMIT_RULE_PACK__INIT;
    int r = unpack_content(x, &active, err);
    if (r == 0) r = collect(x, active, &message);
    if (r < 0) return r;
    message.author = (char *)(uintptr_t)x->who.person;
    message.note = wjz_arena_strdup(x->arena, exchange_text(x, "note"));
    r = ask_send(x, &SUBMIT, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    return answer_pack(x, ((const Wjz__Scoring__RulePackState *)(const void *)answer)->version, 201, err);
}

#define RULE_PEOPLE (ORGAN_ADMIN | CHIEF | BRANCH_HEAD)

const endpoint RULE_ENDPOINTS[] = {
    READ_PAGE("listRulePacks", RULE_PEOPLE, &PACKS),
    READ_ONE("readRulePack", RULE_PEOPLE, &PACK),
    {"readRulePackFiles", RULE_PEOPLE, read_prepare, files_run, &CONTENT, NULL, NULL},
    {"submitRulePack", ORGAN_ADMIN | BRANCH_HEAD, read_prepare, submit_run, &ACTIVE, "rules_submit", "rules"},
    {"rehearseRulePack", RULE_PEOPLE, pack_prepare, pack_run, &REHEARSE, "rules_rehearse", "rules"},
    {"approveRulePack", CHIEF | BRANCH_HEAD, pack_prepare, pack_run, &APPROVE, "rules_approve", "rules"},
    {"activateRulePack", CHIEF | ORGAN_ADMIN, pack_prepare, pack_run, &ACTIVATE, "rules_activate", "rules"},
    {"rollBackRulePack", CHIEF | ORGAN_ADMIN, pack_prepare, pack_run, &ROLL_BACK, "rules_rollback", "rules"},
    {0},
};
