/* The folder of deploy/repeats as an operator may get it wrong. */
#include "repeats_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A decision that is valid but for what more says; without any `leave_out` weight. */
static void write_decision(const char *leave_out, const char *more) {
    char text[4096] = "version: \"t\"\nrare_below: 3\nwindow_days: 10\nweights:\n";
    for (int i = 0; i < SIGN_COUNT; i++) {
        if (strcmp(repeat_sign_names[i], leave_out) == 0) continue;
        snprintf(text + strlen(text), sizeof text - strlen(text), "  %s: %d\n", repeat_sign_names[i], i);
    }
    strcat(text, more);
    write_file("repeats.yaml", text);
}

static int load(repeat_rules **rules, wjz_err *err) {
    *err = (wjz_err){0};
    return repeat_rules_load(folder, rules, err);
}

static void expect(const char *part) {
    repeat_rules *rules = NULL;
    wjz_err err;
    assert_int_equal(load(&rules, &err), -EINVAL);
    assert_null(rules);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void test_good(void **state) {
    (void)state;
    repeat_rules *rules = NULL;
    wjz_err err;
    write_decision("", "frames: [请, 请问]\n");
    write_file("wording.txt", "# pairs\nmessages: 100\n2: 油烟\n50: 我们问题\n");
    assert_int_equal(load(&rules, &err), 0);
    assert_string_equal(repeat_rules_version(rules), "t");
    const wording *words = repeat_rules_wording(rules);
    assert_false(wording_find(words, wording_pair(words, 0x6211, 0x4EEC))->rare);
    assert_true(wording_find(words, wording_pair(words, 0x6CB9, 0x70DF))->rare);
    assert_int_equal(repeat_rules_frame(rules, "请问路灯", strlen("请问路灯")), strlen("请问"));
    assert_int_equal(repeat_rules_frame(rules, "路灯", strlen("路灯")), 0);
    repeat_rules_destroy(&rules);
    repeat_rules_destroy(&rules);
}

static void test_bad_decision(void **state) {
    (void)state;
    write_file("wording.txt", "messages: 100\n2: 油烟\n");
    write_decision("names", "");
    expect("repeats.yaml:5: \"weights\" lacks \"names\"");
    write_decision("", "unknown: 1\n");
    expect("unknown");
    write_decision("", "frames: [ab]\n");
    expect("a frame is one or more Chinese characters");
    write_decision("base", "  base: 1000\n");
    expect("between -100 and 100");
    write_file("repeats.yaml", "- 1\n");
    expect("must be a map");
}

static void test_bad_wording(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"2: 油烟\n", "wording.txt:1: \"messages: N\" must come before"},
        {"messages: 100\n2: 油烟扰\n", "wording.txt:2: pairs must be Chinese characters"},
        {"messages: 100\n2: ab\n", "pairs must be Chinese characters"},
        {"messages: 100\nx: 油烟\n", "\"x\" must be a number"},
        {"messages: 0\n", "\"0\" must be a number"},
        {"messages: 100\n油烟\n", "must be \"step: pairs\""},
        {"messages: 100\n2: \xff\xfe\n", "is not UTF-8"},
        {"messages: 100\n", "has no pairs"},
    };
    write_decision("", "");
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        write_file("wording.txt", cases[i].text);
        expect(cases[i].says);
    }
}

static void test_missing(void **state) {
    (void)state;
    repeat_rules *rules = NULL;
    wjz_err err;
    assert_true(repeat_rules_load("/nowhere", &rules, &err) < 0);
    assert_non_null(strstr(err.text, "/nowhere"));
}

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/wjz-repeats-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/repeats.yaml", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/wording.txt", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad_decision),
        cmocka_unit_test(test_bad_wording),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
