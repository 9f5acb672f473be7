/* Routing: the rules shipped, the order of rules, the trace, and what a bad file is refused with. */
#include <errno.h>
#include <stdio.h>

#include "assignment/routing.h"
#include "unit/assignment/fixture.h"

static routing *parse(const char *text) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    wjz_err err = {0};
    routing *rules = NULL;
    if (wjz_yaml_parse("rules.yaml", text, strlen(text), &yaml, &err) < 0) fail_msg("%s", err.text);
    if (routing_parse(wjz_yaml_root(yaml), &rules, &err) < 0) fail_msg("%s", err.text);
    return rules;
}

static void tell(void *arg, const char *text) {
    (void)arg;
    fprintf(stderr, "%s\n", text);
}

static void shipped_rules_meet_their_expectations(void **state) {
    (void)state;
    wjz_err err = {0};
    WJZ_CLEANUP(routing_destroy) routing *rules = NULL;
    if (routing_load(WJZ_SOURCE_DIR "/deploy/config/routing.yaml", &rules, &err) < 0) fail_msg("%s", err.text);
    size_t checked = 0;
    assert_int_equal(routing_check(rules, tell, NULL, &checked), 0);
    assert_in_range(checked, 20, 1000);
    assert_in_range(routing_count(rules), 10, 1000);
}

static void count_failures(void *arg, const char *text) {
    assert_non_null(strstr(text, "line 6: expected organ JCY-2, found JCY-1; steps: 规则 1 命中：all / rule 1 matched "
                                 "because it holds for all"));
    ++*(int *)arg;
}

static void failed_expectations_are_told(void **state) {
    (void)state;
    WJZ_CLEANUP(routing_destroy)
    routing *rules = parse("rules:\n"
                           "  - {name: all, organ: JCY-1}\n"
                           "expectations:\n"
                           "  - clue: {region: 510184}\n"
                           "    organ: JCY-1\n"
                           "  - clue: {region: 510184}\n"
                           "    organ: JCY-2\n"
                           "    branch: none\n");
    size_t checked;
    int told = 0;
    assert_int_equal(routing_check(rules, count_failures, &told, &checked), 1);
    assert_int_equal(told, 1);
    assert_int_equal(checked, 2);
}

static void first_match_settles_each_result(void **state) {
    (void)state;
    WJZ_CLEANUP(directory_drop) directory *dir = fixture_directory();
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(routing_destroy)
    routing *rules = parse("counties: {510181: JCY-510181, 510184: JCY-510184}\n"
                           "rules:\n"
                           "  - {name: park, when: {town: 510184107}, consult: JCY-51DQ2}\n"
                           "  - {name: unknown, when: {stars_from: 4}, organ: JCY-9}\n"
                           "  - {name: water, when: {subject: 建材}, branch: civil}\n"
                           "  - {name: seen, when: {branch: civil}, station: ST-2}\n"
                           "  - {name: gone, station: ST-3}\n"
                           "  - {name: place, when: {place_known: true}, organ: by_place}\n"
                           "  - {name: feed, organ: by_feed}\n"
                           "  - {name: rest, organ: by_region}\n");
    clue told = fixture_clue();
    route found;
    trace steps = {.arena = arena};
    routing_decide(rules, dir, &told, &steps, &found);
    assert_string_equal(found.organ, "JCY-510184");
    assert_int_equal(found.rule, 6);
    assert_string_equal(found.consult, "JCY-51DQ2");
    assert_string_equal(found.branch, "civil");
    assert_string_equal(found.station, "ST-2");
    const char *text = trace_text(&steps);
    assert_non_null(strstr(text, "规则 1 命中：park / rule 1 matched because town is 510184107"));
    assert_non_null(strstr(text, "rule 2 gives no organ that is known (JCY-9)"));
    assert_non_null(strstr(text, "rule 3 matched because subject has \"建材\""));
    assert_non_null(strstr(text, "rule 4 matched because branch is civil"));
    assert_null(strstr(text, "rule 8"));

    feed_organ feeds[] = {{510184, "hotline", "JCY-510181"}};
    dir->feeds = feeds;
    dir->feed_count = 1;
    told.report_region = 0;
    routing_decide(rules, dir, &told, NULL, &found);
    assert_string_equal(found.organ, "JCY-510181");
    told.feed = "other";
    routing_decide(rules, dir, &told, NULL, &found);
    assert_string_equal(found.organ, "JCY-510184");
    told.region = 999999;
    routing_decide(rules, dir, &told, NULL, &found);
    assert_null(found.organ);
    assert_int_equal(found.rule, 0);
}

