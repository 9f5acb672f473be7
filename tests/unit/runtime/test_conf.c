/* Options: where values come from, which are refused, and what the table prints. */
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

#include "wjz/conf.h"

typedef struct conf {
    char *name, *secret;
    int64_t number, wait, size;
    bool flag;
} conf;

static const wjz_option COMMON[] = {
    {"name", WJZ_CONF_TEXT, offsetof(conf, name), NULL, 0, 0, "a name"},
    {"secret", WJZ_CONF_SECRET, offsetof(conf, secret), NULL, 0, 0, "a secret"},
    {0},
};
static const wjz_option OWN[] = {
    {"number", WJZ_CONF_INT, offsetof(conf, number), "3", 1, 10, "a number"},
    {"wait_time", WJZ_CONF_DURATION, offsetof(conf, wait), "5s", 0, 0, "a time"},
    {"most", WJZ_CONF_SIZE, offsetof(conf, size), "8M", 0, INT64_C(1) << 30, "a size"},
    {"flag", WJZ_CONF_BOOL, offsetof(conf, flag), "no", 0, 0, "a switch"},
    {0},
};
static const wjz_option *const TABLES[] = {COMMON, OWN, NULL};

static conf c;
static wjz_err err;
static int argc;
static char *argv[16];
static char path[64];

static int clear(WJZ_UNUSED void **state) {
    wjz_conf_free(&c, TABLES);
    unsetenv("WJZ_NUMBER");
    unsetenv("WJZ_SECRET");
    unsetenv("WJZ_CONFIG");
    if (path[0]) unlink(path);
    path[0] = '\0';
    return 0;
}

static void write_file(const char *text) {
    strcpy(path, "/tmp/test_conf_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* words: separated by spaces. */
static int load(const char *words) {
    static char copy[512];
    snprintf(copy, sizeof(copy), "%s", words);
    argc = 0;
    argv[argc++] = (char *)"program";
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    wjz_conf_free(&c, TABLES);
    err.text[0] = '\0';
    return wjz_conf_load(&c, TABLES, "program", "does things", &argc, argv, &err);
}

static void defaults(WJZ_UNUSED void **state) {
    assert_int_equal(load(""), 0);
    assert_null(c.name);
    assert_int_equal(c.number, 3);
    assert_int_equal(c.wait, 5000);
    assert_int_equal(c.size, 8 << 20);
    assert_false(c.flag);
    assert_int_equal(argc, 1);
}

static void later_sources_win(WJZ_UNUSED void **state) {
    write_file("# comment\n\n number = 4 \nname = a # b\nflag=yes\n");
    char words[128];
    snprintf(words, sizeof(words), "--config=%s", path);
    assert_int_equal(load(words), 0);
    assert_int_equal(c.number, 4);
    assert_string_equal(c.name, "a # b");
    assert_true(c.flag);
    setenv("WJZ_NUMBER", "5", 1);
    assert_int_equal(load(words), 0);
    assert_int_equal(c.number, 5);
    strcat(words, " --number 6");
    assert_int_equal(load(words), 0);
    assert_int_equal(c.number, 6);
    setenv("WJZ_NUMBER", "", 1);
    setenv("WJZ_CONFIG", path, 1);
    assert_int_equal(load(""), 0);
    assert_int_equal(c.number, 4);
}

static void words_stay_in_order(WJZ_UNUSED void **state) {
    assert_int_equal(load("check --wait-time=2h dir --flag on -x -- --name y"), 0);
    assert_int_equal(c.wait, 7200000);
    assert_int_equal(argc, 6);
    assert_string_equal(argv[0], "program");
    assert_string_equal(argv[1], "check");
    assert_string_equal(argv[2], "dir");
    assert_string_equal(argv[3], "-x");
    assert_string_equal(argv[4], "--name");
    assert_string_equal(argv[5], "y");
    assert_null(argv[6]);
    assert_null(c.name);
}

static void refuses_and_says_where(WJZ_UNUSED void **state) {
    static const struct {
        const char *words, *error;
    } rows[] = {
        {"--number=0", "command line: option \"number\" is \"0\"; it must be a whole number from 1 to 10"},
        {"--number=11", "command line: option \"number\" is \"11\"; it must be a whole number from 1 to 10"},
        {"--number=1x", "command line: option \"number\" is \"1x\"; it must be a whole number from 1 to 10"},
        {"--number=", "command line: option \"number\" is \"\"; it must be a whole number from 1 to 10"},
        {"--wait_time=5",
         "command line: option \"wait_time\" is \"5\"; it must be a duration such as 250ms, 5s, 10m, 2h or 3d"},
        {"--flag=maybe", "command line: option \"flag\" is \"maybe\"; it must be yes or no"},
        {"--colour=red", "command line: option \"colour\" is not known; see --help"},
        {"--name", "command line: option \"--name\" lacks its value"},
        {"--secret=file:/nowhere/x",
         "command line: option \"secret\" names \"/nowhere/x\", which could not be read: No such file or directory"},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        assert_int_equal(load(rows[i].words), -EINVAL);
        assert_string_equal(err.text, rows[i].error);
        assert_int_equal(c.number, 0); /* as after wjz_conf_free */
    }
    setenv("WJZ_NUMBER", "x", 1);
    assert_int_equal(load(""), -EINVAL);
    assert_memory_equal(err.text, "environment WJZ_NUMBER: option", 30);
    assert_int_equal(load("--config=/nowhere/x"), -ENOENT);
}

static void refuses_bad_lines(WJZ_UNUSED void **state) {
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"\nnumber\n", ":2: \"number\" is no \"key = value\""},
        {"number = 12\n", ":1: option \"number\" is \"12\"; it must be a whole number from 1 to 10"},
        {"colour = red", ":1: option \"colour\" is not known; see --help"},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        write_file(rows[i].text);
        setenv("WJZ_CONFIG", path, 1);
        assert_int_equal(load(""), -EINVAL);
        assert_string_equal(err.text + strlen(path), rows[i].error);
        unlink(path);
    }
}

