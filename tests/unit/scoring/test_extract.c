/* Quantities, names, addresses, times. */
#include <stdio.h>
#include <string.h>

#include "scoring/extract.h"
#include "unit/scoring/world.h"

#define UNIT(name) WJZ__SCORING__UNIT__UNIT_##name
#define ANCHOR(name) WJZ__SCORING__ANCHOR_KIND__ANCHOR_##name

/* Of a text that is normal already, without its line's end. */
static text_spots spots_of(world *w, const char *content) {
    const normal_text *text = normal_of(w->arena, content);
    text_spots spots;
    assert_string_equal(wjz_arena_strndup(w->arena, text->bytes, text->length - 1), content);
    assert_int_equal(extract_spots(text, text->char_count - 1, w->arena, &spots), 0);
    return spots;
}

static void knows_every_unit(void **state) {
    world *w = *state;
    static const char *const units[] = {
        "户",     "家庭", "个家庭", "人次",   "人",     "名",   "位",       "居民", "村民", "业主", "学生", "个居民",
        "个业主", "个月", "个多月", "个星期", "星期",   "周年", "天",       "元",   "块钱", "亩",   "公顷", "吨",
        "公里",   "千米", "米",     "平方",   "平方米", "平米", "平方公里", "次",   "多次", "年"};
    for (size_t i = 0; i < WJZ_COUNT(units); i++) {
        char text[32];
        text_quantity quantity;
        text_spots spots;
        snprintf(text, sizeof text, "共5%s。", units[i]);
        const normal_text *normal = normal_of(w->arena, text);
        assert_int_equal(extract_spots(normal, normal->char_count - 1, w->arena, &spots), 0);
        if (extract_quantities(&spots, &quantity, 1) != 1 || quantity.to - quantity.from != 1 + strlen(units[i]))
            fail_msg("%s is no quantity", text);
    }
}

static void reads_quantities(void **state) {
    world *w = *state;
    static const struct {
        const char *text;
        Wjz__Scoring__Unit unit;
        double value;
    } cases[] = {
        {"影响三十余户居民", UNIT(HOUSEHOLDS), 30},
        {"共120多户", UNIT(HOUSEHOLDS), 120},
        {"两百多户", UNIT(HOUSEHOLDS), 200},
        {"一千二百户", UNIT(HOUSEHOLDS), 1200},
        {"上千人", UNIT(PERSONS), 1000},
        {"近3万人", UNIT(PERSONS), 30000},
        {"1.5万吨废渣", UNIT(TONNES), 15000},
        {"十二吨", UNIT(TONNES), 12},
        {"半年", UNIT(DAYS), 182.5},
        {"近两年", UNIT(DAYS), 730},
        {"三个多月", UNIT(DAYS), 90},
        {"6个月", UNIT(DAYS), 180},
        {"15天", UNIT(DAYS), 15},
        {"五十余亩", UNIT(SQUARE_METRES), 33335},
        {"300平方米", UNIT(SQUARE_METRES), 300},
        {"12,000元", UNIT(YUAN), 12000},
        {"八十万元", UNIT(YUAN), 800000},
        {"两公里", UNIT(METRES), 2000},
        {"投诉5次", UNIT(TIMES), 5},
        {"数百户", UNIT(HOUSEHOLDS), 300},
        {"十几年", UNIT(DAYS), 4745},
        {"已经20年。", UNIT(DAYS), 7300},
        {"住了14年房子", UNIT(DAYS), 5110},
        {"14年来", UNIT(DAYS), 5110},
        {"至今15年", UNIT(DAYS), 5475},
        {"近两年内", UNIT(DAYS), 730},
        {"45天内交房", UNIT(NONE), 0},
        {"14年回a市", UNIT(NONE), 0},
        {"于15年购买", UNIT(NONE), 0},
        {"18年12月", UNIT(NONE), 0},
        {"09年", UNIT(NONE), 0},
        {"2019年", UNIT(NONE), 0},
        {"2018年底", UNIT(NONE), 0},
        {"一年级", UNIT(NONE), 0},
        {"a7户", UNIT(NONE), 0},
        {"很多户", UNIT(NONE), 0},
        {"三", UNIT(NONE), 0},
        {"", UNIT(NONE), 0},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        text_quantity found[4];
        text_spots spots = spots_of(w, cases[i].text);
        size_t count = extract_quantities(&spots, found, 4);
        if (cases[i].unit == UNIT(NONE)) {
            if (count != 0) fail_msg("%s: %g of unit %d", cases[i].text, found[0].value, found[0].unit);
            continue;
        }
        if (count != 1 || found[0].unit != cases[i].unit || found[0].value < cases[i].value * 0.999 ||
            found[0].value > cases[i].value * 1.001)
            fail_msg("%s: %zu found, %g of unit %d", cases[i].text, count, count ? found[0].value : 0,
                     count ? (int)found[0].unit : 0);
    }
    text_quantity few[2];
    text_spots spots = spots_of(w, "1户2户3户");
    assert_int_equal(extract_quantities(&spots, few, 2), 2);
}

