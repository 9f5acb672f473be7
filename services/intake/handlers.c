/* See handlers.h. */
#include "intake/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "intake/announce.h"
#include "intake/feeds_file.h"
#include "intake/identity.h"
#include "intake/importer.h"
#include "intake/intake.h"
#include "intake/profile_change.h"
#include "intake/refusal.h"
#include "intake/reports.h"
#include "intake/reveal.h"
#include "intake/store_import.h"
#include "intake/store_profiles.h"
#include "proto/report.pb-c.h"
#include "wjz/log.h"

/* --- DefineFeed --- */

static void take_text(const char **to, const char *text) {
    if (text[0] != '\0') *to = text;
}

/* What is said changes what is there. */
static void merge(feed_definition *to, const Wjz__Intake__DefineFeed *said) {
    take_text(&to->title, said->title);
    take_text(&to->profile, said->profile);
    take_text(&to->legal_basis, said->legal_basis);
    take_text(&to->clue_source, said->clue_source);
    take_text(&to->source_kind, said->source_kind);
    take_text(&to->organ, said->organ);
    if (said->region != 0) to->region = (int32_t)said->region;
    if (said->rate_per_second != 0) to->rate = (int32_t)said->rate_per_second;
    if (said->silent_after_s != 0) to->silent_after_s = (int32_t)said->silent_after_s;
    to->disabled = said->disabled;
    if (said->curve_key[0] != '\0') to->curve_key = said->curve_key;
    if (to->source_kind[0] == '\0') {
        bool enforcement = strcmp(to->clue_source, "enforcement_platform") == 0;
        bool media = strcmp(to->clue_source, "media") == 0;
        to->source_kind = enforcement ? "enforcement" : media ? "media" : "hotline";
    }
}

/* As ZeroMQ prints one: 32 bytes in Z85 (ZeroMQ RFC 32). */
static bool is_curve_key(const char *text) {
    return strlen(text) == 40 && strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              ".-:+=^!/*?&<>()[]{}@%$#") == 40;
}

/* What is told back of a field that a definition was refused for; NULL where nothing was said or it is long. */
static const char *value_of(const feed_definition *definition, const char *field) {
    const struct {
        const char *field, *value;
    } VALUES[] = {{"name", definition->name},
                  {"profile", definition->profile},
                  {"clue_source", definition->clue_source},
                  {"source_kind", definition->source_kind}};
    for (size_t i = 0; i < WJZ_COUNT(VALUES); i++) {
        const char *value = VALUES[i].value;
        if (strcmp(VALUES[i].field, field) == 0) return value[0] != '\0' && strlen(value) <= 64 ? value : NULL;
    }
    return NULL;
}

/* The field that keeps the definition from being stored; NULL when it is good. */
static const char *find_fault(const profile_source *profiles, const feed_definition *definition,
                              const Wjz__Intake__DefineFeed *said) {
    const char *fault = feed_definition_fault(definition);
    if (fault != NULL) return fault;
    if (said->curve_key[0] != '\0' && !is_curve_key(said->curve_key)) return "curve_key";
    if (said->rate_per_second > 10000000) return "rate_per_second";
    if (said->silent_after_s > 366 * 86400) return "silent_after_s";
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    wjz_err err;
    return profile_load(profiles, definition->profile, &loaded, &err) < 0 ? "profile" : NULL;
}

static int store_definition(intake *it, wjz_tx **tx, feed_definition *definition, char *new_key, wjz_err *err) {
    uint8_t hash[WJZ_SEAL_MAC];
    if (new_key != NULL) {
        identity_new_key(new_key);
        identity_hash_key(it->seal, new_key, hash);
        definition->bearer_hash = hash;
    }
    int r = store_define_feed(*tx, definition);
    if (r == 0) r = wjz_tx_commit(tx, err);
    return r == 0 ? intake_refresh(it, err) : r;
}

