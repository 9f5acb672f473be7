/* Sealed fields: opened with the same key, purpose and binding, and with nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/seal.h"

static char folder[] = "/tmp/test_seal_XXXXXX";

static const char *path_of(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text, mode_t mode) {
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path_of(name), mode);
}

static void makes_a_key_that_others_cannot_read(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL;
    assert_int_equal(wjz_seal_open(path_of("made"), &seal, NULL), 0);
    struct stat status;
    assert_int_equal(stat(path_of("made"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, 65);
}

static void refuses_what_is_no_key(void **state) {
    (void)state;
    static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const struct {
        const char *text;
        mode_t mode;
        int code;
        const char *says;
    } cases[] = {
        {"", 0600, -EINVAL, "is no key"},
        {"abc\n", 0600, -EINVAL, "is no key"},
        {"zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600, -EINVAL, "is no key"},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00\n", 0600, -EINVAL, "is no key"},
        {digits, 0644, -EACCES, "chmod 600"},
        {digits, 0600, 0, NULL},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL;
        wjz_err err = {0};
        write_file("given", cases[i].text, cases[i].mode);
        assert_int_equal(wjz_seal_open(path_of("given"), &seal, &err), cases[i].code);
        if (cases[i].says != NULL) assert_non_null(strstr(err.text, cases[i].says));
        unlink(path_of("given"));
    }
    wjz_seal *none = NULL;
    assert_int_equal(wjz_seal_open("/nonexistent/folder/key", &none, NULL), -ENOENT);
}

static void opens_only_what_belongs_together(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL, *other = NULL;
    assert_int_equal(wjz_seal_open(path_of("one"), &seal, NULL), 0);
    assert_int_equal(wjz_seal_open(path_of("two"), &other, NULL), 0);

    uint8_t *box = NULL;
    char *plain = NULL;
    size_t box_length = 0, length = 0;
    assert_int_equal(wjz_seal_box(seal, "guest", 7, "secret", 6, arena, &box, &box_length), 0);
    assert_int_equal(box_length, 6 + WJZ_SEAL_OVERHEAD);
    assert_int_equal(wjz_seal_unbox(seal, "guest", 7, box, box_length, arena, &plain, &length), 0);
    assert_string_equal(plain, "secret");
    assert_int_equal(length, 6);

    assert_int_equal(wjz_seal_unbox(seal, "guest", 8, box, box_length, arena, &plain, &length), -EBADMSG);
    assert_int_equal(wjz_seal_unbox(seal, "note", 7, box, box_length, arena, &plain, &length), -EBADMSG);
    assert_int_equal(wjz_seal_unbox(other, "guest", 7, box, box_length, arena, &plain, &length), -EBADMSG);
    assert_int_equal(wjz_seal_unbox(seal, "guest", 7, box, WJZ_SEAL_OVERHEAD - 1, arena, &plain, &length), -EBADMSG);
    for (size_t i = 0; i < box_length; i++) {
        box[i] ^= 1;
        assert_int_equal(wjz_seal_unbox(seal, "guest", 7, box, box_length, arena, &plain, &length), -EBADMSG);
        box[i] ^= 1;
    }
}

static void hashes_by_key_and_purpose(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL, *again = NULL;
    assert_int_equal(wjz_seal_open(path_of("one"), &seal, NULL), 0);
    assert_int_equal(wjz_seal_open(path_of("one"), &again, NULL), 0);
    uint8_t a[WJZ_SEAL_MAC], b[WJZ_SEAL_MAC];
    wjz_seal_mac(seal, "phone", "13800000000", 11, a);
    wjz_seal_mac(again, "phone", "13800000000", 11, b);
    assert_true(wjz_seal_same(a, b, sizeof a));
    wjz_seal_mac(seal, "name", "13800000000", 11, b);
    assert_false(wjz_seal_same(a, b, sizeof a));
}

/* More than are kept; and nothing is ever sealed with the same nonce. */
static void knows_any_number_of_purposes(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL, *again = NULL;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_int_equal(wjz_seal_open(path_of("one"), &seal, NULL), 0);
    for (int round = 0; round < 40; round++) {
        char purpose[] = {(char)('a' + round % 20), '\0'};
        uint8_t *box = NULL, *other = NULL;
        char *plain = NULL;
        size_t box_length = 0, length = 0;
        wjz_seal_destroy(&again);
        assert_int_equal(wjz_seal_open(path_of("one"), &again, NULL), 0);
        assert_int_equal(wjz_seal_box(seal, purpose, 7, "secret", 6, arena, &box, &box_length), 0);
        assert_int_equal(wjz_seal_box(seal, purpose, 7, "secret", 6, arena, &other, &box_length), 0);
        assert_memory_not_equal(box, other, 25);
        assert_int_equal(wjz_seal_unbox(again, purpose, 7, box, box_length, arena, &plain, &length), 0);
        assert_string_equal(plain, "secret");
        uint8_t a[WJZ_SEAL_MAC], b[WJZ_SEAL_MAC];
        wjz_seal_mac(seal, purpose, "x", 1, a);
        wjz_seal_mac(again, purpose, "x", 1, b);
        assert_true(wjz_seal_same(a, b, sizeof a));
    }
}

static void finds_its_place_in_the_state_folder(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL, *given = NULL;
    wjz_err err = {0};
    unsetenv("WJZ_HOME");
    assert_int_equal(wjz_seal_open_named(NULL, "x.key", &seal, &err), -ENOENT);
    assert_non_null(strstr(err.text, "set WJZ_HOME"));
    setenv("WJZ_HOME", folder, 1);
    assert_int_equal(wjz_seal_open_named(NULL, "x.key", &seal, NULL), 0);
    assert_int_equal(access(path_of("keys/x.key"), R_OK), 0);
    assert_int_equal(wjz_seal_open_named(path_of("one"), "x.key", &given, NULL), 0);
    unlink(path_of("keys/x.key"));
    rmdir(path_of("keys"));
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state) {
    (void)state;
    static const char *const names[] = {"made", "one", "two"};
    for (size_t i = 0; i < WJZ_COUNT(names); i++)
        unlink(path_of(names[i]));
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_key_that_others_cannot_read), cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(opens_only_what_belongs_together),    cmocka_unit_test(hashes_by_key_and_purpose),
        cmocka_unit_test(knows_any_number_of_purposes),        cmocka_unit_test(finds_its_place_in_the_state_folder),
    };
    return cmocka_run_group_tests_name("runtime/seal", tests, make_folder, remove_folder);
}
