/* feeds.yaml: the shipped one is good, and faults name file and line. */
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

#include "intake/feeds_file.h"

#define CONFIG WJZ_SOURCE_DIR "/deploy/config"

static void write_file(char path[], const char *text) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void the_shipped_feeds(void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    feeds_file file;
    wjz_err err = {0};
    (void)state;
    if (feeds_file_load(CONFIG "/feeds.yaml", &(profile_source){.folder = CONFIG "/profiles"}, arena, &file, &err) < 0) fail_msg("%s", err.text);
    bool city = false;
    for (size_t i = 0; i < file.count; i++)
        city = city || (strcmp(file.items[i].name, "city-messages") == 0 && file.items[i].organ[0] != '\0');
    assert_true(city);
    wjz_arena_destroy(&arena);
}

#define GOOD                                                                                                           \
    "name: a\n    title: t\n    profile: feedback\n    region: 510184\n    legal_basis: b\n    clue_source: other\n  " \
    "  source_kind: grid\n"

static void faults_of_feeds(void **state) {
    static const struct {
        const char *text, *said;
    } CASES[] = {
        {"feeds:\n  - " GOOD "  - " GOOD, "twice"},
        {"feeds:\n  - name: A\n    title: t\n    profile: feedback\n    region: 510184\n    legal_basis: b\n    "
         "clue_source: other\n    source_kind: grid\n",
         "\"name\""},
        {"feeds:\n  - name: a\n    title: t\n    profile: none\n    region: 510184\n    legal_basis: b\n    "
         "clue_source: other\n    source_kind: grid\n",
         "none.yaml"},
        {"feeds:\n  - name: a\n    title: t\n    profile: feedback\n    region: 510184\n    legal_basis: b\n    "
         "clue_source: heaven\n    source_kind: grid\n",
         "clue_source"},
        {"feeds:\n  - name: a\n    title: t\n", ":2: "},
        {"feeds:\n  - " GOOD "    colour: red\n", "colour"},
        {"feeds:\n  - name: a\n    title: t\n    profile: feedback\n    region: 1\n    legal_basis: b\n    "
         "clue_source: other\n    source_kind: grid\n",
         "region"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char path[] = "/tmp/wjz-feeds-XXXXXX";
        wjz_arena *arena = wjz_arena_new(0);
        feeds_file file;
        wjz_err err = {0};
        write_file(path, CASES[i].text);
        assert_true(feeds_file_load(path, &(profile_source){.folder = CONFIG "/profiles"}, arena, &file, &err) < 0);
        if (strstr(err.text, CASES[i].said) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, CASES[i].said);
        wjz_arena_destroy(&arena);
        (void)unlink(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_shipped_feeds), cmocka_unit_test(faults_of_feeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
