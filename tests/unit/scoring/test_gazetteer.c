/* Places: aliases and old names, one name in two counties, what a bad file is told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/scoring/world.h"

typedef struct seen {
    uint64_t codes[8];
    size_t count;
} seen;

static void see(const place_entry *place, size_t from, size_t to, void *arg) {
    (void)from;
    (void)to;
    seen *s = arg;
    if (s->count < WJZ_COUNT(s->codes)) s->codes[s->count++] = place->code;
}

static void finds_names_and_aliases(void **state) {
    static const struct {
        const char *text;
        uint64_t codes[3];
    } cases[] = {
        {"崇阳街道", {510184001}},
        {"羊马镇的桥", {510184002}},
        {"江源镇", {510184004, 510185120}}, /* also in 简阳 */
        {"街子古镇", {510184109}},          /* the longer name, once */
        {"崇州市怀远镇小罗村", {510184, 510184107, 510184107201}},
        {"都江堰", {510181}},
        {"怀远", {0}},
        {"镇", {0}},
        {"", {0}},
    };
    world *w = *state;
    assert_true(gazetteer_count(w->places) > 40);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        seen s = {0};
        const normal_text *text = normal_of(w->arena, cases[i].text);
        gazetteer_find(w->places, text, text->length, see, &s);
        size_t expected = 0;
        while (expected < 3 && cases[i].codes[expected])
            expected++;
        assert_int_equal(s.count, expected);
        for (size_t k = 0; k < expected; k++)
            assert_true(s.codes[k] == cases[i].codes[k]);
    }
    assert_string_equal(gazetteer_by_code(w->places, 510184107)->name, "怀远镇");
    assert_null(gazetteer_by_code(w->places, 1));
}

static void knows_all_towns_by_code(void **state) {
    static const uint64_t codes[] = {510184001, 510184002, 510184003, 510184004, 510184005,
                                     510184006, 510184104, 510184105, 510184106, 510184107,
                                     510184109, 510184110, 510184112, 510184113, 510184114};
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(codes); i++)
        assert_non_null(gazetteer_by_code(w->places, codes[i]));
}

typedef struct where {
    const char *title, *content, *address, *town, *village;
    int32_t region;
    uint32_t found_region, found_town;
    uint64_t found_village;
} where;

static void puts_a_complaint_in_its_place(void **state) {
    static const where cases[] = {
        {"江源镇垃圾", "", "", "", "", 510184, 510184, 510184004, 0},
        {"江源镇垃圾", "", "", "", "", 510185, 510185, 510185120, 0},
        {"简阳市江源镇垃圾", "", "", "", "", 510184, 510184, 510184004, 0}, /* match county first */
        {"郫县的河", "", "", "", "", 510184, 510117, 0, 0},
        {"", "桂溪街道的河", "", "", "", 510184, 0, 0, 0}, /* another county's street by chance */
        {"", "武侯区桂溪街道的河", "", "", "", 510184, 510107, 510107064, 0},
        {"怀远镇", "", "道明镇12号", "", "", 510184, 510184, 510184113, 0}, /* the address before the title */
        {"怀远镇", "", "", "元通镇", "", 510184, 510184, 510184105, 0},     /* the platform before both */
        {"", "", "", "510184105", "", 510184, 510184, 510184105, 0},
        {"", "", "", "", "小罗村", 510184, 510184, 510184107, 510184107201},
        {"小罗村", "", "", "", "", 510184, 510184, 510184107, 510184107201},
        {"A7县泉塘街道", "", "", "", "", 510184, 0, 0, 0},
        {"", "", "", "", "", 510184, 0, 0, 0},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        complaint c = blank_complaint();
        c.title = cases[i].title;
        c.content = cases[i].content;
        c.incident_address = cases[i].address;
        c.town = cases[i].town;
        c.village = cases[i].village;
        c.region = cases[i].region;
        const Wjz__Scoring__Place *place = analysed(w, &c)->place;
        if (place->region != cases[i].found_region || place->town != cases[i].found_town ||
            place->village != cases[i].found_village)
            fail_msg("case %zu: %u %u %llu", i, place->region, place->town, (unsigned long long)place->village);
    }
    complaint c = blank_complaint();
    c.title = "Ａ７县泉塘街道橄榄城小区";
    assert_string_equal(analysed(w, &c)->place->text, "Ａ７县泉塘街道橄榄城小区");
}

static void says_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "p.yaml:1: the file is empty"},
        {"towns: []\n", "p.yaml:1"},
        {"places:\n  - {code: 12, name: 甲乙}\n", "p.yaml:2: code 12 has neither six digits"},
        {"places:\n  - {code: 510184, name: 甲}\n", "p.yaml:2: the name \"甲\" must have two characters"},
        {"places:\n  - {name: 甲乙}\n", "p.yaml:2"},
        {"places:\n  - {code: 510184, name: 甲乙, alias: [x]}\n", "p.yaml:2"},
        {"places:\n  - {code: 510184, name: 甲乙}\n  - {code: 510184, name: 丙丁}\n", "has the code 510184 twice"},
        {"places:\n  - {code: 510184, name: 甲乙, aliases: [[x]]}\n", "aliases must be a list of names"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        char dir[] = "/tmp/wjz-places-XXXXXX", path[100];
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof path, "%s/p.yaml", dir);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(cases[i].text, file);
        fclose(file);
        gazetteer *places = NULL;
        wjz_err err = {0};
        assert_true(gazetteer_load(dir, &places, &err) < 0);
        assert_null(places);
        if (!strstr(err.text, cases[i].expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].expected);
        unlink(path);
        rmdir(dir);
    }
    gazetteer *places = NULL;
    wjz_err err = {0};
    assert_true(gazetteer_load("/no/such/folder", &places, &err) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names_and_aliases),
        cmocka_unit_test(knows_all_towns_by_code),
        cmocka_unit_test(puts_a_complaint_in_its_place),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
