/* Casework: who may do what, what follows, and how it is refused. */
#include <errno.h>

#include "assignment/casework.h"
#include "unit/assignment/stage.h"

typedef struct scene {
    stage at;
    clue told;
    wjz_refusal refusal;
    casework work;
} scene;

static void scene_set(scene *on, const char *actor) {
    stage_set(&on->at);
    on->told = fixture_clue();
    assignment *open = stage_tell(&on->at, &on->told, NULL);
    assert_string_equal(open->prosecutor, "P-one");
    stage_turn(&on->at);
    on->refusal = (wjz_refusal){0};
    on->work = (casework){.on = &on->at.on, .told = &on->told, .open = open, .actor = actor, .refusal = &on->refusal};
}

static void force(scene *on, assignment_state to) {
    wjz_err err = {0};
    assert_int_equal(ledger_enter(&on->at.book, on->work.open, to, (cause){0}, &err), 0);
    on->work.open->changed = false;
    stage_turn(&on->at);
}

static void expect_refusal(scene *on, int r, wjz_refusal_code code, const char *field) {
    assert_int_equal(r, -EPERM);
    assert_int_equal(on->refusal.code, code);
    if (field != NULL) assert_string_equal(on->refusal.field, field);
    assert_non_null(on->refusal.message);
    assert_non_null(on->refusal.remedy);
    assert_int_equal(on->at.book.changed_count, 0);
    on->refusal = (wjz_refusal){0};
}

static void only_those_concerned_may_act(void **state) {
    (void)state;
    static const struct {
        const char *actor;
        bool may;
    } cases[] = {{"P-one", true},  {"P-head", true},   {"P-chief", true},  {"P-clerk", true},
                 {"P-two", false}, {"P-three", false}, {"P-staff", false}, {"P-nobody", false}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        scene on;
        wjz_err err = {0};
        scene_set(&on, cases[i].actor);
        int r = casework_accept(&on.work, &err);
        if (cases[i].may) {
            assert_int_equal(r, 0);
            assert_int_equal(on.work.open->state, STATE_ACCEPTED);
            assert_string_equal(on.work.open->prosecutor, "P-one");
            assert_int_equal(casework_accept(&on.work, &err), 0); /* again: no change */
            assert_int_equal(on.work.open->revision, 2);
        } else {
            expect_refusal(&on, r, WJZ_REFUSAL_FORBIDDEN, "actor");
        }
        stage_clear(&on.at);
    }
}

static void station_staff_take_what_the_station_has(void **state) {
    (void)state;
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-staff");
    on.work.open->prosecutor = "";
    on.work.open->station = "ST-2";
    assert_int_equal(casework_accept(&on.work, &err), 0);
    assert_string_equal(on.work.open->prosecutor, "P-staff");
    assert_int_equal(directory_person(on.at.people, "P-staff")->open, 1);
    stage_clear(&on.at);
}

static void operators_accept_for_somebody(void **state) {
    (void)state;
    static const struct {
        const char *organ;
        int stars;
        bool may;
    } cases[] = {{"JCY-510184", 4, false}, {"", 2, false}, {"JCY-510184", 2, true} /* for a station */};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        scene on;
        wjz_err err = {0};
        scene_set(&on, "P-clerk");
        on.work.open->prosecutor = "";
        on.work.open->organ = cases[i].organ;
        on.work.open->stars = cases[i].stars;
        int r = casework_accept(&on.work, &err);
        if (cases[i].may)
            assert_int_equal(r, 0);
        else
            expect_refusal(&on, r, WJZ_REFUSAL_CONFLICT, "assignment");
        stage_clear(&on.at);
    }
}

