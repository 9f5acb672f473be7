/* YAML: the tree, the typed fields, and errors that name file and line. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/yaml.h"

static wjz_yaml *yaml;
static wjz_err err;

static int forget(WJZ_UNUSED void **state) {
    wjz_yaml_destroy(&yaml);
    return 0;
}

static const wjz_yaml_node *parse(const char *text) {
    wjz_yaml_destroy(&yaml);
    int e = wjz_yaml_parse("f.yaml", text, strlen(text), &yaml, &err);
    if (e < 0) fail_msg("%s", err.text);
    return wjz_yaml_root(yaml);
}

static void a_tree_with_lines(WJZ_UNUSED void **state) {
    const wjz_yaml_node *root = parse("# note\nname: 检察\nlist:\n  - a\n  - {x: 1, y: \"2\"}\nempty:\n");
    assert_int_equal(wjz_yaml_kind_of(root), WJZ_YAML_MAP);
    assert_int_equal(wjz_yaml_count(root), 3);
    assert_string_equal(wjz_yaml_key(root, 1), "list");
    assert_null(wjz_yaml_key(root, 3));
    assert_null(wjz_yaml_value(root, 3));
    assert_string_equal(wjz_yaml_text(wjz_yaml_get(root, "name")), "检察");
    const wjz_yaml_node *list = wjz_yaml_get(root, "list");
    assert_int_equal(wjz_yaml_kind_of(list), WJZ_YAML_LIST);
    assert_string_equal(wjz_yaml_text(wjz_yaml_item(list, 0)), "a");
    assert_int_equal(wjz_yaml_line(wjz_yaml_item(list, 1)), 5);
    assert_string_equal(wjz_yaml_text(wjz_yaml_get(wjz_yaml_item(list, 1), "y")), "2");
    assert_null(wjz_yaml_item(list, 2));
    assert_null(wjz_yaml_text(list));
    assert_null(wjz_yaml_get(list, "x"));
    assert_null(wjz_yaml_get(NULL, "x"));
    assert_int_equal(wjz_yaml_count(NULL), 0);
}

static void an_empty_document_has_no_root(WJZ_UNUSED void **state) {
    assert_null(parse(""));
    assert_null(parse("# only a comment\n"));
    const char *text;
    assert_int_equal(wjz_yaml_get_text(wjz_yaml_root(yaml), "name", &text, &err), -EINVAL);
    assert_int_equal(wjz_yaml_only(NULL, (const char *const[]){NULL}, &err), 0);
}

static void refuses_with_file_and_line(WJZ_UNUSED void **state) {
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"a: 1\na: 2\n", "f.yaml:2: key \"a\" stands here again, first on line 1"},
        {"a: &x 1\nb: *x\n", "f.yaml:2: aliases (*name) are not allowed; write the value out"},
        {"a: !!int 1\n", "f.yaml:1: tags (!name) are not allowed"},
        {"a: \"\\0\"\n", "f.yaml:1: a text holds a NUL or is not UTF-8"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2: a second document begins; one file holds one"},
        {"[a]: 1\n", "f.yaml:1: a key must be a plain text"},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        assert_int_equal(wjz_yaml_parse("f.yaml", rows[i].text, strlen(rows[i].text), &yaml, &err), -EINVAL);
        assert_string_equal(err.text, rows[i].error);
    }
    static const char *const broken[] = {"a: [1\n", "a: b: c\n", "\t- x\n", "a: \"\xFF\"\n", "{", "\"", "- a\nb: 1\n"};
    for (size_t i = 0; i < WJZ_COUNT(broken); i++) {
        assert_int_equal(wjz_yaml_parse("f.yaml", broken[i], strlen(broken[i]), &yaml, &err), -EINVAL);
        assert_memory_equal(err.text, "f.yaml:", 7);
    }
    assert_null(yaml);
}

static void refuses_what_is_too_deep_or_too_large(WJZ_UNUSED void **state) {
    char deep[201];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_int_equal(wjz_yaml_parse("f", deep, 200, &yaml, &err), -EINVAL);
    assert_string_equal(err.text, "f:1: more than 64 levels deep");
    memset(deep, '[', 60);
    memset(deep + 60, ']', 60);
    assert_int_equal(wjz_yaml_parse("f", deep, 120, &yaml, &err), 0);
    assert_int_equal(wjz_yaml_parse("f", deep, ((size_t)64 << 20) + 1, &yaml, &err), -EFBIG);
}

static void large_maps_are_searched_and_checked(WJZ_UNUSED void **state) {
    char *text = calloc(1, 64000);
    size_t at = 0;
    for (int i = 0; i < 1000; i++)
        at += (size_t)sprintf(text + at, "k%d: %d\n", i * 7919 % 1000, i * 7919 % 1000);
    const wjz_yaml_node *root = parse(text);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        int64_t value;
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(wjz_yaml_get_int(root, key, 0, 1000, &value, &err), 0);
        assert_int_equal(value, i);
    }
    assert_null(wjz_yaml_get(root, "k1000"));
    assert_string_equal(wjz_yaml_key(root, 1), "k919");
    sprintf(text + at, "k919: again\n");
    wjz_yaml_destroy(&yaml);
    assert_int_equal(wjz_yaml_parse("f", text, strlen(text), &yaml, &err), -EINVAL);
    assert_string_equal(err.text, "f:1001: key \"k919\" stands here again, first on line 2");
    free(text);
}

static void typed_fields(WJZ_UNUSED void **state) {
    const wjz_yaml_node *root = parse("t: text\nn: 12\nbad: 12x\nr: 2.5\nyes: on\nl: [1]\nm: {}\nnone: "
                                      "~\nempty:\nquoted: \"\"\nbig: 99999999999999999999\n");
    const char *text;
    int64_t number;
    double real;
    bool yes;
    const wjz_yaml_node *list;
    assert_int_equal(wjz_yaml_get_text(root, "t", &text, &err), 0);
    assert_string_equal(text, "text");
    assert_int_equal(wjz_yaml_get_text(root, "absent", &text, &err), -EINVAL);
    assert_string_equal(err.text, "f.yaml:1: key \"absent\" is missing");
    assert_int_equal(wjz_yaml_get_text(root, "none", &text, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_text(root, "quoted", &text, &err), 0);
    assert_string_equal(text, "");
    assert_int_equal(wjz_yaml_get_text_or(root, "empty", "fallback", &text, &err), 0);
    assert_string_equal(text, "fallback");
    assert_int_equal(wjz_yaml_get_text_or(root, "m", "fallback", &text, &err), -EINVAL);
    assert_string_equal(err.text, "f.yaml:7: \"m\" must be a single value");
    assert_int_equal(wjz_yaml_get_int(root, "n", 1, 12, &number, &err), 0);
    assert_int_equal(number, 12);
    assert_int_equal(wjz_yaml_get_int(root, "n", 1, 11, &number, &err), -EINVAL);
    assert_string_equal(err.text, "f.yaml:2: \"n\" is \"12\"; it must be a whole number from 1 to 11");
    assert_int_equal(wjz_yaml_get_int(root, "bad", 1, 12, &number, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_int(root, "big", 1, INT64_MAX, &number, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_int(root, "absent", 1, 12, &number, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_int_or(root, "absent", 1, 12, 7, &number, &err), 0);
    assert_int_equal(number, 7);
    assert_int_equal(wjz_yaml_get_real_or(root, "r", 0, &real, &err), 0);
    assert_true(real == 2.5);
    assert_int_equal(wjz_yaml_get_real_or(root, "t", 0, &real, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_real_or(root, "absent", 1.5, &real, &err), 0);
    assert_true(real == 1.5);
    assert_int_equal(wjz_yaml_get_bool_or(root, "yes", false, &yes, &err), 0);
    assert_true(yes);
    assert_int_equal(wjz_yaml_get_bool_or(root, "t", false, &yes, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_bool_or(root, "absent", true, &yes, &err), 0);
    assert_true(yes);
    assert_int_equal(wjz_yaml_get_list(root, "l", &list, &err), 0);
    assert_int_equal(wjz_yaml_count(list), 1);
    assert_int_equal(wjz_yaml_get_list(root, "none", &list, &err), 0);
    assert_null(list);
    assert_int_equal(wjz_yaml_get_list(root, "t", &list, &err), -EINVAL);
    assert_int_equal(wjz_yaml_get_list(wjz_yaml_get(root, "t"), "x", &list, &err), -EINVAL);
    assert_int_equal(wjz_yaml_error(root, NULL, "x"), -EINVAL);
}

static void unknown_keys_are_named(WJZ_UNUSED void **state) {
    const wjz_yaml_node *root = parse("name: x\ncolour: y\n");
    assert_int_equal(wjz_yaml_only(root, (const char *const[]){"name", "colour", NULL}, &err), 0);
    assert_int_equal(wjz_yaml_only(root, (const char *const[]){"name", "size", NULL}, &err), -EINVAL);
    assert_string_equal(err.text, "f.yaml:2: key \"colour\" is not known here; allowed: name, size");
}

static void files_are_read(WJZ_UNUSED void **state) {
    char path[] = "/tmp/test_yaml_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 1\nb\n", 7), 7);
    close(fd);
    assert_int_equal(wjz_yaml_load(path, &yaml, &err), -EINVAL);
    assert_memory_equal(err.text, path, strlen(path));
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "a: 1\n", 5), 5);
    close(fd);
    assert_int_equal(wjz_yaml_load(path, &yaml, &err), 0);
    assert_string_equal(wjz_yaml_text(wjz_yaml_get(wjz_yaml_root(yaml), "a")), "1");
    wjz_yaml_destroy(&yaml);
    unlink(path);
    assert_int_equal(wjz_yaml_load(path, &yaml, &err), -ENOENT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(wjz_yaml_load("/", &yaml, &err), -EIO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_tree_with_lines, forget),
        cmocka_unit_test_teardown(an_empty_document_has_no_root, forget),
        cmocka_unit_test_teardown(refuses_with_file_and_line, forget),
        cmocka_unit_test_teardown(refuses_what_is_too_deep_or_too_large, forget),
        cmocka_unit_test_teardown(large_maps_are_searched_and_checked, forget),
        cmocka_unit_test_teardown(typed_fields, forget),
        cmocka_unit_test_teardown(unknown_keys_are_named, forget),
        cmocka_unit_test_teardown(files_are_read, forget),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
