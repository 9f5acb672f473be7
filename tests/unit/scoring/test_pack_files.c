/* The files of a pack as one piece: there and back, the same bytes whatever the order, and what does not belong there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scoring/pack_files.h"
#include "unit/scoring/world.h"

static pack_file file(const char *name, const char *text) {
    return (pack_file){name, {text, strlen(text)}};
}

static void there_and_back(void **state) {
    world *w = *state;
    wjz_err err = {0};
    pack_file one[] = {file("pack.yaml", "version: 1"), file("eco_env.yaml", ""), file("model.bin", "\x01\x02")};
    pack_file other[] = {one[2], one[0], one[1]};
    pack_files files = {one, 3}, shuffled = {other, 3}, back;
    wjz_blob content, again;
    char checksum[PACK_CHECKSUM], same[PACK_CHECKSUM];
    assert_int_equal(pack_files_check(&files, &err), 0);
    assert_int_equal(pack_files_check(&shuffled, &err), 0);
    assert_int_equal(pack_files_pack(&files, w->arena, &content), 0);
    assert_int_equal(pack_files_pack(&shuffled, w->arena, &again), 0);
    pack_files_checksum(content, checksum);
    pack_files_checksum(again, same);
    assert_string_equal(checksum, same);
    assert_int_equal(pack_files_unpack(content, w->arena, &back, &err), 0);
    assert_int_equal(back.count, 3);
    assert_memory_equal(pack_files_find(&back, "model.bin")->data.data, "\x01\x02", 2);
    assert_null(pack_files_find(&back, "women.yaml"));
}

static void refuses_what_does_not_belong(void **state) {
    (void)state;
    static const char *const names[][2] = {
        {"../pack.yaml", NULL}, {".hidden.yaml", NULL},       {"notes.txt", NULL}, {".yaml", NULL}, {"", NULL},
        {"a/b.yaml", NULL},     {"twice.yaml", "twice.yaml"},
    };
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        pack_file list[] = {file(names[i][0], ""), file(names[i][1] ? names[i][1] : "other.yaml", "")};
        pack_files files = {list, 2};
        wjz_err err = {0};
        assert_int_equal(pack_files_check(&files, &err), -EINVAL);
        assert_non_null(strstr(err.text, names[i][0]));
    }
}

static void refuses_bytes_that_are_no_pack(void **state) {
    world *w = *state;
    pack_files files;
    wjz_err err = {0};
    assert_true(pack_files_unpack((wjz_blob){"\xff\xff\xff", 3}, w->arena, &files, &err) < 0);
    assert_true(err.text[0] != '\0');
    assert_true(pack_files_read("/nowhere", w->arena, &files, &err) == -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back, world_open, world_close),
        cmocka_unit_test(refuses_what_does_not_belong),
        cmocka_unit_test_setup_teardown(refuses_bytes_that_are_no_pack, world_open, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
