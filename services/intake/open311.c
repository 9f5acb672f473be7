/* See open311.h. */
#include "intake/open311.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intake/cell.h"
#include "intake/open311_conf.h"
#include "intake/open311_post.h"
#include "intake/open311_reply.h"
#include "intake/push_http.h"
#include "intake/store_open311.h"
#include "wjz/clock.h"

enum { PAGE = 100, WINDOW_DAYS = 90 };

int open311_open(intake *it, wjz_err *err) {
    return open311_conf_load(it->conf->open311, &it->open311, err);
}

void open311_close(intake *it) {
    open311_conf_destroy(&it->open311);
}

/* --- discovery and services --- */

static void discovery(const intake *it, const open311_reply *reply) {
    const char *host = wjz_request_header(reply->request, "Host");
    char url[512]; /* the name of a host has at most 255 bytes */
    (void)snprintf(url, sizeof url, "%s://%s/open311/v2", it->conf->http_tls_certificate != NULL ? "https" : "http",
                   host != NULL && strlen(host) < 256 ? host : "localhost");
    json_t *endpoint = json_pack(
        "{s:s, s:s, s:s, s:s, s:[s, s]}", "specification", "http://wiki.open311.org/GeoReport_v2", "url", url,
        "changeset", "2026-11-23T00:00:00+08:00", "type", "production", "formats", "application/json", "text/xml");
    json_t *whole = json_pack("{s:s, s:s, s:s, s:[o]}", "changeset", "2026-11-23T00:00:00+08:00", "contact",
                              it->open311->contact, "key_service", it->open311->key_service, "endpoints", endpoint);
    open311_send(reply, 200, whole, "discovery", NULL);
}

static void services(const open311_conf *conf, const open311_reply *reply) {
    json_t *list = json_array();
    for (size_t i = 0; i < conf->service_count; i++) {
        const open311_service *it = &conf->services[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "service_code", it->code,
                                                    "service_name", it->name, "description", it->name, "metadata",
                                                    conf->attribute_code[0] != '\0', "type", "realtime", "keywords",
                                                    it->group, "group", it->group));
    }
    open311_send(reply, 200, list, "services", NULL);
}

static json_t *attribute(const open311_conf *conf) {
    json_t *values = json_array();
    for (size_t i = 0; i < conf->attribute_value_count; i++) {
        const char *value = conf->attribute_values[i];
        (void)json_array_append_new(values, json_pack("{s:s, s:s}", "key", value, "name", value));
    }
    return json_pack("{s:b, s:s, s:s, s:b, s:s, s:i, s:s, s:o}", "variable", 1, "code", conf->attribute_code,
                     "datatype", "singlevaluelist", "required", 0, "datatype_description", "", "order", 1,
                     "description", conf->attribute_description, "values", values);
}

static void definition(const open311_conf *conf, const open311_reply *reply, const char *code) {
    if (open311_find_service(conf, code) == NULL) {
        open311_error(reply, 404, "service_code was not found");
        return;
    }
    json_t *attributes = json_array();
    if (conf->attribute_code[0] != '\0') (void)json_array_append_new(attributes, attribute(conf));
    open311_send(reply, 200, json_pack("{s:s, s:o}", "service_code", code, "attributes", attributes),
                 "service_definition", NULL);
}

/* --- requests --- */

static void set_time(json_t *to, const char *name, int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    (void)json_object_set_new(to, name, us != 0 ? json_string(wjz_clock_format(us, text)) : json_null());
}

static void set_text(json_t *to, const char *name, const char *text) {
    (void)json_object_set_new(to, name, text != NULL && text[0] != '\0' ? json_string(text) : json_null());
}

