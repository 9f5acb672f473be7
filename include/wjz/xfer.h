/* HTTP and SMTP as a client (libcurl on the loop). Only from fibers. */
#ifndef WJZ_XFER_H
#define WJZ_XFER_H

#include <stdbool.h>
#include <stddef.h>

#include "wjz/arena.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_xfer wjz_xfer;

WJZ_MUST_CHECK int wjz_xfer_open(wjz_loop *loop, wjz_xfer **ret_xfer, wjz_err *err);
/* Transfers under way end with -ECANCELED; then closed(arg). */
void wjz_xfer_close(wjz_xfer **xfer, wjz_call_fn *closed, void *arg);

typedef struct wjz_xfer_http {
    const char *method, *url;   /* http or https only; redirects are not followed */
    const char *const *headers; /* "Name: value", NULL-terminated */
    const void *body;
    size_t length;
    const char *ca_file;  /* NULL: the system's */
    int timeout_ms;
    size_t answer_limit;  /* bytes of the answer kept; more is an error; 0: 64 KB */
} wjz_xfer_http;

/* 0 when an answer came, whatever its status: *ret_status, *ret_answer (NUL-terminated, in arena).
 * -ETIMEDOUT, -ECONNREFUSED, -EHOSTUNREACH (name or route), -ECONNRESET (broke off), -EPROTO (TLS or protocol),
 * -EMSGSIZE, -EINVAL (no such address, method or header), -ECANCELED. Proxies are those of the environment. */
WJZ_MUST_CHECK int wjz_xfer_http_send(wjz_xfer *xfer, const wjz_xfer_http *request, wjz_arena *arena, int *ret_status, const char **ret_answer, wjz_err *err);

typedef struct wjz_xfer_mail {
    const char *url;  /* smtp://host:port (STARTTLS when required) or smtps:// */
    bool require_tls; /* refuse to send in clear */
    const char *ca_file;
    const char *user, *password; /* NULL: no authentication */
    const char *from, *to;       /* addresses alone, without name */
    const void *message;         /* RFC 5322, CRLF lines */
    size_t length;
    int timeout_ms;
} wjz_xfer_mail;

/* 0 when the server took the message; *ret_answer is its last line. As above, and -EACCES (authentication),
 * -ECONNREFUSED also when the server refuses us or our sender before it knows the recipient, -EREMOTEIO when it refuses
 * recipient or message; then *ret_status is its reply code (4xx try later, 5xx never). */
WJZ_MUST_CHECK int wjz_xfer_mail_send(wjz_xfer *xfer, const wjz_xfer_mail *mail, wjz_arena *arena, int *ret_status, const char **ret_answer, wjz_err *err);

#endif
