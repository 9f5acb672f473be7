/* Score cards in words: both languages say everything, quotes only where they may be seen, what is missing, what
 * collides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/wording.h"
#include "wjz/clean.h"

typedef struct sample {
    Wjz__Scoring__ScoreCard card;
    Wjz__Scoring__Factor factors[2], learned;
    Wjz__Scoring__Factor *factor_list[2], *adjustment_list[1];
    Wjz__Scoring__Evidence evidence[2];
    Wjz__Scoring__Evidence *evidence_list[2];
    Wjz__Scoring__Span span;
    Wjz__Scoring__Note note;
    Wjz__Scoring__Note *note_list[1];
    Wjz__Scoring__PackOutline outline;
    Wjz__Scoring__TopicOutline topic;
    Wjz__Scoring__TopicOutline *topic_list[1];
    Wjz__Scoring__LawOutline laws[2];
    Wjz__Scoring__LawOutline *law_list[2];
    Wjz__Scoring__Collision collision;
    Wjz__Scoring__Collision *collision_list[1];
    Wjz__Scoring__CollisionOutline named;
    Wjz__Scoring__CollisionOutline *named_list[1];
    Wjz__Scoring__CollidingRecord record;
    Wjz__Scoring__CollidingRecord *record_list[1];
    char *gates[1], *agencies[1];
} sample;

static void make_factors(sample *s) {
    wjz__scoring__span__init(&s->span);
    s->span.field = WJZ__SCORING__FIELD__FIELD_CONTENT;
    s->span.from = 3;
    s->span.to = 9;
    for (int i = 0; i < 2; i++) {
        wjz__scoring__evidence__init(&s->evidence[i]);
        wjz__scoring__factor__init(&s->factors[i]);
        s->evidence[i].complaint = 4711;
        s->evidence[i].span = &s->span;
        s->evidence[i].rule = (char *)"eco_env.dump";
        s->evidence_list[i] = &s->evidence[i];
        s->factor_list[i] = &s->factors[i];
    }
    s->factors[0].id = (char *)"domain_match";
    s->factors[0].points = s->factors[0].max = 18;
    s->factors[0].evidence = s->evidence_list;
    s->factors[0].n_evidence = 2;
    s->factors[1].id = (char *)"dissatisfaction";
    s->factors[1].max = 8;
    wjz__scoring__note__init(&s->note);
    s->note.key = (char *)"reason";
    s->note.value = (char *)"2.5";
    s->note_list[0] = &s->note;
    wjz__scoring__factor__init(&s->learned);
    s->learned.id = (char *)"learned";
    s->learned.points = 2.5;
    s->learned.evidence = s->evidence_list;
    s->learned.n_evidence = 1;
    s->learned.notes = s->note_list;
    s->learned.n_notes = 1;
    s->adjustment_list[0] = &s->learned;
}

static void make_outline(sample *s) {
    wjz__scoring__pack_outline__init(&s->outline);
    wjz__scoring__topic_outline__init(&s->topic);
    for (int i = 0; i < 2; i++) {
        wjz__scoring__law_outline__init(&s->laws[i]);
        s->law_list[i] = &s->laws[i];
        s->laws[i].from_day = INT32_MIN;
        s->laws[i].to_day = INT32_MAX;
    }
    s->laws[0].name = (char *)"某法";
    s->laws[0].articles = (char *)"7(2)";
    s->laws[1].name = (char *)"旧法";
    s->laws[1].to_day = 100;
    s->topic.id = (char *)"eco_env";
    s->topic.zh = (char *)"生态环境";
    s->topic.en = (char *)"environment";
    s->topic.laws = s->law_list;
    s->topic.n_laws = 2;
    s->topic_list[0] = &s->topic;
    s->outline.domains = s->topic_list;
    s->outline.n_domains = 1;
    s->outline.stars_two = 30;
    s->outline.stars_three = 50;
    s->outline.stars_four = 60;
    s->outline.stars_five = 65;
    wjz__scoring__collision_outline__init(&s->named);
    s->named.id = (char *)"collision.x";
    s->named.zh = (char *)"办结以后又有人反映";
    s->named.en = (char *)"closed, and back";
    s->named_list[0] = &s->named;
    s->outline.collisions = s->named_list;
    s->outline.n_collisions = 1;
}

static void make(sample *s) {
    make_factors(s);
    make_outline(s);
    wjz__scoring__colliding_record__init(&s->record);
    s->record.kind = (char *)"enforcement";
    s->record.number = (char *)"D-9";
    s->record.note = (char *)"not_executed";
    s->record.at_us = INT64_C(1767225600000000);
    s->record_list[0] = &s->record;
    wjz__scoring__collision__init(&s->collision);
    s->collision.rule = (char *)"collision.x";
    s->collision.factor = (char *)"handled_unsolved";
    s->collision.points = 10;
    s->collision.records = s->record_list;
    s->collision.n_records = 1;
    s->collision_list[0] = &s->collision;
    s->gates[0] = (char *)"five_needs_failed_agency";
    s->agencies[0] = (char *)"生态环境局";
    wjz__scoring__score_card__init(&s->card);
    s->card.factors = s->factor_list;
    s->card.n_factors = 2;
    s->card.adjustments = s->adjustment_list;
    s->card.n_adjustments = 1;
    s->card.collisions = s->collision_list;
    s->card.n_collisions = 1;
    s->card.gates = s->gates;
    s->card.n_gates = 1;
    s->card.agencies = s->agencies;
    s->card.n_agencies = 1;
    s->card.index = 52.5;
    s->card.stars = 3;
    s->card.stars_before_gates = 3;
    s->card.kind = (char *)"report";
    s->card.branch = (char *)"public_interest";
    s->card.domain = (char *)"eco_env";
    s->card.confidence = 0.9;
    s->card.pack = (char *)"t1";
}

static const char *quote(const Wjz__Scoring__Evidence *evidence, bool around, void *arg) {
    (void)evidence, (void)arg;
    return around ? "倒了垃圾" : "垃圾";
}

static char *said(const sample *s, wording_language language, bool quotes, bool rules) {
    char *text = NULL;
    size_t length = 0;
    wording w = {.out = open_memstream(&text, &length),
                 .language = language,
                 .outline = &s->outline,
                 .today = 20000,
                 .quote = quotes ? quote : NULL,
                 .rules = rules};
    wording_card(&w, &s->card);
    fclose(w.out);
    return text;
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void lacks(const char *text, const char *part) {
    if (strstr(text, part)) fail_msg("\"%s\" is in:\n%s", part, text);
}

static void says_everything_in_chinese(void **state) {
    (void)state;
    static const char *const parts[] = {"★★★☆☆",
                                        "52.5",
                                        "举报",
                                        "公益诉讼检察",
                                        "生态环境",
                                        "把握：较大",
                                        "违法事实 18/18",
                                        "“垃圾”",
                                        "“倒了垃圾”",
                                        "群众评价 0/8",
                                        "还差 7.5 分",
                                        "办结以后又有人反映",
                                        "D-9",
                                        "2026-01-01",
                                        "《某法》第7条第2款",
                                        "生态环境局",
                                        "由检察官判断和决定"};
    sample s;
    make(&s);
    char *text = said(&s, WORDING_ZH, true, false);
    for (size_t i = 0; i < WJZ_COUNT(parts); i++)
        has(text, parts[i]);
    lacks(text, "旧法"); /* no longer in force */
    lacks(text, "eco_env");
    free(text);
}

