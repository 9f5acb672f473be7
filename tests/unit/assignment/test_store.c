/* The store's SQL on a real server, with the rights of the service's own role. */
#include <errno.h>
#include <stdio.h>

#include "assignment/store.h"
#include "support/test_db.h"
#include "unit/assignment/fixture.h"

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;
static wjz_arena *arena;

static int set_up(void **state) {
    (void)state;
    server = test_db_new();
    arena = wjz_arena_new(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    test_db_destroy(&server);
    return 0;
}

static void run(wjz_call_fn *body) {
    const wjz_db_options options = {.url = test_db_url(server),
                                    .role = "wjz_assignment",
                                    .application = "test",
                                    .connections = 2,
                                    .hot_path = true};
    test_db_in_fiber(&options, body, &loop, &db);
}

static wjz_tx *begin(void) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    if (wjz_tx_begin(db, &tx, &err) < 0) fail_msg("%s", err.text);
    return tx;
}

static void commit(wjz_tx *tx) {
    wjz_err err = {0};
    if (wjz_tx_commit(&tx, &err) < 0) fail_msg("%s", err.text);
}

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        wjz_err err = {0};                                                                                             \
        if ((call) < 0) fail_msg("%s", err.text);                                                                      \
    } while (0)

/* Clues 1 … count at the given revision, as they are told. */
static store_told *told(size_t count, int64_t revision) {
    store_told *clues = wjz_arena_calloc(arena, count, sizeof(store_told));
    for (size_t i = 0; i < count; i++) {
        clues[i].told = fixture_clue();
        clues[i].told.id = (int64_t)i + 1;
        clues[i].told.revision = revision;
    }
    return clues;
}

/* The same, taken in a transaction that is committed. */
static store_told *take(size_t count, int64_t revision) {
    store_told *clues = told(count, revision);
    wjz_tx *tx = begin();
    MUST(store_take_clues(tx, arena, clues, count, false, &err));
    commit(tx);
    return clues;
}

/* An open assignment of the clue with every column set, in a ledger of its own. */
static assignment *opened(ledger *book, const clue *told) {
    wjz_err err = {0};
    *book = (ledger){.arena = arena, .now_us = 1};
    assignment *made = ledger_open(book, told);
    made->organ = "JCY-510184";
    made->station = "ST-1";
    made->prosecutor = "P-one";
    made->consult = "JCY-51DQ2";
    made->branch = told->branch;
    made->domain = told->domain;
    made->stars = told->stars;
    made->town = told->town;
    made->village = 510184107201;
    made->urgent = made->mediation = made->look_on_spot = made->sent_here = true;
    made->accept_until_us = fixture_moment(FIXTURE_NOW_TEXT);
    made->predecessor = 4;
    made->escalations = 1;
    made->tried = "P-two\nP-head";
    made->trace = "规则 1\n规则 2";
    assert_int_equal(ledger_begin(book, made, (cause){.reason_code = "clue_told", .reason = "because"}, &err), 0);
    return made;
}

static int write(const ledger *book) {
    wjz_err err = {0};
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = begin();
    int r = store_write(tx, book, &err);
    return r < 0 ? r : wjz_tx_commit(&tx, &err);
}

static void forget_all(void) {
    test_db_run(server, "TRUNCATE assignment.clue_state, assignment.assignment, assignment.history, assignment.recusal,"
                        " assignment.outcome");
}

static void keeps_only_newer_revisions_body(void *arg) {
    (void)arg;
    const store_told *clues = take(300, 5);
    for (int i = 0; i < 300; i++)
        assert_true(clues[i].newer);
    clues = take(2, 5);
    assert_false(clues[0].newer);
    clues = take(2, 4);
    assert_false(clues[1].newer);
    clues = take(301, 6);
    assert_true(clues[0].newer);
    assert_null(clues[0].open);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.clue_state WHERE revision = 6"), 301);
    assert_string_equal(test_db_text(server, "SELECT agencies FROM assignment.clue_state WHERE clue = 7"),
                        "水务局\n综合行政执法局");
}

static int take_first(size_t count, bool careful, store_told **ret_clues) {
    wjz_err err = {0};
    *ret_clues = told(count, 1);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = begin();
    int r = store_take_clues(tx, arena, *ret_clues, count, careful, &err);
    return r < 0 ? r : wjz_tx_commit(&tx, &err);
}

