/* The table of pairs, small and as it is delivered. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scoring/wording.h"
#include "wjz/clean.h"

static char path[] = "/tmp/wjz-wording-XXXXXX";

static int make_file(void **state) {
    (void)state;
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static wording *loaded(const char *file) {
    wording *words = NULL;
    wjz_err err = {0};
    if (wording_load(file, 40, &words, &err) < 0) fail_msg("%s", err.text);
    return words;
}

static wording *loaded_text(const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return loaded(path);
}

static const pair_sort *sort_of(const wording *words, uint32_t first, uint32_t second) {
    return wording_find(words, wording_pair(words, first, second));
}

static uint32_t character_at(const char *text) {
    const unsigned char *b = (const unsigned char *)text;
    return (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
}

static void says_how_rare_a_pair_is(void **state) {
    (void)state;
    wording *words = loaded_text("messages: 1000\n3: 油烟\n500: 我们\n");
    const pair_sort *rare = sort_of(words, 0x6CB9, 0x70DF), *common = sort_of(words, 0x6211, 0x4EEC);
    const pair_sort *unknown = sort_of(words, 0x6211, 0x70DF), *latin = sort_of(words, 'a', 0x70DF);
    assert_true(fabs(rare->rarity - log(1001.0 / 4)) < 1e-9);
    assert_true(rare->rare);
    assert_true(fabs(common->rarity - log(1001.0 / 501)) < 1e-9);
    assert_false(common->rare);
    assert_true(fabs(unknown->rarity - log(1001)) < 1e-9); /* as if nobody had used it */
    assert_true(unknown->rare);
    assert_ptr_equal(latin, unknown);
    wording_destroy(&words);
    wording_destroy(&words);
}

static void weighs_what_is_rare_and_what_is_said_often(void **state) {
    (void)state;
    wording *words = loaded_text("messages: 1000\n3: 油烟\n500: 我们\n999: 问题\n");
    const pair_sort *rare = sort_of(words, 0x6CB9, 0x70DF), *common = sort_of(words, 0x6211, 0x4EEC);
    static const struct {
        uint32_t count, rare, common;
    } cases[] = {{1, 4, 1}, {2, 6, 1}, {4, 9, 1}, {5, 10, 1}, {20, 15, 2}, {1000, 15, 4}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        assert_int_equal(wording_weight(rare, cases[i].count), cases[i].rare);
        assert_int_equal(wording_weight(common, cases[i].count), cases[i].common);
    }
    assert_int_equal(wording_weight(sort_of(words, 0x95EE, 0x9898), 1), 1); /* never nothing */
    wording_destroy(&words);
}

static void a_pair_that_stands_twice_has_its_last_place(void **state) {
    (void)state;
    wording *words = loaded_text("messages: 1000\n3: 油烟\n500: 油烟\n");
    assert_false(sort_of(words, 0x6CB9, 0x70DF)->rare);
    wording_destroy(&words);
}

/* Each of the many pairs is found again. */
static void finds_every_pair_that_is_delivered(void **state) {
    (void)state;
    const char *delivered = WJZ_SOURCE_DIR "/deploy/repeats/wording.txt";
    wording *words = loaded(delivered);
    char *line = NULL;
    size_t room = 0, pairs = 0;
    double messages = 0;
    FILE *file = fopen(delivered, "r");
    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *at = strchr(line, ':');
        if (line[0] == '#' || !at) continue;
        if (line[0] == 'm') messages = strtod(at + 1, NULL);
        double rarity = log((messages + 1) / (strtod(line, NULL) + 1));
        for (at += 2; line[0] != 'm' && *at; at += 6, pairs++)
            if (fabs(sort_of(words, character_at(at), character_at(at + 3))->rarity - rarity) > 1e-9)
                fail_msg("%.6s: %f", at, sort_of(words, character_at(at), character_at(at + 3))->rarity);
    }
    fclose(file);
    free(line);
    assert_true(pairs > 10000);
    wording_destroy(&words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_how_rare_a_pair_is),
        cmocka_unit_test(weighs_what_is_rare_and_what_is_said_often),
        cmocka_unit_test(a_pair_that_stands_twice_has_its_last_place),
        cmocka_unit_test(finds_every_pair_that_is_delivered),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
