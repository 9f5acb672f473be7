/* Complaints as the store gives them and as their messages bring them: the same, field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/store.h"
#include "support/test_db.h"
#include "wjz/id.h"

enum { REGION = 510184, FEW = 7, MANY = 70 };

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;

static int set_up(WJZ_UNUSED void **state) {
    server = test_db_new();
    test_db_run(server, "INSERT INTO intake.feed (name, title, profile, region, legal_basis, clue_source, source_kind)"
                        " VALUES ('one', '', 'p', 510184, 'l', 'complaint', 'hotline'),"
                        " ('other', '', 'p', 510184, 'l', 'complaint', 'grid')");
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&server);
    return 0;
}

typedef struct brought {
    Wjz__Intake__AsReceived received;
    Wjz__Intake__Complaint said;
    Wjz__Intake__Position position;
    char external_id[24];
} brought;

static char *CATEGORIES[] = {(char *)"城市管理", (char *)"市容/环卫", (char *)""};

/* One of some sorts. */
static void make(brought *b, int64_t id, int sort) {
    wjz__intake__as_received__init(&b->received);
    wjz__intake__complaint__init(&b->said);
    wjz__intake__position__init(&b->position);
    snprintf(b->external_id, sizeof b->external_id, "E-%lld", (long long)id);
    b->received.id = (uint64_t)id;
    b->received.feed =
        (int32_t)test_db_int(server, "SELECT number FROM intake.feed WHERE name = '%s'", sort % 2 ? "one" : "other");
    b->received.reporter_hash = sort % 3 ? -id : 0;
    b->received.anonymous = sort == 2;
    b->received.confidential = sort == 3;
    b->received.complaint = &b->said;
    b->said.external_id = b->external_id;
    b->said.title = (char *)"题目";
    b->said.content = (char *)(sort == 4 ? "" : "内容 😀\n第二行");
    b->said.categories = CATEGORIES;
    b->said.n_categories = (size_t)sort % 4;
    b->said.received_at_us = sort == 5 ? 0 : INT64_C(1750000000123457);
    b->said.due_at_us = sort == 6 ? INT64_C(1750000000000001) : 0;
    b->said.finished_at_us = sort == 3 ? INT64_C(1750000900000000) : 0;
    b->position.longitude = 103.67300000000001;
    b->position.latitude = 30.6299999999999;
    if (sort == 1) b->said.position = &b->position;
    b->said.satisfaction = (Wjz__Intake__Satisfaction)sort;
    b->said.solved = (Wjz__Intake__Answer)(sort % 3);
    uint32_t *counts[] = {&b->said.redispatch_count, &b->said.return_count,  &b->said.urge_count, &b->said.delay_days,
                          &b->said.votes_for,        &b->said.votes_against, &b->said.photo_count};
    for (size_t i = 0; i < WJZ_COUNT(counts); i++)
        *counts[i] = sort % 2 ? (uint32_t)i + 1 : 0;
    char **texts[] = {&b->said.order_type, &b->said.incident_address, &b->said.town,
                      &b->said.village,    &b->said.handler_unit,     &b->said.handle_result,
                      &b->said.status,     &b->said.visit_note,       &b->said.parent_id};
    static char *const TEXTS[] = {(char *)"投诉",         (char *)"某路12号", (char *)"崇阳街道",
                                  (char *)"510184001001", (char *)"水务局",   (char *)"已派单",
                                  (char *)"closed",       (char *)"不满意",   (char *)"P-1"};
    for (size_t i = 0; i < WJZ_COUNT(texts); i++)
        if (sort % 2) *texts[i] = TEXTS[i];
}

/* As intake stores it. */
static void put(const brought *b) {
    const Wjz__Intake__Complaint *s = &b->said;
    char times[3][64] = {"NULL", "NULL", "NULL"}, position[64] = "NULL, NULL", categories[100] = "";
    const int64_t us[] = {s->received_at_us, s->due_at_us, s->finished_at_us};
    for (int i = 0; i < 3; i++)
        if (us[i])
            snprintf(times[i], sizeof times[i], "'epoch'::timestamptz + %lld * interval '1 us'", (long long)us[i]);
    if (s->position) snprintf(position, sizeof position, "%.17g, %.17g", s->position->longitude, s->position->latitude);
    for (size_t i = 0; i < s->n_categories; i++)
        strcat(strcat(categories, i ? "\x1f" : ""), s->categories[i]);
    test_db_run(
        server,
        "INSERT INTO intake.complaint (id, content_hash, reporter_hash, received_at, due_at, finished_at,"
        " longitude, latitude, region, feed, redispatch_count, return_count, urge_count, delay_days, votes_for,"
        " votes_against, photo_count, satisfaction, solved, anonymous, confidential, external_id,"
        " source_channel, order_type, title, content, categories, incident_address, town, village,"
        " handler_unit, handle_result, status, visit_note, parent_id) VALUES (%lld, 0, %lld, %s, %s, %s, %s, %d,"
        " %d, %u, %u, %u, %u, %u, %u, %u, %d, %d, %s, %s, '%s', 'x', '%s', '%s', '%s', '%s', '%s', '%s', '%s',"
        " '%s', '%s', '%s', '%s', '%s')",
        (long long)b->received.id, (long long)b->received.reporter_hash, times[0], times[1], times[2], position, REGION,
        b->received.feed, s->redispatch_count, s->return_count, s->urge_count, s->delay_days, s->votes_for,
        s->votes_against, s->photo_count, (int)s->satisfaction, (int)s->solved,
        b->received.anonymous ? "true" : "false", b->received.confidential ? "true" : "false", s->external_id,
        s->order_type, s->title, s->content, categories, s->incident_address, s->town, s->village, s->handler_unit,
        s->handle_result, s->status, s->visit_note, s->parent_id);
}