static int on_define_feed(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__DefineFeed *said = (const Wjz__Intake__DefineFeed *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    feed_definition definition;
    profile_source profiles;
    bool found = false;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_definition(tx, said->name, wjz_call_arena(call), &definition, &found, err);
    if (r == 0) r = store_read_profiles(tx, it->conf->profiles, wjz_call_arena(call), &profiles, err);
    if (r < 0) return r;
    merge(&definition, said);
    const char *fault = find_fault(&profiles, &definition, said);
    if (fault != NULL) {
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = fault,
                                                    .value = value_of(&definition, fault),
                                                    .message = found ? "the feed cannot be changed like this"
                                                                     : "the feed cannot be made like this",
                                                    .remedy = feed_definition_remedy(fault)});
    }
    char key[IDENTITY_KEY_TEXT] = "";
    r = store_definition(it, &tx, &definition, said->new_bearer_key ? key : NULL, err);
    if (r == -EEXIST) {
        return refuse(call, WJZ_REFUSAL_CONFLICT, "curve_key", "another feed has this key",
                      "make a key pair for each feed");
    }
    if (r < 0) return r;
    wjz_log_info("feed defined", "feed=%s", definition.name);
    announce_feed_changed(it->bus, definition.name, definition.region);
    Wjz__Intake__FeedDefined reply = WJZ__INTAKE__FEED_DEFINED__INIT;
    reply.name = said->name;
    reply.bearer_key = key;
    if (it->door != NULL) {
        const char *told = it->conf->door_public;
        reply.door_endpoint = /* protobuf-c has no const; packing only reads */
            (char *)(uintptr_t)(told != NULL ? told : wjz_door_endpoint(it->door));
        reply.door_public_key = (char *)(uintptr_t)wjz_door_public_key(it->door);
    }
    return wjz_call_reply(call, &reply.base);
}

/* --- imports --- */

/* NULL when the file may come; otherwise the field that forbids it. */
static const char *find_file_fault(const intake *it, const Wjz__Intake__BeginImport *said) {
    if (said->size == 0 || said->size > (uint64_t)it->conf->import_bytes) return "size";
    if (said->sha256.len != 32) return "sha256";
    if (said->file_name[0] == '\0' || strlen(said->file_name) > 400) return "file_name";
    return strlen(said->actor) > 200 ? "actor" : NULL;
}

static int refuse_file(wjz_call *call, const intake *it, const Wjz__Intake__BeginImport *said, const char *fault) {
    if (strcmp(fault, "size") != 0)
        return refuse(call, WJZ_REFUSAL_INVALID, fault, "the file cannot be imported like this",
                      "give the file's name, size and SHA-256");
    wjz_refusal refusal = {.code = WJZ_REFUSAL_TOO_LARGE,
                           .field = "size",
                           .value = wjz_arena_printf(wjz_call_arena(call), "%" PRIu64, said->size),
                           .message = "the file is empty",
                           .remedy = "export it again: the first row names the columns"};
    if (said->size > 0) {
        refusal.message = "the file has more bytes than one import takes";
        refusal.remedy = wjz_arena_printf(wjz_call_arena(call), "divide it into files of at most %" PRId64 " bytes",
                                          it->conf->import_bytes);
    }
    return wjz_call_refuse(call, &refusal);
}

static int on_begin_import(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__BeginImport *said = (const Wjz__Intake__BeginImport *)wjz_call_message(call)->body;
    int r = intake_refresh(it, err); /* another instance may have just made the feed, or shut it */
    if (r < 0) return r;
    const feed *of = feeds_find(&it->feeds, said->feed);
    if (of == NULL)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                    .field = "feed",
                                                    .value = strlen(said->feed) < 64 ? said->feed : NULL,
                                                    .message = "there is no such feed",
                                                    .remedy = "define it first: wjz feeds define"});
    if (of->disabled)
        return refuse(call, WJZ_REFUSAL_FORBIDDEN, "feed", "the feed is disabled",
                      "enable it first: wjz feeds define NAME --enable");
    const char *fault = find_file_fault(it, said);
    if (fault != NULL) return refuse_file(call, it, said, fault);
    import_file file = {said->file_name, said->size, said->sha256.data, said->dry_run, said->actor};
    import_row row;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_begin_import(tx, of, &file, wjz_call_arena(call), &row, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    if (row.stage == IMPORT_RUNNING) importer_wake(it->importer);
    Wjz__Intake__ImportBegun reply = WJZ__INTAKE__IMPORT_BEGUN__INIT;
    reply.import = (uint64_t)row.id;
    reply.received = row.received;
    reply.finished = row.stage == IMPORT_FINISHED;
    return wjz_call_reply(call, &reply.base);
}

