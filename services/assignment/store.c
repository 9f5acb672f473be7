/* The hot path of the store: clues told in, changes of the ledger out, a whole batch per statement. */
#include "assignment/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assignment/store_rows.h"

#define INSERT_CLUES                                                                                                   \
    "INSERT INTO assignment.clue_state AS c (region, clue, revision, index, stars, kind, branch, domain, town,"        \
    " village, place, mediation, urgent, confidential, look_on_spot, complaints, merged_into, feed,"                   \
    " report_region, agencies, subject)"                                                                               \
    " SELECT unnest($1::int4[]), unnest($2::int8[]), unnest($3::int8[]), unnest($4::float8[]),"                        \
    " unnest($5::int2[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::int4[]),"             \
    " unnest($10::int8[]), unnest($11::text[]), unnest($12::bool[]), unnest($13::bool[]), unnest($14::bool[]),"        \
    " unnest($15::bool[]), unnest($16::int4[]), unnest($17::int8[]), unnest($18::text[]), unnest($19::int4[]),"        \
    " unnest($20::text[]), unnest($21::text[])"

/* First revisions. That a row is there already, of a later one that came before, fails the statement. */
static const wjz_stmt ADD_CLUES = {"assignment_add_clues", INSERT_CLUES, 0};

/* Keeps what is newer, and locks every row in the order given, also those it leaves as they are. */
static const wjz_stmt KEEP_CLUES = {
    "assignment_keep_clues",
    INSERT_CLUES
    " ON CONFLICT (region, clue) DO UPDATE SET revision = excluded.revision, index = excluded.index, stars ="
    " excluded.stars, kind = excluded.kind, branch = excluded.branch, domain = excluded.domain, town ="
    " excluded.town, village = excluded.village, place = excluded.place, mediation = excluded.mediation, urgent ="
    " excluded.urgent, confidential = excluded.confidential, look_on_spot = excluded.look_on_spot, complaints ="
    " excluded.complaints, merged_into = excluded.merged_into, feed = excluded.feed, report_region ="
    " excluded.report_region, agencies = excluded.agencies, subject = excluded.subject, updated_at = now()"
    " WHERE c.revision < excluded.revision"
    " RETURNING c.region, c.clue, c.settled_by, c.settled_complaints, c.excluded",
    5};

/* LIMIT keeps the planner to one look into the unique index per clue, also when it takes the table to be empty. */
static const wjz_stmt FIND_OPEN = {
    "assignment_find_open",
    "SELECT " ASSIGNMENT_COLUMNS " FROM unnest($1::int4[], $2::int8[]) AS u (region, clue), LATERAL (SELECT * FROM"
    " assignment.assignment o WHERE o.region = u.region AND o.clue = u.clue AND o.ended_at IS NULL LIMIT 1) a",
    ASSIGNMENT_COLUMN_COUNT};

static const wjz_stmt FIND_BY_ID = {"assignment_find_by_id",
                                    "SELECT " ASSIGNMENT_COLUMNS
                                    " FROM unnest($1::int4[], $2::int8[]) AS u (region, id), LATERAL (SELECT * FROM"
                                    " assignment.assignment o WHERE o.region = u.region AND o.id = u.id LIMIT 1) a",
                                    ASSIGNMENT_COLUMN_COUNT};

/* Of a clue that has had one, the last that was withdrawn, if that was because the clue was merged away; and whether
 * who had it waits for the decision on his recusal. OFFSET keeps the planner to the index of those withdrawn, where a
 * LIMIT by id alone would have it read the key backwards. */
static const wjz_stmt FIND_WITHDRAWN = {
    "assignment_find_withdrawn",
    "SELECT " ASSIGNMENT_COLUMNS ", EXISTS (SELECT FROM assignment.recusal r WHERE r.region = a.region"
    " AND r.assignment = a.id AND r.decided_at IS NULL)"
    " FROM unnest($1::int4[], $2::int8[]) AS u (region, clue), LATERAL (SELECT * FROM (SELECT * FROM"
    " assignment.assignment o WHERE o.region = u.region AND o.clue = u.clue AND o.state = 'withdrawn' OFFSET 0) o"
    " ORDER BY o.id DESC LIMIT 1) a WHERE (SELECT h.reason_code FROM assignment.history h WHERE h.region = a.region"
    " AND h.assignment = a.id AND h.revision = a.revision) = 'merged'",
    ASSIGNMENT_COLUMN_COUNT + 1};

