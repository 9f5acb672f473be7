/* A small county for the decision tests: one organ with people, two stations, one organ without anybody. */
#ifndef TESTS_UNIT_ASSIGNMENT_FIXTURE_H
#define TESTS_UNIT_ASSIGNMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assignment/directory.h"
#include "assignment/dispatch.h"
#include "assignment/ledger.h"
#include "wjz/clock.h"

/* Tuesday 2026-03-03 10:00 in Shanghai. */
#define FIXTURE_NOW_TEXT "2026-03-03T10:00:00+08:00"

static inline int64_t fixture_moment(const char *text) {
    int64_t us;
    assert_int_equal(wjz_clock_parse(text, &us), 0);
    return us;
}

static inline directory *fixture_directory(void) {
    static const organ organs[] = {
        {"JCY-510181", "都江堰市院", 510181}, {"JCY-510184", "崇州市院", 510184}, {"JCY-51DQ2", "第二地区院", 0}};
    static const int64_t west[] = {510184107, 510184110};
    static const station stations[] = {
        {"ST-1", "JCY-510184", "village", 510184107, 510184107201, "eco_env", west, WJZ_COUNT(west)},
        {"ST-2", "JCY-510184", "community", 510184001, 0, "minors", NULL, 0},
        {"ST-3", "JCY-510184", "mobile", 0, 0, "", NULL, 0},
    };
    static const person people[] = {
        {.code = "P-chief", .organ = "JCY-510184", .roles = ROLE_CHIEF, .branches = "", .stations = ""},
        {.code = "P-clerk", .organ = "JCY-510184", .roles = ROLE_OPERATOR, .branches = "", .stations = ""},
        {.code = "P-head",
         .organ = "JCY-510184",
         .roles = ROLE_BRANCH_HEAD | ROLE_PROSECUTOR,
         .branches = "public_interest"},
        {.code = "P-one",
         .organ = "JCY-510184",
         .roles = ROLE_PROSECUTOR,
         .branches = "public_interest",
         .specialities = "eco_env\nagri_product",
         .stations = "ST-1"},
        {.code = "P-staff", .organ = "JCY-510184", .roles = ROLE_STATION_STAFF, .branches = "", .stations = "ST-2"},
        {.code = "P-three", .organ = "JCY-510184", .roles = ROLE_PROSECUTOR, .branches = "civil", .stations = "ST-2"},
        {.code = "P-two", .organ = "JCY-510184", .roles = ROLE_PROSECUTOR, .branches = "public_interest"},
    };
    directory *dir = directory_new();
    assert_non_null(dir);
    dir->organs = wjz_arena_alloc(dir->arena, sizeof(organs));
    memcpy(dir->organs, organs, sizeof(organs));
    dir->organ_count = WJZ_COUNT(organs);
    dir->stations = wjz_arena_alloc(dir->arena, sizeof(stations));
    memcpy(dir->stations, stations, sizeof(stations));
    dir->station_count = WJZ_COUNT(stations);
    dir->people = wjz_arena_alloc(dir->arena, sizeof(people));
    memcpy(dir->people, people, sizeof(people));
    dir->person_count = WJZ_COUNT(people);
    dir->calendar = calendar_new(NULL, 0);
    assert_non_null(dir->calendar);
    assert_int_equal(directory_finish(dir), 0);
    return dir;
}

/* A public-interest clue of 4★ at a town that ST-1 serves. */
static inline clue fixture_clue(void) {
    return (clue){.region = 510184,
                  .id = 77,
                  .revision = 1,
                  .index = 72,
                  .stars = 4,
                  .kind = "report",
                  .branch = "public_interest",
                  .domain = "eco_env",
                  .town = 510184107,
                  .place = "怀远镇",
                  .complaints = 2,
                  .feed = "hotline",
                  .report_region = 510184,
                  .agencies = "水务局\n综合行政执法局",
                  .subject = "宏源建材厂",
                  .excluded = ""};
}

#endif