/* A first revision that comes after a later one is met by who looks, and by who does not look as well. */
static void looks_for_later_ones_when_careful_body(void *arg) {
    (void)arg;
    store_told *clues = take(2, 7);
    assert_true(clues[1].newer);
    assert_int_equal(take_first(3, false, &clues), -EEXIST);
    assert_int_equal(take_first(3, true, &clues), 0);
    assert_false(clues[0].newer);
    assert_false(clues[1].newer);
    assert_true(clues[2].newer);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.clue_state WHERE revision = 7"), 2);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.clue_state WHERE revision = 1"), 1);
}

static void writes_what_it_reads_body(void *arg) {
    (void)arg;
    ledger book;
    store_told *clues = take(3, 1);
    assignment *made = opened(&book, &clues[1].told);
    assert_int_equal(write(&book), 0);
    clues = take(3, 2);
    assert_null(clues[0].open);
    assignment *read = clues[1].open;
    assert_non_null(read);
    assert_int_equal(read->id, made->id);
    assert_int_equal(read->clue, 2);
    assert_int_equal(read->state, STATE_ASSIGNED);
    assert_string_equal(read->organ, "JCY-510184");
    assert_string_equal(read->consult, "JCY-51DQ2");
    assert_string_equal(read->tried, "P-two\nP-head");
    assert_string_equal(read->trace, "规则 1\n规则 2");
    assert_int_equal(read->accept_until_us, made->accept_until_us);
    assert_int_equal(read->village, 510184107201);
    assert_true(read->urgent && read->mediation && read->look_on_spot && read->sent_here);
    assert_int_equal(read->escalations, 1);
    assert_int_equal(read->predecessor, 4);
    assert_int_equal(read->revision, 1);

    /* One ends and the next begins, in one turn. */
    wjz_err err = {0};
    ledger next_book;
    assignment *next = opened(&next_book, &clues[1].told);
    assert_int_equal(ledger_enter(&next_book, read, STATE_RETURNED, (cause){.actor = "P-one"}, &err), 0);
    assert_int_equal(ledger_settle(&next_book, &(settlement){510184, 2, next->id, 9}, &err), 0);
    assert_int_equal(write(&next_book), 0);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.history"), 3);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.assignment WHERE ended_at IS NULL"), 1);
    clues = take(3, 3);
    assert_int_equal(clues[1].open->id, next->id);
    assert_int_equal(clues[1].told.settled_by, next->id);
    assert_int_equal(clues[1].told.settled_complaints, 9);
    assert_int_equal(clues[1].last->id, next->id);
}

static void end(assignment *open, assignment_state state, const char *reason_code) {
    wjz_err err = {0};
    ledger book = {.arena = arena, .now_us = 1};
    open->is_new = open->changed = false;
    assert_int_equal(ledger_enter(&book, open, state, (cause){.reason_code = reason_code}, &err), 0);
    assert_int_equal(write(&book), 0);
}

/* Only that which was withdrawn last, and because its clue was merged away, is one to come back to. */
static void finds_what_was_withdrawn_by_a_merge_body(void *arg) {
    (void)arg;
    enum { NEVER, MERGED, BELOW, BELOW_BEFORE, BELOW_SINCE, RECUSING, UNWANTED, COUNT };
    static const char *const reasons[COUNT][2] = {[MERGED] = {"merged"},
                                                  [BELOW] = {"below_stars"},
                                                  [BELOW_BEFORE] = {"below_stars", "merged"},
                                                  [BELOW_SINCE] = {"merged", "below_stars"},
                                                  [RECUSING] = {"merged"},
                                                  [UNWANTED] = {"merged"}};
    store_told *clues = take(COUNT, 1);
    int64_t last[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < WJZ_COUNT(reasons[i]) && reasons[i][k] != NULL; k++) {
            ledger book;
            assignment *made = opened(&book, &clues[i].told);
            last[i] = made->id;
            assert_int_equal(write(&book), 0);
            end(made, STATE_WITHDRAWN, reasons[i][k]);
        }
    store_recusal asked = {
        .assignment = last[RECUSING], .person = "P-one", .procedure = "pil", .ground = "亲属", .due_us = 1};
    wjz_tx *tx = begin();
    MUST(store_add_recusal(tx, 510184, RECUSING + 1, &asked));
    MUST(store_exclude(tx, 510184, RECUSING + 1, "P-two"));
    commit(tx);

    clues = told(COUNT, 2);
    clues[UNWANTED].told.stars = 2;
    tx = begin();
    MUST(store_take_clues(tx, arena, clues, COUNT, false, &err));
    commit(tx);
    for (size_t i = 0; i < COUNT; i++) {
        bool comes_back = i == MERGED || i == BELOW_BEFORE;
        if ((clues[i].last != NULL) != comes_back) fail_msg("clue %zu", i);
        if (comes_back) assert_int_equal(clues[i].last->id, last[i]);
    }
    assert_string_equal(clues[RECUSING].told.excluded, "P-two\nP-one");
    assert_string_equal(clues[MERGED].told.excluded, "");

    clues = take(COUNT, 2); /* told once more, though nothing is new */
    assert_null(clues[MERGED].last);
}