/* $1 … $23 as INSERT_ASSIGNMENTS; what never changes is not set. */
static const wjz_stmt UPDATE_ASSIGNMENTS = {
    "assignment_update",
    "UPDATE assignment.assignment a SET state = u.state, organ = u.organ, station = u.station, prosecutor ="
    " u.prosecutor, consult = u.consult, branch = u.branch, domain = u.domain, stars = u.stars, town = u.town,"
    " village = u.village, urgent = u.urgent, mediation = u.mediation, look_on_spot = u.look_on_spot,"
    " accept_until = u.accept_until, revision = u.revision, sent_here = u.sent_here, escalations ="
    " u.escalations, tried = u.tried, trace = u.trace, changed_at = now(), ended_at = CASE WHEN u.ended THEN"
    " now() END"
    " FROM (SELECT unnest($1::int4[]) AS region, unnest($2::int8[]) AS id, unnest($3::int8[]) AS clue,"
    " unnest($4::text[]) AS state, unnest($5::text[]) AS organ, unnest($6::text[]) AS station,"
    " unnest($7::text[]) AS prosecutor, unnest($8::text[]) AS consult, unnest($9::text[]) AS branch,"
    " unnest($10::text[]) AS domain, unnest($11::int2[]) AS stars, unnest($12::int4[]) AS town,"
    " unnest($13::int8[]) AS village, unnest($14::bool[]) AS urgent, unnest($15::bool[]) AS mediation,"
    " unnest($16::bool[]) AS look_on_spot, unnest($17::timestamptz[]) AS accept_until, unnest($18::int8[]) AS"
    " revision, unnest($19::int8[]) AS predecessor, unnest($20::bool[]) AS sent_here, unnest($21::int2[]) AS"
    " escalations, unnest($22::text[]) AS tried, unnest($23::text[]) AS trace, unnest($24::bool[]) AS ended) AS"
    " u"
    " WHERE a.region = u.region AND a.id = u.id",
    0};

static const wjz_stmt INSERT_ASSIGNMENTS = {
    "assignment_insert",
    "INSERT INTO assignment.assignment (region, id, clue, state, organ, station, prosecutor, consult, branch,"
    " domain, stars, town, village, urgent, mediation, look_on_spot, accept_until, revision, predecessor,"
    " sent_here, escalations, tried, trace, ended_at)"
    " SELECT region, id, clue, state, organ, station, prosecutor, consult, branch, domain, stars, town,"
    " village, urgent, mediation, look_on_spot, accept_until, revision, predecessor, sent_here, escalations,"
    " tried, trace, CASE WHEN ended THEN now() END"
    " FROM (SELECT unnest($1::int4[]) AS region, unnest($2::int8[]) AS id, unnest($3::int8[]) AS clue,"
    " unnest($4::text[]) AS state, unnest($5::text[]) AS organ, unnest($6::text[]) AS station,"
    " unnest($7::text[]) AS prosecutor, unnest($8::text[]) AS consult, unnest($9::text[]) AS branch,"
    " unnest($10::text[]) AS domain, unnest($11::int2[]) AS stars, unnest($12::int4[]) AS town,"
    " unnest($13::int8[]) AS village, unnest($14::bool[]) AS urgent, unnest($15::bool[]) AS mediation,"
    " unnest($16::bool[]) AS look_on_spot, unnest($17::timestamptz[]) AS accept_until, unnest($18::int8[]) AS"
    " revision, unnest($19::int8[]) AS predecessor, unnest($20::bool[]) AS sent_here, unnest($21::int2[]) AS"
    " escalations, unnest($22::text[]) AS tried, unnest($23::text[]) AS trace, unnest($24::bool[]) AS ended) AS"
    " u",
    0};

