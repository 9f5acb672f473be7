/* See open311_reply.h. */
#include "intake/open311_reply.h"

#include <stdlib.h>
#include <string.h>

#include "intake/identity.h"
#include "intake/open311_conf.h"
#include "intake/open311_render.h"

bool open311_reply_begin(const intake *it, wjz_request *request, const char *segment, char *name, size_t size,
                         open311_reply *ret_reply) {
    const char *dot = strrchr(segment, '.');
    size_t length = dot != NULL ? (size_t)(dot - segment) : strlen(segment);
    *ret_reply = (open311_reply){.request = request, .xml = dot != NULL && strcmp(dot, ".xml") == 0};
    bool known = dot == NULL || ret_reply->xml || strcmp(dot, ".json") == 0;
    if (!known || length >= size) {
        open311_error(ret_reply, 404, "the format must be json or xml");
        return false;
    }
    memcpy(name, segment, length);
    name[length] = '\0';
    return open311_is_here(it, ret_reply, wjz_request_query(request, "jurisdiction_id"));
}

bool open311_is_here(const intake *it, const open311_reply *reply, const char *jurisdiction) {
    if (jurisdiction == NULL || jurisdiction[0] == '\0' || strcmp(jurisdiction, it->open311->jurisdiction) == 0)
        return true;
    open311_error(reply, 404, "jurisdiction_id provided was not found");
    return false;
}

void open311_send(const open311_reply *reply, int status, json_t *value, const char *root, const char *item) {
    char *text = NULL;
    if (value != NULL)
        text =
            reply->xml ? open311_to_xml(value, root, item) : json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (value != NULL) json_decref(value);
    const char *type = reply->xml ? "text/xml; charset=utf-8" : "application/json; charset=utf-8";
    if (text == NULL)
        wjz_respond(reply->request, 500, NULL, NULL, 0);
    else
        wjz_respond(reply->request, status, type, text, strlen(text));
    free(text);
}

void open311_error(const open311_reply *reply, int status, const char *description) {
    open311_send(reply, status, json_pack("[{s:i, s:s}]", "code", status, "description", description), "errors", NULL);
}

void open311_refuse(const open311_reply *reply, const char *field, const char *value, const char *remedy) {
    const char *shown = strlen(value) <= 64 ? value : "…";
    open311_error(reply, 400,
                  wjz_arena_printf(wjz_request_arena(reply->request), "%s \"%s\" %s", field, shown, remedy));
}

void open311_error_for_now(const open311_reply *reply, int status, uint32_t retry_ms, const char *description) {
    char seconds[16];
    (void)snprintf(seconds, sizeof seconds, "%u", (retry_ms + 999) / 1000);
    int r = wjz_respond_header(reply->request, "Retry-After", seconds);
    (void)r; /* without memory the answer goes without the hint */
    open311_error(reply, status, description);
}

feed *open311_authorise(const intake *it, const open311_reply *reply, const char *key) {
    uint8_t hash[WJZ_SEAL_MAC];
    feed *of = NULL;
    if (key != NULL && strlen(key) < 256) {
        identity_hash_key(it->seal, key, hash);
        of = feeds_find_bearer(&it->feeds, hash);
    }
    if (of == NULL || of->disabled) {
        open311_error(reply, 403, "api_key is missing or wrong");
        return NULL;
    }
    return of;
}