static void says_the_same_in_english(void **state) {
    (void)state;
    static const char *const parts[] = {"3-star",           "a report",  "public interest",
                                        "environment",      "18 of 18",  "7.5 points",
                                        "closed, and back", "art. 7(2)", "a prosecutor judges"};
    sample s;
    make(&s);
    char *text = said(&s, WORDING_EN, true, false);
    for (size_t i = 0; i < WJZ_COUNT(parts); i++)
        has(text, parts[i]);
    free(text);
}

/* Operators see where evidence stands, never what it says. */
static void quotes_only_for_those_who_may_see(void **state) {
    (void)state;
    sample s;
    make(&s);
    char *text = said(&s, WORDING_ZH, false, true);
    lacks(text, "“垃圾”");
    has(text, "诉求 4711 的内容第 3–9 字节");
    has(text, "规则 eco_env.dump");
    free(text);
}

static void says_what_limits_the_stars(void **state) {
    (void)state;
    sample s;
    make(&s);
    s.card.index = 70;
    s.card.stars_before_gates = 5;
    s.card.stars = 4;
    char *text = said(&s, WORDING_ZH, true, false);
    has(text, "分数已够 5 星");
    has(text, "有关单位失职");
    lacks(text, "还差 ");
    free(text);
    s.card.stars = 5;
    s.card.n_gates = 0;
    text = said(&s, WORDING_ZH, true, false);
    lacks(text, "离下一颗星");
    free(text);
}

