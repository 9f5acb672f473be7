/* Each factor and adjustment of domain.md 3.3 by the deployed pack: what earns its points, what does not, and both
 * sides of every edge between them. The cards of those that earn are compared with golden_cards.txt as a whole. */
#include <stdio.h>

#include "unit/scoring/card_text.h"
#include "unit/scoring/situation.h"

typedef enum case_kind { HIT, MISS, EDGE, CASE_KINDS } case_kind;

typedef struct factor_case {
    const char *factor;
    case_kind kind;
    const char *name;
    double points;
    situation given;
} factor_case;

static const warned_area VILLAGE_WARNED = {.kind = AREA_VILLAGE, .code = 510184107201, .domain = "eco_env", .level = 2},
                         OTHER_DOMAIN = {.kind = AREA_VILLAGE, .code = 510184107201, .domain = "minors", .level = 2},
                         OTHER_VILLAGE = {.kind = AREA_VILLAGE, .code = 510184107202, .domain = "eco_env", .level = 2},
                         ITS_TOWN = {.kind = AREA_TOWN, .code = 510184107, .domain = "eco_env", .level = 1};

#define SAYS(text) .given.reports = {{.content = text}}
#define FIRST(...) .given.reports = {{__VA_ARGS__}}

static const factor_case cases[] = {
    /* --- A: where it comes from --- */
    {"source_kind", HIT, "an enforcement body", 8, FIRST(.source = SOURCE_ENFORCEMENT)},
    {"source_kind", HIT, "a deputy or another organ", 8, FIRST(.source = SOURCE_STATE_ORGAN)},
    {"source_kind", HIT, "a member of the grid", 7, FIRST(.source = SOURCE_GRID)},
    {"source_kind", HIT, "a photo with its place", 6, FIRST(.source = SOURCE_PHOTO, .photos = 1, .here = true)},
    {"source_kind", HIT, "the hotline", 6, FIRST(.source = SOURCE_HOTLINE)},
    {"source_kind", HIT, "the press", 5, FIRST(.source = SOURCE_MEDIA)},
    {"source_kind", MISS, "nobody, without evidence", 3, FIRST(.source = SOURCE_ANONYMOUS)},
    {"source_kind", EDGE, "nobody, with evidence", 6, FIRST(.source = SOURCE_ANONYMOUS, .photos = 1)},
    {"source_kind", EDGE, "the phone page, without photo and place", 3, FIRST(.source = SOURCE_PHOTO)},
    {"source_kind", EDGE, "the best of several", 7,
     .given.reports = {{.source = SOURCE_MEDIA}, {.day = 1, .source = SOURCE_GRID}}},
    {"source_kind", EDGE, "a penalty of its subject", 8, .given.near = {{NEAR_PUNISHED, 9, DAY(1), "D-9", 0}}},

    {"corroboration", HIT, "two people", 2, .given.reports = {{.reporter = 1}, {.day = 1, .reporter = 2}}},
    {"corroboration", HIT, "one person over two channels", 2,
     .given.reports = {{.reporter = 1}, {.day = 1, .reporter = 1, .source = SOURCE_GRID}}},
    {"corroboration", MISS, "one report", 0, FIRST(.reporter = 1)},
    {"corroboration", MISS, "one person twice", 0, .given.reports = {{.reporter = 1}, {.day = 1, .reporter = 1}}},
    {"corroboration", EDGE, "nobody knows who", 0, .given.reports = {{0}, {.day = 1}}},
    {"corroboration", EDGE, "one who is known beside one who is not", 0,
     .given.reports = {{.reporter = 1}, {.day = 1}}},
    {"corroboration", EDGE, "two people after one who is not known", 2,
     .given.reports = {{0}, {.day = 1, .reporter = 1}, {.day = 2, .reporter = 2}}},
    {"corroboration", EDGE, "180 days apart", 2, .given.reports = {{.reporter = 1}, {.day = 180, .reporter = 2}}},
    {"corroboration", EDGE, "a moment more", 0, .given.reports = {{.reporter = 1}, {.day = 180.01, .reporter = 2}}},

    /* --- B: harm to the public --- */
    {"domain_match", HIT, "act and object", 18, SAYS("有人往河里倾倒建筑垃圾")},
    {"domain_match", HIT, "object and act", 18, SAYS("建筑垃圾被人倾倒在河里")},
    {"domain_match", HIT, "a core word", 12, SAYS("河水臭气熏天")},
    {"domain_match", HIT, "a weak word", 5, SAYS("这里有污水和垃圾，扰民，噪音大，污染")},
    {"domain_match", HIT, "facts of another branch", 18, SAYS("我去报案，公安不受理，一直不予立案")},
    {"domain_match", MISS, "neither", 0, SAYS("路灯杆的颜色难看")},
    {"domain_match", MISS, "denied", 0, SAYS("经查并无倾倒垃圾")},
    {"domain_match", EDGE, "eight characters between them", 18, SAYS("倾倒一二三四五六七八垃圾")},
    {"domain_match", EDGE, "nine", 0, SAYS("倾倒一二三四五六七八九垃圾")},
    {"domain_match", EDGE, "in two sentences", 0, SAYS("有人倾倒。有垃圾")},

    {"severity", HIT, "poison", 9, SAYS("河道堆放垃圾，有毒")},
    {"severity", HIT, "drinking water", 9, SAYS("水源地堆放垃圾")},
    {"severity", HIT, "farmland for ever", 9, SAYS("永久基本农田堆放垃圾")},
    {"severity", HIT, "children", 9, SAYS("向未成年人卖烟")},
    {"severity", HIT, "people died", 9, SAYS("河道堆放垃圾，造成人员伤亡")},
    {"severity", HIT, "measured", 6, SAYS("河道堆放垃圾约5亩")},
    {"severity", MISS, "ordinary", 3, FIRST(0)},
    {"severity", MISS, "of nothing that is supervised", 0, SAYS("路灯杆有毒，颜色难看")},
    {"severity", EDGE, "1 t", 6, SAYS("河道堆放垃圾1吨")},
    {"severity", EDGE, "less", 3, SAYS("河道堆放垃圾0.9吨")},
    {"severity", EDGE, "20 m", 6, SAYS("河道堆放垃圾20米")},
    {"severity", EDGE, "19 m", 3, SAYS("河道堆放垃圾19米")},
    {"severity", EDGE, "100 m²", 6, SAYS("河道堆放垃圾100平方米")},
    {"severity", EDGE, "99 m²", 3, SAYS("河道堆放垃圾99平方米")},
    {"severity", EDGE, "10,000 yuan", 6, SAYS("河道堆放垃圾，损失1万元")},
    {"severity", EDGE, "9,999 yuan", 3, SAYS("河道堆放垃圾，损失9999元")},
    {"severity", EDGE, "10 households", 6, SAYS("河道堆放垃圾，影响10户")},

    {"scope", HIT, "a village", 7, SAYS("河道堆放垃圾，影响全村")},
    {"scope", HIT, "a school", 7, SAYS("河道堆放垃圾，影响全校")},
    {"scope", HIT, "several", 4, SAYS("河道堆放垃圾，影响居民")},
    {"scope", MISS, "one party", 0, FIRST(.reporter = 1)},
    {"scope", EDGE, "10 households", 7, SAYS("河道堆放垃圾，影响10户")},
    {"scope", EDGE, "9 households", 4, SAYS("河道堆放垃圾，影响9户")},
    {"scope", EDGE, "30 people", 7, SAYS("河道堆放垃圾，影响30人")},
    {"scope", EDGE, "29 people", 4, SAYS("河道堆放垃圾，影响29人")},
    {"scope", EDGE, "3 people", 4, SAYS("河道堆放垃圾，影响3人")},
    {"scope", EDGE, "2 people", 0, SAYS("河道堆放垃圾，影响2人")},
    {"scope", EDGE, "two who report", 4, .given.reports = {{.reporter = 1}, {.day = 1, .reporter = 2}}},
    {"scope", EDGE, "one who reports twice", 0, .given.reports = {{.reporter = 1}, {.day = 1, .reporter = 1}}},
    {"scope", EDGE, "a punished subject in another town", 7, .given.reports = {{.content = "怀远镇河道堆放垃圾"}},
     .given.near = {{NEAR_PUNISHED, 9, DAY(1), "D-9", 0}, {NEAR_OTHER_TOWN, 8, 0, "", 510184105}}},

    {"persistence", HIT, "years", 6, SAYS("河道堆放垃圾多年")},
    {"persistence", HIT, "months", 3, SAYS("河道堆放垃圾几个月")},
    {"persistence", MISS, "not said", 1, FIRST(0)},
    {"persistence", EDGE, "365 days", 6, SAYS("河道堆放垃圾，已有365天")},
    {"persistence", EDGE, "364 days", 3, SAYS("河道堆放垃圾，已有364天")},
    {"persistence", EDGE, "30 days", 3, SAYS("河道堆放垃圾，已有30天")},
    {"persistence", EDGE, "29 days", 1, SAYS("河道堆放垃圾，已有29天")},
    {"persistence", EDGE, "30 days between reports", 3, .given.reports = {{0}, {.day = 30}}},
    {"persistence", EDGE, "not quite", 1, .given.reports = {{0}, {.day = 29.99}}},
    {"persistence", EDGE, "without a time of report", 1, .given.reports = {{.undated = true}, {.day = 400}}},

    /* --- C: what the agency did --- */
    {"agency_identified", HIT, "by the feed", 7, FIRST(.content = "路灯杆的颜色难看", .handler = "城管局")},
    {"agency_identified", HIT, "in the text", 7, SAYS("城管局不管路灯杆")},
    {"agency_identified", HIT, "by the domain", 7, FIRST(0)},
    {"agency_identified", MISS, "by nothing", 0, SAYS("路灯杆的颜色难看")},
    {"agency_identified", EDGE, "by the branch", 7, SAYS("我去报案，公安不受理，一直不予立案")},

    {"handled_unsolved", HIT, "closed, and complained of again", 10, .given.reports = {{.closed_on = 10}, {.day = 20}}},
    {"handled_unsolved", HIT, "said to be rectified, and complained of again", 10,
     .given = {.reports = {{.day = 20}}, .near = {{NEAR_RECTIFIED, 9, DAY(10), "D-9", 0}}}},
    {"handled_unsolved", HIT, "penalty not carried out", 10, .given.near = {{NEAR_NOT_EXECUTED, 9, DAY(10), "D-9", 0}}},
    {"handled_unsolved", HIT, "overdue", 7, FIRST(.delay_days = 1)},
    {"handled_unsolved", HIT, "not solved, says the visit", 7, FIRST(.solved = ANSWER_NO)},
    {"handled_unsolved", HIT, "done again", 7, FIRST(.redispatched = 1)},
    {"handled_unsolved", HIT, "passed on, says the text", 7, SAYS("河道堆放垃圾，部门互相推诿")},
    {"handled_unsolved", HIT, "sham, says the text", 10, SAYS("河道堆放垃圾，整改后反弹")},
    {"handled_unsolved", MISS, "nothing", 0, FIRST(0)},
    {"handled_unsolved", MISS, "solved", 0, FIRST(.solved = ANSWER_YES)},
    {"handled_unsolved", MISS, "closed, and quiet since", 0, FIRST(.closed_on = 10)},
    {"handled_unsolved", EDGE, "complained of before the closing", 0, .given.reports = {{.closed_on = 10}, {.day = 9}}},
    {"handled_unsolved", EDGE, "… at it", 0, .given.reports = {{.closed_on = 10}, {.day = 10}}},
    {"handled_unsolved", EDGE, "… just after it", 10, .given.reports = {{.closed_on = 10}, {.day = 10.01}}},
    {"handled_unsolved", EDGE, "… nobody knows when", 0, .given.reports = {{.closed_on = 10}, {.undated = true}}},
    {"handled_unsolved", EDGE, "sent back twice", 7, FIRST(.returned = 2)},
    {"handled_unsolved", EDGE, "sent back once", 0, FIRST(.returned = 1)},

    {"dissatisfaction", HIT, "dissatisfied", 8, FIRST(.rated = DISSATISFIED)},
    {"dissatisfaction", HIT, "very", 8, FIRST(.rated = VERY_DISSATISFIED)},
    {"dissatisfaction", HIT, "half", 3, FIRST(.rated = BASIC)},
    {"dissatisfaction", MISS, "satisfied", 0, FIRST(.rated = SATISFIED)},
    {"dissatisfaction", MISS, "not asked", 0, FIRST(0)},
    {"dissatisfaction", EDGE, "not reached", 0, FIRST(.rated = UNREACHABLE)},
    {"dissatisfaction", EDGE, "in words", 8, SAYS("河道堆放垃圾，对回复不满意")},
    {"dissatisfaction", EDGE, "one of two", 8,
     .given.reports = {{.rated = SATISFIED}, {.day = 1, .rated = DISSATISFIED}}},

    {"repetition", HIT, "two", 4, .given.reports = {{0}, {.day = 1}}},
    {"repetition", HIT, "three", 7, .given.reports = {{0}, {.day = 1}, {.day = 2}}},
    {"repetition", HIT, "four", 7, .given.reports = {{0}, {.day = 1}, {.day = 2}, {.day = 3}}},
    {"repetition", HIT, "five", 10, .given.reports = {{0}, {.day = 1}, {.day = 2}, {.day = 3}, {.day = 4}}},
    {"repetition", HIT, "urged", 4, FIRST(.urged = 1)},
    {"repetition", HIT, "many times, says the text", 7, SAYS("河道堆放垃圾，多次反映")},
    {"repetition", MISS, "one", 0, FIRST(0)},
    {"repetition", EDGE, "180 days apart", 4, .given.reports = {{0}, {.day = 180}}},
    {"repetition", EDGE, "a moment more", 0, .given.reports = {{0}, {.day = 180.01}}},
    {"repetition", EDGE, "nobody knows when: not enough evidence", 0,
     .given.reports = {{.undated = true}, {.day = 300}}},

    /* --- D: whether it can be checked --- */
    {"location", HIT, "coordinates", 6, FIRST(.here = true)},
    {"location", HIT, "house number", 6, SAYS("沿江路12号河道堆放垃圾")},
    {"location", HIT, "villagers' group", 6, SAYS("小罗村3组河道堆放垃圾")},
    {"location", HIT, "village", 4, SAYS("小罗村河道堆放垃圾")},
    {"location", HIT, "town", 2, SAYS("怀远镇河道堆放垃圾")},
    {"location", MISS, "nowhere", 0, SAYS("这里堆放垃圾")},
    {"location", EDGE, "the county alone", 0, SAYS("崇州市堆放垃圾")},
    {"location", EDGE, "the more exact of two", 4,
     .given.reports = {{.content = "怀远镇河道堆放垃圾"}, {.day = 1, .content = "小罗村河道堆放垃圾"}}},

    {"subject", HIT, "a company", 4, SAYS("宏发建材公司在河道堆放垃圾")},
    {"subject", HIT, "a plate", 4, SAYS("川A12345的货车在河道倾倒垃圾")},
    {"subject", HIT, "a person by office and name", 4, SAYS("包工头张大发在河道倾倒垃圾")},
    {"subject", MISS, "nobody", 0, SAYS("有人在河道堆放垃圾")},
    {"subject", EDGE, "a kind of company", 0, SAYS("有公司在河道堆放垃圾")},
    {"subject", EDGE, "an office without a name", 0, SAYS("包工头在河道倾倒垃圾")},
    {"subject", EDGE, "half a plate", 0, SAYS("川A的货车在河道倾倒垃圾")},

    {"evidence", HIT, "photos", 3, FIRST(.photos = 1)},
    {"evidence", HIT, "a recording, says the text", 3, SAYS("河道堆放垃圾，有视频")},
    {"evidence", MISS, "none", 0, FIRST(0)},
    {"evidence", EDGE, "none, says the text", 0, SAYS("河道堆放垃圾，没有照片")},

    {"contact_time", HIT, "who reports is known", 2, FIRST(.reporter = 1)},
    {"contact_time", HIT, "a day", 2, SAYS("5月3日有人在河道堆放垃圾")},
    {"contact_time", MISS, "neither", 0, FIRST(0)},
    {"contact_time", EDGE, "a time that is none", 0, SAYS("最近有人在河道堆放垃圾")},

    /* --- E: adjustments --- */
    {"spreading", HIT, "getting worse", 5, SAYS("河道堆放垃圾，越来越严重")},
    {"spreading", MISS, "not said", 0, FIRST(0)},
    {"spreading", EDGE, "of nothing that is supervised", 0, SAYS("路灯杆的颜色越来越严重")},

    {"area_warning", HIT, "its village", 5,
     .given = {.reports = {{.content = "小罗村河道堆放垃圾"}}, .warned = &VILLAGE_WARNED}},
    {"area_warning", HIT, "its town", 5,
     .given = {.reports = {{.content = "怀远镇河道堆放垃圾"}}, .warned = &ITS_TOWN}},
    {"area_warning", MISS, "no place", 0,
     .given = {.reports = {{.content = "这里堆放垃圾"}}, .warned = &VILLAGE_WARNED}},
    {"area_warning", EDGE, "of another domain", 0,
     .given = {.reports = {{.content = "小罗村河道堆放垃圾"}}, .warned = &OTHER_DOMAIN}},
    {"area_warning", EDGE, "of another village", 0,
     .given = {.reports = {{.content = "小罗村河道堆放垃圾"}}, .warned = &OTHER_VILLAGE}},

    {"private_dispute", HIT, "neighbours", -15, SAYS("楼上邻居漏水，装修扰民，要求赔偿")},
    {"private_dispute", MISS, "public", 0, FIRST(0)},
    {"private_dispute", EDGE, "neighbours beside public harm", 0, SAYS("邻居在河道倾倒垃圾")},

    {"no_request", HIT, "a question", -20,
     FIRST(.order_type = "咨询", .title = "咨询社保如何办理", .content = "请问需要什么材料")},
    {"no_request", HIT, "praise", -20, FIRST(.order_type = "表扬", .title = "感谢城管局", .content = "表扬工作人员")},
    {"no_request", HIT, "a proposal", -20,
     FIRST(.order_type = "建议", .title = "建议增设路灯", .content = "希望能增设")},
    {"no_request", MISS, "a report", 0, FIRST(.order_type = "举报")},
    {"no_request", EDGE, "a question that reports", 0,
     FIRST(.title = "举报宏发建材公司偷排污水", .content = "请问有没有人管，多次投诉无人处理，请依法查处")},

    {"in_litigation", HIT, "in court", -15, SAYS("河道堆放垃圾，已经起诉")},
    {"in_litigation", HIT, "in review", -15, SAYS("河道堆放垃圾，正在行政复议中")},
    {"in_litigation", HIT, "in arbitration", -15, SAYS("河道堆放垃圾，仲裁中")},
    {"in_litigation", HIT, "petition ended", -15, SAYS("河道堆放垃圾，信访终结")},
    {"in_litigation", MISS, "nowhere", 0, FIRST(0)},
    {"in_litigation", EDGE, "only thought of", 0, SAYS("河道堆放垃圾，再不处理就要起诉")},

    {"learned", HIT, "more", 12, .given.learned = 12},
    {"learned", HIT, "less", -12, .given.learned = -12},
    {"learned", MISS, "nothing", 0, .given.learned = 0},
    {"learned", EDGE, "more than it may", 30, .given.learned = 31},
    {"learned", EDGE, "less than it may", -30, .given.learned = -31},
};

