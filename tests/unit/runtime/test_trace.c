/* Trace context: kept per fiber, continued from a well-formed parent, begun anew otherwise. */
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

#include "wjz/clean.h"
#include "wjz/loop.h"
#include "wjz/trace.h"

static const char PARENT[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

static bool well_formed(const char *text) {
    return strlen(text) == WJZ_TRACE_TEXT - 1 && memcmp(text, "00-", 3) == 0 &&
           strspn(text + 3, "0123456789abcdef") == 32 && strspn(text + 36, "0123456789abcdef") == 16 &&
           strcmp(text + 52, "-01") == 0;
}

static void other_fiber(WJZ_UNUSED void *arg) {
    assert_string_equal(wjz_trace(), "");
}

static void in_a_fiber(void *arg) {
    wjz_loop *loop = arg;
    assert_string_equal(wjz_trace(), "");
    wjz_trace_continue(PARENT);
    assert_true(well_formed(wjz_trace()));
    assert_memory_equal(wjz_trace() + 3, PARENT + 3, 32);
    assert_memory_not_equal(wjz_trace() + 36, PARENT + 36, 16);
    char before[WJZ_TRACE_TEXT];
    strcpy(before, wjz_trace());
    wjz_trace_continue(wjz_trace()); /* its own text */
    assert_memory_equal(wjz_trace() + 3, before + 3, 32);
    strcpy(before, wjz_trace());
    assert_int_equal(wjz_fiber_spawn(loop, other_fiber, NULL), 0);
    wjz_fiber_yield(loop);
    assert_string_equal(wjz_trace(), before);

    static const char *const bad[] = {
        NULL,
        "",
        "00",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-00",
        "00-00000000000000000000000000000000-b7ad6b7169203331-00",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-00",
    };
    for (size_t i = 0; i < WJZ_COUNT(bad); i++) {
        wjz_trace_continue(bad[i]);
        assert_true(well_formed(wjz_trace()));
        assert_memory_not_equal(wjz_trace() + 3, PARENT + 3, 32);
    }
}

static void belongs_to_the_fiber(WJZ_UNUSED void **state) {
    wjz_loop *loop = NULL;
    assert_int_equal(wjz_loop_new(&loop, NULL), 0);
    assert_int_equal(wjz_fiber_spawn(loop, in_a_fiber, loop), 0);
    wjz_loop_run(loop);
    wjz_loop_destroy(&loop);
}

static void is_empty_outside(WJZ_UNUSED void **state) {
    wjz_trace_continue(PARENT);
    assert_string_equal(wjz_trace(), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(belongs_to_the_fiber), cmocka_unit_test(is_empty_outside)};
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