static void refuses_what_means_nothing(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "rules.yaml:1: the file must be a map"},
        {"counties: {}\n", "rules.yaml:1: there are no rules"},
        {"rules: []\n", "there are no rules"},
        {"rules:\n  - 3\n", "rules.yaml:2: a rule must be a map"},
        {"rules:\n  - {name: a, organ: X, whenn: {}}\n", "rules.yaml:2:"},
        {"rules:\n  - {organ: X}\n", "\"name\""},
        {"rules:\n  - {name: a}\n", "rules.yaml:2: rule \"a\" has no result"},
        {"rules:\n  - {name: a, organ: \"\"}\n", "\"organ\" is empty"},
        {"rules:\n  - {name: a, organ: X, when: 3}\n", "\"when\" must be a map"},
        {"rules:\n  - name: a\n    organ: X\n    when:\n      town: 5101\n",
         "rules.yaml:5: \"5101\" in \"town\" is no code of 9 digits"},
        {"rules:\n  - {name: a, organ: X, when: {region: [510184, 51018x]}}\n",
         "\"51018x\" in \"region\" is no code of 6 digits"},
        {"rules:\n  - {name: a, organ: X, when: {village: []}}\n", "\"village\" lists nothing"},
        {"rules:\n  - {name: a, organ: X, when: {place: []}}\n", "\"place\" lists nothing"},
        {"rules:\n  - {name: a, organ: X, when: {place: [\"\"]}}\n", "texts that are not empty"},
        {"rules:\n  - {name: a, organ: X, when: {branch: pil}}\n", "unknown branch \"pil\""},
        {"rules:\n  - {name: a, branch: pil}\n", "unknown branch \"pil\""},
        {"rules:\n  - {name: a, organ: X, when: {stars_from: 4, stars_to: 3}}\n", "stars_from 4 is above stars_to 3"},
        {"rules:\n  - {name: a, organ: X, when: {stars_from: 9}}\n", "rules.yaml:2:"},
        {"rules:\n  - {name: a, organ: X, when: {mediation: perhaps}}\n", "rules.yaml:2:"},
        {"counties: 3\nrules:\n  - {name: a, organ: X}\n", "\"counties\" must be a map"},
        {"counties: {5101: X}\nrules:\n  - {name: a, organ: X}\n", "\"5101\" in \"counties\" is no code of 6 digits"},
        {"rules:\n  - {name: a, organ: X}\nexpectations:\n  - {organ: X}\n",
         "rules.yaml:4: an expectation needs \"clue\""},
        {"rules:\n  - {name: a, organ: X}\nexpectations:\n  - {clue: {town: 5}, organ: X}\n", "\"region\""},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
        WJZ_CLEANUP(routing_destroy) routing *rules = NULL;
        wjz_err err = {0};
        assert_int_equal(wjz_yaml_parse("rules.yaml", cases[i].text, strlen(cases[i].text), &yaml, &err), 0);
        assert_int_equal(routing_parse(wjz_yaml_root(yaml), &rules, &err), -EINVAL);
        assert_null(rules);
        if (strstr(err.text, cases[i].says) == NULL) fail_msg("case %zu: %s", i, err.text);
    }
    WJZ_CLEANUP(routing_destroy) routing *rules = NULL;
    wjz_err err = {0};
    assert_int_equal(routing_parse(NULL, &rules, &err), -EINVAL);
    assert_true(routing_load("/nonexistent/rules.yaml", &rules, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/rules.yaml"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_rules_meet_their_expectations),
        cmocka_unit_test(failed_expectations_are_told),
        cmocka_unit_test(first_match_settles_each_result),
        cmocka_unit_test(refuses_what_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
