/* Earlier clues like one, and what became of them. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/similar.pb-c.h"
#include "wjz/clock.h"

typedef struct question {
    int64_t clue, limit;
} question;

static const wjz_stmt REGION_OF_CLUE = {"ctl_similar_region", "SELECT region FROM scoring.clue WHERE id = $1", 1};

static const out_column COLUMNS[] = {
    {"clue", "线索 / clue", false},       {"similarity", "相似度 / similarity", true},
    {"outcome", "结果 / outcome", false}, {"outcome_on", "时间 / on", false},
    {"stars", "星 / stars", true},        {"index", "成案指数 / index", true},
    {"branch", "检察 / branch", false},   {"domain", "领域 / domain", false},
    {"town", "镇街 / town", false},       {"because", "共同点 / in common", false},
};

static const char *reasons_of(session *s, const Wjz__Scoring__SimilarClue *clue) {
    const char *text = "";
    for (size_t i = 0; text && i < clue->n_reasons; i++)
        text = wjz_arena_printf(s->arena, "%s%s%s %s", text, i ? "; " : "", clue->reasons[i]->kind,
                                clue->reasons[i]->value);
    return text;
}

static int put_clue(session *s, out_table *table, const Wjz__Scoring__SimilarClue *clue) {
    char id[24], similarity[16], day[WJZ_CLOCK_TEXT], stars[8], index[16], town[16];
    snprintf(id, sizeof id, "%" PRIu64, clue->clue);
    snprintf(similarity, sizeof similarity, "%.2f", clue->similarity);
    snprintf(stars, sizeof stars, "%" PRIu32, clue->stars);
    snprintf(index, sizeof index, "%.1f", clue->index);
    snprintf(town, sizeof town, "%" PRIu32, clue->town);
    wjz_clock_format(clue->outcome_at_us, day)[clue->outcome_at_us ? 10 : 0] = '\0';
    return out_row(table,
                   (const char *[]){id, similarity, *clue->outcome ? clue->outcome : NULL, *day ? day : NULL, stars,
                                    index, clue->branch, clue->domain, clue->town ? town : NULL, reasons_of(s, clue)});
}

static int ask(session *s, void *arg, wjz_err *err) {
    const question *q = arg;
    int32_t region;
    const ProtobufCMessage *reply;
    Wjz__Scoring__FindSimilar find = WJZ__SCORING__FIND_SIMILAR__INIT;
    find.clue = (uint64_t)q->clue;
    find.limit = (uint32_t)q->limit;
    int r = decide_region(s, &REGION_OF_CLUE, "clue", q->clue, "wjz clues list", &region, err);
    if (r >= 0)
        r = session_ask_in(s, "scoring", region, &find.base, &wjz__scoring__similar_clues__descriptor, &reply, err);
    if (r < 0) return r;
    const Wjz__Scoring__SimilarClues *found = (const Wjz__Scoring__SimilarClues *)reply;
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    r = out_open(s->format, COLUMNS, WJZ_COUNT(COLUMNS), &table);
    for (size_t i = 0; r >= 0 && i < found->n_clues; i++)
        r = put_clue(s, table, found->clues[i]);
    if (r >= 0) out_close(&table, "没有类似线索 / no similar clues");
    return r;
}

int command_clues_similar(session *s, int argc, char **argv, wjz_err *err) {
    question q = {.limit = 5};
    const char *limit = argument_option(&argc, argv, "limit");
    int r = limit ? argument_number("--limit", limit, 1, 50, &q.limit, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 1, "clues similar CLUE [--limit N]", err);
    if (r >= 0) r = argument_number("CLUE", argv[0], 1, INT64_MAX, &q.clue, err);
    return r < 0 ? r : session_connected(s, true, ask, &q, err);
}
