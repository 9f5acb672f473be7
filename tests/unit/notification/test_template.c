/* Templates: mistakes are found with their line, values are filled in readably. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notification/compose.h"
#include "notification/template.h"

#define TEXTS "zh-CN: {title: 标题, body: 正文}\nen: {title: a title, body: a body}\n"

static void names_what_is_wrong(void **state) {
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"values: [a]\n" TEXTS, NULL},
        {"values: [a]\nzh-CN: {title: '{{a}}', body: '{{recipient}}'}\nen: {title: t, body: b}\n", NULL},
        {"", "must be a map"},
        {"- a\n", "must be a map"},
        {"values: [a]\nzh-CN: {title: t, body: b}\n", "texts in en are missing"},
        {"values: [a]\nzh-CN: t\nen: {title: t, body: b}\n", "texts in zh-CN are missing"},
        {"values: [A]\n" TEXTS, "x.yaml:1:"},
        {"values: [[a]]\n" TEXTS, "lower case"},
        {"value: [a]\n" TEXTS, "value"},
        {"values: [a]\nzh-CN: {title: t, body: b, subject: s}\nen: {title: t, body: b}\n", "subject"},
        {"values: [a]\nzh-CN: {title: t}\nen: {title: t, body: b}\n", "body"},
        {"values: [a]\nzh-CN:\n  title: t\n  body: '{{b}}'\nen: {title: t, body: b}\n",
         "x.yaml:4: unknown placeholder \"{{b}}\""},
        {"values: [a]\nzh-CN: {title: t, body: '{{a'}\nen: {title: t, body: b}\n", "not closed"},
        {"values: [a]\nzh-CN: {title: \"t\\nu\", body: b}\nen: {title: t, body: b}\n", "one line"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
        wjz_err err = {0};
        assert_int_equal(templates_new(&templates, NULL), 0);
        int r = templates_add(templates, "x", "x.yaml", cases[i].text, strlen(cases[i].text), &err);
        assert_int_equal(r < 0, cases[i].says != NULL);
        if (cases[i].says != NULL && strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu says \"%s\", not \"%s\"", i, err.text, cases[i].says);
        assert_int_equal(templates_count(templates), r == 0 ? 1 : 0);
    }
}

static void refuses_the_same_template_twice_and_bad_labels(void **state) {
    (void)state;
    WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
    wjz_err err = {0};
    assert_int_equal(templates_new(&templates, NULL), 0);
    assert_int_equal(templates_add(templates, "x", "x.yaml", TEXTS, sizeof TEXTS - 1, &err), 0);
    assert_int_equal(templates_add(templates, "x", "y/x.yaml", TEXTS, sizeof TEXTS - 1, &err), -EINVAL);
    static const char *const labels[] = {"domain: eco\n", "domain: {eco: nature}\n", "domain: {eco: {en: nature}}\n"};
    for (size_t i = 0; i < WJZ_COUNT(labels); i++)
        assert_true(templates_add(templates, "labels", "labels.yaml", labels[i], strlen(labels[i]), &err) < 0);
}

static void fills_in_readably(void **state) {
    (void)state;
    static const char text[] = "values: [domain, until, name]\n"
                               "zh-CN: {title: '{{domain}}！{{until}}', body: '{{name}}{{name}}，{{recipient}}'}\n"
                               "en: {title: '{{domain}} {{until}}', body: plain}\n";
    static const char labels[] = "domain: {eco: {zh-CN: 生态, en: nature}}\n";
    const struct {
        enum locale locale;
        struct template_value values[4];
        const char *title, *body;
    } cases[] = {
        {LOCALE_ZH_CN,
         {{"domain", "eco"}, {"until", "2026-11-24T01:30:00Z"}, {"name", "甲"}, {"recipient", "乙"}},
         "生态！2026-11-24 09:30",
         "甲甲，乙"},
        {LOCALE_EN,
         {{"domain", "eco"}, {"until", "2026-11-24T01:30:00Z"}, {"name", ""}, {"other", ""}},
         "nature 2026-11-24 09:30",
         "plain"},
        {LOCALE_ZH_CN,
         {{"domain", "unknown"}, {"until", "soon"}, {"name", ""}, {"name", "x"}},
         "unknown！soon",
         "——，—"},
        {LOCALE_EN, {{"domain", "{{until}}"}, {"until", "T"}, {"a", "b"}, {"c", "d"}}, "{{until}} T", "plain"},
    };
    WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_int_equal(templates_new(&templates, NULL), 0);
    assert_int_equal(templates_add(templates, "x", "x.yaml", text, sizeof text - 1, NULL), 0);
    assert_int_equal(templates_add(templates, "labels", "labels.yaml", labels, sizeof labels - 1, NULL), 0);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        struct rendered out;
        assert_int_equal(templates_render(templates, "x", cases[i].locale, cases[i].values, 4, arena, &out), 0);
        assert_string_equal(out.title, cases[i].title);
        assert_string_equal(out.body, cases[i].body);
    }
    struct rendered out;
    assert_int_equal(templates_render(templates, "y", LOCALE_EN, NULL, 0, arena, &out), -ENOENT);
}

static void cuts_long_values_at_a_character(void **state) {
    (void)state;
    static const char text[] = "values: [v]\nzh-CN: {title: '{{v}}', body: b}\nen: {title: t, body: b}\n";
    WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_int_equal(templates_new(&templates, NULL), 0);
    assert_int_equal(templates_add(templates, "x", "x.yaml", text, sizeof text - 1, NULL), 0);
    char longish[1000] = "";
    while (strlen(longish) < 900)
        strcat(longish, "河");
    struct rendered out;
    struct template_value value = {"v", longish};
    assert_int_equal(templates_render(templates, "x", LOCALE_ZH_CN, &value, 1, arena, &out), 0);
    assert_int_equal(strlen(out.title), 498);
}

static void loads_the_product_s_own(void **state) {
    (void)state;
    WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
    wjz_err err = {0};
    if (templates_load(WJZ_SOURCE_DIR "/deploy/templates", compose_templates, &templates, &err) < 0)
        fail_msg("%s", err.text);
    static const char *const absent[] = {"no_such_template", NULL};
    struct templates *none = NULL;
    assert_int_equal(templates_load(WJZ_SOURCE_DIR "/deploy/templates", absent, &none, &err), -ENOENT);
    assert_non_null(strstr(err.text, "\"no_such_template\" is missing"));
    assert_int_equal(templates_load("/nonexistent", absent, &none, &err), -ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_is_wrong),     cmocka_unit_test(refuses_the_same_template_twice_and_bad_labels),
        cmocka_unit_test(fills_in_readably),       cmocka_unit_test(cuts_long_values_at_a_character),
        cmocka_unit_test(loads_the_product_s_own),
    };
    return cmocka_run_group_tests_name("notification/template", tests, NULL, NULL);
}
