/* Questions: the partial indexes of open ones keep what is asked for every batch small. */
#include "scoring/store_review.h"

#include <errno.h>

#include "scoring/store_rows.h"
#include "wjz/id.h"

/* Parameters: of one question (of "" and ""), or an array of each (of "unnest(" and "[])"). */
#define INSERT_PAIRS(of, each)                                                                                         \
    "INSERT INTO scoring.review AS r (region, kind, id, complaint_a, complaint_b, clue, other_clue, weight, cause,"    \
    " signs) SELECT $1, 'repeat', " of "$2::int8" each ", " of "$3::int8" each ", " of "$4::int8" each ", " of         \
    "$5::int8" each ", " of "$6::int8" each ", " of "$7::float8" each ", " of "$8::text" each ", " of "$9::text" each  \
    "::json"
#define UNLESS_ANSWERED                                                                                                \
    " ON CONFLICT (region, complaint_a, complaint_b) WHERE kind = 'repeat' DO UPDATE SET clue = excluded.clue,"        \
    " other_clue = excluded.other_clue, weight = excluded.weight, cause = excluded.cause, signs = excluded.signs,"     \
    " state = 'open', closed_at = NULL, revision = r.revision + 1,"                                                    \
    " opened_at = CASE WHEN r.state = 'open' THEN r.opened_at ELSE now() END"                                          \
    " WHERE r.state = 'obsolete' OR (r.state = 'open' AND (r.clue, r.other_clue, r.weight, r.cause)"                   \
    " IS DISTINCT FROM (excluded.clue, excluded.other_clue, excluded.weight, excluded.cause))"

static const wjz_stmt ADD_PAIR = {"scoring_add_pair", INSERT_PAIRS("", ""), 0};

static const wjz_stmt ADD_PAIRS = {"scoring_add_pairs", INSERT_PAIRS("unnest(", "[])"), 0};

static const wjz_stmt ASK_ABOUT_PAIR = {"scoring_ask_about_pair", INSERT_PAIRS("", "") UNLESS_ANSWERED, 0};

static const wjz_stmt ASK_ABOUT_PAIRS = {"scoring_ask_about_pairs", INSERT_PAIRS("unnest(", "[])") UNLESS_ANSWERED, 0};

static const wjz_stmt DROP_PAIRS = {
    "scoring_drop_pairs",
    "UPDATE scoring.review SET state = 'obsolete', closed_at = now(), revision = revision + 1"
    " WHERE region = $1 AND state = 'open' AND kind = 'repeat' AND complaint_a = ANY ($2)"
    " AND (complaint_a, complaint_b) NOT IN (SELECT unnest($3::int8[]), unnest($4::int8[]))",
    0};

#define INSERT_CLUES(of, each)                                                                                         \
    "INSERT INTO scoring.review AS r (region, id, clue, weight, stars, kind) SELECT $1, " of "$2::int8" each ", " of   \
    "$3::int8" each ", " of "$4::float8" each ", " of "$5::int2" each ", " of "$6::text" each
#define UNLESS_THE_SAME                                                                                                \
    " ON CONFLICT (region, clue, kind) WHERE kind <> 'repeat' DO UPDATE SET weight = excluded.weight, stars ="         \
    " excluded.stars, state = 'open', closed_at = NULL, revision = r.revision + 1, answer = '', person = '',"          \
    " reason = '', opened_at = CASE WHEN r.state = 'open' THEN r.opened_at ELSE now() END"                             \
    " WHERE r.state = 'obsolete' OR (r.state = 'decided' AND r.stars <> excluded.stars)"                               \
    " OR (r.state = 'open' AND (r.weight, r.stars) IS DISTINCT FROM (excluded.weight, excluded.stars))"

static const wjz_stmt ADD_CLUE = {"scoring_ask_about_new_clue", INSERT_CLUES("", ""), 0};

static const wjz_stmt ADD_CLUES = {"scoring_ask_about_new_clues", INSERT_CLUES("unnest(", "[])"), 0};

static const wjz_stmt ASK_ABOUT_CLUE = {"scoring_ask_about_clue", INSERT_CLUES("", "") UNLESS_THE_SAME, 0};

static const wjz_stmt ASK_ABOUT_CLUES = {"scoring_ask_about_clues", INSERT_CLUES("unnest(", "[])") UNLESS_THE_SAME, 0};

