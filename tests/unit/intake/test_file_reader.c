/* Whole files through the shipped profiles: from bytes to items and told faults. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "intake/file_reader.h"
#include "wjz/clock.h"

#define PROFILES WJZ_SOURCE_DIR "/deploy/config/profiles"

typedef struct seen {
    char issues[4096];
    size_t length;
    int taken, refused;
    char last[2048]; /* the last item, as the test's describe made it */
    void (*describe)(const Wjz__Intake__FeedItem *item, char *out, size_t size);
} seen;

static int note(const file_row *row, void *arg, wjz_err *err) {
    seen *s = arg;
    (void)err;
    if (row->item != NULL)
        s->taken++;
    else
        s->refused++;
    for (size_t i = 0; i < row->issues->count; i++) {
        const issue *told = &row->issues->items[i];
        assert_true(told->message[0] != '\0' && told->remedy[0] != '\0');
        s->length += (size_t)snprintf(s->issues + s->length, sizeof s->issues - s->length, "%lld %s %s%s;",
                                      (long long)row->line, told->field, told->code, told->taken ? " taken" : "");
    }
    if (row->item != NULL && s->describe != NULL) s->describe(row->item, s->last, sizeof s->last);
    return 0;
}

static seen read_text(const char *name, const char *text,
                      void (*describe)(const Wjz__Intake__FeedItem *, char *, size_t)) {
    static const int32_t REGIONS[] = {510183, 510184};
    WJZ_CLEANUP(profile_destroy) profile *rules = NULL;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    wjz_err err = {0};
    seen s = {.describe = describe};
    if (profile_load(&(profile_source){.folder = PROFILES}, name, &rules, &err) < 0) fail_msg("%s", err.text);
    check_rules checks = {.now_us = wjz_clock_us(), .region = 510184, .regions = REGIONS, .region_count = 2};
    file_request request = {text, strlen(text), rules, &checks, arena, note, &s, NULL, false};
    const char *encoding = NULL;
    int r = file_read(&request, &encoding, &err);
    if (r < 0) (void)snprintf(s.issues, sizeof s.issues, "failed: %s", err.text);
    return s;
}

static void describe_complaint(const Wjz__Intake__FeedItem *item, char *out, size_t size) {
    const Wjz__Intake__Complaint *it = item->complaint;
    char received[WJZ_CLOCK_TEXT];
    (void)snprintf(out, size, "%s|%s|%s|%s|%d|%d|%s|%zu:%s|%u|%s|%d|%s", it->external_id, it->title, it->content,
                   wjz_clock_format(it->received_at_us, received), it->satisfaction, it->solved, it->status,
                   it->n_categories, it->n_categories > 0 ? it->categories[it->n_categories - 1] : "", it->urge_count,
                   it->order_type, it->reporter != NULL ? it->reporter->anonymous : -1, it->source_channel);
}

static void four_columns_are_enough(void **state) {
    (void)state;
    seen s = read_text("hotline-12345", "序号,工单编号,标题,内容\n1,GD1,路灯,路灯不亮\n", describe_complaint);
    assert_string_equal(s.issues, "");
    assert_string_equal(s.last, "GD1|路灯|路灯不亮||0|0||0:|0||-1|电话");
}

static void all_the_traps_at_once(void **state) {
    (void)state;
    seen s = read_text(
        "hotline-12345",
        "2026年一季度12345工单明细,,,,,,,,,,\n"
        "工单编号*,标 题,诉求内容,受理时间,满意度,是否解决,状态,一级分类,二级分类,催办次数,诉求类型,是否匿名\n"
        "GD001,扬尘,\"工地扬尘，\n没人管\",2026年3月5日 9时7分,不满意,未解决,办理中,城市管理,扬尘,２次,投诉类,是\n"
        ",,,,,,,,,,,\n"
        "工单编号*,标 题,诉求内容,受理时间,满意度,是否解决,状态,一级分类,二级分类,催办次数,诉求类型,是否匿名\n"
        "合计：,1,,,,,,,,,,\n",
        describe_complaint);
    assert_string_equal(s.issues, "");
    assert_int_equal(s.taken, 1);
    assert_string_equal(s.last,
                        "GD001|扬尘|工地扬尘，\n没人管|2026-03-05T09:07:00+08:00|4|2|processing|2:扬尘|2|投诉|1|电话");
}

static void faults_name_the_column(void **state) {
    (void)state;
    seen s = read_text("hotline-12345",
                       "工单编号,诉求内容,受理时间,满意度,催办次数,经度,纬度,状态\n"
                       "GD1,a,昨天,超赞,许多,东边,,飞走了\n"
                       "1.2E+15,b,,,,,,\n"
                       ",c,,,,,,\n"
                       "GD4,,,,,,,\n"
                       "GD5,d,,,,2.35,48.85,\n"
                       "GD6,e,2066-01-01,,,,,\n",
                       describe_complaint);
    assert_string_equal(s.issues, "2 经度 unreadable taken;2 受理时间 unreadable taken;2 状态 unknown_value taken;"
                                  "2 满意度 unknown_value taken;2 催办次数 unreadable taken;3 工单编号 precision_lost;"
                                  "4 工单编号 missing;5 诉求内容 missing;6 经度 invalid;7 受理时间 invalid;");
    assert_int_equal(s.taken, 1);
    assert_int_equal(s.refused, 5);
}

static void a_total_is_not_a_title(void **state) {
    (void)state;
    seen s = read_text("government-mailbox", "来信标题,来信内容\n合计用电投诉,电费不对\n总计 3,\n小计,x\n",
                       describe_complaint);
    assert_int_equal(s.taken, 1);
    assert_int_equal(s.refused, 0);
}