static json_t *describe(const open311_conf *conf, const wjz_rows *rows, int row, bool all) {
    enum { ID, CLOSED, RESULT, CATEGORIES, CONTENT, UNIT, REQUESTED, UPDATED, DUE, ADDRESS, LATITUDE, LONGITUDE };
    const open311_service *service = open311_service_of(conf, wjz_row_text(rows, row, CATEGORIES));
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)wjz_row_int(rows, row, ID));
    json_t *it = json_pack("{s:s, s:s}", "service_request_id", id, "status",
                           wjz_row_bool(rows, row, CLOSED) ? "closed" : "open");
    set_text(it, "status_notes", all ? wjz_row_text(rows, row, RESULT) : NULL);
    set_text(it, "service_name", service != NULL ? service->name : NULL);
    set_text(it, "service_code", service != NULL ? service->code : NULL);
    set_text(it, "description", all ? wjz_row_text(rows, row, CONTENT) : NULL);
    set_text(it, "agency_responsible", wjz_row_text(rows, row, UNIT));
    set_text(it, "service_notice", NULL);
    set_time(it, "requested_datetime", wjz_row_time(rows, row, REQUESTED));
    set_time(it, "updated_datetime", wjz_row_time(rows, row, UPDATED));
    set_time(it, "expected_datetime", wjz_row_time(rows, row, DUE));
    set_text(it, "address", all ? wjz_row_text(rows, row, ADDRESS) : NULL);
    set_text(it, "address_id", NULL);
    set_text(it, "zipcode", NULL);
    bool placed = all && !wjz_row_null(rows, row, LATITUDE);
    (void)json_object_set_new(it, "lat", placed ? json_real(wjz_row_real(rows, row, LATITUDE)) : json_null());
    (void)json_object_set_new(it, "long", placed ? json_real(wjz_row_real(rows, row, LONGITUDE)) : json_null());
    set_text(it, "media_url", NULL);
    return it;
}

