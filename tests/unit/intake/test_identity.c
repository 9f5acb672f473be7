/* Reporters: recognised by what is theirs alone, readable with the key alone. */
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

#include "intake/identity.h"

static char folder[] = "/tmp/wjz-identity-XXXXXX";
static char path[64];
static wjz_seal *seal;

static int setup(void **state) {
    wjz_err err;
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    (void)snprintf(path, sizeof path, "%s/identity.key", folder);
    return wjz_seal_open(path, &seal, &err);
}

static int teardown(void **state) {
    (void)state;
    wjz_seal_destroy(&seal);
    (void)unlink(path);
    return rmdir(folder);
}

static int64_t hash(const char *feed, const char *name, const char *phone, const char *id_number, const char *handle,
                    bool anonymous) {
    Wjz__Intake__Reporter it = WJZ__INTAKE__REPORTER__INIT;
    it.name = (char *)(uintptr_t)name;
    it.phone = (char *)(uintptr_t)phone;
    it.id_number = (char *)(uintptr_t)id_number;
    it.handle = (char *)(uintptr_t)handle;
    it.anonymous = anonymous;
    return identity_hash(seal, feed, &it);
}

static void the_same_person_in_many_spellings(void **state) {
    int64_t phone = hash("a", "张三", "13800001111", "", "", false);
    (void)state;
    assert_int_not_equal(phone, 0);
    assert_int_equal(hash("b", "张先生", "+86 138-0000-1111", "", "x", false), phone);
    assert_int_equal(hash("b", "", "１３８００００１１１１", "", "", false), phone);
    assert_int_not_equal(hash("b", "", "13800001112", "", "", false), phone);
    int64_t id = hash("a", "", "", "51018419900101123X", "", false);
    assert_int_equal(hash("a", "", "13800001111", "51018419900101123x", "", false), id);
    assert_int_not_equal(id, phone);
}

static void handles_belong_to_their_feed(void **state) {
    (void)state;
    assert_int_equal(hash("a", "", "", "", "U1", false), hash("a", "名", "", "", "U1", false));
    assert_int_not_equal(hash("a", "", "", "", "U1", false), hash("b", "", "", "", "U1", false));
}

static void nobody_is_recognised_by_a_name(void **state) {
    (void)state;
    assert_int_equal(hash("a", "张三", "", "", "", false), 0);
    assert_int_equal(hash("a", "张三", "110", "", "", false), 0);
    assert_int_equal(hash("a", "张三", "13800001111", "", "", true), 0);
    assert_int_equal(identity_hash(seal, "a", NULL), 0);
}

static void sealed_fields_open_with_their_complaint(void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    Wjz__Intake__Reporter it = WJZ__INTAKE__REPORTER__INIT;
    wjz_blob box;
    char *plain = NULL;
    size_t length = 0;
    (void)state;
    it.name = (char *)(uintptr_t) "张三";
    it.id_number = (char *)(uintptr_t) "51018419900101123X";
    assert_int_equal(identity_seal(seal, 42, &it, false, arena, &box), 0);
    assert_null(memmem(box.data, box.length, "张三", 6));
    assert_int_equal(wjz_seal_unbox(seal, "reporter", 43, box.data, box.length, arena, &plain, &length), -EBADMSG);
    assert_int_equal(wjz_seal_unbox(seal, "reporter", 42, box.data, box.length, arena, &plain, &length), 0);
    Wjz__Intake__Reporter *opened = wjz__intake__reporter__unpack(NULL, length, (uint8_t *)plain);
    assert_string_equal(opened->name, "张三");
    assert_string_equal(opened->id_number, "");
    wjz__intake__reporter__free_unpacked(opened, NULL);
    assert_int_equal(identity_seal(seal, 42, NULL, true, arena, &box), 0);
    assert_null(box.data);
    wjz_arena_destroy(&arena);
}

static void keys_are_long_and_never_the_same(void **state) {
    char one[IDENTITY_KEY_TEXT];
    char two[IDENTITY_KEY_TEXT];
    uint8_t a[WJZ_SEAL_MAC];
    uint8_t b[WJZ_SEAL_MAC];
    (void)state;
    identity_new_key(one);
    identity_new_key(two);
    assert_int_equal(strlen(one), 47);
    assert_memory_equal(one, "wjz_", 4);
    assert_string_not_equal(one, two);
    identity_hash_key(seal, one, a);
    identity_hash_key(seal, one, b);
    assert_true(wjz_seal_same(a, b, sizeof a));
    identity_hash_key(seal, two, b);
    assert_false(wjz_seal_same(a, b, sizeof a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_person_in_many_spellings), cmocka_unit_test(handles_belong_to_their_feed),
        cmocka_unit_test(nobody_is_recognised_by_a_name),    cmocka_unit_test(sealed_fields_open_with_their_complaint),
        cmocka_unit_test(keys_are_long_and_never_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
