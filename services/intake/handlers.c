/* See handlers.h. */
#include "intake/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "intake/feed_change.h"
#include "intake/importer.h"
#include "intake/intake.h"
#include "intake/profile_change.h"
#include "intake/refusal.h"
#include "intake/reports.h"
#include "intake/reveal.h"
#include "intake/store_import.h"
#include "intake/store_profiles.h"
#include "proto/report.pb-c.h"

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
