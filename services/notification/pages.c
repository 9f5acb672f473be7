/* The pages behind links to acknowledge. */
#include "notification/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "notification/acknowledge.h"
#include "notification/notification.h"
#include "notification/store.h"
#include "wjz/clock.h"
#include "wjz/log.h"

/* %s: what the page says, as HTML. */
#define PAGE                                                                                                           \
    "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"                                               \
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" "                    \
    "content=\"noindex\">"                                                                                             \
    "<title>确认收到 · Acknowledge</title><style>"                                                                \
    "body{font:1.1rem/1.7 system-ui,sans-serif;max-width:26rem;margin:15vh auto 0;padding:0 1.5rem;color:#1f2d3d}"     \
    "small{color:#5b6b7c}button{font:inherit;width:100%%;padding:.8rem;border:0;border-radius:.4rem;"                  \
    "background:#1f5fae;color:#fff}</style></head><body>%s</body></html>\n"

static const char ASK[] =
    "<p>您有一条工作通知，请确认已收到。<br><small>You have a notice. Please confirm that you have "
    "received it.</small></p><form method=\"post\"><button>确认收到 · Acknowledge</button></form>";
static const char NO_LINK[] =
    "<p>链接无效，请核对邮件中的完整链接。<br><small>This link is not valid. Please check the whole "
    "link in your mail.</small></p>";
static const char EXPIRED[] =
    "<p>链接已过期，请登录工作台查看通知。<br><small>This link has expired. Please look at your "
    "inbox.</small></p>";
static const char LATER[] =
    "<p>系统繁忙，请稍后再试。<br><small>The system is busy. Please try again later.</small></p>";

static void show(wjz_request *request, int status, const char *content) {
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"},
    };
    const char *page = wjz_arena_printf(wjz_request_arena(request), PAGE, content);
    for (size_t i = 0; page != NULL && i < WJZ_COUNT(headers); i++)
        if (wjz_respond_header(request, headers[i].name, headers[i].value) < 0) page = NULL;
    if (page == NULL)
        wjz_respond(request, 500, NULL, NULL, 0);
    else
        wjz_respond(request, status, "text/html; charset=utf-8", page, strlen(page));
}

static void show_done(wjz_request *request, int64_t at_us) {
    char at[WJZ_CLOCK_TEXT];
    wjz_clock_format(at_us, at);
    if (strlen(at) > 10) at[10] = ' ';
    const char *content = wjz_arena_printf(wjz_request_arena(request),
                                           "<p>已于 %.16s 确认收到，谢谢。<br><small>Acknowledged at %.16s. Thank "
                                           "you.</small></p>",
                                           at, at);
    show(request, 200, content == NULL ? LATER : content);
}

static void show_failure(wjz_request *request, int r, const wjz_err *err) {
    if (r == -ENOENT || r == -EBADMSG) {
        show(request, 404, NO_LINK);
    } else if (r == -ESTALE) {
        show(request, 410, EXPIRED);
    } else {
        wjz_log_warn("link not served", "error=\"%s\"", err->text);
        show(request, 503, LATER);
    }
}

static void on_get(wjz_request *request, void *arg) {
    wjz_err err = {0};
    struct acknowledgement state;
    int r = acknowledge_look(arg, wjz_request_param(request, "token"), &state, &err);
    if (r < 0)
        show_failure(request, r, &err);
    else if (state.before)
        show_done(request, state.at_us);
    else
        show(request, 200, ASK);
}

static void on_post(wjz_request *request, void *arg) {
    wjz_err err = {0};
    struct acknowledgement done;
    int r = acknowledge_by_link(arg, wjz_request_param(request, "token"), NULL, &done, &err);
    if (r < 0)
        show_failure(request, r, &err);
    else
        show_done(request, done.at_us);
}

const wjz_route pages_routes[] = {
    {"GET", "/ack/{token}", on_get, 0},
    {"POST", "/ack/{token}", on_post, 4096},
    {0},
};
