/* Rules that changed since the model was trained: each moves the index by its points and topics by its vote, and what
 * the model gives a text stays what it was. With the deployed model, as if it had been trained beside the deployed
 * rules.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scoring/offline_score.h"
#include "scoring/rules_taught.h"
#include "unit/scoring/world.h"

#define RULES WJZ_SOURCE_DIR "/deploy/rules"

/* A file of the pack with a text replaced by another, or with `to` at its end when `from` is NULL. */
typedef struct edit {
    const char *file, *from, *to;
} edit;

static wjz_blob edited(wjz_arena *arena, wjz_blob data, const edit *e) {
    char *text = wjz_arena_strndup(arena, data.data, data.length);
    assert_non_null(text);
    const char *at = e->from ? strstr(text, e->from) : text + data.length;
    if (!at) fail_msg("%s has no \"%s\"", e->file, e->from);
    const char *rest = e->from ? at + strlen(e->from) : at;
    char *out = wjz_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, e->to, rest);
    assert_non_null(out);
    return (wjz_blob){out, strlen(out)};
}

/* Puts the rules of the folder into the model file, for they may have changed since it was trained. */
static void teach(world *w, pack_files *files) {
    pack_file *file = (pack_file *)pack_files_find(files, PACK_MODEL_FILE);
    wjz_blob model, rules;
    char *bytes;
    size_t length;
    assert_non_null(file);
    taught_split(file->data, &model, &rules);
    assert_true(rules.length > 0);
    assert_int_equal(taught_join(model, files, &bytes, &length), 0);
    file->data = (wjz_blob){wjz_arena_alloc(w->arena, length), length};
    assert_non_null(file->data.data);
    memcpy((char *)file->data.data, bytes, length);
    free(bytes);
}

static rule_pack *load(world *w, const edit *e) {
    pack_files files;
    wjz_err err = {0};
    rule_pack *pack = NULL;
    if (pack_files_read(RULES, w->arena, &files, &err) < 0) fail_msg("%s", err.text);
    teach(w, &files);
    for (size_t i = 0; e && i < files.count; i++)
        if (strcmp(files.list[i].name, e->file) == 0) files.list[i].data = edited(w->arena, files.list[i].data, e);
    if (rules_load_files(&files, "", true, &pack, &err) < 0) fail_msg("%s", err.text);
    assert_non_null(pack->model);
    return pack;
}

static const Wjz__Scoring__ScoreCard *card_of(world *w, const rule_pack *pack, const complaint *c, wjz_arena *turn) {
    Wjz__Scoring__ScoreCard *card;
    wjz_err err = {0};
    if (offline_card(pack, w->places, c, turn, &card, &err) < 0) fail_msg("%s", err.text);
    return card;
}

static double points(const Wjz__Scoring__ScoreCard *card, const char *id) {
    for (size_t i = 0; i < card->n_factors; i++)
        if (strcmp(card->factors[i]->id, id) == 0) return card->factors[i]->points;
    for (size_t i = 0; i < card->n_adjustments; i++)
        if (strcmp(card->adjustments[i]->id, id) == 0) return card->adjustments[i]->points;
    return 0;
}

static complaint river(void) {
    complaint c = blank_complaint();
    c.title = "石桤村河道被倾倒建筑垃圾";
    c.content = "石桤村三组河道有人倾倒建筑垃圾，夜里有飞碟渣车来往，找过环保局。";
    return c;
}

static void the_same_rules_are_not_kept_twice(void **state) {
    world *w = *state;
    static const edit version = {"pack.yaml", "\nversion: \"", "\nversion: \"x"};
    static const edit limit = {"pack.yaml", "learned_limit: ", "learned_limit: 1 #"};
    const edit *const edits[] = {NULL, &version, &limit};
    for (size_t i = 0; i < WJZ_COUNT(edits); i++) {
        rule_pack *pack = load(w, edits[i]);
        assert_null(pack->taught);
        rule_pack_destroy(&pack);
    }
}

