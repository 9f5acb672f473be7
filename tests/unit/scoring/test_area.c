/* Whether a matter lies in an area with a warning. */
#include <errno.h>
#include <string.h>

#include "scoring/area.h"
#include "unit/scoring/world.h"

static area_outline outline_of(world *w, const char *text) {
    area_outline outline;
    assert_int_equal(area_outline_parse(text, w->arena, &outline), 0);
    return outline;
}

static void knows_inside_from_outside(void **state) {
    world *w = *state;
    /* an L: the square's upper right quarter is cut out */
    area_outline l = outline_of(w, "((103.0,30.0),(103.2,30.0),(103.2,30.1),(103.1,30.1),(103.1,30.2),(103.0,30.2))");
    assert_int_equal(l.count, 6);
    assert_true(area_outline_holds(&l, 103.05, 30.15));
    assert_true(area_outline_holds(&l, 103.15, 30.05));
    assert_false(area_outline_holds(&l, 103.15, 30.15));
    assert_false(area_outline_holds(&l, 103.05, 30.25));
    assert_false(area_outline_holds(&l, 102.9, 30.1));
    area_outline nothing = outline_of(w, "");
    assert_false(area_outline_holds(&nothing, 0, 0));
}

static void refuses_what_is_no_outline(void **state) {
    world *w = *state;
    static const char *const bad[] = {"((1,2),(3", "((1 2))", "((1,x))", "((1,1e999))"};
    area_outline outline;
    for (size_t i = 0; i < WJZ_COUNT(bad); i++)
        assert_int_equal(area_outline_parse(bad[i], w->arena, &outline), -EINVAL);
}

static void takes_the_highest_level_of_the_smallest_unit(void **state) {
    world *w = *state;
    const warned_area list[] = {
        {.kind = AREA_TOWN, .code = 510184107, .domain = "eco_env", .level = 2},
        {.kind = AREA_VILLAGE, .code = 510184107201, .domain = "eco_env", .level = 2},
        {.kind = AREA_TOWN, .code = 510184107, .domain = "food_drug", .level = 1},
        {.kind = AREA_GRID,
         .outline = outline_of(w, "((103,30),(104,30),(104,31),(103,31))"),
         .domain = "eco_env",
         .level = 3},
    };
    const warned_areas areas = {list, WJZ_COUNT(list)};
    Wjz__Scoring__Place place = WJZ__SCORING__PLACE__INIT;
    assert_null(area_warned(&areas, "eco_env", &place));
    place.town = 510184107;
    assert_ptr_equal(area_warned(&areas, "eco_env", &place), &list[0]);
    assert_ptr_equal(area_warned(&areas, "food_drug", &place), &list[2]);
    assert_null(area_warned(&areas, "minors", &place));
    place.village = 510184107201;
    assert_ptr_equal(area_warned(&areas, "eco_env", &place), &list[1]);
    place.has_position = true;
    place.longitude = 103.5;
    place.latitude = 30.5;
    assert_ptr_equal(area_warned(&areas, "eco_env", &place), &list[3]);
    assert_null(area_warned(NULL, "eco_env", &place));
    assert_null(area_warned(&areas, "eco_env", NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_inside_from_outside),
        cmocka_unit_test(refuses_what_is_no_outline),
        cmocka_unit_test(takes_the_highest_level_of_the_smallest_unit),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