static const wjz_stmt DROP_CLUES = {
    "scoring_drop_clues",
    "UPDATE scoring.review SET state = 'obsolete', closed_at = now(), revision = revision + 1"
    " WHERE region = $1 AND state = 'open' AND kind IN ('confidence', 'edge') AND kind <> 'repeat' AND clue = ANY ($2)"
    " AND (clue, kind) NOT IN (SELECT unnest($3::int8[]), unnest($4::text[]))",
    0};

static const wjz_stmt NAME_SIGNS = {"scoring_name_signs",
                                    "INSERT INTO scoring.sign AS s (name, zh, en) SELECT * FROM unnest($1::text[], "
                                    "$2::text[], $3::text[]) AS u (name, zh, en)"
                                    " ORDER BY name ON CONFLICT (name) DO UPDATE SET zh = excluded.zh, en = excluded.en"
                                    " WHERE (s.zh, s.en) IS DISTINCT FROM (excluded.zh, excluded.en)",
                                    0};

static const wjz_stmt FIND_QUESTION = {
    "scoring_find_question",
    "SELECT complaint_a, complaint_b, clue, other_clue, revision, state = 'open', kind = 'repeat',"
    " kind IN ('confidence', 'edge') FROM scoring.review WHERE region = $1 AND id = $2 FOR UPDATE",
    8};

static const wjz_stmt ANSWER_QUESTION = {"scoring_answer_question",
                                         "UPDATE scoring.review SET state = 'decided', closed_at = now(), revision = "
                                         "revision + 1, answer = $3, decision = $4,"
                                         " person = $5, reason = $6 WHERE region = $1 AND id = $2",
                                         0};

static const wjz_stmt REOPEN_QUESTION = {"scoring_reopen_question",
                                         "UPDATE scoring.review SET state = 'obsolete', revision = revision + 1, "
                                         "answer = '', decision = 0, person = '', reason = ''"
                                         " WHERE region = $1 AND id = $2 AND state = 'decided'",
                                         0};

static int send_pair(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const pair_question *q) {
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64(wjz_id_next()), wjz_i64(q->a), wjz_i64(q->b),
                         wjz_i64(q->clue_a), wjz_i64(q->clue_b), wjz_f64(q->weight), wjz_text(q->cause),
                         wjz_text(q->signs));
}

static int send_all_pairs(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const pair_question *rows, size_t count,
                          wjz_arena *arena) {
    COLUMN(int64_t, id, wjz_id_next());
    COLUMN(int64_t, a, rows[i].a);
    COLUMN(int64_t, b, rows[i].b);
    COLUMN(int64_t, clue_a, rows[i].clue_a);
    COLUMN(int64_t, clue_b, rows[i].clue_b);
    COLUMN(double, weight, rows[i].weight);
    COLUMN(const char *, cause, rows[i].cause);
    COLUMN(const char *, signs, rows[i].signs);
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64s(id, count), wjz_i64s(a, count), wjz_i64s(b, count),
                         wjz_i64s(clue_a, count), wjz_i64s(clue_b, count), wjz_f64s(weight, NULL, count),
                         wjz_texts(cause, count), wjz_texts(signs, count));
}

static int send_pairs(wjz_tx *tx, const wjz_stmt *one, const wjz_stmt *many, int32_t region,
                      const pair_question *questions, size_t count, wjz_arena *arena) {
    if (count > STORE_FEW) return send_all_pairs(tx, many, region, questions, count, arena);
    int r = 0;
    for (size_t i = 0; !r && i < count; i++)
        r = send_pair(tx, one, region, &questions[i]);
    return r;
}

int store_add_pairs(wjz_tx *tx, int32_t region, const pair_question *questions, size_t count, wjz_arena *arena) {
    return send_pairs(tx, &ADD_PAIR, &ADD_PAIRS, region, questions, count, arena);
}

int store_ask_about_pairs(wjz_tx *tx, int32_t region, const pair_question *questions, size_t count, wjz_arena *arena) {
    return send_pairs(tx, &ASK_ABOUT_PAIR, &ASK_ABOUT_PAIRS, region, questions, count, arena);
}

int store_drop_pairs(wjz_tx *tx, int32_t region, const int64_t *complaints, size_t complaint_count,
                     const pair_question *questions, size_t count, wjz_arena *arena) {
    int64_t *sides = wjz_arena_alloc(arena, 2 * count * sizeof *sides);
    if (!sides) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        sides[i] = questions[i].a;
        sides[count + i] = questions[i].b;
    }
    return wjz_tx_send_v(tx, &DROP_PAIRS, wjz_i32(region), wjz_i64s(complaints, complaint_count),
                         wjz_i64s(sides, count), wjz_i64s(sides + count, count));
}