static const wjz_stmt INSERT_HISTORY = {
    "assignment_history",
    "INSERT INTO assignment.history (region, assignment, revision, clue, from_state, to_state, prosecutor,"
    " actor, reason_code, reason)"
    " SELECT unnest($1::int4[]), unnest($2::int8[]), unnest($3::int8[]), unnest($4::int8[]),"
    " unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]),"
    " unnest($10::text[])",
    0};

static const wjz_stmt SETTLE_CLUES = {
    "assignment_settle",
    "UPDATE assignment.clue_state c SET settled_by = u.settled_by, settled_complaints = u.complaints"
    " FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int4[]) AS u (region, clue, settled_by, complaints)"
    " WHERE c.region = u.region AND c.clue = u.clue",
    0};

/* An array per column of count rows, in the turn's arena; whole tells whether there was memory for all of them. */
#define COLUMN(type, name)                                                                                             \
    type *name = wjz_arena_calloc(arena, count, sizeof(type));                                                         \
    whole = whole && name != NULL

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- clues in --- */

static int send_clues(wjz_tx *tx, const wjz_stmt *stmt, wjz_arena *arena, store_told *const *clues, size_t count) {
    bool whole = true;
    COLUMN(int32_t, regions);
    COLUMN(int64_t, ids);
    COLUMN(int64_t, revisions);
    COLUMN(double, indexes);
    COLUMN(int16_t, stars);
    COLUMN(const char *, kinds);
    COLUMN(const char *, branches);
    COLUMN(const char *, domains);
    COLUMN(int32_t, towns);
    COLUMN(int64_t, villages);
    COLUMN(const char *, places);
    COLUMN(bool, mediations);
    COLUMN(bool, urgents);
    COLUMN(bool, confidentials);
    COLUMN(bool, looks);
    COLUMN(int32_t, complaints);
    COLUMN(int64_t, merged);
    COLUMN(const char *, feeds);
    COLUMN(int32_t, report_regions);
    COLUMN(const char *, agencies);
    COLUMN(const char *, subjects);
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const clue *told = &clues[i]->told;
        regions[i] = told->region;
        ids[i] = told->id;
        revisions[i] = told->revision;
        indexes[i] = told->index;
        stars[i] = (int16_t)told->stars;
        kinds[i] = told->kind;
        branches[i] = told->branch;
        domains[i] = told->domain;
        towns[i] = told->town;
        villages[i] = told->village;
        places[i] = told->place;
        mediations[i] = told->mediation;
        urgents[i] = told->urgent;
        confidentials[i] = told->confidential;
        looks[i] = told->look_on_spot;
        complaints[i] = told->complaints;
        merged[i] = told->merged_into;
        feeds[i] = told->feed;
        report_regions[i] = told->report_region;
        agencies[i] = told->agencies;
        subjects[i] = told->subject;
    }
    return wjz_tx_send_v(tx, stmt, wjz_i32s(regions, count), wjz_i64s(ids, count), wjz_i64s(revisions, count),
                         wjz_f64s(indexes, NULL, count), wjz_i16s(stars, count), wjz_texts(kinds, count),
                         wjz_texts(branches, count), wjz_texts(domains, count), wjz_i32s(towns, count),
                         wjz_i64s(villages, count), wjz_texts(places, count), wjz_bools(mediations, count),
                         wjz_bools(urgents, count), wjz_bools(confidentials, count), wjz_bools(looks, count),
                         wjz_i32s(complaints, count), wjz_i64s(merged, count), wjz_texts(feeds, count),
                         wjz_i32s(report_regions, count), wjz_texts(agencies, count), wjz_texts(subjects, count));
}

