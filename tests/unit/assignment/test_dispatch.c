/* Dispatch: what a told clue does to assignments, and what an overdue acceptance does. */
#include "assignment/dispatch.h"

#include <inttypes.h>
#include <stdio.h>

#include "unit/assignment/stage.h"

static void opens_with_a_prosecutor_and_tells_him(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    clue told = fixture_clue();
    const assignment *open = stage_tell(&at, &told, NULL);
    assert_non_null(open);
    assert_string_equal(open->organ, "JCY-510184");
    assert_string_equal(open->station, "ST-1");
    assert_string_equal(open->prosecutor, "P-one");
    assert_int_equal(open->accept_until_us, fixture_moment("2026-03-04T10:00:00+08:00"));
    assert_non_null(strstr(open->trace, "rule 2 matched because place is known"));
    assert_int_equal(directory_person(at.people, "P-one")->open, 1);

    const Wjz__Notification__Notice *notice = stage_notice(&at, "assignment_new");
    assert_string_equal(notice->person, "P-one");
    assert_string_equal(notice->escalate_to, "P-head");
    assert_int_equal(notice->acknowledge_until_us, open->accept_until_us);
    assert_int_equal(notice->subject, open->id);
    assert_string_equal(stage_value(notice, "stars"), "4");
    assert_string_equal(stage_value(notice, "index"), "72");
    assert_null(stage_value(notice, "consult"));
    assert_int_equal(at.book.notice_count, 1);
    stage_clear(&at);
}

static void opens_what_the_clue_deserves(void **state) {
    (void)state;
    static const struct {
        int stars;
        bool mediation, urgent;
        int64_t merged_into, settled_by;
        int32_t town, region, report_region;
        const char *organ, *station, *prosecutor, *consult; /* organ NULL: nothing is opened */
    } cases[] = {
        {3, false, false, 0, 0, 510184107, 510184, 510184, "JCY-510184", "ST-1", "P-one", ""},
        {2, false, false, 0, 0, 510184107, 510184, 510184, NULL, "", "", ""},
        {2, true, false, 0, 0, 510184107, 510184, 510184, "JCY-510184", "ST-1", "", ""}, /* a station alone */
        {4, true, false, 0, 0, 510184107, 510184, 510184, "JCY-510184", "ST-1", "P-one", ""},
        {5, false, false, 9, 0, 510184107, 510184, 510184, NULL, "", "", ""}, /* part of another clue */
        {5, false, false, 0, 9, 510184107, 510184, 510184, NULL, "", "", ""}, /* settled before */
        {5, false, true, 0, 0, 510184110, 510184, 510184, "JCY-510184", "ST-1", "P-one", "JCY-51DQ2"},
        {4, false, false, 0, 0, 0, 510184, 510181, "JCY-510181", "", "", ""},     /* an organ without people */
        {2, true, false, 0, 0, 0, 510184, 510181, "JCY-510181", "", "", ""},      /* without a station too */
        {4, false, false, 0, 0, 0, 510184, 0, "JCY-510184", "ST-1", "P-one", ""}, /* place not known */
        {4, false, false, 0, 0, 0, 999999, 0, "", "", "", ""},                    /* nobody answers: alarm */
    };
    stage at;
    stage_set(&at);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        clue told = fixture_clue();
        told.stars = cases[i].stars;
        told.mediation = cases[i].mediation;
        told.urgent = cases[i].urgent;
        told.merged_into = cases[i].merged_into;
        told.settled_by = cases[i].settled_by;
        told.settled_complaints = told.complaints;
        told.town = cases[i].town;
        told.region = cases[i].region;
        told.report_region = cases[i].report_region;
        const assignment *open = stage_tell(&at, &told, NULL);
        if ((open != NULL) != (cases[i].organ != NULL)) fail_msg("case %zu", i);
        if (open == NULL) continue;
        if (strcmp(open->organ, cases[i].organ) != 0 || strcmp(open->station, cases[i].station) != 0 ||
            strcmp(open->prosecutor, cases[i].prosecutor) != 0 || strcmp(open->consult, cases[i].consult) != 0)
            fail_msg("case %zu: %s %s %s %s", i, open->organ, open->station, open->prosecutor, open->consult);
        if (cases[i].urgent) assert_int_equal(open->accept_until_us, fixture_moment("2026-03-03T12:00:00+08:00"));
        directory_person(at.people, "P-one")->open = 0;
    }
    stage_clear(&at);
}