static void secrets_come_from_files(WJZ_UNUSED void **state) {
    write_file("s3cret\nsecond line\n");
    char value[80];
    snprintf(value, sizeof(value), "file:%s", path);
    setenv("WJZ_SECRET", value, 1);
    assert_int_equal(load(""), 0);
    assert_string_equal(c.secret, "s3cret");
    assert_int_equal(load("--secret=plain"), 0);
    assert_string_equal(c.secret, "plain");
}

static void units(WJZ_UNUSED void **state) {
    static const struct {
        const char *text;
        int e;
        int64_t value;
    } durations[] = {{"0", 0, 0},
                     {"250ms", 0, 250},
                     {"5s", 0, 5000},
                     {"10m", 0, 600000},
                     {"3d", 0, 259200000},
                     {"5", -EINVAL, 0},
                     {"", -EINVAL, 0},
                     {"-5s", -EINVAL, 0},
                     {"5 s", -EINVAL, 0},
                     {"5sec", -EINVAL, 0},
                     {"99999999999999999d", -EINVAL, 0}},
      sizes[] = {{"0", 0, 0},        {"4096", 0, 4096},  {"64k", 0, 65536}, {"8M", 0, 8 << 20},
                 {"1G", 0, 1 << 30}, {"1T", -EINVAL, 0}, {"k", -EINVAL, 0}};
    for (size_t i = 0; i < WJZ_COUNT(durations); i++) {
        int64_t value = 0;
        assert_int_equal(wjz_conf_parse_duration(durations[i].text, &value), durations[i].e);
        assert_int_equal(value, durations[i].value);
    }
    for (size_t i = 0; i < WJZ_COUNT(sizes); i++) {
        int64_t value = 0;
        assert_int_equal(wjz_conf_parse_size(sizes[i].text, &value), sizes[i].e);
        assert_int_equal(value, sizes[i].value);
    }
}

/* Runs load with standard output in a pipe. */
static const char *printed(const char *words) {
    static char text[8192];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    int e = load(words);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    ssize_t length = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    text[length > 0 ? length : 0] = '\0';
    assert_int_equal(e, 1);
    return text;
}

static void tables_print_themselves(WJZ_UNUSED void **state) {
    const char *help = printed("--help");
    assert_non_null(strstr(help, "program: does things"));
    assert_non_null(strstr(help, "--number=NUMBER\n      a number (default 3; WJZ_NUMBER)"));
    const char *sample = printed("--sample-config");
    assert_non_null(strstr(sample, "# a size\n# most = 8M\n"));
    write_file(sample); /* is a valid configuration */
    setenv("WJZ_CONFIG", path, 1);
    assert_int_equal(load(""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(defaults, clear),
        cmocka_unit_test_teardown(later_sources_win, clear),
        cmocka_unit_test_teardown(words_stay_in_order, clear),
        cmocka_unit_test_teardown(refuses_and_says_where, clear),
        cmocka_unit_test_teardown(refuses_bad_lines, clear),
        cmocka_unit_test_teardown(secrets_come_from_files, clear),
        cmocka_unit_test_teardown(units, clear),
        cmocka_unit_test_teardown(tables_print_themselves, clear),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
