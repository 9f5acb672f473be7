/* What one complaint says: kinds, branches, subjects, status; and that no bytes harm. */
#include <string.h>

#include "scoring/card_pack.h"
#include "unit/scoring/world.h"

static void tells_kind_and_branch(void **state) {
    static const struct {
        const char *order_type, *title, *content, *kind, *branch;
    } cases[] = {
        {"", "咨询入学政策", "请问需要什么材料？谢谢", "consult", "none"},
        {"", "举报砂场", "举报砂场盗采河砂", "report", "public_interest"},
        {"", "投诉工地扰民", "工地通宵施工，噪音扰民", "complaint", "public_interest"},
        {"", "建议增设公交站", "建议优化线路", "suggest", "none"},
        {"", "请求帮助讨薪", "包工头拖欠农民工工资", "help", "civil"},
        {"", "感谢民警", "表扬", "praise", "none"},
        {"举报", "砂场", "", "report", "none"},
        {"", "公安不立案", "被殴打打伤后报案，派出所不立案", "complaint", "criminal"},
        {"", "投诉违法征收", "镇政府强拆，补偿不到位，行政不作为", "complaint", "administrative"},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        complaint c = blank_complaint();
        c.order_type = cases[i].order_type;
        c.title = cases[i].title;
        c.content = cases[i].content;
        const Wjz__Scoring__Finding *f = analysed(w, &c);
        if (strcmp(f->kind, cases[i].kind) != 0 || strcmp(f->branch, cases[i].branch) != 0)
            fail_msg("%s: %s, %s", cases[i].title, f->kind, f->branch);
        assert_true(f->kind_confidence > 0 && f->kind_confidence <= 1);
    }
}

static void keeps_what_the_feed_says(void **state) {
    world *w = *state;
    complaint c = blank_complaint();
    c.title = "宏发建材公司偷排废水";
    c.handler_unit = "生态环境局";
    c.handle_result = "情况属实";
    c.finished_at_us = 20;
    c.due_at_us = 10;
    c.satisfaction = DISSATISFIED;
    c.confidential = true;
    c.urge_count = -1;
    c.reporter = 5;
    const Wjz__Scoring__Finding *f = analysed(w, &c);
    assert_true(f->closed && f->overdue && f->handler_named && f->replied && f->confidential);
    assert_int_equal(f->satisfaction, DISSATISFIED);
    assert_int_equal(f->urge_count, 0);
    assert_true(f->reporter == 5);
    assert_string_equal(f->agencies[0], "生态环境局");
    assert_string_equal(f->subject, "宏发建材公司");
    assert_string_equal(f->pack, rule_pack_version(w->pack));
    bool confirmed = false;
    for (size_t i = 0; i < f->n_hits; i++)
        confirmed = confirmed || strcmp(f->hits[i]->rule, "reply.confirmed") == 0;
    assert_true(confirmed);
    assert_true(f->learned == 0);
}

static void survives_packing(void **state) {
    world *w = *state;
    complaint c = blank_complaint();
    c.title = "小罗村河道堆放垃圾30吨";
    const Wjz__Scoring__Finding *f = analysed(w, &c);
    size_t length = wjz__scoring__finding__get_packed_size(f);
    uint8_t *packed = malloc(length);
    assert_non_null(packed);
    wjz__scoring__finding__pack(f, packed);
    Wjz__Scoring__Finding *again = wjz__scoring__finding__unpack(wjz_arena_protobuf(w->arena), length, packed);
    free(packed);
    assert_non_null(again);
    assert_string_equal(again->domain, f->domain);
    assert_int_equal(again->n_hits, f->n_hits);
    assert_int_equal(again->n_quantities, 1);
}

/* Each as if it were alone, and the texts of all of them are there at the end. */
static void several_do_not_meet(void **state) {
    static const char *const texts[] = {"小罗村河道堆放垃圾30吨", "", "宏发建材公司偷排废水，恶臭",
                                        "请问需要什么材料？谢谢"};
    world *w = *state;
    complaint reports[WJZ_COUNT(texts)];
    analysis_item items[WJZ_COUNT(texts)];
    wjz_err err = {0};
    for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
        reports[i] = blank_complaint();
        reports[i].title = texts[i];
        reports[i].handle_result = texts[WJZ_COUNT(texts) - 1 - i];
        items[i] = (analysis_item){.report = &reports[i]};
    }
    assert_int_equal(analyse_several(w->pack, w->places, items, WJZ_COUNT(texts), w->arena, w->arena, &err), 0);
    for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
        wjz_blob alone = {0}, beside = {0};
        assert_int_equal(finding_pack(analysed(w, &reports[i]), w->arena, &alone), 0);
        assert_int_equal(finding_pack(items[i].finding, w->arena, &beside), 0);
        assert_int_equal(alone.length, beside.length);
        assert_memory_equal(alone.data, beside.data, alone.length);
        assert_memory_equal(items[i].text->bytes, texts[i], strlen(texts[i]) / 2);
    }
}

static void reads_any_bytes(void **state) {
    static const char *const texts[] = {
        "\xFF\xFE\x80",
        "\xE6\xB2",
        "\xF0\x9F\x98\x80\xF0\x9F",
        "\xED\xA0\x80",
        "号栋组月点日区路",
        "9999999999999999999999999999户",
        "一二三四五六七八九十百千万亿户",
        "....,,,,1.1.1.1,,年",
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
        complaint c = blank_complaint();
        c.title = c.content = c.categories = c.incident_address = c.handle_result = c.visit_note = texts[i];
        c.town = c.village = texts[i];
        assert_non_null(analysed(w, &c));
    }
}

static void counts_spans_within_the_original(void **state) {
    world *w = *state;
    complaint c = blank_complaint();
    c.title = "　Ａ７县 工地　通宵施工，噪音 扰民";
    c.content = "\t\t５０多户 居民，已经 半年，多次 反映\n无果";
    const Wjz__Scoring__Finding *f = analysed(w, &c);
    assert_true(f->n_hits > 3);
    for (size_t i = 0; i < f->n_hits; i++) {
        const Wjz__Scoring__Span *span = f->hits[i]->span;
        const char *field = span->field == WJZ__SCORING__FIELD__FIELD_TITLE ? c.title : c.content;
        assert_true(span->from < span->to && span->to <= strlen(field));
        assert_true(utf8_begins(field[span->from]) && utf8_begins(field[span->to]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_kind_and_branch), cmocka_unit_test(keeps_what_the_feed_says),
        cmocka_unit_test(survives_packing),      cmocka_unit_test(several_do_not_meet),
        cmocka_unit_test(reads_any_bytes),       cmocka_unit_test(counts_spans_within_the_original),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