static void nothing_is_unassigned_in_silence(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    clue told = fixture_clue();
    told.town = 0;
    told.report_region = 510181;
    stage_tell(&at, &told, NULL);
    const Wjz__Notification__Notice *notice = stage_notice(&at, "organ_unstaffed");
    assert_string_equal(notice->event, "organ:JCY-510181:unstaffed:2026-03-03");
    assert_string_equal(notice->role, "operator");

    /* No rule has an organ: the chief of the region's own has it, and operators hear of it. */
    told.report_region = 0;
    told.region = 510181;
    at.people->people[0].organ = "JCY-510181"; /* P-chief moves there */
    assert_int_equal(directory_finish(at.people), 0);
    const assignment *open = stage_tell(&at, &told, NULL);
    assert_string_equal(open->organ, "JCY-510181");
    assert_string_equal(open->prosecutor, "P-chief");
    assert_non_null(stage_notice(&at, "clue_unroutable"));
    char event[64];
    snprintf(event, sizeof(event), "assignment:%" PRId64 ":unroutable:1", open->id);
    assert_string_equal(stage_notice(&at, "clue_unroutable")->event, event);

    /* A station alone: whoever is on duty there is told. */
    told = fixture_clue();
    told.stars = 2;
    told.mediation = true;
    stage_tell(&at, &told, NULL);
    assert_string_equal(stage_notice(&at, "assignment_new")->role, "duty:ST-1");
    stage_clear(&at);
}

static void moves_an_unaccepted_one_with_its_clue(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    clue told = fixture_clue();
    told.stars = 2;
    told.mediation = true;
    assignment *open = stage_tell(&at, &told, NULL);
    assert_string_equal(open->prosecutor, "");
    int64_t id = open->id;

    told.stars = 4; /* now a prosecutor's */
    open = stage_tell(&at, &told, open);
    assert_int_equal(open->id, id);
    assert_string_equal(open->prosecutor, "P-one");
    assert_int_equal(open->revision, 2);
    assert_non_null(stage_notice(&at, "assignment_new"));
    assert_int_equal(directory_person(at.people, "P-one")->open, 1);

    told.stars = 5; /* the same person keeps it, and is told nothing new */
    open = stage_tell(&at, &told, open);
    assert_int_equal(open->revision, 3);
    assert_int_equal(at.book.notice_count, 0);

    told.complaints = 9; /* nothing that others are told: no change */
    open = stage_tell(&at, &told, open);
    assert_int_equal(at.book.changed_count, 0);

    told.urgent = true; /* the shorter time from now on */
    open = stage_tell(&at, &told, open);
    assert_int_equal(open->accept_until_us, fixture_moment("2026-03-03T12:00:00+08:00"));

    told.branch = "civil"; /* another branch: another person */
    open = stage_tell(&at, &told, open);
    assert_string_equal(open->prosecutor, "P-three");
    assert_string_equal(open->branch, "civil");
    assert_string_equal(stage_notice(&at, "assignment_new")->person, "P-three");
    assert_string_equal(stage_notice(&at, "assignment_gone")->person, "P-one");
    assert_int_equal(directory_person(at.people, "P-one")->open, 0);
    assert_int_equal(directory_person(at.people, "P-three")->open, 1);

    told.stars = 1; /* a station's again */
    open = stage_tell(&at, &told, open);
    assert_string_equal(open->prosecutor, "");

    told.mediation = false; /* nobody's */
    assert_null(stage_tell(&at, &told, open));
    assert_int_equal(open->state, STATE_WITHDRAWN);
    assert_string_equal(at.book.lines[0].reason_code, "below_stars");

    told.stars = 3; /* and somebody's again: a new one */
    assignment *again = stage_tell(&at, &told, NULL);
    assert_int_not_equal(again->id, id);
    stage_clear(&at);
}

static assignment *look_again(stage *at, const clue *told, assignment *open) {
    wjz_err err = {0};
    stage_turn(at);
    if (dispatch_unplaced(&at->on, told, open, &err) < 0) fail_msg("%s", err.text);
    open->changed = false;
    return open;
}

