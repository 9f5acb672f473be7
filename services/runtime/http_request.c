/* A request on its way in: what is refused, and at which moment. Nothing that a handler gets to see — path, query,
 * form — can hold a NUL or bad UTF-8. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/http.h"
#include "wjz/utf8.h"

/* A body that is too large is read and dropped up to this size, so that the client sees the answer; a larger one is
 * answered at once, and the connection ends. */
static const size_t DRAIN_LIMIT = (size_t)16 << 20;
/* A form is decoded whole, and beside the body: no file comes that way. */
enum { FIRST_BODY = 16 << 10, LARGEST_FORM = 256 << 10 };

static const char FORM[] = "application/x-www-form-urlencoded";

static void refuse(wjz_request *request, int status, const wjz_problem *problem) {
    if (request->response) return;
    request->refused = true;
    wjz_request_drop_body(request);
    if (request->http->refusal)
        request->http->refusal(request, status, problem);
    else
        wjz_respond_problem(request, status, problem);
}

static void refuse_malformed(wjz_request *request, const char *field, const char *detail) {
    request->close_after = true;
    refuse(request, 400,
           &(wjz_problem){.code = "malformed",
                          .detail = detail,
                          .field = field,
                          .remedy = "按 HTTP 规范发送 send it as HTTP has it"});
}

static void refuse_too_large(wjz_request *request) {
    char detail[160];
    snprintf(detail, sizeof(detail), "请求正文超过 %zu 字节 the body is larger than %zu bytes", request->body_limit,
             request->body_limit);
    refuse(request, 413, &(wjz_problem){.code = "too_large", .detail = detail, .remedy = "分次发送 divide it"});
}

static void refuse_no_memory(wjz_request *request) {
    refuse(request, 503,
           &(wjz_problem){.code = "busy",
                          .detail = "正在处理的请求过多 too many requests at once",
                          .remedy = "稍后重试 try again later",
                          .retry_after_s = 2});
}

/* --- framing --- */

typedef struct framing {
    const char *content_length, *transfer_encoding;
    int lengths, encodings;
} framing;

static enum MHD_Result note_framing(void *arg, WJZ_UNUSED enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    framing *f = arg;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        f->content_length = value;
        f->lengths++;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        f->transfer_encoding = value;
        f->encodings++;
    }
    return MHD_YES;
}

/* Two readers that disagree about where a request ends let one be smuggled in another (RFC 9112, section 6): only one
 * length, or "chunked" alone. *ret_length: SIZE_MAX when it is not known in advance. */
static bool read_framing(wjz_request *request, size_t *ret_length) {
    framing f = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_framing, &f);
    if (f.lengths + f.encodings > 1) return false;
    *ret_length = 0;
    if (f.encodings) {
        *ret_length = SIZE_MAX;
        return strcasecmp(f.transfer_encoding, "chunked") == 0;
    }
    if (!f.lengths) return true;
    size_t digits = strspn(f.content_length, "0123456789");
    if (digits == 0 || digits > 18 || f.content_length[digits]) return false;
    *ret_length = strtoull(f.content_length, NULL, 10);
    return true;
}

/* --- address and method --- */

static bool read_address(wjz_request *request) {
    const char *uri = request->uri;
    size_t length = strcspn(uri, "?");
    if (wjz_uri_path(request->arena, uri, length, &request->path) < 0) return false;
    const char *query = uri[length] ? uri + length + 1 : "";
    return wjz_uri_pairs(request->arena, query, strlen(query), &request->query) == 0;
}

/* Methods that the path has, "GET, HEAD, OPTIONS"; "" for a path that nobody serves. Sets the route of the method. */
static void find_route(wjz_request *request, const char *method, char allow[128]) {
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    size_t at = 0;
    allow[0] = '\0';
    for (const wjz_route *route = request->http->routes; route->method; route++) {
        wjz_pair params[WJZ_PATH_PARAMS];
        size_t count;
        if (!wjz_uri_match(request->arena, route->path, &request->path, params, &count)) continue;
        if (at + 24 < 128)
            at += (size_t)snprintf(allow + at, 128 - at, "%s%s", route->method,
                                   strcmp(route->method, "GET") == 0 ? ", HEAD, " : ", ");
        if (request->route || strcmp(route->method, wanted) != 0) continue;
        request->route = route;
        request->param_count = count;
        memcpy(request->params, params, count * sizeof(*params));
    }
    if (at > 0) snprintf(allow + at, 128 - at, "OPTIONS");
}

static void answer_without_route(wjz_request *request, const char *method, const char *allow) {
    if (!allow[0]) {
        refuse(request, 404, &(wjz_problem){.code = "not_found", .detail = "没有这个地址 no such address"});
        return;
    }
    bool added = wjz_respond_header(request, MHD_HTTP_HEADER_ALLOW, allow) == 0;
    if (added && strcmp(method, "OPTIONS") == 0) {
        request->refused = true;
        wjz_respond(request, 204, NULL, NULL, 0);
    } else {
        refuse(request, 405, &(wjz_problem){.code = "method_not_allowed", .value = method, .remedy = allow});
    }
}

