/* See open311_post.h. */
#include "intake/open311_post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "intake/cell.h"
#include "intake/open311_conf.h"
#include "intake/open311_photos.h"
#include "intake/store_open311.h"
#include "intake/taking.h"
#include "wjz/clock.h"
#include "wjz/id.h"

/* A form field, "" when absent. */
static char *field(const open311_reply *reply, const char *name) {
    const char *text = wjz_request_form(reply->request, name);
    return (char *)(uintptr_t)(text != NULL ? text : ""); /* protobuf-c has no const; items are only read */
}

/* False when the request has been answered. A place is needed: coordinates or an address. */
static bool read_place(const open311_reply *reply, Wjz__Intake__Complaint *to, wjz_arena *arena) {
    const char *latitude = field(reply, "lat");
    const char *longitude = field(reply, "long");
    to->incident_address = field(reply, "address_string");
    if (to->incident_address[0] == '\0') to->incident_address = field(reply, "address_id");
    if (latitude[0] == '\0' && longitude[0] == '\0') {
        if (to->incident_address[0] != '\0') return true;
        open311_error(reply, 400, "a location is needed: lat and long, or address_string");
        return false;
    }
    Wjz__Intake__Position *position = wjz_arena_alloc(arena, sizeof *position);
    if (position == NULL) return false;
    wjz__intake__position__init(position);
    bool north = cell_real(latitude, &position->latitude) == 0;
    if (!north || cell_real(longitude, &position->longitude) < 0) {
        open311_refuse(reply, north ? "long" : "lat", north ? longitude : latitude, "is no number of WGS 84 degrees");
        return false;
    }
    to->position = position;
    return true;
}

/* How the reporter can be reached, and recognised. */
static bool read_reporter(const open311_reply *reply, Wjz__Intake__Complaint *to, wjz_arena *arena) {
    Wjz__Intake__Reporter *reporter = wjz_arena_alloc(arena, sizeof *reporter);
    if (reporter == NULL) return false;
    wjz__intake__reporter__init(reporter);
    const char *email = field(reply, "email");
    const char *account = field(reply, "account_id");
    const char *device = field(reply, "device_id");
    reporter->name = wjz_arena_printf(arena, "%s%s", field(reply, "last_name"), field(reply, "first_name"));
    if (reporter->name == NULL) return false;
    reporter->phone = field(reply, "phone");
    reporter->handle = (char *)(uintptr_t)(email[0] != '\0' ? email : account[0] != '\0' ? account : device);
    reporter->anonymous = reporter->name[0] == '\0' && reporter->phone[0] == '\0' && reporter->handle[0] == '\0';
    to->reporter = reporter;
    return true;
}

static bool read_content(const open311_reply *reply, const open311_conf *conf, size_t photos,
                         Wjz__Intake__Complaint *to, wjz_arena *arena) {
    const char *media = field(reply, "media_url");
    char name[128];
    (void)snprintf(name, sizeof name, "attribute[%s]", conf->attribute_code);
    to->content = field(reply, "description");
    to->order_type = conf->attribute_code[0] != '\0' ? field(reply, name) : (char *)(uintptr_t) "";
    to->photo_count = (uint32_t)photos;
    if (media[0] != '\0') {
        to->photo_count++;
        to->content = wjz_arena_printf(arena, "%s\n%s", to->content, media);
    }
    return to->content != NULL;
}

/* NULL when the request has been answered. */
static Wjz__Intake__FeedItem *read_request(const intake *it, const open311_reply *reply, size_t photos,
                                           wjz_arena *arena) {
    const char *code = field(reply, "service_code");
    const open311_service *service = open311_find_service(it->open311, code);
    if (service == NULL) {
        open311_error(reply, code[0] == '\0' ? 400 : 404,
                      code[0] == '\0' ? "service_code was not provided" : "service_code was not found");
        return NULL;
    }
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    char **categories = wjz_arena_alloc(arena, 2 * sizeof *categories);
    char *id = wjz_arena_alloc(arena, OPEN311_ID);
    if (item == NULL || categories == NULL || id == NULL) {
        open311_error(reply, 503, "there is no memory for the request; send it again later");
        return NULL;
    }
    Wjz__Intake__Complaint *to = item->complaint;
    categories[0] = (char *)(uintptr_t)service->group;
    categories[1] = (char *)(uintptr_t)service->name;
    to->categories = categories;
    to->n_categories = 2;
    open311_external_id(wjz_id_next(), id);
    to->external_id = id;
    to->source_channel = (char *)(uintptr_t) "Open311";
    to->title = (char *)(uintptr_t)service->name;
    to->received_at_us = wjz_clock_us();
    if (!read_place(reply, to, arena)) return NULL;
    if (!read_reporter(reply, to, arena) || !read_content(reply, it->open311, photos, to, arena)) {
        open311_error(reply, 503, "there is no memory for the request; send it again later");
        return NULL;
    }
    return item;
}