static void refuses_a_second_open_one_body(void *arg) {
    (void)arg;
    ledger book;
    store_told *clues = take(1, 1);
    opened(&book, &clues[0].told);
    assert_int_equal(write(&book), 0);
    opened(&book, &clues[0].told);
    assert_int_equal(write(&book), -EEXIST);
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.assignment"), 1);
}

static void locks_and_claims_body(void *arg) {
    (void)arg;
    ledger book;
    store_told *clues = take(2, 1);
    assignment *first = opened(&book, &clues[0].told);
    assert_int_equal(write(&book), 0);
    clue told;
    assignment read;
    bool found;
    store_due *due;
    size_t count;
    wjz_tx *tx = begin(), *other = begin();
    MUST(store_lock_assignment(tx, arena, 510184, 1, &told, &read, &found, &err));
    assert_false(found);
    MUST(store_claim_due(tx, arena, first->accept_until_us - 1, &due, &count, &err));
    assert_int_equal(count, 0);
    MUST(store_claim_due(tx, arena, first->accept_until_us, &due, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(due[0].open->id, first->id);
    assert_string_equal(due[0].told.subject, "宏源建材厂");
    /* Another instance finds it taken, and passes by. */
    MUST(store_claim_due(other, arena, first->accept_until_us, &due, &count, &err));
    assert_int_equal(count, 0);
    int64_t next_us;
    MUST(store_next_due(other, &next_us, &err));
    assert_int_equal(next_us, first->accept_until_us);
    wjz_tx_abort(&tx);
    MUST(store_lock_assignment(other, arena, 510184, first->id, &told, &read, &found, &err));
    assert_true(found);
    assert_int_equal(told.id, 1);
    assert_string_equal(read.prosecutor, "P-one");
    MUST(store_exclude(other, 510184, 1, "P-one"));
    MUST(store_add_outcome(other, &read, "filed", "", "P-one"));
    commit(other);
    clues = take(1, 2);
    assert_string_equal(clues[0].told.excluded, "P-one");
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM assignment.outcome WHERE outcome = 'filed'"), 1);
}

static size_t unplaced(wjz_tx *tx, int64_t behind, int64_t *ret_first) {
    store_due *due;
    size_t count;
    MUST(store_claim_unplaced(tx, arena, 510184, behind, &due, &count, &err));
    *ret_first = count > 0 ? due[0].open->id : 0;
    return count;
}

static void claims_what_nobody_has_body(void *arg) {
    (void)arg;
    static const struct {
        const char *organ, *station, *prosecutor;
        int stars;
    } cases[] = {{"", "", "", 5},                     /* no organ */
                 {"JCY-510184", "ST-1", "", 3},       /* nobody at the organ */
                 {"JCY-510184", "", "", 2},           /* nor a station */
                 {"JCY-510184", "ST-1", "", 2},       /* a station alone */
                 {"JCY-510184", "ST-1", "P-one", 5}}; /* as it should be */
    enum { COUNT = WJZ_COUNT(cases), WAITING = 3 };
    store_told *clues = take(COUNT, 1);
    int64_t ids[COUNT], first;
    for (size_t i = 0; i < COUNT; i++) {
        ledger book;
        assignment *made = opened(&book, &clues[i].told);
        made->organ = cases[i].organ;
        made->station = cases[i].station;
        made->prosecutor = cases[i].prosecutor;
        made->stars = cases[i].stars;
        ids[i] = made->id;
        assert_int_equal(write(&book), 0);
    }
    wjz_tx *tx = begin(), *other = begin();
    assert_int_equal(unplaced(tx, ids[1], &first), WAITING - 2); /* a page further on */
    assert_int_equal(first, ids[2]);
    assert_int_equal(unplaced(other, 0, &first), WAITING - 1); /* what another instance has in hand is left to it */
    assert_int_equal(first, ids[0]);
    commit(tx); /* and free when that is answered, not some time later as after an abort */
    assert_int_equal(unplaced(other, 0, &first), WAITING);

    wjz_tx_abort(&other);
}

static void claims_what_those_had_who_left_body(void *arg) {
    (void)arg;
    test_db_run(server,
                "INSERT INTO directory.organ (code, name, region, level) VALUES ('JCY-510182', 'd', 510182, 'county');"
                "INSERT INTO directory.person (region, code, organ, name, roles, active) VALUES"
                " (510182, 'L-gone', 'JCY-510182', 'n', '{prosecutor}', false),"
                " (510182, 'L-back', 'JCY-510182', 'n', '{prosecutor}', true)");
    static const struct {
        const char *organ, *prosecutor;
        bool claimed;
    } cases[] = {{"JCY-510182", "L-gone", true},      /* not active */
                 {"JCY-510183", "L-gone", true},      /* the same, wherever */
                 {"JCY-510182", "L-missing", true},   /* not there any more, while colleagues are */
                 {"JCY-510183", "L-missing", false},  /* his organ is not there yet */
                 {"JCY-510182", "L-back", false},     /* there again since the directory was read */
                 {"JCY-510182", "L-present", false}}; /* not absent */
    enum { COUNT = WJZ_COUNT(cases) };
    store_told *clues = take(COUNT, 1);
    int64_t ids[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        ledger book;
        assignment *made = opened(&book, &clues[i].told);
        made->organ = cases[i].organ;
        made->prosecutor = cases[i].prosecutor;
        ids[i] = made->id;
        assert_int_equal(write(&book), 0);
    }
    const char *absent[] = {"L-gone", "L-missing", "L-back"}, *staffed[] = {"JCY-510181", "JCY-510182"};
    const directory people = {
        .absent = absent, .absent_count = WJZ_COUNT(absent), .staffed = staffed, .staffed_count = WJZ_COUNT(staffed)};
    store_due *due;
    size_t count, at = 0;
    wjz_tx *tx = begin();
    MUST(store_claim_left(tx, arena, &people, &due, &count, &err));
    for (size_t i = 0; i < COUNT; i++) {
        bool claimed = at < count && due[at].open->id == ids[i];
        if (claimed != cases[i].claimed) fail_msg("case %zu", i);
        at += claimed;
    }
    assert_int_equal(at, count);
    wjz_tx_abort(&tx);
    test_db_run(server, "DELETE FROM directory.person; DELETE FROM directory.organ");
}

static void keeps_recusals_body(void *arg) {
    (void)arg;
    ledger book;
    store_told *clues = take(1, 1);
    const assignment *of = opened(&book, &clues[0].told);
    assert_int_equal(write(&book), 0);
    store_recusal entry = {.assignment = of->id,
                           .person = "P-one",
                           .procedure = "pil",
                           .ground = "亲属",
                           .due_us = fixture_moment(FIXTURE_NOW_TEXT)},
                  found_entry;
    bool found;
    store_due *due;
    size_t count;
    wjz_tx *tx = begin();
    MUST(store_find_recusal(tx, arena, 510184, of->id, &found_entry, &found, &err));
    assert_false(found);
    MUST(store_add_recusal(tx, 510184, 1, &entry));
    commit(tx);
    tx = begin();
    wjz_err refused = {0};
    MUST(store_add_recusal(tx, 510184, 1, &entry));
    assert_int_equal(wjz_tx_commit(&tx, &refused), -EEXIST);

    tx = begin();
    MUST(store_claim_recusals(tx, arena, entry.due_us - 1, &due, &count, &err));
    assert_int_equal(count, 0);
    MUST(store_claim_recusals(tx, arena, entry.due_us, &due, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(due[0].person, "P-one");
    assert_int_equal(due[0].open->id, of->id);
    MUST(store_claim_recusals(tx, arena, entry.due_us, &due, &count, &err)); /* reminded of once */
    assert_int_equal(count, 0);
    MUST(store_find_recusal(tx, arena, 510184, of->id, &found_entry, &found, &err));
    assert_true(found);
    assert_string_equal(found_entry.person, "P-one");
    MUST(store_decide_recusal(tx, 510184, found_entry.id, true, "P-chief", "同意"));
    MUST(store_find_recusal(tx, arena, 510184, of->id, &found_entry, &found, &err));
    assert_false(found);
    commit(tx);
}

static void reads_the_directory_body(void *arg) {
    (void)arg;
    test_db_run(
        server,
        "INSERT INTO directory.organ (code, name, region, level, effective_to) VALUES"
        " ('JCY-510184', 'a', 510184, 'county', NULL), ('JCY-510100', 'b', 510100, 'city', NULL),"
        " ('JCY-OLD', 'c', 510199, 'county', '2020-01-01');"
        "INSERT INTO directory.station (region, code, organ, name, kind, town, specialities, serves) VALUES"
        " (510184, 'ST-1', 'JCY-510184', 's', 'village', 510184107, '{eco_env,minors}', '{510184107,510184110}');"
        "INSERT INTO directory.person (region, code, organ, name, roles, branches, stations, active) VALUES"
        " (510184, 'P-one', 'JCY-510184', 'n', '{prosecutor,branch_head,liaison}', '{civil}', '{ST-1}', true),"
        " (510184, 'P-two', 'JCY-510184', 'n', '{operator}', '{}', '{}', true),"
        " (510184, 'P-gone', 'JCY-510184', 'n', '{prosecutor}', '{}', '{}', false);"
        "INSERT INTO directory.relation (region, person, kind, name, until) VALUES"
        " (510184, 'P-one', 'relative', 'x', NULL), (510184, 'P-one', 'interest', 'y', '2020-01-01');"
        "INSERT INTO directory.duty_pattern (region, station, weekday, from_time, to_time, prosecutor, every_weeks, "
        "first_on)"
        " VALUES (510184, 'ST-1', 2, '09:00', '12:00', 'P-one', 1, '2026-01-05'),"
        " (510184, 'ST-1', 4, '09:00', '12:00', 'P-one', 2, '2026-03-02'),"
        " (510184, 'ST-1', 5, '09:00', '12:00', 'P-one', 2, '2026-02-23');"
        "INSERT INTO directory.holiday VALUES ('2026-03-04', false, 'h');"
        "INSERT INTO scheduling.leave (region, id, prosecutor, during, recorded_by) VALUES"
        " (510184, 1, 'P-two', tstzrange(now(), now() + interval '1 day'), 'x'),"
        " (510184, 2, 'P-two', tstzrange(now() - interval '2 days', now() - interval '1 day'), 'x');"
        "UPDATE assignment.assignment SET prosecutor = 'P-one' WHERE ended_at IS NULL");
    ledger book;
    static const char *const holders[] = {"P-one", "P-gone", "P-unheard-of", ""};
    store_told *clues = take(WJZ_COUNT(holders), 100);
    for (size_t i = 0; i < WJZ_COUNT(holders); i++) {
        opened(&book, &clues[i].told)->prosecutor = holders[i];
        assert_int_equal(write(&book), 0);
    }

    directory *dir = NULL;
    wjz_tx *tx = begin();
    MUST(store_read_directory(tx, fixture_moment(FIXTURE_NOW_TEXT), &dir, &err));
    assert_int_equal(dir->organ_count, 2);
    bool has;
    MUST(store_has_organ(tx, (const int32_t[]){510100, 510199}, 2, &has,
                         &err)); /* the city's, and one that is no more */
    assert_false(has);
    MUST(store_has_organ(tx, (const int32_t[]){510199, 510184}, 2, &has, &err));
    assert_true(has);
    assert_int_equal(directory_organ(dir, "JCY-510100")->region, 0);
    assert_null(directory_organ(dir, "JCY-OLD"));
    const station *at = directory_station(dir, "ST-1");
    assert_int_equal(at->serves_count, 2);
    assert_int_equal(at->serves[1], 510184110);
    assert_true(lines_have(at->specialities, "minors"));
    assert_null(directory_person(dir, "P-gone"));
    const person *one = directory_person(dir, "P-one"), *two = directory_person(dir, "P-two");
    assert_int_equal(one->roles, ROLE_PROSECUTOR | ROLE_BRANCH_HEAD);
    assert_int_equal(one->open, 1);
    assert_int_equal(dir->absent_count, 2); /* and not "", which is nobody */
    bool gone_first = strcmp(dir->absent[0], "P-gone") == 0;
    assert_string_equal(dir->absent[!gone_first], "P-gone");
    assert_string_equal(dir->absent[gone_first], "P-unheard-of");
    assert_int_equal(dir->staffed_count, 1); /* the other organ has nobody */
    assert_string_equal(dir->staffed[0], "JCY-510184");
    assert_int_equal(one->relation_count, 1);
    assert_string_equal(one->relations[0].name, "x");
    assert_int_equal(two->leave_count, 1);
    assert_false(calendar_is_working(dir->calendar, wjz_day_number((wjz_day){2026, 3, 4})));
    /* From Tuesday the 3rd: this and next Tuesday, the Thursday of this (even) week, the Friday of an odd week only. */
    assert_int_equal(one->duty_count, 3);
    assert_int_equal(one->duties[0].from_us, fixture_moment("2026-03-03T09:00:00+08:00"));
    assert_int_equal(one->duties[1].from_us, fixture_moment("2026-03-10T09:00:00+08:00"));
    assert_int_equal(one->duties[2].to_us, fixture_moment("2026-03-05T12:00:00+08:00"));
    directory_drop(&dir);

    /* Planned shifts take the patterns' place. */
    test_db_run(server,
                "INSERT INTO scheduling.shift (region, id, station, prosecutor, starts_at, ends_at, state, duty_day,"
                " duty_from, duty_of) VALUES (510184, 1, 'ST-1', 'P-two', now() + interval '1 hour', now() + interval"
                " '3 hours', 'planned', current_date, '09:00', 'P-one'), (510184, 2, 'ST-1', NULL, now(), now() +"
                " interval '3 hours', 'unmet', current_date, '10:00', 'P-one')");
    MUST(store_read_directory(tx, fixture_moment(FIXTURE_NOW_TEXT), &dir, &err));
    commit(tx);
    assert_int_equal(directory_person(dir, "P-one")->duty_count, 0);
    assert_int_equal(directory_person(dir, "P-two")->duty_count, 1);
    directory_drop(&dir);
}

static const wjz_stmt FORBIDDEN[] = {
    {"forbidden_history", "DELETE FROM assignment.history", 0},
    {"forbidden_rewrite", "UPDATE assignment.history SET reason = ''", 0},
    {"forbidden_drop", "DELETE FROM assignment.assignment", 0},
    {"forbidden_scoring", "INSERT INTO scoring.inbox (region, id) VALUES (1, 1)", 0},
    {"forbidden_directory", "UPDATE directory.person SET active = false", 0},
};

static void has_no_more_rights_than_it_needs_body(void *arg) {
    (void)arg;
    for (size_t i = 0; i < WJZ_COUNT(FORBIDDEN); i++) {
        wjz_err err = {0};
        wjz_tx *tx = begin();
        assert_int_equal(wjz_tx_query(tx, &FORBIDDEN[i], NULL, 0, NULL, &err), -EACCES);
        wjz_tx_abort(&tx);
    }
}

#define TEST(name)                                                                                                     \
    static void name(void **state) {                                                                                   \
        (void)state;                                                                                                   \
        forget_all();                                                                                                  \
        run(name##_body);                                                                                              \
    }
TEST(keeps_only_newer_revisions)
TEST(looks_for_later_ones_when_careful)
TEST(writes_what_it_reads)
TEST(finds_what_was_withdrawn_by_a_merge)
TEST(refuses_a_second_open_one)
TEST(locks_and_claims)
TEST(claims_what_nobody_has)
TEST(claims_what_those_had_who_left)
TEST(keeps_recusals)
TEST(reads_the_directory)
TEST(has_no_more_rights_than_it_needs)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_only_newer_revisions),
        cmocka_unit_test(looks_for_later_ones_when_careful),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(finds_what_was_withdrawn_by_a_merge),
        cmocka_unit_test(refuses_a_second_open_one),
        cmocka_unit_test(locks_and_claims),
        cmocka_unit_test(claims_what_nobody_has),
        cmocka_unit_test(claims_what_those_had_who_left),
        cmocka_unit_test(keeps_recusals),
        cmocka_unit_test(reads_the_directory),
        cmocka_unit_test(has_no_more_rights_than_it_needs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