static void read_peer(wjz_request *request) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;
    snprintf(request->peer, sizeof(request->peer), "local");
    if (!peer) return;
    if (peer->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, request->peer, sizeof(request->peer));
    } else if (peer->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)peer)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(six)) /* a listener on [::] sees its IPv4 clients so */
            inet_ntop(AF_INET, &six->s6_addr[12], request->peer, sizeof(request->peer));
        else
            inet_ntop(AF_INET6, six, request->peer, sizeof(request->peer));
    }
}

static bool is_form(const wjz_request *request) {
    const char *type = wjz_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    return type && strncasecmp(type, FORM, sizeof(FORM) - 1) == 0;
}

void wjz_request_admit(wjz_request *request, const char *method) {
    read_peer(request);
    request->method = wjz_arena_strdup(request->arena, method);
    if (!request->method) return refuse_no_memory(request);
    size_t length;
    if (!read_framing(request, &length)) {
        return refuse_malformed(request, "Content-Length", "正文长度有矛盾 the length of the body is in doubt");
    }
    char allow[128];
    if (strcmp(request->uri, "*") == 0 || !read_address(request))
        return refuse_malformed(request, "address", "地址编码有误 the address is badly encoded");
    find_route(request, method, allow);
    if (!request->route) {
        answer_without_route(request, method, allow);
    } else {
        request->body_limit = request->route->body_limit;
        if (is_form(request) && request->body_limit > LARGEST_FORM) request->body_limit = LARGEST_FORM;
        int64_t left = request->http->body_budget - request->http->body_held;
        if (length != SIZE_MAX && length > request->body_limit)
            refuse_too_large(request);
        else if (length != SIZE_MAX && (int64_t)length > left)
            refuse_no_memory(request);
    }
    bool waits = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
    if (request->refused && ((length > DRAIN_LIMIT && length != SIZE_MAX) || (waits && length > 0)))
        request->close_after = true;
}

bool wjz_request_refuse_now(const wjz_request *request) {
    return request->response && request->close_after;
}

/* --- body --- */

void wjz_request_drop_body(wjz_request *request) {
    request->http->body_held -= (int64_t)request->body_size;
    free(request->body);
    request->body = NULL;
    request->body_length = request->body_size = 0;
}

/* Makes room for more bytes and a NUL. */
static bool grow_body(wjz_request *request, size_t more) {
    size_t needed = request->body_length + more + 1;
    if (needed <= request->body_size) return true;
    size_t size = request->body_size ? request->body_size * 2 : FIRST_BODY;
    if (size > request->body_limit + 1) size = request->body_limit + 1;
    if (size < needed) size = needed;
    wjz_http *http = request->http;
    int64_t held = http->body_held - (int64_t)request->body_size + (int64_t)size;
    char *grown = held <= http->body_budget ? realloc(request->body, size) : NULL;
    if (!grown) return false;
    http->body_held = held;
    request->body = grown;
    request->body_size = size;
    return true;
}

int wjz_request_take(wjz_request *request, const char *data, size_t length) {
    request->body_seen += length;
    if (!request->refused) {
        if (length > request->body_limit - request->body_length) {
            refuse_too_large(request);
        } else if (!grow_body(request, length)) {
            refuse_no_memory(request);
        } else {
            memcpy(request->body + request->body_length, data, length);
            request->body_length += length;
            request->body[request->body_length] = '\0';
        }
    }
    return request->refused && request->body_seen > request->body_limit + DRAIN_LIMIT ? -EMSGSIZE : 0;
}

void wjz_request_complete(wjz_request *request) {
    if (request->refused || !request->body_length || !is_form(request)) return;
    if (wjz_uri_pairs(request->arena, request->body, request->body_length, &request->form) < 0)
        refuse(request, 400,
               &(wjz_problem){.code = "malformed",
                              .detail = "表单编码有误 the form is badly encoded",
                              .remedy = "以 UTF-8 百分号编码 encode UTF-8 by percent signs; at most 1000 fields"});
}

/* --- what handlers read --- */

const wjz_route *wjz_request_served_by(const wjz_request *request) {
    return request->route;
}

const char *wjz_request_method(const wjz_request *request) {
    return request->method;
}

const char *wjz_request_path(const wjz_request *request) {
    return request->path.text ? request->path.text : "";
}

const char *wjz_request_param(const wjz_request *request, const char *name) {
    for (size_t i = 0; i < request->param_count; i++)
        if (wjz_uri_param_is(request->params[i].name, name)) return request->params[i].value;
    return NULL;
}

const char *wjz_request_query(const wjz_request *request, const char *name) {
    return wjz_pairs_get(&request->query, name);
}

const char *wjz_request_header(const wjz_request *request, const char *name) {
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
    return value && wjz_utf8_ok(value, strlen(value)) ? value : NULL;
}

const char *wjz_request_form(wjz_request *request, const char *name) {
    return wjz_pairs_get(&request->form, name);
}

const char *wjz_request_body(const wjz_request *request, size_t *ret_length) {
    if (ret_length) *ret_length = request->body_length;
    return request->body ? request->body : "";
}

const char *wjz_request_peer(const wjz_request *request) {
    return request->peer;
}

wjz_arena *wjz_request_arena(wjz_request *request) {
    return request->arena;
}
