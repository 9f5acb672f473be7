/* Rule packs: what is refused and where, both orders of act and object, negation, places of words. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/scoring/world.h"

static const char *const pack_text =
    "version: \"t1\"\n"
    "domains: [eco_env]\n"
    "negations: [没有]\n"
    "points: {source_enforcement: 8, source_state_organ: 8, source_grid: 7, source_hotline: 6, source_photo: 6,\n"
    "  source_media: 5, source_anonymous: 3, corroboration: 2, match_strong: 18, match_core: 12, match_weak: 5,\n"
    "  severity_grave: 9, severity_measured: 6, severity_general: 3, scope_many: 7, scope_several: 4,\n"
    "  scope_households: 10, scope_persons: 30, persistence_long: 6, persistence_months: 3, persistence_short: 1,\n"
    "  persistence_long_days: 365, persistence_month_days: 30, agency: 7, unsolved_closed: 10, unsolved_overdue: 7,\n"
    "  unsolved_said: 7, unsolved_returns: 2, dissatisfied: 8, half_satisfied: 3, repetition_five: 10,\n"
    "  repetition_three: 7, repetition_two: 4, repetition_window_days: 180, location_exact: 6, location_village: 4,\n"
    "  location_town: 2, subject: 4, evidence: 3, contact: 2}\n"
    "adjustments: {spreading: 5, area_warning: 5, private_dispute: -15, no_request: -20, in_litigation: -15,\n"
    "  learned_limit: 20}\n"
    "stars: {five: 65, four: 60, three: 50, two: 30}\n"
    "gates: {five_match: 12, five_dissatisfied: 8, five_repetition: 4, five_unsolved: 7, five_checkability: 6,\n"
    "  no_domain_stars: 2, exploratory_stars: 3}\n";

static const char *const head = "domain: eco_env\nzh: 环境\nen: environment\nrules:\n";

static void write_file(const char *dir, const char *name, const char *text) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_files(const char *dir) {
    static const char *const names[] = {"pack.yaml", "eco_env.yaml", "extra.yaml", "model.bin"};
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* Loads a pack of these files (NULL: without it); the error's text in err. */
static int load(const char *pack, const char *domain, const char *extra, rule_pack **ret_pack, wjz_err *err) {
    char dir[] = "/tmp/wjz-rules-XXXXXX";
    assert_non_null(mkdtemp(dir));
    if (pack) write_file(dir, "pack.yaml", pack);
    if (domain) write_file(dir, "eco_env.yaml", domain);
    if (extra) write_file(dir, "extra.yaml", extra);
    int r = rule_pack_load(dir, ret_pack, err);
    remove_files(dir);
    return r;
}

static rule_pack *loaded(const char *rules) {
    rule_pack *pack = NULL;
    wjz_err err = {0};
    char text[2000];
    snprintf(text, sizeof text, "%s%s", head, rules);
    if (load(pack_text, text, NULL, &pack, &err) < 0) fail_msg("%s", err.text);
    return pack;
}

static void says_where_a_pack_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *rules, *expected;
    } cases[] = {
        {"  - {id: a, words: [x]}\n", "eco_env.yaml:5: the rule has no tier"},
        {"  - {id: a, tier: huge, words: [x]}\n",
         "eco_env.yaml:5: tier is \"huge\", must be one of strong, core, weak"},
        {"  - {id: a, tier: core, wrods: [x]}\n", "eco_env.yaml:5"},
        {"  - {tier: core, words: [x]}\n", "eco_env.yaml:5"},
        {"  - {id: a, tier: core}\n", "eco_env.yaml:5: the rule has no words"},
        {"  - {id: a, tier: core, words: []}\n", "eco_env.yaml:5: the rule has no words"},
        {"  - {id: a, tier: core, words: [x]}\n  - {id: a, tier: core, words: [y]}\n",
         "eco_env.yaml:6: the id \"a\" is taken by the rule at"},
        {"  - id: a\n    tier: core\n    words: [x,\n      x]\n", "eco_env.yaml:8: \"x\" stands twice in words"},
        {"  - {id: a, tier: core, words: [\"\"]}\n", "words has an empty entry"},
        {"  - {id: a, tier: strong, act: [x]}\n", "act and object come together"},
        {"  - {id: a, tier: core, gap: 99, act: [x], object: [y]}\n", "eco_env.yaml:5"},
        {"  - {id: a, tier: core, where: nowhere, words: [x]}\n", "where is \"nowhere\""},
        {"  - {id: a, tier: core, order: backwards, words: [x]}\n", "order is \"backwards\""},
        {"  - {id: a, tier: core, kind: help, words: [x]}\n", "only rules of role kind have a kind"},
        {"  - id: a\n    tier: core\n    patterns: [\"x(\"]\n", "eco_env.yaml:7: bad pattern \"x(\""},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        rule_pack *pack = NULL;
        wjz_err err = {0};
        char text[2000];
        snprintf(text, sizeof text, "%s%s", head, cases[i].rules);
        assert_true(load(pack_text, text, NULL, &pack, &err) < 0);
        assert_null(pack);
        if (!strstr(err.text, cases[i].expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].expected);
    }
}