static void what_nobody_had_is_given_to_whoever_comes(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    size_t organs = at.people->organ_count, stations = at.people->station_count, people = at.people->person_count;
    at.people->organ_count = at.people->station_count = at.people->person_count = 0;
    assert_int_equal(directory_finish(at.people), 0);
    clue told = fixture_clue(), small = fixture_clue(), late = fixture_clue();
    small.id = 78;
    small.stars = 2;
    small.mediation = true;
    late.id = 79;
    assignment *open = stage_tell(&at, &told, NULL), *mediated = stage_tell(&at, &small, NULL);
    assignment *overdue = stage_tell(&at, &late, NULL);
    assert_string_equal(open->organ, "");
    assert_string_equal(mediated->organ, "");
    look_again(&at, &told, open); /* nothing is known yet: nothing changes, and no alarm is raised once more */
    assert_int_equal(at.book.changed_count, 0);
    assert_int_equal(at.book.notice_count, 0);

    at.people->organ_count = organs; /* an organ without anybody: an alarm of its own */
    look_again(&at, &told, open);
    assert_string_equal(open->organ, "JCY-510184");
    assert_string_equal(open->prosecutor, "");
    assert_string_equal(at.book.lines[0].reason_code, "directory_changed");
    assert_non_null(stage_notice(&at, "organ_unstaffed"));
    assert_null(stage_notice(&at, "clue_unroutable"));

    at.people->station_count = stations;
    at.people->person_count = people;
    assert_int_equal(directory_finish(at.people), 0);
    open->accept_until_us = 1; /* the time to accept begins with whoever has it */
    look_again(&at, &told, open);
    assert_string_equal(open->station, "ST-1");
    assert_string_equal(open->prosecutor, "P-one");
    assert_int_equal(open->accept_until_us, fixture_moment("2026-03-04T10:00:00+08:00"));
    assert_string_equal(stage_notice(&at, "assignment_new")->person, "P-one");
    assert_int_equal(at.book.notice_count, 1);
    assert_int_equal(directory_person(at.people, "P-one")->open, 1);

    look_again(&at, &small, mediated); /* one for a station alone: whoever is on duty there hears of it */
    assert_string_equal(mediated->station, "ST-1");
    assert_string_equal(mediated->prosecutor, "");
    assert_string_equal(stage_notice(&at, "assignment_new")->role, "duty:ST-1");

    small.town = 510184001; /* and so they do at the station that it moves to */
    small.domain = "minors";
    mediated = stage_tell(&at, &small, mediated);
    assert_string_equal(stage_notice(&at, "assignment_new")->role, "duty:ST-2");

    wjz_err err = {0}; /* nor has the clock to wait for the next look */
    stage_turn(&at);
    assert_int_equal(dispatch_overdue(&at.on, &late, overdue, &err), 0);
    assert_int_equal(overdue->state, STATE_ESCALATED);
    assert_string_equal(at.book.changed[1]->organ, "JCY-510184");
    stage_clear(&at);
}

static void leave_the_directory(stage *at, const char *code) {
    directory *dir = at->people;
    for (size_t i = 0; i < dir->person_count; i++)
        if (strcmp(dir->people[i].code, code) == 0) dir->people[i] = dir->people[--dir->person_count];
    assert_int_equal(directory_finish(dir), 0);
}

static void what_somebody_had_who_left_goes_on(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    wjz_err err = {0};
    clue told = fixture_clue(), other = fixture_clue();
    other.id = 78;
    assignment *open = stage_tell(&at, &told, NULL), *accepted = stage_tell(&at, &other, NULL);
    assert_string_equal(open->prosecutor, "P-one");
    assert_string_equal(accepted->prosecutor, "P-one");
    assert_int_equal(ledger_enter(&at.book, accepted, STATE_ACCEPTED, (cause){.actor = "P-one"}, &err), 0);
    accepted->changed = false;
    leave_the_directory(&at, "P-one");

    look_again(&at, &told, open); /* not accepted: the next one has it, and nobody writes to who is not there */
    assert_string_equal(open->prosecutor, "P-two");
    assert_string_equal(stage_notice(&at, "assignment_new")->person, "P-two");
    assert_int_equal(at.book.notice_count, 1);

    look_again(&at, &other, accepted);
    assert_int_equal(accepted->state, STATE_RETURNED);
    assert_string_equal(at.book.lines[0].reason_code, "absent");
    assignment *next = at.book.changed[1];
    next->is_new = next->changed = false;
    assert_int_equal(next->state, STATE_ASSIGNED);
    assert_int_equal(next->predecessor, accepted->id);
    assert_string_equal(next->prosecutor, "P-two");
    assert_string_equal(stage_notice(&at, "assignment_new")->person, "P-two");
    assert_string_equal(stage_notice(&at, "assignment_returned")->person, "P-head");
    assert_string_equal(stage_value(stage_notice(&at, "assignment_returned"), "from"), "P-one");

    leave_the_directory(&at, "P-two"); /* to and fro: whoever has it once more is told once more */
    look_again(&at, &told, open);
    assert_string_equal(open->prosecutor, "P-head");
    char event[64];
    snprintf(event, sizeof(event), "assignment:%" PRId64 ":assigned:%" PRId64, open->id, open->revision);
    assert_string_equal(stage_notice(&at, "assignment_new")->event, event);

    at.people->person_count = 0; /* nobody is left at all: an alarm, not a silence */
    assert_int_equal(directory_finish(at.people), 0);
    look_again(&at, &told, open);
    assert_string_equal(open->prosecutor, "");
    assert_non_null(stage_notice(&at, "organ_unstaffed"));
    stage_clear(&at);
}