static int send_find_open(wjz_tx *tx, wjz_arena *arena, store_told *const *clues, size_t count) {
    bool whole = true;
    COLUMN(int32_t, regions);
    COLUMN(int64_t, ids);
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        regions[i] = clues[i]->told.region;
        ids[i] = clues[i]->told.id;
    }
    return wjz_tx_send_v(tx, &FIND_OPEN, wjz_i32s(regions, count), wjz_i64s(ids, count));
}

static int by_region_clue(const void *left, const void *right) {
    const clue *a = left, *b = &((const store_told *)right)->told;
    if (a->region != b->region) return a->region < b->region ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static store_told *find_told(store_told *clues, size_t count, int32_t region, int64_t id) {
    clue wanted = {.region = region, .id = id};
    return bsearch(&wanted, clues, count, sizeof(store_told), by_region_clue);
}

static int read_kept(const wjz_rows *rows, wjz_arena *arena, store_told *clues, size_t count) {
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        store_told *kept = find_told(clues, count, (int32_t)wjz_row_int(rows, row, 0), wjz_row_int(rows, row, 1));
        if (kept == NULL) continue;
        kept->newer = true;
        kept->told.settled_by = wjz_row_int(rows, row, 2);
        kept->told.settled_complaints = (int)wjz_row_int(rows, row, 3);
        const char *excluded = wjz_row_text(rows, row, 4);
        if (excluded[0] != '\0') kept->told.excluded = wjz_arena_strdup(arena, excluded);
        if (kept->told.excluded == NULL) return -ENOMEM;
    }
    return 0;
}

static int read_assignments(const wjz_rows *rows, wjz_arena *arena, store_told *clues, size_t count, bool ended) {
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        assignment *read = wjz_arena_alloc(arena, sizeof(assignment));
        if (read == NULL || rows_assignment(rows, row, 0, arena, read) < 0) return -ENOMEM;
        store_told *of = find_told(clues, count, read->region, read->clue);
        if (of == NULL) continue;
        *(ended ? &of->last : &of->open) = read;
    }
    return 0;
}

/* Who waits for the decision on his recusal does not get the clue once more. */
static int exclude_recusing(const wjz_rows *rows, wjz_arena *arena, store_told *clues, size_t count) {
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        if (!wjz_row_bool(rows, row, ASSIGNMENT_COLUMN_COUNT)) continue;
        store_told *of = find_told(clues, count, (int32_t)wjz_row_int(rows, row, 0), wjz_row_int(rows, row, 2));
        if (of == NULL) continue;
        const char *excluded = of->told.excluded, *between = excluded[0] != '\0' ? "\n" : "";
        of->told.excluded = wjz_arena_printf(arena, "%s%s%s", excluded, between, of->last->prosecutor);
        if (of->told.excluded == NULL) return -ENOMEM;
        of->last = NULL;
    }
    return 0;
}

/* Whether the clue may have had an assignment that it could have again. */
static bool may_live_again(const store_told *kept) {
    return kept->newer && kept->open == NULL && kept->told.revision > 1 && clue_wanted(&kept->told);
}

static int find_last(wjz_tx *tx, wjz_arena *arena, store_told *clues, size_t count, wjz_err *err) {
    bool whole = true;
    COLUMN(int32_t, settled_regions);
    COLUMN(int64_t, settled_by);
    COLUMN(int32_t, regions);
    COLUMN(int64_t, ids);
    if (!whole) return out_of_memory(err);
    size_t settled = 0, others = 0;
    for (size_t i = 0; i < count; i++) {
        const clue *told = &clues[i].told;
        if (told->settled_by != 0) {
            settled_regions[settled] = told->region;
            settled_by[settled++] = told->settled_by;
        } else if (may_live_again(&clues[i])) {
            regions[others] = told->region;
            ids[others++] = told->id;
        }
    }
    if (settled + others == 0) return 0;
    int r = wjz_tx_send_v(tx, &FIND_BY_ID, wjz_i32s(settled_regions, settled), wjz_i64s(settled_by, settled));
    if (r == 0) r = wjz_tx_send_v(tx, &FIND_WITHDRAWN, wjz_i32s(regions, others), wjz_i64s(ids, others));
    if (r < 0) return out_of_memory(err);
    wjz_rows *withdrawn;
    r = wjz_tx_wait(tx, &withdrawn, err);
    if (r < 0) return r;
    if (read_assignments(wjz_tx_rows(tx, 0), arena, clues, count, true) < 0 ||
        read_assignments(withdrawn, arena, clues, count, true) < 0 ||
        exclude_recusing(withdrawn, arena, clues, count) < 0)
        return out_of_memory(err);
    return 0;
}

