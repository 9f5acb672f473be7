/* The demonstration county: its directory, its feed with a key of our own, and complaints with known truth. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/generator.h"
#include "proto/intake.pb-c.h"
#include "proto/scheduling.pb-c.h"
#include "wjz/clock.h"
#include "wjz/door_client.h"

enum { BATCH = 256, ASK_MS = 30000, RETRY_MS = 200, ROTA_DAYS = 28 };

static const char FEED[] = "demo-hotline";
static const uint32_t REGION = 510184;

typedef struct demo {
    int64_t count, seed;
    const char *truth_path;
    bool push;
    FILE *truth;
    generator *generator;
    char key_file[PATH_MAX + 32], public_key[WJZ_DOOR_KEY_TEXT];
    uint64_t accepted, duplicate, revised, rejected;
} demo;

static void find_key(const session *s, demo *d) {
    snprintf(d->key_file, sizeof d->key_file, "%.*s/feed-%s.cert", PATH_MAX - 1, s->home.keys, FEED);
}

/* --- demo load --- */

/* The rota follows the duty patterns by itself, some minutes later: this is for whoever wants to see it now. */
static int plan_rota(session *s, wjz_err *err) {
    Wjz__Scheduling__PlanShifts question = WJZ__SCHEDULING__PLAN_SHIFTS__INIT;
    question.from_day = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    question.to_day = question.from_day + ROTA_DAYS - 1;
    const ProtobufCMessage *answer;
    return wjz_bus_request(s->bus, "scheduling", (int32_t)REGION, &question.base, ASK_MS,
                           &wjz__scheduling__shifts_planned__descriptor, s->arena, &answer, NULL, err);
}

static int define_feed(session *s, void *arg, wjz_err *err) {
    demo *d = arg;
    Wjz__Intake__DefineFeed question = WJZ__INTAKE__DEFINE_FEED__INIT;
    question.name = (char *)FEED;
    question.title = (char *)"演示县12345热线";
    question.profile = (char *)"hotline-12345";
    question.region = REGION;
    question.legal_basis = (char *)"演示数据，无真实个人信息 / demonstration, no real person";
    question.clue_source = (char *)"complaint";
    question.curve_key = d->public_key;
    const ProtobufCMessage *answer;
    int r = session_ask(s, "intake", &question.base, &wjz__intake__feed_defined__descriptor, &answer, err);
    return r < 0 ? r : plan_rota(s, err);
}

int command_demo_load(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "demo load", err);
    if (r < 0) return r;
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%.*s/deploy/demo/county.yaml", PATH_MAX, s->home.root);
    r = directory_load(s, path, err);
    if (r < 0) return r;
    snprintf(path, sizeof path, "%.*s/deploy/config/holidays.yaml", PATH_MAX, s->home.root);
    r = directory_load(s, path, err);
    demo d = {0};
    find_key(s, &d);
    if (r >= 0) r = home_make_folder(s->home.keys, 0700, err);
    if (r >= 0) r = wjz_door_make_key(d.key_file, d.public_key, err);
    return r < 0 ? r : session_connected(s, true, define_feed, &d, err);
}

/* --- demo feed, printed --- */

static int put_text(json_t *object, const char *key, const char *text) {
    return *text ? json_object_set_new(object, key, json_string(text)) : 0;
}

static int put_time(json_t *object, const char *key, int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    return us ? put_text(object, key, wjz_clock_format(us, text)) : 0;
}

/* Names of the codes, as the HTTP door takes them (proto/intake.proto, in lower case). */
static const char *const SATISFACTION[] = {"not_rated",    "very_satisfied",    "satisfied",  "basic",
                                           "dissatisfied", "very_dissatisfied", "unreachable"};

static int put_position(json_t *object, const demo_complaint *c) {
    if (c->longitude == 0 && c->latitude == 0) return 0;
    return json_object_set_new(object, "position",
                               json_pack("{s:f,s:f}", "longitude", c->longitude, "latitude", c->latitude));
}

