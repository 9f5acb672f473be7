/* See reveal.h. The key is here alone: the console, which knows who may ask, does not have it. */
#include "intake/reveal.h"

#include <inttypes.h>

#include "intake/identity.h"
#include "intake/intake.h"
#include "wjz/log.h"

static const wjz_stmt READ_REPORTER = {"intake_read_reporter",
                                       "SELECT reporter_cipher FROM intake.complaint WHERE region = $1 AND id = $2", 1};

static int read_cipher(intake *it, int32_t region, int64_t complaint, wjz_arena *arena, bool *ret_known,
                       wjz_blob *ret_cipher, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = wjz_tx_query_v(tx, &READ_REPORTER, &rows, err, wjz_i32(region), wjz_i64(complaint));
    if (r < 0) return r;
    *ret_known = wjz_rows_count(rows) > 0;
    wjz_blob cipher = *ret_known ? wjz_row_bytes(rows, 0, 0) : (wjz_blob){NULL, 0};
    *ret_cipher =
        (wjz_blob){cipher.data != NULL ? wjz_arena_strndup(arena, cipher.data, cipher.length) : NULL, cipher.length};
    return wjz_tx_commit(&tx, err);
}

int on_reveal_reporter(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Intake__RevealReporter *asked = (const void *)message->body;
    const Wjz__Intake__Reporter *reporter = NULL;
    wjz_arena *arena = wjz_call_arena(call);
    Wjz__Intake__ReporterRevealed reply = WJZ__INTAKE__REPORTER_REVEALED__INIT;
    wjz_blob cipher;
    bool known;
    if (asked->reason[0] == '\0' || asked->actor[0] == '\0')
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = asked->actor[0] == '\0' ? "actor" : "reason",
                                                    .message = "须说明谁、为何查看 / say who wants to know, and why",
                                                    .remedy = "填写理由 / give a reason"});
    int r = read_cipher(it, message->region, (int64_t)asked->complaint, arena, &known, &cipher, err);
    if (r < 0) return r;
    if (!known)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                    .field = "complaint",
                                                    .message = "没有这条诉求 / no such complaint in this region"});
    if (cipher.data != NULL) r = identity_open(it->seal, (int64_t)asked->complaint, cipher, arena, &reporter, err);
    if (r < 0) return r;
    wjz_log_info("reporter revealed", "complaint=%" PRIu64 " actor=\"%s\"", asked->complaint, asked->actor);
    if (reporter != NULL) {
        reply.name = reporter->name;
        reply.phone = reporter->phone;
        reply.id_number = reporter->id_number;
        reply.handle = reporter->handle;
    }
    return wjz_call_reply(call, &reply.base);
}
