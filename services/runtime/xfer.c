/* HTTP and SMTP as a client: libcurl's multi interface told by the loop which socket is ready. The fiber that asks
 * keeps the transfer on its stack and sleeps until it is done. */
#include "wjz/xfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEFAULT_ANSWER = 64 << 10, IDLE_CONNECTIONS = 16, REPLY_LINE = 512, SOCKETS = 8 };

struct wjz_xfer {
    wjz_loop *loop;
    CURLM *multi;
    wjz_timer *timer;
    bool timer_set;
    struct transfer *first;
    bool closing;
    wjz_call_fn *closed;
    void *closed_arg;
};

typedef struct transfer {
    struct transfer *next, **at; /* in the xfer's list */
    wjz_xfer *xfer;
    CURL *easy;
    struct curl_slist *list; /* headers or recipients */
    wjz_event done;
    CURLcode result;
    bool cancelled, too_large;
    char *answer;
    size_t answer_length, answer_size, answer_limit;
    const char *message; /* mail: what is still to be sent */
    size_t message_left;
    char reply[REPLY_LINE], refusal[REPLY_LINE]; /* mail: the server's last line, and the last with 4xx or 5xx */
    int status;                                  /* mail: the code of the last line */
    curl_socket_t sockets[SOCKETS];              /* mail: open ones */
    int socket_count;
    bool addressed; /* mail: RCPT was sent */
    bool left;      /* mail: QUIT was sent */
    char problem[CURL_ERROR_SIZE];
} transfer;

/* --- driving libcurl --- */

/* A socket that libcurl wants watched. */
typedef struct watch {
    wjz_xfer *xfer;
    curl_socket_t fd;
    wjz_poll *poll;
} watch;

static void reap(wjz_xfer *xfer) {
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(xfer->multi, &left));) {
        if (message->msg != CURLMSG_DONE) continue;
        transfer *t;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        t->result = message->data.result;
        wjz_event_set(xfer->loop, &t->done);
    }
}

static void on_socket_ready(void *arg, int events) {
    const watch *w = arg;
    wjz_xfer *xfer = w->xfer;
    int mask = (events & WJZ_READABLE ? CURL_CSELECT_IN : 0) | (events & WJZ_WRITABLE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(xfer->multi, w->fd, mask, &running); /* may free w */
    reap(xfer);
}

static int on_socket(WJZ_UNUSED CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg) {
    wjz_xfer *xfer = arg;
    watch *w = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (w) wjz_poll_close(&w->poll);
        free(w);
        return 0;
    }
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w) return -1;
        *w = (watch){.xfer = xfer, .fd = fd};
        if (wjz_poll_open(xfer->loop, fd, on_socket_ready, w, &w->poll) < 0) {
            free(w);
            return -1;
        }
        curl_multi_assign(xfer->multi, fd, w);
    }
    wjz_poll_watch(w->poll, (what & CURL_POLL_IN ? WJZ_READABLE : 0) | (what & CURL_POLL_OUT ? WJZ_WRITABLE : 0));
    return 0;
}

