/* The generator: the same seed gives the same complaints, truth agrees with the texts, a broken file is told by line.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/generator.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"

#define SCENARIOS WJZ_SOURCE_DIR "/deploy/demo/complaints.yaml"

static generator *open_at(uint64_t count, uint64_t seed) {
    generator *g = NULL;
    wjz_err err = {0};
    int r = generator_open(SCENARIOS, count, seed, wjz_clock_from_day((wjz_day){2026, 11, 20}, 3600), &g, &err);
    if (r < 0) fail_msg("%s", err.text);
    return g;
}

static void test_same_seed_same_complaints(void **state) {
    (void)state;
    generator *a = open_at(500, 7), *b = open_at(500, 7), *other = open_at(500, 8);
    int different = 0;
    for (int i = 0; i < 500; i++) {
        const demo_complaint *x = generator_next(a), *y = generator_next(b), *z = generator_next(other);
        assert_non_null(x);
        assert_string_equal(x->content, y->content);
        assert_string_equal(x->external_id, y->external_id);
        assert_int_equal(x->received_at_us, y->received_at_us);
        assert_int_equal(x->matter, y->matter);
        different += strcmp(x->content, z->content) != 0;
    }
    assert_null(generator_next(a));
    assert_null(generator_next(a));
    assert_true(different > 400);
    generator_close(&a);
    generator_close(&b);
    generator_close(&other);
    generator_close(&other);
}

static void test_texts_are_whole(void **state) {
    (void)state;
    generator *g = open_at(3000, 1);
    int64_t before_us = 0;
    for (const demo_complaint *c; (c = generator_next(g));) {
        assert_true(c->title[0] && c->content[0] && c->town[0]);
        assert_null(strchr(c->title, '{')); /* every slot is known */
        assert_null(strchr(c->content, '{'));
        assert_true(wjz_utf8_ok(c->content, strlen(c->content)));
        assert_true(c->received_at_us >= before_us);
        before_us = c->received_at_us;
        assert_true(c->matter > 0);
    }
    generator_close(&g);
}

/* A matter keeps its scenario and place, and some matters are reported again. */
static void test_truth_is_consistent(void **state) {
    (void)state;
    enum { COUNT = 4000 };
    char(*places)[240] = calloc(COUNT + 1, sizeof *places);
    int *reports = calloc(COUNT + 1, sizeof *reports);
    assert_true(places && reports);
    generator *g = open_at(COUNT, 3);
    int repeated = 0;
    for (const demo_complaint *c; (c = generator_next(g));) {
        char place[240];
        assert_true(c->matter <= COUNT);
        snprintf(place, sizeof place, "%s/%s", c->scenario, c->address);
        if (reports[c->matter]++ == 0)
            memcpy(places[c->matter], place, sizeof place);
        else
            repeated++;
        assert_string_equal(places[c->matter], place);
    }
    assert_true(repeated > COUNT / 10 && repeated < COUNT * 3 / 4);
    generator_close(&g);
    free(places);
    free(reports);
}

/* What is somewhere has a point near its town's middle, the same for all that is reported of it; a question is nowhere.
 */
static void test_places_have_points(void **state) {
    (void)state;
    enum { COUNT = 2000 };
    double(*points)[2] = calloc(COUNT + 1, sizeof *points);
    assert_non_null(points);
    generator *g = open_at(COUNT, 5);
    int placed = 0, nowhere = 0;
    for (const demo_complaint *c; (c = generator_next(g));) {
        double *at = points[c->matter];
        if (at[0] != 0) assert_true(at[0] == c->longitude && at[1] == c->latitude);
        at[0] = c->longitude;
        at[1] = c->latitude;
        bool somewhere = c->longitude > 103.4 && c->longitude < 103.9 && c->latitude > 30.4 && c->latitude < 30.9;
        assert_true(somewhere || (c->longitude == 0 && c->latitude == 0));
        *(somewhere ? &placed : &nowhere) += 1;
    }
    assert_true(placed > COUNT / 2 && nowhere > 0);
    generator_close(&g);
    free(points);
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static size_t different_places(uint64_t count) {
    char(*places)[200] = calloc(count, sizeof *places);
    size_t at = 0, different = 0;
    assert_non_null(places);
    generator *g = open_at(count, 9);
    for (const demo_complaint *c; (c = generator_next(g));)
        snprintf(places[at++], sizeof *places, "%s", c->address);
    generator_close(&g);
    qsort(places, at, sizeof *places, by_name);
    for (size_t i = 0; i < at; i++)
        different += i == 0 || strcmp(places[i], places[i - 1]) != 0;
    free(places);
    return different;
}

/* A county with ten times the complaints is a larger one, not one where everything happens at the same places. */
static void test_more_complaints_are_of_more_places(void **state) {
    (void)state;
    size_t few = different_places(GENERATOR_QUARTER), many = different_places(10 * GENERATOR_QUARTER);
    if (many < 8 * few || many > 12 * few) fail_msg("%zu places, then %zu", few, many);
}

static void expect_refusal(const char *text, const char *part) {
    char path[] = "/tmp/wjz-scenarios-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    generator *g = NULL;
    wjz_err err = {0};
    int r = generator_open(path, 1, 1, wjz_clock_us(), &g, &err);
    unlink(path);
    assert_true(r < 0);
    assert_null(g);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void test_broken_files_are_told(void **state) {
    (void)state;
    expect_refusal("", "empty");
    expect_refusal("names: {}\n", "common must be there");
    expect_refusal("names: {surname: []}\ncommon: {}\n", "surname");
    expect_refusal(
        "names: {surname: [王], given: [一], estate_head: [一], estate_tail: [一], road_head: [一], road_tail: [一], "
        "company_head: [一], company_tail: [一], shop_head: [一], shop_tail: [一], school_head: [一], "
        "school_tail: [一], river: [一], village_head: [一], village_tail: [一], quarter: [一]}\ncommon: {}\n",
        "\"quarter\" must hold two");
    generator *g = NULL;
    wjz_err err = {0};
    assert_int_equal(generator_open("/nowhere.yaml", 1, 1, 0, &g, &err), -ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_complaints),
        cmocka_unit_test(test_texts_are_whole),
        cmocka_unit_test(test_truth_is_consistent),
        cmocka_unit_test(test_places_have_points),
        cmocka_unit_test(test_more_complaints_are_of_more_places),
        cmocka_unit_test(test_broken_files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
