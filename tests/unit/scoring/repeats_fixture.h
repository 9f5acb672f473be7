/* Invented complaints about known matters, for tests of grouping. */
#ifndef REPEATS_FIXTURE_H
#define REPEATS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/matter.h"
#include "scoring/repeats_rules.h"
#include "wjz/arena.h"
#include "wjz/clock.h"

static const char *const fixture_places[] = {"锦棠苑", "锦棠里", "云岫府", "望桤公馆", "鹭栖湾", "棠湖壹号"};
static const char *const fixture_problems[][3] = {
    {"楼下烧烤店油烟直排，深夜扰民", "底层烧烤店没装油烟净化，烟往楼上跑，半夜还在营业",
     "烧烤店油烟问题再次反映，城管来过没用"},
    {"旁边工地夜间施工，噪声太大", "对面的工地凌晨两点还在打桩，吵得无法睡觉",
     "边上工地夜里施工噪声，投诉多次仍未解决"},
    {"电梯经常困人，维保不到位", "电梯又把老人困在里面半小时，物业不修", "的电梯三天坏两次，困过人，请查维保记录"},
};

static inline repeat_rules *fixture_rules(void) {
    repeat_rules *rules = NULL;
    wjz_err err = {0};
    if (repeat_rules_load(WJZ_SOURCE_DIR "/deploy/repeats", &rules, &err)) fail_msg("%s", err.text);
    return rules;
}

/* A complaint with everything empty that a test does not set. */
static inline complaint fixture_complaint(const char *external_id, const char *title, const char *content) {
    return (complaint){.feed = "hotline",
                       .external_id = external_id,
                       .title = title,
                       .content = content,
                       .order_type = "",
                       .categories = "",
                       .incident_address = "",
                       .town = "",
                       .village = "",
                       .handler_unit = "",
                       .handle_result = "",
                       .status = "",
                       .visit_note = "",
                       .parent_id = ""};
}

static inline const matter *fixture_matter(const repeat_rules *rules, wjz_arena *arena, const complaint *c) {
    matter *m = NULL;
    assert_int_equal(matter_of(rules, c, NULL, arena, &m), 0);
    return m;
}

/* Number i of many complaints; few matters have many of them. */
static inline const matter *fixture_numbered(const repeat_rules *rules, wjz_arena *arena, unsigned i) {
    char id[20], title[200], content[500];
    unsigned random = i * 2654435761U >> 7;
    const char *place = fixture_places[random % 6 * (random >> 4) % 6];
    const char *const *wordings = fixture_problems[(random >> 8) % 3];
    snprintf(id, sizeof id, "E-%u", i);
    snprintf(title, sizeof title, "%s%s", place, wordings[(random >> 10) % 3]);
    snprintf(content, sizeof content, "%s，%s%s。", title, place, wordings[(random >> 12) % 3]);
    complaint c = fixture_complaint(id, title, content);
    c.received_at_us = random % 17 == 0 ? 0 : (1767225600 + (int64_t)((random >> 3) % 60) * 86400) * WJZ_SECOND_US;
    return fixture_matter(rules, arena, &c);
}

#endif
