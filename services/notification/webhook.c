/* Webhooks as in Standard Webhooks 1.0: webhook-id stays the same when a notice is sent again, 410 Gone ends it, any
 * other answer but 2xx is tried again. */
#include "notification/webhook.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "notification/email.h"
#include "notification/notification.h"
#include "notification/signature.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"

enum { ANSWER_KEPT = 4096, ANSWER_LOGGED = 200 };

/* The host alone: the rest of a webhook's address is often its secret. */
const char *webhook_address(struct notification *self, const struct sending *sending, wjz_arena *arena) {
    (void)self;
    const char *host = strstr(sending->webhook, "://");
    if (host == NULL) return "";
    host += 3;
    const char *at = strpbrk(host, "@/?#");
    if (at != NULL && *at == '@') host = at + 1;
    const char *text = wjz_arena_strndup(arena, host, strcspn(host, "/?#"));
    return text == NULL ? "" : text;
}

static char *body_of(struct notification *self, const struct sending *sending, wjz_arena *arena) {
    char at[WJZ_CLOCK_TEXT];
    wjz_clock_format(sending->made_at_us, at);
    const char *link = acknowledge_link(self, sending, arena);
    if (link == NULL) return NULL;
    json_t *body = json_pack("{s:s, s:s, s:{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b}}", "type", "notice",
                             "timestamp", at, "data", "notice", (json_int_t)sending->notice, "event", sending->event,
                             "recipient", sending->recipient, "title", sending->title, "body", sending->body, "urgency",
                             sending->urgency, "subject_kind", sending->subject_kind, "subject",
                             (json_int_t)sending->subject, "acknowledge_url", link, "repeated", sending->round > 1);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    char *copy = text == NULL ? NULL : wjz_arena_strdup(arena, text);
    free(text);
    return copy;
}

static const char *logged(const char *answer, wjz_arena *arena) {
    size_t length = strnlen(answer, ANSWER_LOGGED);
    while (length > 0 && ((unsigned char)answer[length] & 0xC0) == 0x80)
        length--;
    const char *text = wjz_arena_strndup(arena, answer, wjz_utf8_check(answer, length));
    return text == NULL ? "" : text;
}

static struct outcome judge(int r, int status, const char *answer, const wjz_err *err, wjz_arena *arena) {
    const char *said = logged(r == 0 ? answer : err->text, arena);
    if (r == -EINVAL) return (struct outcome){.result = ATTEMPT_FAILED, .answer = said};
    if (r < 0)
        return (struct outcome){
            .result = ATTEMPT_DEFERRED, .answer = said, .silent = r != -ENOMEM && r != -ECANCELED && r != -EMSGSIZE};
    enum attempt_result result = status == 410 ? ATTEMPT_FAILED : ATTEMPT_DEFERRED;
    if (status >= 200 && status < 300) result = ATTEMPT_SENT;
    return (struct outcome){.result = result, .status = status, .answer = said};
}

static int post(struct notification *self, const struct sending *sending, wjz_arena *arena, int *ret_status,
                const char **ret_answer, wjz_err *err) {
    const struct notification_conf *conf = self->conf;
    if (conf->webhook_require_tls && strncmp(sending->webhook, "https://", 8) != 0)
        return wjz_err_set(err, -EINVAL, "webhook is not https and webhook_require_tls is on");
    struct webhook_secret secret;
    int r = webhook_secret_parse(sending->webhook_secret, &secret, err);
    if (r < 0) return r;

    int64_t now_s = wjz_clock_us() / WJZ_SECOND_US;
    const char *body = body_of(self, sending, arena);
    const char *id = wjz_arena_printf(arena, "msg_%d_%" PRId64 "_%d", sending->region, sending->notice, sending->round);
    if (body == NULL || id == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    const char *signature = webhook_signature(&secret, id, now_s, body, strlen(body), arena);
    if (signature == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    const char *headers[] = {
        "Content-Type: application/json",
        wjz_arena_printf(arena, "webhook-id: %s", id),
        wjz_arena_printf(arena, "webhook-timestamp: %" PRId64, now_s),
        wjz_arena_printf(arena, "webhook-signature: %s", signature),
        NULL,
    };
    if (headers[1] == NULL || headers[2] == NULL || headers[3] == NULL)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    const wjz_xfer_http request = {
        .method = "POST",
        .url = sending->webhook,
        .headers = headers,
        .body = body,
        .length = strlen(body),
        .ca_file = conf->webhook_ca,
        .timeout_ms = (int)conf->send_timeout,
        .answer_limit = ANSWER_KEPT,
    };
    return wjz_xfer_http_send(self->xfer, &request, arena, ret_status, ret_answer, err);
}

void webhook_send(struct notification *self, const struct sending *sending, wjz_arena *arena,
                  struct outcome *ret_outcome) {
    wjz_err err = {0};
    int status = 0;
    const char *answer = "";
    int r = post(self, sending, arena, &status, &answer, &err);
    *ret_outcome = judge(r, status, answer, &err, arena);
}