static int send_clue(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const clue_question *q) {
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64(wjz_id_next()), wjz_i64(q->clue), wjz_f64(q->weight),
                         wjz_i16(q->stars), wjz_text(q->kind));
}

static int send_all_clues(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const clue_question *rows, size_t count,
                          wjz_arena *arena) {
    COLUMN(int64_t, id, wjz_id_next());
    COLUMN(int64_t, clue, rows[i].clue);
    COLUMN(double, weight, rows[i].weight);
    COLUMN(int16_t, stars, rows[i].stars);
    COLUMN(const char *, kind, rows[i].kind);
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64s(id, count), wjz_i64s(clue, count),
                         wjz_f64s(weight, NULL, count), wjz_i16s(stars, count), wjz_texts(kind, count));
}

static int send_clues(wjz_tx *tx, const wjz_stmt *one, const wjz_stmt *many, int32_t region, const clue_question *rows,
                      size_t count, wjz_arena *arena) {
    if (count > STORE_FEW) return send_all_clues(tx, many, region, rows, count, arena);
    int r = 0;
    for (size_t i = 0; !r && i < count; i++)
        r = send_clue(tx, one, region, &rows[i]);
    return r;
}

int store_ask_about_new_clues(wjz_tx *tx, int32_t region, const clue_question *questions, size_t count,
                              wjz_arena *arena) {
    return send_clues(tx, &ADD_CLUE, &ADD_CLUES, region, questions, count, arena);
}

int store_ask_about_clues(wjz_tx *tx, int32_t region, const clue_question *questions, size_t count, wjz_arena *arena) {
    return send_clues(tx, &ASK_ABOUT_CLUE, &ASK_ABOUT_CLUES, region, questions, count, arena);
}

int store_drop_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count,
                     const clue_question *questions, size_t count, wjz_arena *arena) {
    int64_t *asked = wjz_arena_alloc(arena, count * sizeof *asked);
    const char **kinds = wjz_arena_alloc(arena, count * sizeof *kinds);
    if (!asked || !kinds) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        asked[i] = questions[i].clue;
        kinds[i] = questions[i].kind;
    }
    return wjz_tx_send_v(tx, &DROP_CLUES, wjz_i32(region), wjz_i64s(clues, clue_count), wjz_i64s(asked, count),
                         wjz_texts(kinds, count));
}

int store_name_signs(wjz_tx *tx, const char *const *names, const char *const *zh, const char *const *en, size_t count) {
    return wjz_tx_send_v(tx, &NAME_SIGNS, wjz_texts(names, count), wjz_texts(zh, count), wjz_texts(en, count));
}

int store_find_question(wjz_tx *tx, int32_t region, int64_t id, bool *ret_found, asked_question *ret, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_QUESTION, &rows, err, wjz_i32(region), wjz_i64(id));
    *ret_found = !r && wjz_rows_count(rows) > 0;
    if (!*ret_found) return r;
    *ret = (asked_question){.id = id,
                            .a = wjz_row_int(rows, 0, 0),
                            .b = wjz_row_int(rows, 0, 1),
                            .clue = wjz_row_int(rows, 0, 2),
                            .other_clue = wjz_row_int(rows, 0, 3),
                            .revision = (int32_t)wjz_row_int(rows, 0, 4),
                            .open = wjz_row_bool(rows, 0, 5),
                            .about_pair = wjz_row_bool(rows, 0, 6),
                            .about_clue = wjz_row_bool(rows, 0, 7)};
    return 0;
}

int store_answer_question(wjz_tx *tx, int32_t region, int64_t id, bool accepted, int64_t decision, const char *person,
                          const char *reason) {
    return wjz_tx_send_v(tx, &ANSWER_QUESTION, wjz_i32(region), wjz_i64(id),
                         wjz_text(accepted ? "accepted" : "rejected"), wjz_i64(decision), wjz_text(person),
                         wjz_text(reason));
}

int store_reopen_question(wjz_tx *tx, int32_t region, int64_t id) {
    return wjz_tx_send_v(tx, &REOPEN_QUESTION, wjz_i32(region), wjz_i64(id));
}