static void answer(const open311_reply *reply, const Wjz__Intake__ItemReceipt *receipt) {
    if (receipt->outcome == (Wjz__Intake__ItemReceipt__Outcome)REJECTED) {
        char text[600];
        bool shown = receipt->value[0] != '\0';
        (void)snprintf(text, sizeof text, "%s%s%s%s: %s; %s", receipt->field, shown ? " \"" : "", receipt->value,
                       shown ? "\"" : "", receipt->message, receipt->remedy);
        open311_error(reply, 400, text);
        return;
    }
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)receipt->id);
    json_t *made = json_pack("[{s:s, s:s, s:n}]", "service_request_id", id, "service_notice",
                             "已收到，办理情况可凭编号查询", "account_id");
    open311_send(reply, 201, made, "service_requests", "request");
}

/* GeoReport v2 posts forms: what comes otherwise has no fields, and its key would seem to be missing. False when the
 * request has been answered. */
static bool read_form(const open311_reply *reply) {
    static const char *const TYPES[] = {"application/x-www-form-urlencoded", "multipart/form-data"};
    const char *type = wjz_request_header(reply->request, "Content-Type");
    bool form = false;
    for (size_t i = 0; type != NULL && i < WJZ_COUNT(TYPES); i++)
        form = form || strncasecmp(type, TYPES[i], strlen(TYPES[i])) == 0;
    int r = form ? wjz_request_read_parts(reply->request) : 0;
    if (!form)
        open311_error(reply, 415,
                      "send the fields as application/x-www-form-urlencoded, or with photos as multipart/form-data");
    else if (r == -ENOMEM)
        open311_error(reply, 503, "there is no memory for the request; send it again later");
    else if (r < 0)
        open311_error(reply, 400,
                      "the form is badly encoded: send at most 200 parts as RFC 7578 has them, texts in UTF-8");
    return form && r == 0;
}

static void store(intake *it, const open311_reply *reply, const taking *what) {
    Wjz__Intake__FeedReceipt *receipt = NULL;
    uint32_t retry_ms = 0;
    wjz_err err = {0};
    int r = taking_store(it, what, &receipt, &retry_ms, &err);
    if (r == 0)
        answer(reply, receipt->items[0]);
    else if (r == -EAGAIN || r == -EDQUOT)
        open311_error_for_now(reply, r == -EDQUOT ? 429 : 503, retry_ms, err.text);
    else
        open311_error(reply, 503, err.text);
}

void open311_post_request(intake *it, const open311_reply *reply) {
    if (!read_form(reply) || !open311_is_here(it, reply, field(reply, "jurisdiction_id"))) return;
    feed *of = open311_authorise(it, reply, field(reply, "api_key"));
    open311_photos photos;
    if (of == NULL || !open311_photos_find(reply, &photos)) return;
    wjz_arena *arena = wjz_request_arena(reply->request);
    Wjz__Intake__FeedItem *item = read_request(it, reply, photos.count, arena);
    if (item == NULL) return;
    /* Photos of what is refused are not looked at. */
    bool wanted = photos.count > 0 && taking_would_take(it, of, item, arena);
    if (wanted && !open311_photos_keep(it, reply, of->region, &photos)) return;
    taking what = {
        .feed = of, .items = &item, .count = 1, .also = open311_photos_name, .also_arg = &photos, .arena = arena};
    store(it, reply, &what);
}
