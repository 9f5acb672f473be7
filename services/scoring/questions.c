/* Most turns raise few questions; what was open is only looked for where something was before. */
#include "scoring/questions.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scoring/repeats.h"
#include "scoring/rules_data.h"
#include "scoring/store_review.h"

enum { LEAST_STARS = 3 /* of a clue that people are asked about */ };

/* --- pairs --- */

static double rounded(double value) {
    return round(value * 1000) / 1000;
}

enum { SIGN_BYTES = 96 /* of one in JSON, at most */ };

/* All signs that moved the weight, as JSON in the arena; what they are called stands in scoring.sign. */
static const char *describe(const repeat_rules *rules, const regroup_question *q, wjz_arena *arena) {
    repeat_signs signs;
    size_t room = SIGN_COUNT * SIGN_BYTES, length = 1;
    char *text = wjz_arena_alloc(arena, room);
    if (!text) return NULL;
    repeats_measure(q->matter_a, q->matter_b, &signs);
    text[0] = '[';
    for (int i = 0; i < SIGN_COUNT; i++) {
        double points = rounded(repeat_rules_weights(rules)[i] * signs.value[i]);
        if (points == 0) continue;
        length += (size_t)snprintf(text + length, room - length, "%s{\"sign\":\"%s\",\"value\":%.3f,\"points\":%.3f}",
                                   length > 1 ? "," : "", repeat_sign_names[i], signs.value[i], points);
    }
    memcpy(text + length, "]", sizeof "]");
    return text;
}

static int describe_all(const repeat_rules *rules, const repeats_index *index, const regroup_question *questions,
                        size_t count, wjz_arena *arena, pair_question *rows) {
    static const char *const causes[] = {
        [DOUBT_WEAK_LINK] = "weak_link", [DOUBT_NEAR_MISS] = "near_miss", [DOUBT_OBJECTION] = "objection"};
    for (size_t i = 0; i < count; i++) {
        const regroup_question *q = &questions[i];
        rows[i] = (pair_question){.a = q->a,
                                  .b = q->b,
                                  .clue_a = repeats_index_entry(index, q->slot_a)->clue,
                                  .clue_b = repeats_index_entry(index, q->slot_b)->clue,
                                  .weight = rounded(q->weight),
                                  .cause = causes[q->why],
                                  .signs = describe(rules, q, arena)};
        if (!rows[i].signs) return -ENOMEM;
    }
    return 0;
}

/* Complaints that people may have been asked about: only about them a question may be open. */
static int find_asked(const repeats_index *index, const regroup_group *groups, size_t count, wjz_arena *arena,
                      int64_t **ret_ids, size_t *ret_count) {
    size_t members = 0, asked = 0;
    for (size_t i = 0; i < count; i++)
        members += groups[i].count;
    int64_t *ids = wjz_arena_alloc(arena, members * sizeof *ids);
    if (!ids) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            if (member->clue && repeats_index_entry(index, member->slot)->asked) ids[asked++] = member->complaint;
        }
    }
    *ret_ids = ids;
    *ret_count = asked;
    return 0;
}

/* Puts those that nobody was asked before in front. How many they are. */
static size_t put_first_asked_first(const regroup_question *questions, pair_question *rows, size_t count) {
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        if (!questions[i].first) continue;
        pair_question row = rows[i];
        rows[i] = rows[first];
        rows[first++] = row;
    }
    return first;
}

int questions_about_pairs(const repeat_rules *rules, wjz_tx *tx, int32_t region, const regroup *g,
                          const repeats_index *index, const regroup_group *groups, size_t count, wjz_arena *arena) {
    size_t asked = 0, before_count = 0;
    int64_t *before = NULL;
    const regroup_question *questions = regroup_questions(g, &asked);
    pair_question *rows = wjz_arena_alloc(arena, asked * sizeof *rows);
    if (!rows || describe_all(rules, index, questions, asked, arena, rows) ||
        find_asked(index, groups, count, arena, &before, &before_count))
        return -ENOMEM;
    int r = before_count ? store_drop_pairs(tx, region, before, before_count, rows, asked, arena) : 0;
    size_t first = put_first_asked_first(questions, rows, asked);
    if (!r) r = store_add_pairs(tx, region, rows, first, arena);
    return r ? r : store_ask_about_pairs(tx, region, rows + first, asked - first, arena);
}

int questions_name_signs(const repeat_rules *rules, wjz_db *db, wjz_err *err) {
    const char *zh[SIGN_COUNT], *en[SIGN_COUNT];
    for (int i = 0; i < SIGN_COUNT; i++) {
        zh[i] = repeat_rules_words(rules, (repeat_sign)i)->zh;
        en[i] = repeat_rules_words(rules, (repeat_sign)i)->en;
    }
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(db, &tx, err);
    if (!r) r = store_name_signs(tx, repeat_sign_names, zh, en, SIGN_COUNT);
    return r ? wjz_err_prefix(err, "names of signs") : wjz_tx_commit(&tx, err);
}

/* --- clues --- */

/* The distance from the nearest cut that matters: told or not, and five stars. */
static double edge_of(const rule_pack *pack, double index) {
    double three = index - pack->stars.three, five = index - pack->stars.five;
    return fabs(three) < fabs(five) ? three : five;
}

static size_t ask_about(const repeat_rules *rules, const rule_pack *pack, const clue_row *row, clue_question *ret) {
    const Wjz__Scoring__ScoreCard *card = row->card;
    double edge = edge_of(pack, card->index);
    size_t count = 0;
    if (card->stars >= LEAST_STARS && card->confidence < repeat_rules_least_confidence(rules))
        ret[count++] = (clue_question){row->id, rounded(card->confidence), (int16_t)card->stars, "confidence"};
    if (fabs(edge) < repeat_rules_edge(rules) && card->stars == card->stars_before_gates)
        ret[count++] = (clue_question){row->id, rounded(edge), (int16_t)card->stars, "edge"};
    return count;
}

int questions_about_clues(const repeat_rules *rules, const rule_pack *pack, wjz_tx *tx, int32_t region,
                          clue_row *scored, size_t scored_count, const int64_t *before, size_t before_count,
                          wjz_arena *arena) {
    size_t most = 2 * scored_count, first_count = 0, again_count = 0;
    clue_question *first = wjz_arena_alloc(arena, 2 * most * sizeof *first), *again = first + most;
    if (!first) return -ENOMEM;
    for (size_t i = 0; i < scored_count; i++) {
        bool stored = scored[i].revision > 1;
        size_t asked = ask_about(rules, pack, &scored[i], stored ? again + again_count : first + first_count);
        scored[i].asked = asked > 0;
        *(stored ? &again_count : &first_count) += asked;
    }
    int r = before_count ? store_drop_clues(tx, region, before, before_count, again, again_count, arena) : 0;
    if (!r) r = store_ask_about_new_clues(tx, region, first, first_count, arena);
    return r ? r : store_ask_about_clues(tx, region, again, again_count, arena);
}
