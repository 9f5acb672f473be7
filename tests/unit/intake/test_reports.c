/* Receipts as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "intake/reports.h"

static void a_receipt_is_read_as_people_write_it(void **state) {
    static const struct {
        const char *typed, *meant; /* NULL: none */
    } CASES[] = {
        {"8K3M-Q7TD-2H9V-5XWA", "8K3M-Q7TD-2H9V-5XWA"},
        {"8k3mq7td2h9v5xwa", "8K3M-Q7TD-2H9V-5XWA"},
        {" 8k3m q7td 2h9v 5xwa ", "8K3M-Q7TD-2H9V-5XWA"},
        {"OIL0-0000-0000-0000", "0110-0000-0000-0000"},
        {"8K3M-Q7TD-2H9V-5XW", NULL},
        {"8K3M-Q7TD-2H9V-5XWAA", NULL},
        {"8K3M-Q7TD-2H9V-5XWU", NULL},
        {"8K3M-Q7TD-2H9V-5XW%", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        char receipt[REPORT_RECEIPT] = "";
        assert_int_equal(report_read_receipt(CASES[i].typed, receipt), CASES[i].meant != NULL);
        if (CASES[i].meant) assert_string_equal(receipt, CASES[i].meant);
    }
}

static void the_same_key_has_the_same_receipt(void **state) {
    char path[] = "/tmp/wjz-seal-XXXXXX", first[REPORT_RECEIPT], again[REPORT_RECEIPT], other[REPORT_RECEIPT];
    WJZ_CLEANUP(wjz_seal_destroy) wjz_seal *seal = NULL;
    wjz_err err = {0};
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_int_equal(wjz_seal_open(path, &seal, &err), 0);
    report_receipt(seal, "a-key-made-at-random", first);
    report_receipt(seal, "a-key-made-at-random", again);
    report_receipt(seal, "another-key-of-chance", other);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_true(report_read_receipt(first, again));
    assert_string_equal(first, again);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_read_as_people_write_it),
        cmocka_unit_test(the_same_key_has_the_same_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