/* Of a clue at its first revision nothing was told before, so that it has no assignment. */
static int add_first(wjz_tx *tx, wjz_arena *arena, store_told *const *clues, size_t count) {
    for (size_t i = 0; i < count; i++)
        clues[i]->newer = true;
    return count > 0 ? send_clues(tx, &ADD_CLUES, arena, clues, count) : 0;
}

static int keep_later(wjz_tx *tx, wjz_arena *arena, store_told *const *clues, size_t count) {
    if (count == 0) return 0;
    int r = send_clues(tx, &KEEP_CLUES, arena, clues, count);
    return r == 0 ? send_find_open(tx, arena, clues, count) : r;
}

int store_take_clues(wjz_tx *tx, wjz_arena *arena, store_told *clues, size_t count, bool careful, wjz_err *err) {
    bool whole = true;
    COLUMN(store_told *, first);
    COLUMN(store_told *, later);
    if (!whole) return out_of_memory(err);
    size_t first_count = 0, later_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_first = clues[i].told.revision == 1 && !careful;
        *(is_first ? &first[first_count++] : &later[later_count++]) = &clues[i];
    }
    if (add_first(tx, arena, first, first_count) < 0) return out_of_memory(err);
    int kept = wjz_tx_next(tx);
    if (keep_later(tx, arena, later, later_count) < 0) return out_of_memory(err);
    wjz_rows *open;
    int r = wjz_tx_wait(tx, &open, err);
    if (r < 0 || later_count == 0) return r;
    if (read_kept(wjz_tx_rows(tx, kept), arena, clues, count) < 0 ||
        read_assignments(open, arena, clues, count, false) < 0)
        return out_of_memory(err);
    return find_last(tx, arena, clues, count, err);
}

/* --- changes out --- */

static int send_assignments(wjz_tx *tx, const ledger *book, bool new_ones) {
    wjz_arena *arena = book->arena;
    size_t count = book->changed_count, n = 0;
    bool whole = true;
    COLUMN(int32_t, regions);
    COLUMN(int64_t, ids);
    COLUMN(int64_t, clues);
    COLUMN(const char *, states);
    COLUMN(const char *, organs);
    COLUMN(const char *, stations);
    COLUMN(const char *, prosecutors);
    COLUMN(const char *, consults);
    COLUMN(const char *, branches);
    COLUMN(const char *, domains);
    COLUMN(int16_t, stars);
    COLUMN(int32_t, towns);
    COLUMN(int64_t, villages);
    COLUMN(bool, urgents);
    COLUMN(bool, mediations);
    COLUMN(bool, looks);
    COLUMN(int64_t, untils);
    COLUMN(int64_t, revisions);
    COLUMN(int64_t, predecessors);
    COLUMN(bool, sent);
    COLUMN(int16_t, escalations);
    COLUMN(const char *, tried);
    COLUMN(const char *, traces);
    COLUMN(bool, ended);
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const assignment *of = book->changed[i];
        if (of->is_new != new_ones) continue;
        regions[n] = of->region;
        ids[n] = of->id;
        clues[n] = of->clue;
        states[n] = state_name(of->state);
        organs[n] = of->organ;
        stations[n] = of->station;
        prosecutors[n] = of->prosecutor;
        consults[n] = of->consult;
        branches[n] = of->branch;
        domains[n] = of->domain;
        stars[n] = (int16_t)of->stars;
        towns[n] = of->town;
        villages[n] = of->village;
        urgents[n] = of->urgent;
        mediations[n] = of->mediation;
        looks[n] = of->look_on_spot;
        untils[n] = of->accept_until_us;
        revisions[n] = of->revision;
        predecessors[n] = of->predecessor;
        sent[n] = of->sent_here;
        escalations[n] = (int16_t)of->escalations;
        tried[n] = of->tried;
        traces[n] = of->trace;
        ended[n++] = state_ended(of->state);
    }
    if (n == 0) return 0;
    return wjz_tx_send_v(tx, new_ones ? &INSERT_ASSIGNMENTS : &UPDATE_ASSIGNMENTS, wjz_i32s(regions, n),
                         wjz_i64s(ids, n), wjz_i64s(clues, n), wjz_texts(states, n), wjz_texts(organs, n),
                         wjz_texts(stations, n), wjz_texts(prosecutors, n), wjz_texts(consults, n),
                         wjz_texts(branches, n), wjz_texts(domains, n), wjz_i16s(stars, n), wjz_i32s(towns, n),
                         wjz_i64s(villages, n), wjz_bools(urgents, n), wjz_bools(mediations, n), wjz_bools(looks, n),
                         wjz_times(untils, n), wjz_i64s(revisions, n), wjz_i64s(predecessors, n), wjz_bools(sent, n),
                         wjz_i16s(escalations, n), wjz_texts(tried, n), wjz_texts(traces, n), wjz_bools(ended, n));
}

