/* Addresses and forms: what decodes, what is refused, which pattern a path fits. */
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

#include "runtime/http_uri.h"

static wjz_arena *arena;

static int set_up(WJZ_UNUSED void **state) {
    arena = wjz_arena_new(0);
    return arena ? 0 : -1;
}

static int tear_down(WJZ_UNUSED void **state) {
    wjz_arena_destroy(&arena);
    return 0;
}

static void paths(WJZ_UNUSED void **state) {
    static const struct {
        const char *text;
        int e;
        const char *decoded;
        size_t count;
    } rows[] = {
        {"/", 0, "/", 1},
        {"/a/b", 0, "/a/b", 2},
        {"/a/", 0, "/a/", 2},
        {"//", 0, "//", 2},
        {"/%E6%A3%80/x%20y", 0, "/检/x y", 2},
        {"/a%2Fb", 0, "/a/b", 1},
        {"/a+b", 0, "/a+b", 1},
        {"", -EINVAL, NULL, 0},
        {"a", -EINVAL, NULL, 0},
        {"http://host/a", -EINVAL, NULL, 0},
        {"/%", -EINVAL, NULL, 0},
        {"/%4", -EINVAL, NULL, 0},
        {"/%4g", -EINVAL, NULL, 0},
        {"/a%00b", -EINVAL, NULL, 0},
        {"/%FF", -EINVAL, NULL, 0},
        {"/%E6%A3", -EINVAL, NULL, 0},
        {"/%C0%AF", -EINVAL, NULL, 0},
        {"/%E6/%A3%80", -EINVAL, NULL, 0},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        wjz_path path;
        assert_int_equal(wjz_uri_path(arena, rows[i].text, strlen(rows[i].text), &path), rows[i].e);
        if (rows[i].e < 0) continue;
        assert_string_equal(path.text, rows[i].decoded);
        assert_int_equal(path.count, rows[i].count);
    }
}

static void patterns(WJZ_UNUSED void **state) {
    static const struct {
        const char *pattern, *path, *a, *b;
        bool fits;
    } rows[] = {
        {"/", "/", NULL, NULL, true},
        {"/v1/feeds", "/v1/feeds", NULL, NULL, true},
        {"/v1/feeds", "/v1/feeds/", NULL, NULL, false},
        {"/v1/feeds", "/v1", NULL, NULL, false},
        {"/v1/feeds", "/v1/feedsx", NULL, NULL, false},
        {"/v1/{a}/x", "/v1/q/x", "q", NULL, true},
        {"/v1/{a}/x", "/v1//x", NULL, NULL, false},
        {"/v1/{a}/x", "/v1/q/y", NULL, NULL, false},
        {"/{a}/{b}", "/1/2%2F3", "1", "2/3", true},
        {"/r/{a}.json", "/r/5.json", "5", NULL, true},
        {"/r/{a}.json", "/r/5.xml", NULL, NULL, false},
        {"/r/{a}.json", "/r/.json", NULL, NULL, false},
        {"/r/{a}.json", "/r/json", NULL, NULL, false},
        {"/r/{a}.json/{b}", "/r/5.json/6", "5", "6", true},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        wjz_path path;
        assert_int_equal(wjz_uri_path(arena, rows[i].path, strlen(rows[i].path), &path), 0);
        wjz_pair params[WJZ_PATH_PARAMS];
        size_t count = 0;
        if (wjz_uri_match(arena, rows[i].pattern, &path, params, &count) != rows[i].fits)
            fail_msg("%s against %s", rows[i].path, rows[i].pattern);
        if (!rows[i].fits) continue;
        assert_int_equal(count, (rows[i].a != NULL) + (rows[i].b != NULL));
        if (count > 0) assert_string_equal(params[0].value, rows[i].a);
        if (count > 0) assert_true(wjz_uri_param_is(params[0].name, "a"));
        if (count > 1) assert_string_equal(params[1].value, rows[i].b);
        if (count > 1) assert_false(wjz_uri_param_is(params[1].name, "bb"));
    }
}

static void queries_and_forms(WJZ_UNUSED void **state) {
    wjz_pairs pairs;
    const char *text = "a=1&b=x+y%2B&&c&=v&a=2&%E6%A3%80=%3D=";
    assert_int_equal(wjz_uri_pairs(arena, text, strlen(text), &pairs), 0);
    assert_int_equal(pairs.count, 6);
    assert_string_equal(wjz_pairs_get(&pairs, "a"), "1");
    assert_string_equal(wjz_pairs_get(&pairs, "b"), "x y+");
    assert_string_equal(wjz_pairs_get(&pairs, "c"), "");
    assert_string_equal(wjz_pairs_get(&pairs, ""), "v");
    assert_string_equal(wjz_pairs_get(&pairs, "检"), "==");
    assert_null(wjz_pairs_get(&pairs, "d"));
    assert_int_equal(wjz_uri_pairs(arena, "", 0, &pairs), 0);
    assert_int_equal(pairs.count, 0);
    static const char *const bad[] = {"a=%", "%zz=1", "a=%00", "a=%ff", "a\xff=1"};
    for (size_t i = 0; i < WJZ_COUNT(bad); i++)
        assert_int_equal(wjz_uri_pairs(arena, bad[i], strlen(bad[i]), &pairs), -EINVAL);
    char many[2002];
    memset(many, '&', sizeof(many));
    assert_int_equal(wjz_uri_pairs(arena, many, sizeof(many), &pairs), -E2BIG);
}

static void running_out_of_memory_is_said(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *small = wjz_arena_new(32);
    wjz_path path;
    wjz_pairs pairs;
    assert_int_equal(wjz_uri_path(small, "/a/b/c/d/e/f", 12, &path), -ENOMEM);
    assert_int_equal(wjz_uri_pairs(small, "a=1&b=2&c=3", 11, &pairs), -ENOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(patterns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_and_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_out_of_memory_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("http_uri", tests, NULL, NULL);
}