static void accepted_work_stays(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    wjz_err err = {0};
    clue told = fixture_clue();
    assignment *open = stage_tell(&at, &told, NULL);
    assert_int_equal(ledger_enter(&at.book, open, STATE_ACCEPTED, (cause){.actor = "P-one"}, &err), 0);

    told.stars = 1;
    told.report_region = 510181;
    open = stage_tell(&at, &told, open);
    assert_int_equal(open->state, STATE_ACCEPTED);
    assert_string_equal(open->organ, "JCY-510184");
    assert_string_equal(open->prosecutor, "P-one");
    assert_int_equal(open->stars, 1);
    assert_string_equal(stage_notice(&at, "assignment_changed")->person, "P-one");

    told.look_on_spot = true; /* passed on to others, but no news for the prosecutor */
    open = stage_tell(&at, &told, open);
    assert_int_equal(at.book.changed_count, 1);
    assert_int_equal(at.book.notice_count, 0);

    told.merged_into = 78; /* the survivor has an assignment of its own */
    assert_null(stage_tell(&at, &told, open));
    assert_int_equal(open->state, STATE_WITHDRAWN);
    assert_string_equal(at.book.lines[0].reason_code, "merged");
    assert_string_equal(at.book.lines[0].reason, "clue 78");
    assert_string_equal(stage_notice(&at, "assignment_gone")->person, "P-one");
    stage_clear(&at);
}

/* Merges the clue away, and tells it again as given; what is open then. */
static assignment *merge_and_tell(stage *at, const clue *again, assignment *open) {
    wjz_err err = {0};
    clue merged = *again;
    merged.merged_into = 78;
    assert_null(stage_tell(at, &merged, open));
    assert_int_equal(open->state, STATE_WITHDRAWN);
    stage_turn(at);
    if (dispatch_told(&at->on, again, NULL, open, &err) < 0) fail_msg("%s", err.text);
    assert_int_equal(at->book.changed_count, 1);
    assignment *opened = at->book.changed[0];
    opened->is_new = opened->changed = false;
    return opened;
}

static void what_lives_again_is_back_with_who_had_it(void **state) {
    (void)state;
    static const span away = {.from_us = INT64_MIN, .to_us = INT64_MAX};
    const struct {
        const char *excluded, *branch, *subject, *name;
        bool gone, on_leave;
        const char *expected; /* P-two had it */
    } cases[] = {
        {"", "public_interest", "", "", false, false, "P-two"},
        {"P-two", "public_interest", "", "", false, false, "P-one"},          /* recused since */
        {"", "civil", "", "", false, false, "P-three"},                       /* another branch's by now */
        {"", "public_interest", "宏源建材厂", "宏源", false, false, "P-one"}, /* a relation to the subject */
        {"", "public_interest", "", "", true, false, "P-one"},                /* left */
        {"", "public_interest", "", "", false, true, "P-one"},                /* on leave */
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        stage at;
        stage_set(&at);
        clue told = fixture_clue();
        told.excluded = "P-one"; /* so that the first choice is not who has it */
        assignment *open = stage_tell(&at, &told, NULL);
        assert_string_equal(open->prosecutor, "P-two");
        open->tried = "P-head"; /* had it before */
        told.excluded = cases[i].excluded;
        told.branch = cases[i].branch;
        told.subject = cases[i].subject;
        relation related = {.kind = "relative", .name = cases[i].name};
        person *two = directory_person(at.people, "P-two");
        two->relations = &related;
        two->relation_count = 1;
        two->leaves = (span *)(uintptr_t)&away;
        two->leave_count = cases[i].on_leave;
        if (cases[i].gone) leave_the_directory(&at, "P-two");

        const assignment *again = merge_and_tell(&at, &told, open);
        bool back = strcmp(cases[i].expected, "P-two") == 0;
        if (strcmp(again->prosecutor, cases[i].expected) != 0) fail_msg("case %zu: %s", i, again->prosecutor);
        assert_int_not_equal(again->id, open->id);
        assert_int_equal(again->state, STATE_ASSIGNED);
        assert_int_equal(again->predecessor, back ? open->id : 0);
        assert_string_equal(again->tried, back ? "P-head" : cases[i].excluded);
        assert_string_equal(at.book.lines[0].reason_code, back ? "lives_again" : "clue_told");
        const Wjz__Notification__Notice *notice = stage_notice(&at, back ? "assignment_back" : "assignment_new");
        assert_string_equal(notice->person, cases[i].expected);
        assert_int_equal(notice->acknowledge_until_us, again->accept_until_us);
        assert_int_equal(at.book.notice_count, 1);
        assert_int_equal(directory_person(at.people, cases[i].expected)->open, 1);
        if (back) assert_non_null(strstr(again->trace, "back with P-two"));
        if (!back && !cases[i].gone) assert_int_equal(directory_person(at.people, "P-two")->open, 0);
        stage_clear(&at);
    }
}