static int send_history(wjz_tx *tx, const ledger *book) {
    wjz_arena *arena = book->arena;
    size_t count = book->line_count;
    if (count == 0) return 0;
    bool whole = true;
    COLUMN(int32_t, regions);
    COLUMN(int64_t, ids);
    COLUMN(int64_t, revisions);
    COLUMN(int64_t, clues);
    COLUMN(const char *, from);
    COLUMN(const char *, to);
    COLUMN(const char *, prosecutors);
    COLUMN(const char *, actors);
    COLUMN(const char *, codes);
    COLUMN(const char *, reasons);
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const history_line *line = &book->lines[i];
        regions[i] = line->of->region;
        ids[i] = line->of->id;
        revisions[i] = line->revision;
        clues[i] = line->of->clue;
        from[i] = state_name(line->from);
        to[i] = state_name(line->to);
        prosecutors[i] = line->prosecutor;
        actors[i] = line->actor;
        codes[i] = line->reason_code;
        reasons[i] = line->reason;
    }
    return wjz_tx_send_v(tx, &INSERT_HISTORY, wjz_i32s(regions, count), wjz_i64s(ids, count),
                         wjz_i64s(revisions, count), wjz_i64s(clues, count), wjz_texts(from, count),
                         wjz_texts(to, count), wjz_texts(prosecutors, count), wjz_texts(actors, count),
                         wjz_texts(codes, count), wjz_texts(reasons, count));
}

static int send_settlements(wjz_tx *tx, const ledger *book) {
    wjz_arena *arena = book->arena;
    size_t count = book->settlement_count;
    if (count == 0) return 0;
    bool whole = true;
    COLUMN(int32_t, regions);
    COLUMN(int64_t, clues);
    COLUMN(int64_t, by);
    COLUMN(int32_t, complaints);
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        regions[i] = book->settlements[i].region;
        clues[i] = book->settlements[i].clue;
        by[i] = book->settlements[i].by;
        complaints[i] = book->settlements[i].complaints;
    }
    return wjz_tx_send_v(tx, &SETTLE_CLUES, wjz_i32s(regions, count), wjz_i64s(clues, count), wjz_i64s(by, count),
                         wjz_i32s(complaints, count));
}

int store_write(wjz_tx *tx, const ledger *book, wjz_err *err) {
    /* What ends comes before what begins: a clue has one open assignment at every moment. */
    if (send_assignments(tx, book, false) < 0 || send_assignments(tx, book, true) < 0 || send_history(tx, book) < 0 ||
        send_settlements(tx, book) < 0)
        return out_of_memory(err);
    return 0;
}