static void goes_from_acceptance_to_an_outcome(void **state) {
    (void)state;
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-one");
    expect_refusal(&on, casework_verify(&on.work, &err), WJZ_REFUSAL_CONFLICT, "assignment");
    expect_refusal(&on, casework_close(&on.work, "filed", &err), WJZ_REFUSAL_CONFLICT, "assignment");
    assert_int_equal(casework_accept(&on.work, &err), 0);
    assert_int_equal(casework_verify(&on.work, &err), 0);
    assert_int_equal(casework_verify(&on.work, &err), 0);
    on.at.book.changed_count = 0;
    expect_refusal(&on, casework_close(&on.work, "won", &err), WJZ_REFUSAL_INVALID, "outcome");
    assert_int_equal(casework_close(&on.work, "filed", &err), 0);
    assert_int_equal(on.work.open->state, STATE_CLOSED);
    assert_int_equal(on.at.book.settlements[0].by, on.work.open->id);
    assert_int_equal(on.at.book.settlements[0].complaints, 2);
    assert_int_equal(directory_person(on.at.people, "P-one")->open, 0);
    on.at.book.changed_count = 0;
    expect_refusal(&on, casework_accept(&on.work, &err), WJZ_REFUSAL_CONFLICT, "assignment");
    expect_refusal(&on, casework_close(&on.work, "filed", &err), WJZ_REFUSAL_CONFLICT, "assignment");
    expect_refusal(&on, casework_return(&on.work, "other", "x", &err), WJZ_REFUSAL_CONFLICT, "assignment");
    stage_clear(&on.at);
}

static void a_return_goes_to_the_next_person(void **state) {
    (void)state;
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-one");
    expect_refusal(&on, casework_return(&on.work, "bored", "x", &err), WJZ_REFUSAL_INVALID, "reason_code");
    expect_refusal(&on, casework_return(&on.work, "other", "", &err), WJZ_REFUSAL_INVALID, "reason");
    assert_int_equal(casework_return(&on.work, "no_capacity", "出差", &err), 0);
    assert_int_equal(on.work.open->state, STATE_RETURNED);
    assert_string_equal(on.work.successor->prosecutor, "P-two");
    assert_string_equal(on.work.successor->tried, "P-one");
    assert_int_equal(on.work.successor->state, STATE_ASSIGNED);
    assert_string_equal(stage_notice(&on.at, "assignment_new")->person, "P-two");
    assert_string_equal(stage_notice(&on.at, "assignment_returned")->person, "P-head");
    assert_string_equal(on.at.book.lines[0].actor, "P-one");
    assert_string_equal(on.at.book.lines[0].reason_code, "no_capacity");
    assert_string_equal(on.at.book.lines[0].reason, "出差");
    stage_clear(&on.at);
}

static void a_transfer_names_an_organ_or_a_colleague(void **state) {
    (void)state;
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-head");
    casework *work = &on.work;
    expect_refusal(&on, casework_transfer(work, "", "", "r", &err), WJZ_REFUSAL_INVALID, "organ");
    expect_refusal(&on, casework_transfer(work, "JCY-510181", "P-two", "r", &err), WJZ_REFUSAL_INVALID, "organ");
    expect_refusal(&on, casework_transfer(work, "JCY-510181", "", "", &err), WJZ_REFUSAL_INVALID, "reason");
    expect_refusal(&on, casework_transfer(work, "JCY-0", "", "r", &err), WJZ_REFUSAL_INVALID, "organ");
    expect_refusal(&on, casework_transfer(work, "JCY-510184", "", "r", &err), WJZ_REFUSAL_INVALID, "organ");
    expect_refusal(&on, casework_transfer(work, "", "P-one", "r", &err), WJZ_REFUSAL_INVALID, "prosecutor");
    expect_refusal(&on, casework_transfer(work, "", "P-staff", "r", &err), WJZ_REFUSAL_INVALID, "prosecutor");
    expect_refusal(&on, casework_transfer(work, "", "P-nobody", "r", &err), WJZ_REFUSAL_INVALID, "prosecutor");
    relation kept = {"interest", "宏源"};
    directory_person(on.at.people, "P-two")->relations = &kept;
    directory_person(on.at.people, "P-two")->relation_count = 1;
    expect_refusal(&on, casework_transfer(work, "", "P-two", "r", &err), WJZ_REFUSAL_INVALID, "prosecutor");

    assert_int_equal(casework_transfer(work, "", "P-three", "r", &err), 0);
    assert_int_equal(work->open->state, STATE_TRANSFERRED);
    assert_string_equal(work->successor->prosecutor, "P-three");
    assert_false(work->successor->sent_here);
    assert_string_equal(stage_notice(&on.at, "assignment_gone")->person, "P-one");
    assert_int_equal(directory_person(on.at.people, "P-three")->open, 1);
    stage_clear(&on.at);
}