static void on_timer(void *arg) {
    wjz_xfer *xfer = arg;
    if (!xfer->timer_set) return;
    xfer->timer_set = false;
    int running;
    curl_multi_socket_action(xfer->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(xfer);
}

static int on_timer_wanted(WJZ_UNUSED CURLM *multi, long ms, void *arg) {
    wjz_xfer *xfer = arg;
    xfer->timer_set = ms >= 0;
    if (ms >= 0) wjz_timer_again(xfer->timer, (uint64_t)ms);
    return 0;
}

/* --- lifetime --- */

static void xfer_free(wjz_xfer *xfer) {
    if (xfer->multi) curl_multi_cleanup(xfer->multi);
    wjz_timer_close(&xfer->timer);
    free(xfer);
}

int wjz_xfer_open(wjz_loop *loop, wjz_xfer **ret_xfer, wjz_err *err) {
    static bool initialised;
    if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return wjz_err_set(err, -EIO, "could not prepare HTTP and SMTP");
    initialised = true;
    wjz_xfer *xfer = calloc(1, sizeof(*xfer));
    if (!xfer) return wjz_err_set(err, -ENOMEM, "could not prepare HTTP and SMTP: out of memory");
    xfer->loop = loop;
    int e = wjz_timer_open(loop, 0, 0, on_timer, xfer, &xfer->timer);
    if (e == 0 && !(xfer->multi = curl_multi_init())) e = -ENOMEM;
    if (e < 0) {
        xfer_free(xfer);
        return wjz_err_set(err, e, "could not prepare HTTP and SMTP: %s", strerror(-e));
    }
    curl_multi_setopt(xfer->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(xfer->multi, CURLMOPT_SOCKETDATA, xfer);
    curl_multi_setopt(xfer->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(xfer->multi, CURLMOPT_TIMERDATA, xfer);
    curl_multi_setopt(xfer->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    *ret_xfer = xfer;
    return 0;
}

static void finish_close(void *arg) {
    wjz_xfer *xfer = arg;
    wjz_call_fn *closed = xfer->closed;
    void *closed_arg = xfer->closed_arg;
    xfer_free(xfer);
    if (closed) closed(closed_arg);
}

static void finish_close_soon(wjz_xfer *xfer) {
    if (wjz_loop_defer(xfer->loop, finish_close, xfer) < 0) finish_close(xfer);
}

void wjz_xfer_close(wjz_xfer **xfer_at, wjz_call_fn *closed, void *arg) {
    wjz_xfer *xfer = xfer_at ? WJZ_STEAL(*xfer_at) : NULL;
    if (!xfer) return;
    xfer->closing = true;
    xfer->closed = closed;
    xfer->closed_arg = arg;
    for (transfer *t = xfer->first; t; t = t->next) {
        t->cancelled = true;
        wjz_event_set(xfer->loop, &t->done);
    }
    if (!xfer->first) finish_close_soon(xfer);
}

/* --- one transfer --- */

static void transfer_end(transfer *t) {
    if (t->easy) curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->list);
    free(t->answer);
}

/* Keeps what comes in, up to the limit. */
static size_t on_answer(char *data, WJZ_UNUSED size_t one, size_t length, void *arg) {
    transfer *t = arg;
    if (length > t->answer_limit - t->answer_length) {
        t->too_large = true;
        return 0;
    }
    if (t->answer_length + length > t->answer_size) {
        size_t size = t->answer_size ? t->answer_size * 2 : 4096;
        if (size < t->answer_length + length) size = t->answer_length + length;
        char *grown = realloc(t->answer, size);
        if (!grown) return 0;
        t->answer = grown;
        t->answer_size = size;
    }
    if (length) memcpy(t->answer + t->answer_length, data, length);
    t->answer_length += length;
    return length;
}

static bool set_common(transfer *t, const char *protocols, const char *url, const char *ca_file, int timeout_ms) {
    CURL *easy = t->easy = curl_easy_init();
    if (!easy) return false;
    bool ok = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK; /* never waits for a resolver that hangs */
    ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->problem) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
    if (ca_file) ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK;
    return ok;
}

static int code_of(CURLcode result) {
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_COULDNT_CONNECT:
        return -ECONNREFUSED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return -EHOSTUNREACH;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return -ECONNRESET;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return -EINVAL;
    case CURLE_LOGIN_DENIED:
        return -EACCES;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return -EPROTO;
    }
}

/* Runs the prepared transfer and waits for its end. */
static int perform(wjz_xfer *xfer, transfer *t, const char *url, wjz_err *err) {
    if (xfer->closing) return wjz_err_set(err, -ECANCELED, "could not reach \"%s\": closing", url);
    t->xfer = xfer;
    CURLMcode added = curl_multi_add_handle(xfer->multi, t->easy);
    if (added != CURLM_OK) return wjz_err_set(err, -EIO, "could not reach \"%s\": %s", url, curl_multi_strerror(added));
    t->next = xfer->first;
    t->at = &xfer->first;
    if (t->next) t->next->at = &t->next;
    xfer->first = t;
    wjz_event_wait(xfer->loop, &t->done);
    *t->at = t->next;
    if (t->next) t->next->at = t->at;
    curl_multi_remove_handle(xfer->multi, t->easy);
    if (xfer->closing && !xfer->first) finish_close_soon(xfer);
    if (t->cancelled) return wjz_err_set(err, -ECANCELED, "could not reach \"%s\": closing", url);
    if (t->too_large)
        return wjz_err_set(err, -EMSGSIZE, "the answer of \"%s\" is longer than %zu bytes", url, t->answer_limit);
    if (t->result == CURLE_OK) return 0;
    return wjz_err_set(err, code_of(t->result), "could not reach \"%s\": %s", url,
                       t->problem[0] ? t->problem : curl_easy_strerror(t->result));
}

static bool one_line(const char *text) {
    return !strpbrk(text, "\r\n");
}

static bool add_to_list(transfer *t, const char *text) {
    struct curl_slist *list = curl_slist_append(t->list, text);
    if (list) t->list = list;
    return list != NULL;
}

static int no_memory(const char *url, wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not reach \"%s\": out of memory", url);
}