static int print_complaint(const demo_complaint *c) {
    json_t *object = json_object(), *categories = json_array(), *reporter = json_object();
    char *line = NULL;
    int bad = !object || !categories || !reporter;
    if (!bad) {
        bad |= put_text(object, "external_id", c->external_id) | put_text(object, "title", c->title) |
               put_text(object, "content", c->content) | put_text(object, "order_type", c->order_type) |
               put_text(object, "town", c->town) | put_text(object, "incident_address", c->address) |
               put_text(object, "handler_unit", c->handler_unit) | put_text(object, "handle_result", c->handle_result) |
               put_text(object, "status", c->status) | put_text(object, "satisfaction", SATISFACTION[c->satisfaction]) |
               put_time(object, "received_at", c->received_at_us) | put_time(object, "finished_at", c->finished_at_us);
        bad |= json_array_append_new(categories, json_string(c->category));
        bad |= put_text(reporter, "name", c->reporter_name) | put_text(reporter, "phone", c->reporter_phone);
        bad |= json_object_set(object, "categories", categories) | json_object_set(object, "reporter", reporter) |
               json_object_set_new(object, "photo_count", json_integer(c->photo_count)) | put_position(object, c);
        line = bad ? NULL : json_dumps(object, JSON_COMPACT);
    }
    json_decref(categories);
    json_decref(reporter);
    json_decref(object);
    if (!line) return -ENOMEM;
    puts(line);
    free(line);
    return 0;
}

static void tell_truth(const demo *d, const demo_complaint *c) {
    if (!d->truth) return;
    fprintf(d->truth, "%s\t%" PRIu64 "\t%s\t%s\t%s\t%s\t%s\n", c->external_id, c->matter, c->scenario, c->domain,
            c->branch, c->kind, c->mediation ? "y" : "n");
}

static int print_all(demo *d) {
    const demo_complaint *c;
    while ((c = generator_next(d->generator))) {
        int r = print_complaint(c);
        if (r < 0) return r;
        tell_truth(d, c);
    }
    return 0;
}

/* --- demo feed, pushed --- */

/* The complaint as a message in the arena; NULL when out of memory. */
static Wjz__Intake__FeedItem *to_item(wjz_arena *arena, const demo_complaint *c) {
    Wjz__Intake__FeedItem *item = wjz_arena_alloc(arena, sizeof *item);
    Wjz__Intake__Complaint *complaint = wjz_arena_alloc(arena, sizeof *complaint);
    Wjz__Intake__Reporter *reporter = wjz_arena_alloc(arena, sizeof *reporter);
    Wjz__Intake__Position *position = wjz_arena_alloc(arena, sizeof *position);
    char **categories = wjz_arena_alloc(arena, sizeof *categories);
    if (!item || !complaint || !reporter || !position || !categories) return NULL;
    wjz__intake__feed_item__init(item);
    wjz__intake__complaint__init(complaint);
    wjz__intake__reporter__init(reporter);
    wjz__intake__position__init(position);
    const struct {
        char **into;
        const char *text;
    } texts[] = {
        {&complaint->external_id, c->external_id},
        {&complaint->title, c->title},
        {&complaint->content, c->content},
        {&complaint->order_type, c->order_type},
        {&complaint->town, c->town},
        {&complaint->incident_address, c->address},
        {&complaint->handler_unit, c->handler_unit},
        {&complaint->handle_result, c->handle_result},
        {&complaint->status, c->status},
        {&categories[0], c->category},
        {&reporter->name, c->reporter_name},
        {&reporter->phone, c->reporter_phone},
    };
    for (size_t i = 0; i < WJZ_COUNT(texts); i++)
        if (!(*texts[i].into = wjz_arena_strdup(arena, texts[i].text))) return NULL;
    complaint->categories = categories;
    complaint->n_categories = 1;
    complaint->reporter = reporter;
    position->longitude = c->longitude;
    position->latitude = c->latitude;
    if (c->longitude != 0 || c->latitude != 0) complaint->position = position;
    complaint->received_at_us = c->received_at_us;
    complaint->finished_at_us = c->finished_at_us;
    complaint->satisfaction = (Wjz__Intake__Satisfaction)c->satisfaction;
    complaint->photo_count = (uint32_t)c->photo_count;
    item->item_case = WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT;
    item->complaint = complaint;
    return item;
}