static void what_another_organ_sent_stays(void **state) {
    (void)state;
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-one");
    assert_int_equal(casework_transfer(&on.work, "JCY-510181", "", "管辖", &err), 0);
    assert_true(on.work.successor->sent_here);
    assert_string_equal(on.work.successor->organ, "JCY-510181");
    assert_non_null(stage_notice(&on.at, "organ_unstaffed"));
    on.work.open = on.work.successor;
    on.work.open->changed = on.work.open->is_new = false;
    on.work.actor = "P-clerk";
    stage_turn(&on.at);
    expect_refusal(&on, casework_transfer(&on.work, "JCY-510184", "", "退", &err), WJZ_REFUSAL_CONFLICT, "assignment");
    expect_refusal(&on, casework_return(&on.work, "other", "退", &err), WJZ_REFUSAL_CONFLICT, "assignment");
    /* The clue's place does not move it either. */
    on.told.stars = 5;
    assert_string_equal(stage_tell(&on.at, &on.told, on.work.open)->organ, "JCY-510181");
    stage_clear(&on.at);
}

static void recusal_suspends_but_in_public_interest_cases(void **state) {
    (void)state;
    static const struct {
        const char *procedure;
        bool suspends;
    } cases[] = {{"pil", false}, {"civil", true}, {"criminal", true}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        scene on;
        wjz_err err = {0};
        bool suspends;
        scene_set(&on, "P-one");
        expect_refusal(&on, casework_declare_recusal(&on.work, "x", "tax", &suspends, &err), WJZ_REFUSAL_INVALID,
                       "procedure");
        expect_refusal(&on, casework_declare_recusal(&on.work, "", "pil", &suspends, &err), WJZ_REFUSAL_INVALID,
                       "ground");
        force(&on, STATE_ACCEPTED);
        assert_int_equal(casework_declare_recusal(&on.work, "亲属", cases[i].procedure, &suspends, &err), 0);
        assert_int_equal(suspends, cases[i].suspends);
        assert_string_equal(stage_notice(&on.at, "recusal_declared")->person, "P-chief");
        if (suspends)
            assert_string_equal(on.work.successor->prosecutor, "P-two");
        else
            assert_int_equal(on.work.open->state, STATE_ACCEPTED);
        stage_clear(&on.at);
    }
    scene on;
    wjz_err err = {0};
    bool suspends;
    scene_set(&on, "P-head");
    on.work.open->prosecutor = "";
    expect_refusal(&on, casework_declare_recusal(&on.work, "x", "pil", &suspends, &err), WJZ_REFUSAL_CONFLICT,
                   "assignment");
    stage_clear(&on.at);
}

static void the_chief_decides_a_recusal(void **state) {
    (void)state;
    static const struct {
        const char *actor, *declarer;
        bool may;
    } cases[] = {{"P-chief", "P-one", true},
                 {"P-clerk", "P-one", true},
                 {"P-head", "P-one", false},
                 {"P-nobody", "P-one", false},
                 {"P-chief", "P-chief", false}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        scene on;
        wjz_err err = {0};
        scene_set(&on, cases[i].actor);
        on.work.open->prosecutor = cases[i].declarer;
        int r = casework_decide_recusal(&on.work, cases[i].declarer, true, &err);
        if (cases[i].may) {
            assert_int_equal(r, 0);
            assert_string_equal(on.work.successor->prosecutor, "P-two");
            assert_string_equal(stage_notice(&on.at, "assignment_gone")->person, "P-one");
        } else {
            expect_refusal(&on, r, WJZ_REFUSAL_FORBIDDEN, "actor");
        }
        stage_clear(&on.at);
    }
    scene on;
    wjz_err err = {0};
    scene_set(&on, "P-chief");
    assert_int_equal(casework_decide_recusal(&on.work, "P-one", false, &err), 0);
    assert_null(on.work.successor);
    assert_string_equal(on.at.book.lines[0].reason_code, "recusal_denied");
    /* Somebody else has it by now: nothing moves. */
    assert_int_equal(casework_decide_recusal(&on.work, "P-two", true, &err), 0);
    assert_null(on.work.successor);
    stage_clear(&on.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_those_concerned_may_act),
        cmocka_unit_test(station_staff_take_what_the_station_has),
        cmocka_unit_test(operators_accept_for_somebody),
        cmocka_unit_test(goes_from_acceptance_to_an_outcome),
        cmocka_unit_test(a_return_goes_to_the_next_person),
        cmocka_unit_test(a_transfer_names_an_organ_or_a_colleague),
        cmocka_unit_test(what_another_organ_sent_stays),
        cmocka_unit_test(recusal_suspends_but_in_public_interest_cases),
        cmocka_unit_test(the_chief_decides_a_recusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