static void finds_names(void **state) {
    world *w = *state;
    static const struct {
        const char *text, *names; /* joined by a blank */
    } cases[] = {
        {"a7县泉塘街道橄榄城小区", "a7县 泉塘街道 橄榄城小区"},
        {"位于怀远镇小罗村的河道", "怀远镇 小罗村"},
        {"请查处宏发建材公司", "宏发建材公司"},
        {"建议增设路灯方便市民", ""},
        {"反映关于佳惠超市的文明城市", "佳惠超市"},
        {"加强路", "加强路"},
        {"崇州市棠源化工有限公司", "崇州市 棠源化工有限公司"},
        {"举报泰鸿置业有限责任公司", "泰鸿置业有限责任公司"},
        {"我们小区", ""},
        {"在芙蓉路与人民路交界处", "芙蓉路 人民路"},
        {"元通镇云栖纸业夜间偷排", "元通镇 云栖纸业"},
        {"举报松涧化工偷排", "松涧化工"},
        {"松涧化工厂和化工原料", "松涧化工厂"},
        {"怀远镇五十多户村民", "怀远镇"},
        {"下游三个村的邻村", ""},
        {"下游村民", ""},
        {"聚福楼饭庄和老灶台酒楼", "聚福楼饭庄 老灶台酒楼"},
        {"育才小学旁的养猪场", "育才小学"},
        {"怀远镇河道", "怀远镇"},
        {"厂区后面的崇阳街道", "崇阳街道"},
        {"三江街道的文化市场", "三江街道 文化市场"},
        {"双流区的住宅区和片区", "双流区"},
        {"阿里地区与本地区", "阿里地区"},
        {"希望a市、建议双流区", "a市 双流区"},
        {"希望市", "希望市"},
        {"", ""},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        text_name found[10];
        text_spots spots = spots_of(w, cases[i].text);
        size_t count = extract_names(&spots, found, 10);
        char joined[200] = "";
        for (size_t k = 0; k < count; k++) {
            if (k) strcat(joined, " ");
            strncat(joined, cases[i].text + found[k].from, found[k].to - found[k].from);
        }
        assert_string_equal(joined, cases[i].names);
    }
    text_name one;
    text_spots spots = spots_of(w, "芙蓉路人民路");
    assert_int_equal(extract_names(&spots, &one, 1), 1);
    assert_int_equal(one.kind, ANCHOR(ROAD));
}

static void finds_addresses_and_times(void **state) {
    world *w = *state;
    static const struct {
        const char *text;
        bool address, time;
    } cases[] = {
        {"沿江路12号", true, false}, {"3栋2单元", true, false},   {"村民小组", false, false},
        {"第五组", true, false},     {"地铁5号线", false, false}, {"两路交汇处", true, false},
        {"5月3日", false, true},     {"晚上11点", false, true},   {"月亮", false, false},
        {"", false, false},          {"8月31号", false, false},   {"两栋楼", false, false},
        {"有一点吵", false, false},  {"凌晨一点半", false, true}, {"夜里十二点", false, true},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        uint32_t from, to;
        text_spots spots = spots_of(w, cases[i].text);
        assert_int_equal(extract_address(&spots, &from, &to), cases[i].address);
        assert_int_equal(extract_time(&spots, &from, &to), cases[i].time);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_unit),
        cmocka_unit_test(reads_quantities),
        cmocka_unit_test(finds_names),
        cmocka_unit_test(finds_addresses_and_times),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