static void count_receipt(demo *d, const Wjz__Intake__FeedReceipt *receipt) {
    for (size_t i = 0; i < receipt->n_items; i++) {
        const Wjz__Intake__ItemReceipt *item = receipt->items[i];
        d->accepted += item->outcome == WJZ__INTAKE__ITEM_RECEIPT__OUTCOME__ACCEPTED;
        d->duplicate += item->outcome == WJZ__INTAKE__ITEM_RECEIPT__OUTCOME__DUPLICATE;
        d->revised += item->outcome == WJZ__INTAKE__ITEM_RECEIPT__OUTCOME__REVISED;
        if (item->outcome != WJZ__INTAKE__ITEM_RECEIPT__OUTCOME__REJECTED) continue;
        d->rejected++;
        fprintf(stderr, "\"%s\": %s: %s\n", item->external_id, item->field, item->message);
    }
}

/* Until it has a receipt: a batch without one is sent again, as a platform must. */
static int push_batch(session *s, demo *d, wjz_door_client *door, Wjz__Intake__FeedBatch *batch, wjz_err *err) {
    for (int attempt = 0;; attempt++) {
        const ProtobufCMessage *reply;
        wjz_refusal refusal = {0};
        int r = wjz_door_ask(door, (int32_t)REGION, &batch->base, ASK_MS, &wjz__intake__feed_receipt__descriptor,
                             s->arena, &reply, &refusal, err);
        if (r == 0) {
            count_receipt(d, (const Wjz__Intake__FeedReceipt *)reply);
            return 0;
        }
        bool later = r == -ETIMEDOUT || (r == -EREMOTE && refusal.code == WJZ_REFUSAL_RETRY_LATER);
        if (!later || attempt >= 100) return r;
        wjz_fiber_sleep(s->loop, refusal.retry_after_ms ? refusal.retry_after_ms : RETRY_MS);
    }
}

static const wjz_stmt LAST_SEQUENCE = {
    "ctl_last_sequence",
    "SELECT greatest(f.sequence_floor, (SELECT max(sequence) FROM intake.batch b WHERE b.region = f.region"
    " AND b.feed = f.number)) FROM intake.feed f WHERE f.name = $1",
    1};

static int next_sequence(session *s, uint64_t *ret_sequence, wjz_err *err) {
    wjz_rows *rows;
    wjz_param name = wjz_text(FEED);
    int r = session_read(s, &LAST_SEQUENCE, &name, 1, &rows, err);
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find feed %s: run `wjz demo load` first", FEED);
    *ret_sequence = (uint64_t)wjz_row_int(rows, 0, 0) + 1;
    return 0;
}

static int connect_door(session *s, demo *d, wjz_door_client **ret_door, wjz_err *err) {
    Wjz__Intake__DefineFeed question = WJZ__INTAKE__DEFINE_FEED__INIT;
    question.name = (char *)FEED; /* changes nothing: tells where the door is */
    const ProtobufCMessage *answer;
    int r = session_ask(s, "intake", &question.base, &wjz__intake__feed_defined__descriptor, &answer, err);
    if (r < 0) return r;
    const Wjz__Intake__FeedDefined *feed = (const Wjz__Intake__FeedDefined *)answer;
    return wjz_door_connect(s->loop, feed->door_endpoint, feed->door_public_key, d->key_file, ret_door, err);
}