/* --- HTTP --- */

static int check_http(const wjz_xfer_http *request, wjz_err *err) {
    if (strncasecmp(request->url, "http://", 7) != 0 && strncasecmp(request->url, "https://", 8) != 0)
        return wjz_err_set(err, -EINVAL, "\"%.200s\" is no http:// or https:// address", request->url);
    if (!*request->method || strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(request->method))
        return wjz_err_set(err, -EINVAL, "\"%.50s\" is no HTTP method", request->method);
    for (const char *const *header = request->headers; header && *header; header++)
        if (!one_line(*header))
            return wjz_err_set(err, -EINVAL, "a header for \"%.200s\" holds a line break", request->url);
    return 0;
}

static bool set_http(transfer *t, const wjz_xfer_http *request) {
    bool ok = set_common(t, "http,https", request->url, request->ca_file, request->timeout_ms);
    ok = ok && add_to_list(t, "Expect:"); /* no second of waiting for "100 Continue" */
    for (const char *const *header = request->headers; ok && header && *header; header++)
        ok = add_to_list(t, *header);
    if (!ok) return false;
    ok &= curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "weijianzhi") == CURLE_OK;
    if (strcmp(request->method, "HEAD") == 0) {
        ok &= curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    } else if (request->body || strcmp(request->method, "POST") == 0) {
        ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, request->body ? request->body : "") == CURLE_OK;
        ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length) == CURLE_OK;
    }
    return ok && curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

int wjz_xfer_http_send(wjz_xfer *xfer, const wjz_xfer_http *request, wjz_arena *arena, int *ret_status,
                       const char **ret_answer, wjz_err *err) {
    int e = check_http(request, err);
    if (e < 0) return e;
    WJZ_CLEANUP(transfer_end)
    transfer t = {.answer_limit = request->answer_limit ? request->answer_limit : DEFAULT_ANSWER};
    if (!set_http(&t, request)) return no_memory(request->url, err);
    e = perform(xfer, &t, request->url, err);
    if (e < 0) return e;
    char *answer = wjz_arena_strndup(arena, t.answer, t.answer_length);
    if (!answer) return no_memory(request->url, err);
    long status = 0;
    curl_easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
    *ret_answer = answer;
    return 0;
}

/* --- SMTP --- */

/* What could end the command line or the angle brackets that it is put in. */
static bool is_address(const char *text) {
    if (!*text) return false;
    for (; *text; text++)
        if ((unsigned char)*text <= 0x20 || *text == 0x7F || *text == '<' || *text == '>') return false;
    return true;
}

static int check_mail(const wjz_xfer_mail *mail, wjz_err *err) {
    if (strncasecmp(mail->url, "smtp://", 7) != 0 && strncasecmp(mail->url, "smtps://", 8) != 0)
        return wjz_err_set(err, -EINVAL, "\"%.200s\" is no smtp:// or smtps:// address", mail->url);
    if (!is_address(mail->from) || !is_address(mail->to))
        return wjz_err_set(err, -EINVAL, "sender or recipient is no mail address");
    return 0;
}

static size_t on_message(char *to, size_t one, size_t room, void *arg) {
    transfer *t = arg;
    size_t length = one * room < t->message_left ? one * room : t->message_left;
    memcpy(to, t->message, length);
    t->message += length;
    t->message_left -= length;
    return length;
}