static int refuse_missing(wjz_call *call) {
    return refuse(call, WJZ_REFUSAL_NOT_FOUND, "import", "there is no such import", "begin it first");
}

static int take_chunk(intake *it, wjz_call *call, const Wjz__Intake__ImportChunk *said, import_row *row, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    bool taken = true;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_import(tx, (int64_t)said->import, wjz_call_arena(call), row, err);
    if (r < 0) return r;
    if (said->offset == row->received && row->stage == IMPORT_RECEIVING) {
        if (row->received + said->data.len > row->size) return -EMSGSIZE;
        r = store_add_chunk(tx, row, said->data.data, said->data.len, &taken, err);
        if (r == 0 && taken) row->received += said->data.len;
    } else if (said->offset > row->received) {
        return -ESPIPE;
    }
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

static int on_import_chunk(wjz_call *call, void *state, wjz_err *err) {
    enum { CHUNK = 1 << 20 };
    intake *it = state;
    const Wjz__Intake__ImportChunk *said = (const Wjz__Intake__ImportChunk *)wjz_call_message(call)->body;
    if (said->data.len == 0 || said->data.len > CHUNK) {
        return refuse(call, WJZ_REFUSAL_TOO_LARGE, "data", "a portion has 1 byte to 1 MiB", "divide the file");
    }
    import_row row;
    int r = take_chunk(it, call, said, &row, err);
    if (r == -ENOENT) return refuse_missing(call);
    if (r == -EMSGSIZE)
        return refuse(call, WJZ_REFUSAL_INVALID, "data", "the file is longer than was said", "begin the import anew");
    if (r == -ESPIPE) {
        return refuse(call, WJZ_REFUSAL_CONFLICT, "offset", "what lies before it has not come",
                      "ask with BeginImport where to go on");
    }
    if (r < 0) return r;
    if (row.received == row.size) importer_wake(it->importer);
    Wjz__Intake__ImportChunkTaken reply = WJZ__INTAKE__IMPORT_CHUNK_TAKEN__INIT;
    reply.received = row.received;
    return wjz_call_reply(call, &reply.base);
}

static int on_describe_import(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__DescribeImport *said = (const Wjz__Intake__DescribeImport *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    import_row row;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_import(tx, (int64_t)said->import, wjz_call_arena(call), &row, err);
    if (r == -ENOENT) return refuse_missing(call);
    if (r < 0) return r;
    Wjz__Intake__ImportState reply = WJZ__INTAKE__IMPORT_STATE__INIT;
    reply.import = said->import;
    reply.stage = (Wjz__Intake__ImportState__Stage)row.stage;
    reply.rows = row.rows_read;
    reply.rows_total = row.rows_total;
    reply.accepted = row.accepted;
    reply.duplicate = row.duplicate;
    reply.revised = row.revised;
    reply.rejected = row.rejected;
    reply.error = (char *)(uintptr_t)row.error; /* protobuf-c has no const; packing only reads */
    reply.profile = (char *)(uintptr_t)row.profile;
    reply.encoding = (char *)(uintptr_t)row.encoding;
    return wjz_call_reply(call, &reply.base);
}

const wjz_request_route INTAKE_REQUESTS[] = {
    {.type = &wjz__intake__define_feed__descriptor, .handler = on_define_feed},
    {.type = &wjz__intake__store_profile__descriptor, .handler = on_store_profile},
    {.type = &wjz__intake__begin_import__descriptor, .handler = on_begin_import},
    {.type = &wjz__intake__import_chunk__descriptor, .handler = on_import_chunk},
    {.type = &wjz__intake__describe_import__descriptor, .handler = on_describe_import},
    {.type = &wjz__intake__reveal_reporter__descriptor, .handler = on_reveal_reporter},
    {.type = &wjz__intake__store_attachment__descriptor, .handler = on_store_attachment},
    {.type = &wjz__intake__submit_report__descriptor, .handler = on_submit_report},
    {.type = &wjz__intake__describe_report__descriptor, .handler = on_describe_report},
    {.type = &wjz__intake__list_reports__descriptor, .handler = on_list_reports},
    {.type = NULL},
};