static void what_lives_again_keeps_what_was_decided_of_it(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    clue told = fixture_clue();
    assignment *open = stage_tell(&at, &told, NULL);
    open->sent_here = true; /* from another organ, which the rules would give it to again */
    open->escalations = 1;
    told.report_region = 510181;
    const assignment *again = merge_and_tell(&at, &told, open);
    assert_string_equal(again->organ, "JCY-510184");
    assert_string_equal(again->prosecutor, "P-one");
    assert_true(again->sent_here);
    assert_int_equal(again->escalations, 1);

    clue small = fixture_clue(); /* a station alone had it: whoever is on duty there hears that it is back */
    small.id = 79;
    small.stars = 2;
    small.mediation = true;
    open = stage_tell(&at, &small, NULL);
    again = merge_and_tell(&at, &small, open);
    assert_string_equal(again->station, "ST-1");
    assert_string_equal(stage_notice(&at, "assignment_back")->role, "duty:ST-1");
    small.town = 510184001; /* and at another one, that it is new */
    again = merge_and_tell(&at, &small, (assignment *)(uintptr_t)again);
    assert_string_equal(again->station, "ST-2");
    assert_string_equal(stage_notice(&at, "assignment_new")->role, "duty:ST-2");

    clue unstaffed = fixture_clue(); /* nobody had it, and nobody has: an alarm, no return */
    unstaffed.id = 80;
    unstaffed.report_region = 510181;
    open = stage_tell(&at, &unstaffed, NULL);
    merge_and_tell(&at, &unstaffed, open);
    assert_null(stage_notice(&at, "assignment_back"));
    assert_non_null(stage_notice(&at, "organ_unstaffed"));
    stage_clear(&at);
}

static void a_settled_matter_that_goes_on_is_told(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    wjz_err err = {0};
    clue told = fixture_clue();
    const assignment settled = {.region = 510184,
                                .id = 5,
                                .clue = 77,
                                .state = STATE_CLOSED,
                                .organ = "JCY-510184",
                                .station = "",
                                .prosecutor = "P-two",
                                .consult = "",
                                .branch = "civil",
                                .domain = "none"};
    told.settled_by = 5;
    told.settled_complaints = 2;
    assert_int_equal(dispatch_told(&at.on, &told, NULL, &settled, &err), 0);
    assert_int_equal(at.book.notice_count, 0);
    told.complaints = 3;
    assert_int_equal(dispatch_told(&at.on, &told, NULL, &settled, &err), 0);
    assert_string_equal(stage_notice(&at, "clue_back")->person, "P-two");
    assert_string_equal(stage_notice(&at, "clue_back")->event, "assignment:5:back:3");
    assert_int_equal(at.book.settlements[0].complaints, 3);
    assert_int_equal(at.book.changed_count, 0);
    stage_clear(&at);
}

/* The new one of a turn that ended another. */
static assignment *successor(stage *at) {
    for (size_t i = 0; i < at->book.changed_count; i++)
        if (at->book.changed[i]->is_new) {
            assignment *next = at->book.changed[i];
            next->is_new = next->changed = false;
            return next;
        }
    return NULL;
}