static void assert_same(const complaint *a, const complaint *b) {
#define SAME(field) assert_true(a->field == b->field)
#define SAME_TEXT(field) assert_string_equal(a->field, b->field)
    SAME(id), SAME(region), SAME(source), SAME(has_position), SAME(longitude), SAME(latitude), SAME(received_at_us);
    SAME(due_at_us), SAME(finished_at_us), SAME(satisfaction), SAME(solved), SAME(redispatch_count), SAME(return_count);
    SAME(urge_count), SAME(delay_days), SAME(votes_for), SAME(votes_against), SAME(photo_count), SAME(reporter);
    SAME(confidential), SAME(revision);
    SAME_TEXT(feed), SAME_TEXT(external_id), SAME_TEXT(order_type), SAME_TEXT(title), SAME_TEXT(content);
    SAME_TEXT(categories), SAME_TEXT(incident_address), SAME_TEXT(town), SAME_TEXT(village), SAME_TEXT(handler_unit);
    SAME_TEXT(handle_result), SAME_TEXT(status), SAME_TEXT(visit_note), SAME_TEXT(parent_id);
}

static int by_id(const void *a, const void *b) {
    return wjz_id_order(&((const complaint *)a)->id, &((const complaint *)b)->id);
}

static complaint *load(wjz_tx *tx, const int64_t *ids, const Wjz__Intake__AsReceived *const *received, size_t count,
                       size_t expected) {
    wjz_err err = {0};
    complaint *loaded = NULL;
    size_t found = 0;
    wjz_arena *arena = wjz_tx_arena(tx);
    int r = store_load_complaints(tx, REGION, ids, received, count, arena, &loaded, &found, &err);
    if (!r) r = store_renew_complaints(tx, REGION, loaded, &found, arena, &err);
    if (r) fail_msg("%s", err.text);
    assert_int_equal(found, expected);
    qsort(loaded, found, sizeof *loaded, by_id);
    return loaded;
}

/* As many, of which every third and the last come without their content. */
static void compare(size_t count) {
    static brought all[MANY];
    int64_t ids[MANY + 1], first = wjz_id_next();
    const Wjz__Intake__AsReceived *received[MANY + 1] = {NULL}, *some[MANY + 1] = {NULL};
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    for (size_t i = 0; i < count; i++) {
        ids[i] = first + (int64_t)i;
        make(&all[i], ids[i], (int)(i % FEW));
        put(&all[i]);
        received[i] = &all[i].received;
        if (i % 3) some[i] = received[i];
    }
    ids[count] = first + MANY; /* is not there */
    test_db_run(server,
                "INSERT INTO intake.standing (region, complaint, changes, satisfaction, visit_note)"
                " VALUES (%d, %lld, 1, 5, 'later')",
                REGION, (long long)ids[1]);
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    const complaint *read = load(tx, ids, NULL, count + 1, count);
    const complaint *brought_along = load(tx, ids, received, count + 1, count);
    const complaint *mixed = load(tx, ids, some, count + 1, count);
    for (size_t i = 0; i < count; i++) {
        assert_same(&read[i], &brought_along[i]);
        assert_same(&read[i], &mixed[i]);
        assert_int_equal(read[i].revision, i == 1);
    }
    assert_string_equal(brought_along[1].visit_note, "later");
    wjz_tx_abort(&tx);
}

static void of_few(WJZ_UNUSED void *arg) {
    compare(FEW);
}

static void of_many(WJZ_UNUSED void *arg) {
    compare(MANY);
}

static void run(wjz_call_fn *body) {
    const wjz_db_options options = {.url = test_db_url(server),
                                    .role = "wjz_scoring",
                                    .application = "test",
                                    .connections = 1,
                                    .hot_path = true,
                                    .generic_plans = true};
    test_db_in_fiber(&options, body, &loop, &db);
}

static void test_few_are_the_same_either_way(WJZ_UNUSED void **state) {
    run(of_few);
}

static void test_many_are_the_same_either_way(WJZ_UNUSED void **state) {
    run(of_many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_the_same_either_way),
        cmocka_unit_test(test_many_are_the_same_either_way),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