static int push_all(session *s, demo *d, wjz_door_client *door, uint64_t sequence, wjz_err *err) {
    uint64_t told = 0;
    bool more = true;
    while (more) {
        wjz_arena_reset(s->arena);
        Wjz__Intake__FeedBatch batch = WJZ__INTAKE__FEED_BATCH__INIT;
        Wjz__Intake__FeedItem *items[BATCH];
        batch.feed = (char *)FEED;
        batch.sequence = sequence++;
        batch.items = items;
        const demo_complaint *c = NULL;
        while (batch.n_items < BATCH && (c = generator_next(d->generator))) {
            if (!(items[batch.n_items++] = to_item(s->arena, c))) return -ENOMEM;
            tell_truth(d, c);
        }
        more = c != NULL;
        if (batch.n_items == 0) break;
        int r = push_batch(s, d, door, &batch, err);
        if (r < 0) return r;
        told += batch.n_items;
        out_progress("推送 / pushing", told, (uint64_t)d->count);
    }
    out_progress_end();
    return 0;
}

static int run_push(session *s, void *arg, wjz_err *err) {
    demo *d = arg;
    WJZ_CLEANUP(wjz_door_disconnect) wjz_door_client *door = NULL;
    uint64_t sequence = 0;
    int r = next_sequence(s, &sequence, err);
    if (r >= 0) r = connect_door(s, d, &door, err);
    if (r >= 0) r = push_all(s, d, door, sequence, err);
    if (r < 0) return r;
    printf("收下 / accepted %" PRIu64 "  重复 / duplicate %" PRIu64 "  修订 / revised %" PRIu64
           "  拒收 / rejected %" PRIu64 "\n",
           d->accepted, d->duplicate, d->revised, d->rejected);
    return 0;
}

static int open_truth(demo *d, wjz_err *err) {
    if (!d->truth_path) return 0;
    d->truth = fopen(d->truth_path, "we");
    if (!d->truth) return wjz_err_set(err, -errno, "could not write \"%s\": %s", d->truth_path, strerror(errno));
    fputs("external_id\tmatter\tscenario\tdomain\tbranch\tkind\tmediation\n", d->truth);
    return 0;
}

int command_demo_feed(session *s, int argc, char **argv, wjz_err *err) {
    demo d = {.count = 1000, .seed = 1, .truth_path = argument_option(&argc, argv, "truth")};
    const char *count = argument_option(&argc, argv, "complaints"), *seed = argument_option(&argc, argv, "seed");
    const char *until = argument_option(&argc, argv, "until");
    int64_t until_us = wjz_clock_us();
    d.push = argument_flag(&argc, argv, "push");
    int r = count ? argument_number("--complaints", count, 1, 100000000, &d.count, err) : 0;
    if (r >= 0 && seed) r = argument_number("--seed", seed, 0, INT64_MAX, &d.seed, err);
    if (r >= 0 && until && (r = wjz_clock_parse(until, &until_us)) < 0)
        wjz_err_set(err, r, "--until is \"%s\": give a time as 2026-11-20T00:00:00+08:00", until);
    if (r >= 0)
        r = argument_end(argc, argv, 0, "demo feed [--complaints N] [--seed S] [--until TIME] [--truth FILE] [--push]",
                         err);
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%.*s/deploy/demo/complaints.yaml", PATH_MAX, s->home.root);
    if (r >= 0) r = generator_open(path, (uint64_t)d.count, (uint64_t)d.seed, until_us, &d.generator, err);
    if (r >= 0) r = open_truth(&d, err);
    find_key(s, &d);
    if (r >= 0) r = d.push ? session_connected(s, true, run_push, &d, err) : print_all(&d);
    if (d.truth && fclose(d.truth) != 0 && r >= 0) r = wjz_err_set(err, -EIO, "could not write \"%s\"", d.truth_path);
    generator_close(&d.generator);
    return r;
}