static size_t on_reply_line(char *line, WJZ_UNUSED size_t one, size_t length, void *arg) {
    transfer *t = arg;
    if (t->left) return length;
    t->status = atoi(line);
    char *kept = length > 0 && (line[0] == '4' || line[0] == '5') ? t->refusal : t->reply;
    size_t keep = length < REPLY_LINE ? length : REPLY_LINE - 1;
    memcpy(kept, line, keep);
    kept[keep] = '\0';
    kept[strcspn(kept, "\r\n")] = '\0';
    return length;
}

static int on_socket_made(void *arg, curl_socket_t fd, WJZ_UNUSED curlsocktype purpose) {
    transfer *t = arg;
    if (t->socket_count == SOCKETS) return CURL_SOCKOPT_ERROR;
    t->sockets[t->socket_count++] = fd;
    return CURL_SOCKOPT_OK;
}

static int on_socket_closed(void *arg, curl_socket_t fd) {
    transfer *t = arg;
    for (int i = 0; i < t->socket_count; i++)
        if (t->sockets[i] == fd) t->sockets[i--] = t->sockets[--t->socket_count];
    return close(fd);
}

/* How far the talk has come. libcurl takes its leave of a mail server by QUIT and blocks until that is answered, which
 * a server that hangs never does. So there is nothing left to read once QUIT has been written. */
static int on_talk(WJZ_UNUSED CURL *easy, curl_infotype type, char *data, size_t length, void *arg) {
    transfer *t = arg;
    if (type != CURLINFO_HEADER_OUT || length < 4) return 0;
    if (memcmp(data, "RCPT", 4) == 0) t->addressed = true;
    if (memcmp(data, "QUIT", 4) != 0) return 0;
    t->left = true;
    for (int i = 0; i < t->socket_count; i++)
        shutdown(t->sockets[i], SHUT_RD);
    return 0;
}

/* A connection is for one message: so it is closed here, and not by libcurl at some other time. */
static bool set_leaving(transfer *t) {
    bool ok = curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_SOCKOPTDATA, t) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, on_socket_closed) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, t) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_VERBOSE, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_DEBUGFUNCTION, on_talk) == CURLE_OK;
    return ok && curl_easy_setopt(t->easy, CURLOPT_DEBUGDATA, t) == CURLE_OK;
}

static bool set_mail(transfer *t, const wjz_xfer_mail *mail) {
    bool ok = set_common(t, "smtp,smtps", mail->url, mail->ca_file, mail->timeout_ms) && add_to_list(t, mail->to);
    if (!ok || !set_leaving(t)) return false;
    ok &= curl_easy_setopt(t->easy, CURLOPT_USE_SSL, (long)(mail->require_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)) ==
          CURLE_OK;
    if (mail->user) ok &= curl_easy_setopt(t->easy, CURLOPT_USERNAME, mail->user) == CURLE_OK;
    if (mail->password) ok &= curl_easy_setopt(t->easy, CURLOPT_PASSWORD, mail->password) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, mail->from) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->list) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_message) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_READDATA, t) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->length) == CURLE_OK;
    ok &= curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_reply_line) == CURLE_OK;
    return ok && curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t) == CURLE_OK;
}

int wjz_xfer_mail_send(wjz_xfer *xfer, const wjz_xfer_mail *mail, wjz_arena *arena, int *ret_status,
                       const char **ret_answer, wjz_err *err) {
    int e = check_mail(mail, err);
    if (e < 0) return e;
    WJZ_CLEANUP(transfer_end)
    transfer t = {.answer_limit = DEFAULT_ANSWER, .message = mail->message, .message_left = mail->length};
    if (!set_mail(&t, mail)) return no_memory(mail->url, err);
    e = perform(xfer, &t, mail->url, err);
    if (e < 0 && e != -ECANCELED && t.status >= 400) {
        *ret_status = t.status;
        if (!t.addressed) /* whoever it had been for */
            return wjz_err_set(err, e == -EACCES ? e : -ECONNREFUSED, "\"%s\" takes no mail from here: %s", mail->url,
                               t.refusal);
        return wjz_err_set(err, -EREMOTEIO, "\"%s\" refused the message: %s", mail->url, t.refusal);
    }
    if (e < 0) return e;
    char *answer = wjz_arena_strdup(arena, t.reply);
    if (!answer) return no_memory(mail->url, err);
    *ret_status = t.status;
    *ret_answer = answer;
    return 0;
}