static void says_where_a_file_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *pack, *domain, *extra, *expected;
    } cases[] = {
        {NULL, NULL, NULL, "pack.yaml"},
        {"", NULL, NULL, "pack.yaml:1: the file is empty"},
        {"version: \"1\"\ndomains: [a, a]\n", NULL, NULL, "pack.yaml:2: the domain \"a\" stands twice"},
        {"version: \"1\"\ndomains: []\n", NULL, NULL, "names no domains"},
        {"version: \"1\"\ndomains: [a]\npoints: {sauce: 3}\n", NULL, NULL,
         "pack.yaml:3: unknown key \"sauce\" in points"},
        {"version: \"1\"\ndomains: [a]\npoints: {agency: 300}\n", NULL, NULL, "points has no \"source_hotline\""},
        {"version: \"1\"\ndomains: [a]\npoints: 3\n", NULL, NULL, "points must be a map of numbers"},
        {"colour: red\n", NULL, NULL, "pack.yaml:1"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        rule_pack *pack = NULL;
        wjz_err err = {0};
        assert_true(load(cases[i].pack, cases[i].domain, cases[i].extra, &pack, &err) < 0);
        if (!strstr(err.text, cases[i].expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].expected);
    }
    static const struct {
        const char *domain, *extra, *expected;
    } files[] = {
        {NULL, NULL, "the domain \"eco_env\" has no file"},
        {"", NULL, "eco_env.yaml:1: the file is empty"},
        {"rules: []\n", NULL, "exactly one of domain, branch, role"},
        {"domain: fairy_land\nzh: x\nen: y\n", NULL, "unknown domain \"fairy_land\""},
        {"branch: none\nzh: x\nen: y\n", NULL, "unknown branch \"none\""},
        {"domain: eco_env\nzh: x\nen: y\n", NULL, "the pack has no rules"},
        {"domain: eco_env\nen: y\n", NULL, "eco_env.yaml:1"},
        {"domain: eco_env\nzh: x\nen: y\n", "domain: eco_env\nzh: x\nen: y\n", "has another file already"},
        {"domain: eco_env\nzh: x\nen: y\nlaws: [{name: l, effective_from: soon}]\n", NULL, "must be a day like"},
        {"domain: eco_env\nzh: x\nen: y\nlaws: [{name: l, effective_from: 2026-02-01, effective_to: 2026-01-01}]\n",
         NULL, "effective_to lies before effective_from"},
        {"role: jester\n", NULL, "unknown role \"jester\""},
        {"role: kind\nrules: [{id: a, words: [x]}]\n", NULL, "the rule has no kind"},
        {"role: kind\nrules: [{id: a, kind: rant, words: [x]}]\n", NULL, "kind is \"rant\""},
    };
    for (size_t i = 0; i < WJZ_COUNT(files); i++) {
        rule_pack *pack = NULL;
        wjz_err err = {0};
        assert_true(load(pack_text, files[i].domain, files[i].extra, &pack, &err) < 0);
        if (!strstr(err.text, files[i].expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, files[i].expected);
    }
}

/* Occurrences of the only rule in a text of title, content and reply. */
static uint32_t hits(const rule_pack *pack, const char *title, const char *content, const char *reply) {
    wjz_arena *arena = wjz_arena_new(0);
    const text_part parts[] = {{WJZ__SCORING__FIELD__FIELD_TITLE, title, strlen(title)},
                               {WJZ__SCORING__FIELD__FIELD_CONTENT, content, strlen(content)},
                               {WJZ__SCORING__FIELD__FIELD_REPLY, reply, strlen(reply)}};
    normal_text *text;
    rule_matches matches;
    assert_int_equal(normalise(parts, 3, arena, &text), 0);
    assert_int_equal(rules_match(pack, text, 0, 2, arena, &matches), 0);
    uint32_t count = matches.count ? matches.list[0].count : 0;
    wjz_arena_destroy(&arena);
    return count;
}

static void matches_act_and_object(void **state) {
    (void)state;
    rule_pack *any = loaded("  - {id: a, tier: strong, act: [堆放, 倾倒], object: [垃圾], gap: 4}\n");
    rule_pack *forward = loaded("  - {id: a, tier: strong, act: [堆放], object: [垃圾], gap: 4, order: act_first}\n");
    static const struct {
        const char *text;
        uint32_t any, forward;
    } cases[] = {
        {"河边堆放垃圾", 1, 1},         {"垃圾堆放在河边", 1, 0}, {"堆放了大量的垃圾", 1, 1},
        {"堆放了很多很多的垃圾", 0, 0}, {"堆放。垃圾", 0, 0},     {"没有堆放垃圾", 0, 0},
        {"堆 放\n垃　圾", 1, 1},        {"垃圾", 0, 0},           {"堆放", 0, 0},
        {"堆放垃圾，又堆放垃圾", 3, 2}, {"垃圾！堆放", 0, 0},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        if (hits(any, "", cases[i].text, "") != cases[i].any ||
            hits(forward, "", cases[i].text, "") != cases[i].forward)
            fail_msg("%s: %u and %u", cases[i].text, hits(any, "", cases[i].text, ""),
                     hits(forward, "", cases[i].text, ""));
    }
    assert_int_equal(hits(any, "堆放", "垃圾", ""), 0); /* not across fields */
    assert_int_equal(hits(any, "", "", "堆放垃圾"), 0); /* the agency's words are not the complaint's */
    rule_pack_destroy(&any);
    rule_pack_destroy(&forward);
}

static void matches_words_where_they_belong(void **state) {
    (void)state;
    rule_pack *title = loaded("  - {id: a, tier: core, words: [污染], where: title}\n");
    rule_pack *reply = loaded("  - {id: a, tier: core, words: [属实], where: reply}\n");
    rule_pack *pattern = loaded("  - {id: a, tier: core, patterns: [\"投诉[0-9]{1,2}次\"]}\n");
    rule_pack *latin = loaded("  - {id: a, tier: core, words: [KTV, ＱＱ]}\n");
    assert_int_equal(hits(title, "污染", "污染", "污染"), 1);
    assert_int_equal(hits(reply, "属实", "属实", "属实"), 1);
    assert_int_equal(hits(pattern, "", "已投诉１２次", ""), 1);
    assert_int_equal(hits(latin, "", "ｋｔｖ与qq", ""), 2);
    rule_pack_destroy(&title);
    rule_pack_destroy(&reply);
    rule_pack_destroy(&pattern);
    rule_pack_destroy(&latin);
}

/* The agency's words and the complaint's are looked at apart, wherever the reply stands and whatever the pack has. */
static void keeps_replies_apart(void **state) {
    (void)state;
    rule_pack *pattern = loaded("  - {id: a, tier: core, patterns: [\"污[^x]{0,9}染\"]}\n");
    rule_pack *both = loaded("  - {id: a, tier: core, words: [罚款], where: reply}\n"
                             "  - {id: b, tier: core, words: [罚款, 水污染]}\n");
    rule_pack *strong = loaded("  - {id: a, tier: strong, act: [偷排], object: [废水], where: reply}\n");
    rule_pack *replied = loaded("  - {id: a, tier: core, patterns: [\"处罚了?[0-9]+元\"], where: reply}\n");
    assert_int_equal(hits(pattern, "", "污水染", "污水染"), 1);
    assert_int_equal(hits(pattern, "", "排污", "染坊"), 0); /* not from one into the other */
    assert_int_equal(hits(pattern, "", "", ""), 0);
    assert_int_equal(hits(strong, "偷排废水", "偷排废水", "偷排废水，废水偷排"), 3);
    assert_int_equal(hits(strong, "偷排", "偷排", "废水"), 0);
    assert_int_equal(hits(replied, "处罚5元", "处罚5元", "已处罚了500元"), 1);
    static const char texts[3][32] = {"水污染，罚款", "已罚款，又罚款", "罚款"};
    for (int reply = -1; reply < 3; reply++) {
        wjz_arena *arena = wjz_arena_new(0);
        text_part parts[3];
        uint32_t own = 0, its = 0;
        for (int i = 0; i < 3; i++) {
            static const uint32_t fines[3] = {1, 2, 1};
            parts[i] = (text_part){WJZ__SCORING__FIELD__FIELD_CONTENT, texts[i], strlen(texts[i])};
            *(i == reply ? &its : &own) += fines[i];
        }
        if (reply != 0) own++; /* 水污染 */
        normal_text *text;
        rule_matches matches;
        assert_int_equal(normalise(parts, 3, arena, &text), 0);
        assert_int_equal(rules_match(both, text, -1, reply, arena, &matches), 0);
        assert_int_equal(matches.count, reply < 0 ? 1 : 2);
        if (reply >= 0) assert_int_equal(matches.list[0].count, its);
        const rule_match *last = &matches.list[matches.count - 1];
        assert_string_equal(last->rule->id, "b");
        assert_int_equal(last->count, own);
        assert_true(last->from >= (reply == 0 ? text->part_from[1] : 0));
        wjz_arena_destroy(&arena);
    }
    rule_pack_destroy(&pattern);
    rule_pack_destroy(&both);
    rule_pack_destroy(&strong);
    rule_pack_destroy(&replied);
}

/* The words of the only rule's first occurrence in the content. */
static void assert_evidence(const rule_pack *pack, const char *content, const char *expected) {
    wjz_arena *arena = wjz_arena_new(0);
    const text_part part = {WJZ__SCORING__FIELD__FIELD_CONTENT, content, strlen(content)};
    normal_text *text;
    rule_matches matches;
    assert_int_equal(normalise(&part, 1, arena, &text), 0);
    assert_int_equal(rules_match(pack, text, -1, -1, arena, &matches), 0);
    assert_int_equal(matches.count, 1);
    const rule_match *match = &matches.list[0];
    const char *found = wjz_arena_strndup(arena, text->bytes + match->from, match->to - match->from);
    assert_string_equal(found, expected);
    wjz_arena_destroy(&arena);
}

static void knows_where_an_expression_begins(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *content, *expected;
    } cases[] = {
        {"投诉.{0,4}次", "前面有很多别的话，其中有一句，说投诉了三次，后面也有", "投诉了三次"},
        {"(投诉|反映投诉).{0,4}次", "早就反映投诉了三次", "反映投诉了三次"}, /* the leftmost beginning */
        {"投诉.{0,4}次", "投诉投诉三次", "投诉投诉三次"},                    /* reaching as far as it may */
        {"投诉.{0,4}次", "投诉了又投诉三次", "投诉三次"},                    /* and no further */
        {"投诉.*次", "投诉了很久很久。一直没有人来。电话打了几十次", "投诉了很久很久。一直没有人来。电话打了几十次"},
        {"^投诉.{0,2}次", "投诉三次", "投诉三次"},
        {"次$", "投诉三次", "次"},
        {"\\\\bktv\\\\b", "楼下的 ktv 太吵", "ktv"},
        {"\\\\bktv\\\\b|tv", "楼下 aktv 太吵", "tv"}, /* a word that goes on to the left is none */
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        char rule[200];
        snprintf(rule, sizeof rule, "  - {id: a, tier: core, patterns: [\"%s\"]}\n", cases[i].pattern);
        rule_pack *pack = loaded(rule);
        assert_evidence(pack, cases[i].content, cases[i].expected);
        rule_pack_destroy(&pack);
    }
}

