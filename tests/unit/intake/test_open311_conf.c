/* open311.yaml: the shipped one is good, and faults are told. */
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

#include "intake/open311_conf.h"

#define CONFIG WJZ_SOURCE_DIR "/deploy/config"

static void write_file(char path[], const char *text) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void the_shipped_services(void **state) {
    open311_conf *conf = NULL;
    wjz_err err = {0};
    (void)state;
    if (open311_conf_load(CONFIG "/open311.yaml", &conf, &err) < 0) fail_msg("%s", err.text);
    assert_string_equal(open311_find_service(conf, "0203")->name, "噪声");
    assert_string_equal(open311_service_of(conf, "生态环境\x1f"
                                                 "噪声")
                            ->code,
                        "0203");
    assert_null(open311_service_of(conf, "生态环境"));
    assert_null(open311_service_of(conf, "生态\x1f"
                                         "噪声"));
    assert_null(open311_find_service(conf, ""));
    open311_conf_destroy(&conf);
}

static void faults_of_services(void **state) {
    static const struct {
        const char *text, *said;
    } CASES[] = {
        {"", "empty"},
        {"services: []\n", "jurisdiction"},
        {"jurisdiction: a\nservices:\n  - {code: \"1\", group: g}\n", "name"},
        {"jurisdiction: a\nservices:\n  - {code: \"1\", group: g, name: n}\n  - {code: \"1\", group: g, name: m}\n",
         "twice"},
        {"jurisdiction: a\nservices:\n  - {code: \"a/b\", group: g, name: n}\n", "address"},
        {"jurisdiction: a\nattribute: {code: x, description: y}\n", "no values"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char path[] = "/tmp/wjz-open311-XXXXXX";
        open311_conf *conf = NULL;
        wjz_err err = {0};
        write_file(path, CASES[i].text);
        assert_true(open311_conf_load(path, &conf, &err) < 0);
        if (strstr(err.text, CASES[i].said) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, CASES[i].said);
        (void)unlink(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_shipped_services), cmocka_unit_test(faults_of_services)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
