/* Acknowledging. A link is refused without asking the database when it was not made here. */
#include "notification/acknowledge.h"

#include <errno.h>

#include "notification/notification.h"
#include "wjz/clock.h"

static int read_link(struct notification *self, const char *text, struct token *token, uint8_t hash[TOKEN_HASH],
                     wjz_err *err) {
    int r = token_read(self->seal, text, token);
    if (r < 0) return wjz_err_set(err, r, "the link is not valid");
    if (token->expires_us <= wjz_clock_us()) return wjz_err_set(err, -ESTALE, "the link has expired");
    token_hash(text, hash);
    return 0;
}

/* Writes the line of the delivery log and commits. */
static int finish(struct notification *self, wjz_tx **tx, int32_t region, int64_t notice, const char *channel,
                  const struct acknowledgement *done, wjz_err *err) {
    if (!done->found) return wjz_err_set(err, -ENOENT, "there is no such notice");
    const struct delivery line = {
        .region = region,
        .notice = notice,
        .channel = channel,
        .result = "acknowledged",
        .address = "",
        .answer = "",
        .instance = self->conf->service.instance,
    };
    int r = done->before ? 0 : store_log(*tx, &line, 1, wjz_tx_arena(*tx));
    return r < 0 ? wjz_err_set(err, r, "could not log the acknowledgement") : wjz_tx_commit(tx, err);
}

int acknowledge_look(struct notification *self, const char *token, struct acknowledgement *ret_state, wjz_err *err) {
    struct token read;
    uint8_t hash[TOKEN_HASH];
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = read_link(self, token, &read, hash, err);
    if (r == 0) r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_look_link(tx, &read, hash, ret_state, err);
    if (r < 0) return r;
    if (!ret_state->found) return wjz_err_set(err, -ENOENT, "the link was revoked");
    return wjz_tx_commit(&tx, err);
}

int acknowledge_by_link(struct notification *self, const char *token, int64_t *ret_notice,
                        struct acknowledgement *ret_done, wjz_err *err) {
    struct token read;
    uint8_t hash[TOKEN_HASH];
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = read_link(self, token, &read, hash, err);
    if (r == 0) r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_acknowledge_link(tx, &read, hash, ret_done, err);
    if (r == 0) r = finish(self, &tx, read.region, read.notice, "link", ret_done, err);
    if (r == 0 && ret_notice != NULL) *ret_notice = read.notice;
    return r;
}

int acknowledge_in_person(struct notification *self, int32_t region, int64_t notice, const char *actor,
                          struct acknowledgement *ret_done, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_acknowledge(tx, region, notice, actor, ret_done, err);
    if (r == 0) r = finish(self, &tx, region, notice, "console", ret_done, err);
    return r;
}