static void checks_by_command(void **state) {
    (void)state;
    assert_int_equal(rules_check_command(WJZ_SOURCE_DIR "/deploy/rules"), 0);
    assert_int_equal(rules_check_command(WJZ_SOURCE_DIR "/deploy/no-such-folder"), 1);
}

/* domain.md's own words find their domains, in both orders. */
static void knows_the_domains(void **state) {
    static const struct {
        const char *text, *domain;
    } cases[] = {
        {"工厂夜里偷排废水", "eco_env"},
        {"废水被工厂偷排", "eco_env"},
        {"河流垃圾堆放", "eco_env"},
        {"有人盗采河砂", "eco_env"},
        {"超市销售过期食品", "food_drug"},
        {"公司骗取社保补贴", "state_property"},
        {"闲置土地拖欠出让金", "state_land"},
        {"烈士陵园破损，墓碑倒塌", "heroes"},
        {"网吧接纳未成年人，向学生卖电子烟", "minors"},
        {"退役军人优待证被拒绝，军人优先不落实", "service_members"},
        {"消防通道被堵塞", "work_safety"},
        {"小区泄露个人信息，强制人脸识别门禁", "personal_info"},
        {"驾校串通统一涨价，垄断市场", "antitrust"},
        {"网络诈骗，冒充客服，刷单被骗", "telecom_fraud"},
        {"农资店销售假种子和禁用农药", "agri_product"},
        {"招聘就业性别歧视，只招男，孕期辞退", "women"},
        {"盲道被占用，轮椅过不去", "accessibility"},
        {"古建筑被拆除，文物保护单位受损", "cultural_relics"},
        {"旅店民族歧视，拒绝少数民族住宿", "ethnic_unity"},
        {"物业侵占业主公共收益", "other_public"},
        {"今天天气很好", "none"},
        {"不存在消防通道堵塞", "none"},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        complaint c = blank_complaint();
        c.content = cases[i].text;
        Wjz__Scoring__Finding *finding = analysed(w, &c);
        if (strcmp(finding->domain, cases[i].domain) != 0)
            fail_msg("%s: %s, expected %s", cases[i].text, finding->domain, cases[i].domain);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_a_pack_is_wrong), cmocka_unit_test(says_where_a_file_is_wrong),
        cmocka_unit_test(matches_act_and_object),     cmocka_unit_test(matches_words_where_they_belong),
        cmocka_unit_test(keeps_replies_apart),        cmocka_unit_test(knows_where_an_expression_begins),
        cmocka_unit_test(checks_by_command),          cmocka_unit_test(knows_the_domains),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