static void weighs_every_case(void **state) {
    world *w = *state;
    size_t wrong = 0;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        const factor_case *c = &cases[i];
        double points = points_of(card_of(w, &c->given), c->factor);
        if (points == c->points) continue;
        print_error("%s, %s: %g instead of %g\n", c->factor, c->name, points, c->points);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static size_t count_cases(const char *factor, case_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        count += cases[i].kind == kind && strcmp(cases[i].factor, factor) == 0;
    return count;
}

static void has_cases_of_each_kind_for_every_line(void **state) {
    world *w = *state;
    static const char *const adjustments[] = {"spreading",  "area_warning",  "private_dispute",
                                              "no_request", "in_litigation", "learned"};
    const Wjz__Scoring__ScoreCard *card = card_of(w, &(situation){0});
    const char *lines[32];
    size_t count = 0;
    for (size_t i = 0; i < card->n_factors; i++)
        lines[count++] = card->factors[i]->id;
    for (size_t i = 0; i < WJZ_COUNT(adjustments); i++)
        lines[count++] = adjustments[i];
    for (size_t i = 0; i < count; i++)
        for (case_kind kind = HIT; kind < CASE_KINDS; kind++)
            if (!count_cases(lines[i], kind)) fail_msg("no case of kind %d for %s", (int)kind, lines[i]);
}

/* WJZ_GOLDEN=write makes the file anew: look at the difference before it is committed. */
static void writes_the_golden_cards(void **state) {
    world *w = *state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        if (cases[i].kind != HIT) continue;
        fprintf(out, "== %s: %s\n", cases[i].factor, cases[i].name);
        card_text(out, &cases[i].given, card_of(w, &cases[i].given));
    }
    fclose(out);
    compare_with_golden(WJZ_SOURCE_DIR "/tests/unit/scoring/golden_cards.txt", text);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighs_every_case),
        cmocka_unit_test(has_cases_of_each_kind_for_every_line),
        cmocka_unit_test(writes_the_golden_cards),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