/* NULL when it is absent or empty: clients send the fields of their search forms as they stand. */
static const char *asked(const open311_reply *reply, const char *name) {
    const char *text = wjz_request_query(reply->request, name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* The feed that is asked about: the key's, or, without one, that of the Open311 profile. */
static feed *asked_feed(const intake *it, const open311_reply *reply, bool *ret_all) {
    const char *key = asked(reply, "api_key");
    *ret_all = key != NULL;
    if (key != NULL) return open311_authorise(it, reply, key);
    for (size_t i = 0; i < it->feeds.count; i++) {
        if (strcmp(it->feeds.items[i]->profile, "open311") == 0 && !it->feeds.items[i]->disabled)
            return it->feeds.items[i];
    }
    open311_error(reply, 404, "there is no feed of Open311 requests");
    return NULL;
}

/* NULL when the request has been answered. */
static json_t *find_requests(const intake *it, const open311_reply *reply, const feed *of, const open311_query *query,
                             bool all) {
    enum { CONFIDENTIAL = 12 };
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows = NULL;
    wjz_err err = {0};
    int r = wjz_tx_begin(it->db, &tx, &err);
    if (r == 0) r = store_find_requests(tx, of, query, &rows, &err);
    if (r < 0) {
        open311_error(reply, 503, "the store is away; ask again later");
        return NULL;
    }
    json_t *list = json_array();
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        if (all || !wjz_row_bool(rows, row, CONFIDENTIAL))
            (void)json_array_append_new(list, describe(it->open311, rows, row, all));
    }
    return list;
}

/* Ids in a list divided by commas; what is no number belongs to no request. */
static size_t read_ids(const char *text, int64_t *out, size_t most) {
    size_t count = 0;
    while (*text != '\0' && count < most) {
        char *end = NULL;
        long long id = strtoll(text, &end, 10);
        bool number = end != text && (*end == ',' || *end == '\0');
        out[count++] = number ? id : 0;
        text += strcspn(text, ",");
        if (*text == ',') text++;
    }
    return count;
}

/* The plus of an offset as many clients send it, unescaped, is a space by now: 2026-11-27T09:00:00 08:00. */
static char *with_plus(wjz_arena *arena, const char *text) {
    char *copy = wjz_arena_strdup(arena, text);
    char *time = copy != NULL ? strchr(copy, 'T') : NULL;
    char *space = time != NULL ? strchr(time, ' ') : NULL;
    if (space != NULL) *space = '+';
    return copy;
}

static bool read_time(const open311_reply *reply, const char *name, int64_t *us) {
    wjz_arena *arena = wjz_request_arena(reply->request);
    const char *said = asked(reply, name);
    const char *text = said != NULL ? with_plus(arena, said) : NULL;
    if (said == NULL || (text != NULL && cell_time(text, us) == 0)) return true;
    open311_refuse(reply, name, said, "is no date; write it as 2026-11-27T09:00:00Z");
    return false;
}

/* At most 90 days; without dates the last 90. */
static bool read_window(const open311_reply *reply, open311_query *query) {
    int64_t window = WINDOW_DAYS * WJZ_DAY_US;
    if (!read_time(reply, "start_date", &query->from_us) || !read_time(reply, "end_date", &query->to_us)) return false;
    if (query->to_us == 0) query->to_us = query->from_us != 0 ? query->from_us + window : wjz_clock_us();
    if (query->from_us == 0) query->from_us = query->to_us - window;
    if (query->to_us - query->from_us <= window && query->to_us >= query->from_us) return true;
    open311_error(reply, 400, "start_date and end_date must be in order and at most 90 days apart");
    return false;
}

static bool read_status(const open311_reply *reply, open311_query *query) {
    const char *status = asked(reply, "status");
    query->open = status == NULL || strstr(status, "open") != NULL;
    query->closed = status == NULL || strstr(status, "closed") != NULL;
    if (query->open || query->closed) return true;
    open311_error(reply, 400, "status must be open, closed or both");
    return false;
}

/* Codes in a list divided by commas. */
static bool read_services(const open311_conf *conf, const open311_reply *reply, open311_query *query) {
    const char *said = asked(reply, "service_code");
    if (said == NULL) return true;
    wjz_arena *arena = wjz_request_arena(reply->request);
    char *codes = wjz_arena_strdup(arena, said), *rest = NULL;
    const char **categories = wjz_arena_calloc(arena, strlen(said), sizeof *categories);
    if (codes == NULL || categories == NULL) {
        open311_error(reply, 503, "there is no memory for the question; ask again later");
        return false;
    }
    query->categories = categories;
    for (char *code = strtok_r(codes, ",", &rest); code != NULL; code = strtok_r(NULL, ",", &rest)) {
        const open311_service *service = open311_find_service(conf, code + strspn(code, " "));
        const char *wanted =
            service != NULL ? wjz_arena_printf(arena, "%s\x1f%s", service->group, service->name) : NULL;
        if (wanted == NULL) {
            open311_error(reply, 404, "service_code was not found");
            return false;
        }
        categories[query->category_count++] = wanted;
    }
    return true;
}

static void read_page(const open311_reply *reply, open311_query *query) {
    const char *size = asked(reply, "page_size");
    const char *page = asked(reply, "page");
    query->count = size != NULL ? strtol(size, NULL, 10) : page != NULL ? PAGE : OPEN311_MOST;
    if (query->count < 1 || query->count > OPEN311_MOST) query->count = OPEN311_MOST;
    long number = page != NULL ? strtol(page, NULL, 10) : 1;
    query->first = number > 1 && number < 1000000 ? (number - 1) * query->count : 0;
}

static void requests(const intake *it, const open311_reply *reply) {
    bool all = false;
    int64_t ids[OPEN311_MOST];
    open311_query query = {0};
    const feed *of = asked_feed(it, reply, &all);
    if (of == NULL || !read_status(reply, &query) || !read_services(it->open311, reply, &query)) return;
    read_page(reply, &query);
    const char *wanted = asked(reply, "service_request_id");
    if (wanted != NULL) {
        query.ids = ids;
        query.id_count = read_ids(wanted, ids, WJZ_COUNT(ids));
    } else if (!read_window(reply, &query)) {
        return;
    }
    json_t *list = find_requests(it, reply, of, &query, all);
    if (list != NULL) open311_send(reply, 200, list, "service_requests", "request");
}

/* A list of one; NULL when the request has been answered. */
static json_t *find_one(const intake *it, const open311_reply *reply, const char *text, const char *missing) {
    bool all = false;
    int64_t id = 0;
    const feed *of = asked_feed(it, reply, &all);
    if (of == NULL) return NULL;
    open311_query query = {.ids = &id, .id_count = read_ids(text, &id, 1), .open = true, .closed = true, .count = 1};
    json_t *list = find_requests(it, reply, of, &query, all);
    if (list == NULL || json_array_size(list) > 0) return list;
    json_decref(list);
    open311_error(reply, 404, missing);
    return NULL;
}

static void one_request(const intake *it, const open311_reply *reply, const char *text) {
    json_t *list = find_one(it, reply, text, "service_request_id was not found");
    if (list != NULL) open311_send(reply, 200, list, "service_requests", "request");
}

/* Requests have their id at once, so a token is the id itself. */
static void token(const intake *it, const open311_reply *reply, const char *text) {
    json_t *list = find_one(it, reply, text, "token was not found");
    if (list == NULL) return;
    json_decref(list);
    open311_send(reply, 200, json_pack("[{s:s, s:s}]", "service_request_id", text, "token", text), "service_requests",
                 "request");
}

/* --- routes --- */

void open311_get(wjz_request *request, void *arg) {
    const intake *it = arg;
    open311_reply reply;
    char name[64];
    if (!open311_reply_begin(it, request, wjz_request_param(request, "resource"), name, sizeof name, &reply)) return;
    if (strcmp(name, "discovery") == 0)
        discovery(it, &reply);
    else if (strcmp(name, "services") == 0)
        services(it->open311, &reply);
    else if (strcmp(name, "requests") == 0)
        requests(it, &reply);
    else
        open311_error(&reply, 404, "there is no such resource");
}

void open311_get_item(wjz_request *request, void *arg) {
    const intake *it = arg;
    open311_reply reply;
    char name[64];
    const char *resource = wjz_request_param(request, "resource");
    if (!open311_reply_begin(it, request, wjz_request_param(request, "item"), name, sizeof name, &reply)) return;
    if (strcmp(resource, "services") == 0)
        definition(it->open311, &reply, name);
    else if (strcmp(resource, "requests") == 0)
        one_request(it, &reply, name);
    else if (strcmp(resource, "tokens") == 0)
        token(it, &reply, name);
    else
        open311_error(&reply, 404, "there is no such resource");
}

bool open311_serves(const wjz_request *request) {
    static const char ROOT[] = "/open311/v2/";
    return strncmp(wjz_request_path(request), ROOT, sizeof ROOT - 1) == 0;
}

void open311_refusal(wjz_request *request, int status, const wjz_problem *problem) {
    const char *path = wjz_request_path(request), *dot = strrchr(path, '.');
    open311_reply reply = {.request = request, .xml = dot != NULL && strcmp(dot, ".xml") == 0};
    const char *said = problem->detail != NULL ? problem->detail : problem->code;
    const char *remedy = problem->remedy != NULL ? problem->remedy : "";
    const char *text =
        wjz_arena_printf(wjz_request_arena(request), "%s%s%s", said, remedy[0] != '\0' ? ": " : "", remedy);
    if (problem->retry_after_s > 0)
        open311_error_for_now(&reply, status, (uint32_t)problem->retry_after_s * 1000, text != NULL ? text : said);
    else
        open311_error(&reply, status, text != NULL ? text : said);
}

void open311_post(wjz_request *request, void *arg) {
    open311_reply reply;
    char name[64];
    if (!open311_reply_begin(arg, request, wjz_request_param(request, "resource"), name, sizeof name, &reply)) return;
    if (strcmp(name, "requests") == 0)
        open311_post_request(arg, &reply);
    else
        open311_error(&reply, 404, "there is no such resource");
}
