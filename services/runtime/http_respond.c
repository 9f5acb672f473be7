/* Answers: headers that cannot be forged, defaults that are safe, problems in one form (RFC 9457). */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/http.h"
#include "wjz/utf8.h"

/* RFC 9110, section 5.6.2: a header's name. */
static bool is_token(const char *text) {
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return *text && strspn(text, allowed) == strlen(text);
}

/* Anything but a control character: a line break would begin a header of somebody else's making. */
static bool is_field_value(const char *text) {
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F) return false;
    return true;
}

int wjz_respond_header(wjz_request *request, const char *name, const char *value) {
    if (!is_token(name) || !is_field_value(value)) return -EINVAL;
    wjz_header *header = wjz_arena_alloc(request->arena, sizeof(*header));
    if (!header) return -ENOMEM;
    *header = (wjz_header){NULL, wjz_arena_strdup(request->arena, name), wjz_arena_strdup(request->arena, value)};
    if (!header->name || !header->value) return -ENOMEM;
    wjz_header **end = &request->headers;
    while (*end)
        end = &(*end)->next;
    *end = header;
    return 0;
}

static bool has_header(const wjz_request *request, const char *name) {
    for (const wjz_header *header = request->headers; header; header = header->next)
        if (strcasecmp(header->name, name) == 0) return true;
    return false;
}

void wjz_request_answer(wjz_request *request, int status, const char *content_type, struct MHD_Response *response) {
    bool added = !content_type || MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (!has_header(request, "X-Content-Type-Options"))
        added &= MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES;
    if (!has_header(request, MHD_HTTP_HEADER_CACHE_CONTROL))
        added &= MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES;
    for (const wjz_header *header = request->headers; header; header = header->next)
        added &= MHD_add_response_header(response, header->name, header->value) == MHD_YES;
    if (!added) {
        MHD_destroy_response(response);
        return;
    }
    request->status = status;
    request->response = response;
}

void wjz_respond(wjz_request *request, int status, const char *content_type, const void *body, size_t length) {
    if (request->response) return;
    if (!content_type) length = 0;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(length ? body : ""), MHD_RESPMEM_MUST_COPY);
    if (response) wjz_request_answer(request, status, content_type, response);
}

static const char *title_of(int status) {
    const char *title = MHD_get_reason_phrase_for((unsigned)status);
    return title ? title : "Unknown";
}

void wjz_respond_problem(wjz_request *request, int status, const wjz_problem *problem) {
    const struct {
        const char *name, *text;
    } members[] = {{"title", title_of(status)}, {"code", problem->code},   {"detail", problem->detail},
                   {"field", problem->field},   {"value", problem->value}, {"remedy", problem->remedy}};
    json_t *json = json_object();
    json_object_set_new(json, "status", json_integer(status));
    for (size_t i = 0; i < WJZ_COUNT(members); i++) {
        const char *text = members[i].text;
        if (text) json_object_set_new(json, members[i].name, json_string(wjz_utf8_ok(text, strlen(text)) ? text : "?"));
    }
    char *body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (problem->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", problem->retry_after_s);
        int e = wjz_respond_header(request, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
        (void)e; /* without memory the answer goes without the hint */
    }
    if (!has_header(request, "Content-Security-Policy")) { /* also of what is refused before it is anybody's request */
        int e = wjz_respond_header(request, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        (void)e;
    }
    wjz_respond(request, status, "application/problem+json", body ? body : "{}", body ? strlen(body) : 2);
    free(body);
}
