/* From the document and the rows to routes. */
#include "console/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"

enum { JSON_BYTES = 256 << 10, UPLOAD_BYTES = 1 << 20, RULE_BYTES = 16 << 20, PHOTO_BYTES = 10 * 1000 * 1000 };

static const char *const ROLE_NAMES[ROLES] = {"prosecutor",           "station_staff",          "liaison",
                                              "branch_head",          "chief_procurator",       "organ_administrator",
                                              "system_administrator", "security_administrator", "audit_administrator"};

static const endpoint *const AREAS[] = {SESSION_ENDPOINTS, CLUE_ENDPOINTS,    CASEWORK_ENDPOINTS, DESK_ENDPOINTS,
                                        MAP_ENDPOINTS,     STATION_ENDPOINTS, FEED_ENDPOINTS,     STATISTICS_ENDPOINTS,
                                        ADMIN_ENDPOINTS,   SAVED_ENDPOINTS,   RULE_ENDPOINTS,     PROFILE_ENDPOINTS,
                                        CITIZEN_ENDPOINTS};

unsigned roles_from_text(const char *text) {
    unsigned mask = 0;
    for (size_t i = 0; i < WJZ_COUNT(ROLE_NAMES); i++) {
        size_t length = strlen(ROLE_NAMES[i]);
        for (const char *at = text; (at = strstr(at, ROLE_NAMES[i])); at += length)
            if ((at == text || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) mask |= 1u << i;
    }
    return mask;
}

size_t roles_named(unsigned mask, const char *names[ROLES]) {
    size_t count = 0;
    for (size_t i = 0; i < ROLES; i++)
        if (mask & (1u << i)) names[count++] = ROLE_NAMES[i];
    return count;
}

static const endpoint *find_row(const char *id) {
    for (size_t area = 0; area < WJZ_COUNT(AREAS); area++)
        for (const endpoint *row = AREAS[area]; row->operation; row++)
            if (strcmp(row->operation, id) == 0) return row;
    return NULL;
}

static int check_rows(const document *d, wjz_err *err) {
    for (size_t area = 0; area < WJZ_COUNT(AREAS); area++)
        for (const endpoint *row = AREAS[area]; row->operation; row++)
            if (!document_find(d, row->operation))
                return wjz_err_set(err, -EINVAL, "operation \"%s\" is not in the document", row->operation);
    return 0;
}

static size_t body_limit(const operation *o) {
    static const struct {
        const char *operation;
        size_t bytes;
    } LARGE[] = {{"submitRulePack", RULE_BYTES}, {"storePhoto", PHOTO_BYTES}};
    for (size_t i = 0; i < WJZ_COUNT(LARGE); i++)
        if (strcmp(o->id, LARGE[i].operation) == 0) return LARGE[i].bytes;
    return o->raw_body ? UPLOAD_BYTES : o->body ? JSON_BYTES : 0;
}

int endpoints_lay(console *c, wjz_err *err) {
    size_t operations = document_count(c->document), others = pages_route_count();
    c->routes = calloc(operations + others + 1, sizeof *c->routes);
    c->endpoints = calloc(operations + others + 1, sizeof *c->endpoints);
    if (!c->routes || !c->endpoints) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t laid = 0;
    for (size_t i = 0; i < operations; i++) {
        const operation *o = document_operation(c->document, i);
        const endpoint *row = find_row(o->id);
        if (!row) return wjz_err_set(err, -EINVAL, "operation \"%s\" of the document has no endpoint", o->id);
        size_t limit = body_limit(o);
        c->endpoints[laid] = row;
        c->routes[laid++] = (wjz_route){o->method, o->path, exchange_serve, limit};
    }
    pages_lay(&c->routes[laid]);
    return check_rows(c->document, err);
}