static void a_change_moves_the_index_by_its_points(void **state) {
    world *w = *state;
    static const struct {
        edit edit;
        const char *factor;
        double points; /* what the factor has then */
        bool matched_again;
    } cases[] = {
        {{"signals_severity.yaml", NULL, "\n  - {id: severity.new, points: 8, words: [飞碟渣车]}\n"},
         "severity",
         8,
         false},
        {{"signals_unsolved.yaml", NULL, "\n  - {id: unsolved.new, points: 9, words: [找过环保局]}\n"},
         "handled_unsolved",
         9,
         false},
        {{"pack.yaml", "match_strong: 18", "match_strong: 11"}, "domain_match", 11, false},
        {{"eco_env.yaml", "倾倒", "倾卸"}, "domain_match", -1, true},
    };
    complaint c = river();
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *one = wjz_arena_new(0), *other = wjz_arena_new(0);
    rule_pack *plain = load(w, NULL);
    const Wjz__Scoring__ScoreCard *before = card_of(w, plain, &c, one);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        rule_pack *pack = load(w, &cases[i].edit);
        assert_non_null(pack->taught);
        assert_int_equal(pack->taught->pattern_count > 0, cases[i].matched_again);
        const Wjz__Scoring__ScoreCard *after = card_of(w, pack, &c, other);
        double moved = points(after, cases[i].factor) - points(before, cases[i].factor);
        if (cases[i].points >= 0) assert_true(points(after, cases[i].factor) == cases[i].points);
        if (fabs(points(after, "learned") - points(before, "learned")) > 1e-9)
            fail_msg("case %zu: learned %g, was %g", i, points(after, "learned"), points(before, "learned"));
        if (strcmp(before->domain, after->domain) == 0 && fabs(after->index - before->index - moved) > 1e-9)
            fail_msg("case %zu: %g, was %g, the factor moved %g", i, after->index, before->index, moved);
        rule_pack_destroy(&pack);
    }
    rule_pack_destroy(&plain);
}

/* Raters named none of these domains to learn from: the deployed model leaves them to their rules. */
static void a_domain_that_no_rater_named_is_known_by_its_rules(void **state) {
    world *w = *state;
    static const struct {
        const char *title, *content, *domain;
    } cases[] = {
        {"烈士陵园被商业占用", "镇上的烈士陵园破损，烈士墓的墓碑倒塌，无人管理。", "heroes"},
        {"农资店销售假种子", "农资店向村民销售假种子、禁用农药，农药残留严重。", "agri_product"},
        {"旅馆以民族身份拒绝住宿", "旅馆因为民族身份拒绝住宿，是民族歧视。", "ethnic_unity"},
    };
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *turn = wjz_arena_new(0);
    rule_pack *plain = load(w, NULL);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        complaint c = blank_complaint();
        c.title = cases[i].title;
        c.content = cases[i].content;
        assert_string_equal(card_of(w, plain, &c, turn)->domain, cases[i].domain);
    }
    rule_pack_destroy(&plain);
}

/* A rule decides what the model has never heard of. */
static void a_new_rule_speaks_for_its_topic(void **state) {
    world *w = *state;
    static const edit e = {"cultural_relics.yaml", NULL,
                           "\n  - {id: cultural_relics.new, tier: strong, words: [飞碟遗址]}\n"};
    complaint c = blank_complaint();
    c.title = "关于飞碟遗址";
    c.content = "有人在飞碟遗址上面种菜，已经两年。";
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *turn = wjz_arena_new(0);
    rule_pack *plain = load(w, NULL), *pack = load(w, &e);
    const Wjz__Scoring__ScoreCard *card = card_of(w, plain, &c, turn);
    assert_string_equal(card->domain, "none");
    double index = card->index;
    card = card_of(w, pack, &c, turn);
    assert_string_equal(card->domain, "cultural_relics");
    assert_true(card->index > index);
    rule_pack_destroy(&plain);
    rule_pack_destroy(&pack);
}

static void files_come_apart_as_they_were_joined(void **state) {
    (void)state;
    static const pack_file list[] = {{"a.yaml", {"x", 1}}, {"model.bin", {"old", 3}}};
    const pack_files rules = {.list = (pack_file *)list, .count = 2};
    char *bytes;
    size_t length;
    wjz_blob model, packed;
    assert_int_equal(taught_join((wjz_blob){"model", 5}, &rules, &bytes, &length), 0);
    taught_split((wjz_blob){bytes, length}, &model, &packed);
    assert_int_equal(model.length, 5);
    assert_memory_equal(model.data, "model", 5);
    assert_true(packed.length > 0 && !memmem(packed.data, packed.length, "old", 3));
    taught_split((wjz_blob){bytes, length - 1}, &model, &packed);
    assert_true(model.length == length - 1 && packed.length == 0);
    taught_split((wjz_blob){"", 0}, &model, &packed);
    assert_true(model.length == 0 && packed.length == 0);
    memset(bytes + length - 16, 0xFF, 8);
    taught_split((wjz_blob){bytes, length}, &model, &packed);
    assert_true(model.length == length && packed.length == 0);
    free(bytes);
}

static void refuses_rules_that_are_none(void **state) {
    world *w = *state;
    wjz_err err = {0};
    rule_pack *pack = load(w, NULL);
    assert_true(taught_read((wjz_blob){"\xFF\xFF", 2}, "model.bin", pack, &err) < 0);
    assert_true(err.text[0] != '\0');
    assert_null(pack->taught);
    rule_pack_destroy(&pack);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_rules_are_not_kept_twice),
        cmocka_unit_test(a_change_moves_the_index_by_its_points),
        cmocka_unit_test(a_domain_that_no_rater_named_is_known_by_its_rules),
        cmocka_unit_test(a_new_rule_speaks_for_its_topic),
        cmocka_unit_test(files_come_apart_as_they_were_joined),
        cmocka_unit_test(refuses_rules_that_are_none),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
