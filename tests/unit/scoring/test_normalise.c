/* One form, and the way back to the original. */
#include <stdio.h>
#include <string.h>

#include "unit/scoring/world.h"

static normal_text *made(wjz_arena *arena, const char *first, const char *second) {
    static text_part parts[2];
    parts[0] = (text_part){WJZ__SCORING__FIELD__FIELD_TITLE, first, strlen(first)};
    parts[1] = (text_part){WJZ__SCORING__FIELD__FIELD_CONTENT, second, strlen(second)};
    normal_text *text;
    assert_int_equal(normalise(parts, 2, arena, &text), 0);
    return text;
}

static void gives_one_form(void **state) {
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", ""},
        {"河道", "河道"},
        {"ＡＢＣ１２３", "abc123"},
        {"A7县 泉塘", "a7县泉塘"},
        {"big  dog", "big dog"},
        {" \t\n河 道\n\t", "河道"},
        {"！？，：；（）", "!?,:;()"},
        {"。、《》", "。、《》"},
        {"㎡①㈱", "m21(株)"},
        {"ｶﾞ", "ガ"},
        {"e\xCC\x81t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
        {"\xE6\xB2\xB3\xFF\xE9\x81\x93", "河道"},
        {"\xE6\xB2", ""},
        {"a\x01\x7F河", "a河"},
        {"\xEF\xBB\xBF河", "河"},
        {"\xF0\xA0\x80\x80", "\xF0\xA0\x80\x80"},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        normal_text *text = made(w->arena, cases[i].from, "x");
        char expected[100];
        snprintf(expected, sizeof expected, "%s\nx\n", cases[i].to);
        assert_string_equal(text->bytes, expected);
        assert_int_equal(text->length, strlen(expected));
    }
}

static void takes_characters_apart(void **state) {
    static const uint32_t codes[] = {0x6CB3, 'a', '7', ',', 0xE9, 0x20000, '\n', 'x', '\n'};
    static const uint32_t char_at[] = {0, 3, 4, 5, 6, 8, 12, 13, 14, 15};
    world *w = *state;
    normal_text *text = made(w->arena, "河 Ａ7，e\xCC\x81\xF0\xA0\x80\x80", "x");
    assert_int_equal(text->char_count, WJZ_COUNT(codes));
    assert_memory_equal(text->codes, codes, sizeof codes);
    assert_memory_equal(text->char_at, char_at, sizeof char_at);
    assert_int_equal(text->part_char[1], 7);
    assert_int_equal(text->part_char[2], 9);
    assert_int_equal(normal_char(text, 0), 0);
    assert_int_equal(normal_char(text, 2), 0);
    assert_int_equal(normal_char(text, 7), 4);
    assert_int_equal(normal_char(text, text->length), text->char_count);
}

static void finds_the_way_back(void **state) {
    static const struct {
        const char *original, *word, *found;
    } cases[] = {
        {"在 A７ 县 的　河\n道 旁", "河道", "河\n道"},
        {"在 A７ 县 的　河\n道 旁", "a7县", "A７ 县"},
        {"共１２３户", "123户", "１２３户"},
        {"约５０㎡，很大", "50m2", "５０㎡"},
        {"约５０㎡，很大", "很大", "很大"},
        {"(三)河道", "河道", "河道"},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        normal_text *text = made(w->arena, "头", cases[i].original);
        const char *at = strstr(text->bytes, cases[i].word);
        assert_non_null(at);
        Wjz__Scoring__Span span = WJZ__SCORING__SPAN__INIT;
        normal_span(text, (uint32_t)(at - text->bytes), (uint32_t)(at - text->bytes + strlen(cases[i].word)), &span);
        assert_int_equal(span.field, WJZ__SCORING__FIELD__FIELD_CONTENT);
        assert_int_equal(span.to - span.from, strlen(cases[i].found));
        assert_memory_equal(cases[i].original + span.from, cases[i].found, span.to - span.from);
    }
}

static void grows_for_what_expands(void **state) {
    world *w = *state;
    char many[3 * 200 + 1] = "";
    for (int i = 0; i < 200; i++)
        strcat(many, "\xEF\xB7\xBA"); /* one character that NFKC makes eighteen */
    normal_text *text = made(w->arena, many, "");
    assert_true(text->length > 200 * 15);
    Wjz__Scoring__Span span = WJZ__SCORING__SPAN__INIT;
    normal_span(text, text->length - 4, text->length - 3, &span);
    assert_int_equal(span.to, 600);
    wjz_arena *small = wjz_arena_new(64);
    text_part part = {WJZ__SCORING__FIELD__FIELD_TITLE, many, strlen(many)};
    assert_int_equal(normalise(&part, 1, small, &text), -12);
    wjz_arena_destroy(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_one_form),
        cmocka_unit_test(takes_characters_apart),
        cmocka_unit_test(finds_the_way_back),
        cmocka_unit_test(grows_for_what_expands),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