static void without_header_nothing_is_taken(void **state) {
    (void)state;
    seen s = read_text("hotline-12345", "甲,乙\n1,2\n", NULL);
    assert_non_null(strstr(s.issues, "the file has no row with the columns that are needed；external_id (工单编号"));
}

static void describe_record(const Wjz__Intake__FeedItem *item, char *out, size_t size) {
    const Wjz__Intake__EnforcementRecord *it = item->enforcement_record;
    (void)snprintf(out, size, "%s|%s|%lld|%lld|%d|%d|%d|%s", it->document_no, it->subject_name, (long long)it->fine_fen,
                   (long long)it->confiscated_fen, it->decided_on, it->transferred_to_police, it->revoked,
                   it->credit_code);
}

static void enforcement_records_by_name_and_by_code(void **state) {
    (void)state;
    seen s = read_text("administrative-enforcement",
                       "决定书文号,相对人名称,罚款金额（万元）,没收金额(元),处罚决定日期,是否移送公安,是否撤销,"
                       "行政相对人代码_1（统一社会信用代码）\n"
                       "崇罚1号,某厂,\"1,000.5\",300,2026/1/5,是,否,91510184MA\n",
                       describe_record);
    assert_string_equal(s.issues, "");
    assert_string_equal(s.last, "崇罚1号|某厂|1000500000|30000|20458|1|0|91510184MA");
    s = read_text("administrative-enforcement", "CF_WSH,cf_xdr_mc,cf_nr_fk,cf_jdrq\n崇罚2号,某店,0.3,2026-01-06\n",
                  describe_record);
    assert_string_equal(s.last, "崇罚2号|某店|300000|-1|20459|0|0|");
}

static void describe_feedback(const Wjz__Intake__FeedItem *item, char *out, size_t size) {
    const Wjz__Intake__Feedback *it = item->feedback;
    (void)snprintf(out, size, "%s|%d|%d|%s|%s", it->complaint_external_id, it->satisfaction, it->solved, it->status,
                   it->note);
}

static void ratings(void **state) {
    (void)state;
    seen s = read_text("feedback", "工单编号,满意度,是否解决,状态,不满意原因\nGD1,非常不满意,否,重办,没人来\n",
                       describe_feedback);
    assert_string_equal(s.last, "GD1|5|2|redone|没人来");
}

static void every_shipped_profile_is_good(void **state) {
    static const char *const NAMES[] = {
        "work-order",   "hotline-12345", "government-mailbox",         "town-governance", "digital-village",
        "photo-report", "open311",       "administrative-enforcement", "city-messages",   "province-messages",
        "feedback"};
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        WJZ_CLEANUP(profile_destroy) profile *rules = NULL;
        wjz_err err = {0};
        if (profile_load(&(profile_source){.folder = PROFILES}, NAMES[i], &rules, &err) < 0)
            fail_msg("%s: %s", NAMES[i], err.text);
    }
}

static void faults_of_profiles_name_the_line(void **state) {
    static const struct {
        const char *text, *said;
    } CASES[] = {
        {"", "no map"},
        {"title: t\nrecord: complaint\n", "required is missing"},
        {"title: t\nrecord: letter\n", "record must be"},
        {"title: t\nrecord: complaint\nclumns: {}\n", "clumns"},
        {"title: t\nrecord: complaint\nrequired: [content]\n", "has no column"},
        {"title: t\nrecord: complaint\ncolumns:\n  nothing: [a]\n", "\"nothing\" is no field"},
        {"title: t\nrecord: complaint\ncolumns:\n  title: a\n", "list of column titles"},
        {"title: t\nrecord: complaint\nvalues:\n  satisfaction:\n    great: [好]\n", "\"great\" is no value"},
        {"title: t\nrecord: complaint\nvalues:\n  status:\n    gone: [没了]\n", "\"gone\" is no value"},
        {"title: t\nrecord: complaint\nvalues:\n  urge_count:\n    a: [b]\n", "no field with words"},
        {"title: t\nrecord: complaint\nmissing_id: invent\n", "missing_id"},
        {"title: t\nrecord: complaint\ncolumns: [a]\n", "must be a map"},
        {"title: t\nrecord: complaint\nvalues: a\n", "must be a map"},
        {"title: t\nrecord: complaint\ndefaults: [a]\n", "must be a map"},
        {"title: t\nrecord: complaint\nextends: ../../etc/passwd\n", "no name of a profile"},
        {"title: t\nrecord: complaint\nextends: feedback\n", "cannot be extended"},
        {"record: complaint\nrequired: [title]\ncolumns:\n  title: [a]\n", "title"},
        {"title: t\nrecord: complaint\ndefaults:\n  urge_count: 5\n", "default"},
        {"title: t\nrecord: complaint\nignored: [[a]]\n", "\"ignored\" is no text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        profile *rules = NULL;
        wjz_err err = {0};
        int r = profile_parse(&(profile_source){.folder = PROFILES}, "test.yaml", CASES[i].text, strlen(CASES[i].text),
                              &rules, &err);
        if (r == 0) fail_msg("case %zu was taken", i);
        if (strstr(err.text, CASES[i].said) == NULL)
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, CASES[i].said);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_columns_are_enough),
        cmocka_unit_test(all_the_traps_at_once),
        cmocka_unit_test(faults_name_the_column),
        cmocka_unit_test(a_total_is_not_a_title),
        cmocka_unit_test(without_header_nothing_is_taken),
        cmocka_unit_test(enforcement_records_by_name_and_by_code),
        cmocka_unit_test(ratings),
        cmocka_unit_test(every_shipped_profile_is_good),
        cmocka_unit_test(faults_of_profiles_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