static void every_table_has_both_languages(void **state) {
    (void)state;
    static const wording_named *const tables[] = {wording_adjustments, wording_gates, wording_kinds,
                                                  wording_branches,    wording_notes, wording_records};
    for (size_t t = 0; t < WJZ_COUNT(tables); t++)
        for (const wording_named *row = tables[t]; row->id; row++)
            for (int l = 0; l < WORDING_LANGUAGES; l++)
                assert_true(row->text.in[l] && row->text.in[l][0]);
    for (const wording_factor *f = wording_factors; f->id; f++)
        for (int l = 0; l < WORDING_LANGUAGES; l++) {
            assert_true(f->title.in[l] && f->none.in[l] && f->some.in[l] && f->full.in[l]);
            assert_true(!f->hint.in[0] == !f->hint.in[l]);
        }
}

/* What a record of a collision can be, in the words of deploy/rules/collisions.yaml. */
static void names_every_record_that_can_collide(void **state) {
    (void)state;
    static const char *const ids[] = {"complaint", "enforcement",       "clue",       "outcome",  "reported",
                                      "closed",    "dissatisfied",      "unsolved",   "punished", "not_executed",
                                      "rectified", "licence_withdrawn", "other_town", "mediated", "settled"};
    for (size_t i = 0; i < WJZ_COUNT(ids); i++)
        if (!wording_find(wording_records, ids[i])) fail_msg("%s has no words", ids[i]);
}

/* A newer scoring may know more than this wjz. */
static void what_it_does_not_know_keeps_its_id(void **state) {
    (void)state;
    sample s;
    make(&s);
    s.factors[0].id = (char *)"novelty";
    s.learned.id = (char *)"moonlight";
    s.gates[0] = (char *)"five_needs_luck";
    s.card.kind = (char *)"riddle";
    s.card.domain = (char *)"space";
    char *text = said(&s, WORDING_ZH, true, false);
    has(text, "novelty 18/18");
    has(text, "moonlight");
    has(text, "five_needs_luck");
    has(text, "riddle");
    has(text, "space");
    free(text);
}

/* What a rehearsal shows of a class that changes. */
static void names_a_class_in_both_languages(void **state) {
    (void)state;
    static const struct {
        const char *class, *zh, *en;
    } cases[] = {
        {"report/public_interest/eco_env", "举报、公益诉讼检察、生态环境",
         "a report, public interest, environment"},
        {"consult/none/none", "咨询、看不出属于哪一类检察监督、不涉及公益领域",
         "a question, no branch of supervision, no public-interest domain"},
        {"riddle/maritime/space", "riddle、maritime、space", "riddle, maritime, space"},
        {"help", "求助", "a call for help"},
        {"", "", ""},
    };
    sample s;
    make(&s);
    wjz_arena *arena = wjz_arena_new(0);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        assert_string_equal(wording_class(WORDING_ZH, &s.outline, cases[i].class, arena), cases[i].zh);
        assert_string_equal(wording_class(WORDING_EN, &s.outline, cases[i].class, arena), cases[i].en);
    }
    assert_string_equal(wording_class(WORDING_ZH, NULL, "report/none/eco_env", arena),
                        "举报、看不出属于哪一类检察监督、eco_env");
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_a_class_in_both_languages),
        cmocka_unit_test(says_everything_in_chinese),          cmocka_unit_test(says_the_same_in_english),
        cmocka_unit_test(quotes_only_for_those_who_may_see),   cmocka_unit_test(says_what_limits_the_stars),
        cmocka_unit_test(names_every_record_that_can_collide), cmocka_unit_test(every_table_has_both_languages),
        cmocka_unit_test(what_it_does_not_know_keeps_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