static void the_next_person_has_what_nobody_accepts(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    wjz_err err = {0};
    clue told = fixture_clue();
    assignment *open = stage_tell(&at, &told, NULL);
    static const char *const people[] = {"P-two", "P-head", "P-chief"};
    const char *before = "P-one";
    for (size_t i = 0; i < WJZ_COUNT(people); i++) {
        stage_turn(&at);
        assert_int_equal(dispatch_overdue(&at.on, &told, open, &err), 0);
        assert_int_equal(open->state, STATE_ESCALATED);
        assert_string_equal(stage_notice(&at, "assignment_missed")->person, before);
        assignment *next = successor(&at);
        assert_non_null(next);
        assert_string_equal(next->prosecutor, people[i]);
        assert_int_equal(next->predecessor, open->id);
        assert_int_equal(next->escalations, i + 1);
        assert_string_equal(stage_notice(&at, "assignment_escalated")->person, people[i]);
        assert_string_equal(stage_value(stage_notice(&at, "assignment_escalated"), "from"), before);
        before = people[i];
        open = next;
    }
    /* Nobody is above the chief: he is reminded, and operators too. */
    stage_turn(&at);
    int64_t revision = open->revision;
    assert_int_equal(dispatch_overdue(&at.on, &told, open, &err), 0);
    assert_int_equal(open->state, STATE_ASSIGNED);
    assert_int_equal(open->revision, revision + 1);
    assert_int_equal(open->accept_until_us, fixture_moment("2026-03-04T10:00:00+08:00"));
    assert_int_equal(at.book.notice_count, 2);
    assert_string_equal(at.book.notices[0]->role, "operator");
    assert_string_equal(at.book.notices[1]->person, "P-chief");

    /* A change of the clue leaves it with the chief. */
    told.stars = 5;
    open = stage_tell(&at, &told, open);
    assert_string_equal(open->prosecutor, "P-chief");
    stage_clear(&at);
}

static void a_station_that_does_not_answer_loses_it_to_a_person(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    wjz_err err = {0};
    clue told = fixture_clue();
    told.stars = 2;
    told.mediation = true;
    assignment *open = stage_tell(&at, &told, NULL);
    stage_turn(&at);
    assert_int_equal(dispatch_overdue(&at.on, &told, open, &err), 0);
    assignment *next = successor(&at);
    assert_string_equal(next->prosecutor, "P-one");
    assert_null(stage_notice(&at, "assignment_missed"));
    told.domain = "women"; /* in place, and still with a person */
    assert_string_equal(stage_tell(&at, &told, next)->prosecutor, "P-one");
    stage_clear(&at);
}

/* Whatever order revisions come in, older ones are dropped before dispatch; so from any state that earlier revisions
 * left, the last one must lead to the same end. */
static void the_end_follows_from_the_last_revision(void **state) {
    (void)state;
    stage at;
    stage_set(&at);
    clue first = fixture_clue(), second = fixture_clue(), last = fixture_clue();
    first.stars = 2;
    first.mediation = true;
    second.branch = "civil";
    second.stars = 5;
    last.stars = 3;
    last.town = 510184001;
    const clue *orders[][3] = {{&first, &second, &last}, {&second, &last}, {&first, &last}, {&last}};
    for (size_t i = 0; i < WJZ_COUNT(orders); i++) {
        assignment *open = NULL;
        for (size_t k = 0; k < 3 && orders[i][k] != NULL; k++)
            open = stage_tell(&at, orders[i][k], open);
        assert_string_equal(open->organ, "JCY-510184");
        assert_string_equal(open->station, "ST-2");
        assert_string_equal(open->branch, "public_interest");
        assert_int_equal(open->stars, 3);
        assert_int_not_equal(strcmp(open->prosecutor, ""), 0);
    }
    stage_clear(&at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_with_a_prosecutor_and_tells_him),
        cmocka_unit_test(opens_what_the_clue_deserves),
        cmocka_unit_test(nothing_is_unassigned_in_silence),
        cmocka_unit_test(moves_an_unaccepted_one_with_its_clue),
        cmocka_unit_test(what_nobody_had_is_given_to_whoever_comes),
        cmocka_unit_test(what_somebody_had_who_left_goes_on),
        cmocka_unit_test(accepted_work_stays),
        cmocka_unit_test(what_lives_again_is_back_with_who_had_it),
        cmocka_unit_test(what_lives_again_keeps_what_was_decided_of_it),
        cmocka_unit_test(a_settled_matter_that_goes_on_is_told),
        cmocka_unit_test(the_next_person_has_what_nobody_accepts),
        cmocka_unit_test(a_station_that_does_not_answer_loses_it_to_a_person),
        cmocka_unit_test(the_end_follows_from_the_last_revision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
