/* E-mail. What was asked stays out of the subject, which shows on locked screens; the message id is derived from the
 * notice, so that a message that arrives twice is recognised. */
#include "notification/email.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "notification/mime.h"
#include "notification/notification.h"
#include "wjz/clock.h"

struct wording {
    const char *subject, *urgent_subject, *again_subject;
    const char *link;   /* %s: until when, %s: the link */
    const char *footer; /* %lld: the notice's number */
};

static const struct wording wordings[LOCALES] = {
    [LOCALE_ZH_CN] = {"微检治：您有新的工作通知", "微检治：您有紧急工作通知", "微检治：再次提醒，您有工作通知尚未确认",
                      "\n请打开链接确认已收到（仅供您本人使用，%.16s 前有效）：\n%s\n",
                      "\n——\n微检治　通知编号 %" PRId64 "\n本邮件由系统自动发出，请勿回复。\n"},
    [LOCALE_EN] = {"weijianzhi: you have a new notice", "weijianzhi: you have an urgent notice",
                   "weijianzhi: reminder, a notice waits for your acknowledgement",
                   "\nPlease acknowledge by this link (for you alone, until %.16s):\n%s\n",
                   "\n--\nweijianzhi, notice %" PRId64 "\nSent automatically, please do not reply.\n"},
};

const char *acknowledge_link(struct notification *self, const struct sending *sending, wjz_arena *arena) {
    if (sending->token_expires_us == 0) return "";
    struct token token = {sending->region, sending->notice, sending->token_expires_us};
    char text[TOKEN_TEXT];
    token_write(self->seal, &token, text);
    size_t length = strlen(self->conf->public_url);
    while (length > 0 && self->conf->public_url[length - 1] == '/')
        length--;
    return wjz_arena_printf(arena, "%.*s/ack/%s", (int)length, self->conf->public_url, text);
}

/* A guest's address lies sealed in the notice. "" when it cannot be read. */
static const char *recipient_of(struct notification *self, const struct sending *sending, wjz_arena *arena) {
    if (sending->guest == NULL) return sending->email;
    char *text = NULL;
    size_t length = 0;
    if (wjz_seal_unbox(self->seal, "guest", sending->notice, sending->guest, sending->guest_length, arena, &text,
                       &length) < 0)
        return "";
    json_t *guest = json_loadb(text, length, 0, NULL);
    const char *email = json_string_value(json_object_get(guest, "email"));
    const char *copy = wjz_arena_strdup(arena, email == NULL ? "" : email);
    json_decref(guest);
    return copy == NULL ? "" : copy;
}

const char *email_address(struct notification *self, const struct sending *sending, wjz_arena *arena) {
    return mail_address_shortened(recipient_of(self, sending, arena), arena);
}

static const char *subject_of(const struct sending *sending, const struct wording *wording) {
    if (sending->round > 1) return wording->again_subject;
    return strcmp(sending->urgency, "urgent") == 0 ? wording->urgent_subject : wording->subject;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats of the table above */
static const char *body_of(struct notification *self, const struct sending *sending, const struct wording *wording,
                           wjz_arena *arena) {
    char until[WJZ_CLOCK_TEXT];
    const char *link = acknowledge_link(self, sending, arena), *invitation = link;
    wjz_clock_format(sending->token_expires_us, until);
    if (link != NULL && link[0] != '\0') invitation = wjz_arena_printf(arena, wording->link, until, link);
    const char *footer = wjz_arena_printf(arena, wording->footer, sending->notice);
    if (invitation == NULL || footer == NULL) return NULL;
    return wjz_arena_printf(arena, "%s\n\n%s\n%s%s", sending->title, sending->body, invitation, footer);
}
#pragma GCC diagnostic pop

static const char *message_id(struct notification *self, const struct sending *sending, int round, wjz_arena *arena) {
    return wjz_arena_printf(arena, "%d.%" PRId64 ".email.%d%s", sending->region, sending->notice, round,
                            strchr(self->conf->mail_from, '@'));
}

static struct outcome judge(int r, int status, const char *answer, const wjz_err *err, wjz_arena *arena) {
    if (r == 0) return (struct outcome){.result = ATTEMPT_SENT, .status = status, .answer = answer};
    const char *said = wjz_arena_strdup(arena, err->text);
    struct outcome outcome = {.result = ATTEMPT_UNREACHABLE, .status = status, .answer = said == NULL ? "" : said};
    if (r == -EREMOTEIO) outcome.result = status >= 500 ? ATTEMPT_FAILED : ATTEMPT_DEFERRED;
    if (r == -EINVAL) outcome.result = ATTEMPT_FAILED;
    if (r == -ENOMEM || r == -ECANCELED) outcome.result = ATTEMPT_DEFERRED;
    return outcome;
}

void email_send(struct notification *self, const struct sending *sending, wjz_arena *arena,
                struct outcome *ret_outcome) {
    const struct notification_conf *conf = self->conf;
    const struct wording *wording = &wordings[locale_parse(sending->locale)];
    struct mail mail = {
        .from_name = conf->mail_from_name,
        .from = conf->mail_from,
        .to = recipient_of(self, sending, arena),
        .subject = subject_of(sending, wording),
        .body = body_of(self, sending, wording, arena),
        .message_id = message_id(self, sending, sending->round, arena),
        .in_reply_to = sending->round > 1 ? message_id(self, sending, 1, arena) : NULL,
        .at_us = sending->made_at_us,
    };
    wjz_err err = {0};
    int status = 0, r = 0;
    const char *text = NULL, *answer = "";
    size_t length = 0;
    if (mail.body == NULL || mail.message_id == NULL)
        r = wjz_err_set(&err, -ENOMEM, "out of memory");
    else
        r = mail_build(&mail, arena, &text, &length, &err);
    if (r == 0) {
        const wjz_xfer_mail transfer = {
            .url = conf->smtp_url,
            .require_tls = conf->smtp_require_tls,
            .ca_file = conf->smtp_ca,
            .user = conf->smtp_user,
            .password = conf->smtp_password,
            .from = mail.from,
            .to = mail.to,
            .message = text,
            .length = length,
            .timeout_ms = (int)conf->send_timeout,
        };
        r = wjz_xfer_mail_send(self->xfer, &transfer, arena, &status, &answer, &err);
    }
    *ret_outcome = judge(r, status, answer, &err, arena);
}
