/* Analysis and score of any bytes as title, content and reply: every span lies within its text and on characters. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/analysis.h"
#include "scoring/score.h"

static rule_pack *pack;
static gazetteer *places;
static wjz_arena *arena;

static void prepare(void) {
    wjz_err err = {0};
    arena = wjz_arena_new(0);
    if (!arena || rule_pack_load(WJZ_SOURCE_DIR "/deploy/rules", &pack, &err) < 0 ||
        gazetteer_load(WJZ_SOURCE_DIR "/deploy/gazetteer", &places, &err) < 0)
        abort();
}

static void check_span(const Wjz__Scoring__Span *span, const complaint *c) {
    if (!span) return;
    const char *texts[] = {
        "", c->title, c->content, c->categories, c->incident_address, c->visit_note, c->handle_result, ""};
    if ((size_t)span->field >= sizeof texts / sizeof texts[0] || span->from > span->to ||
        span->to > strlen(texts[span->field]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!pack) prepare();
    wjz_arena_reset(arena);
    char *text = wjz_arena_strndup(arena, (const char *)data, size);
    if (!text) return 0;
    char *end_of_all = text + strlen(text), *parts[4] = {text, end_of_all, end_of_all, end_of_all};
    for (int i = 1; i < 4; i++) { /* lines: title, address, reply, content */
        char *end = strchr(parts[i - 1], '\n');
        if (!end) break;
        *end = '\0';
        parts[i] = end + 1;
    }
    complaint c = {.id = 1,
                   .region = 510184,
                   .feed = "",
                   .external_id = "",
                   .order_type = parts[1],
                   .title = parts[0],
                   .content = parts[3],
                   .categories = parts[1],
                   .incident_address = parts[1],
                   .town = parts[1],
                   .village = parts[0],
                   .handler_unit = parts[1],
                   .handle_result = parts[2],
                   .status = "",
                   .visit_note = parts[2],
                   .parent_id = ""};
    static const matter_context nothing_more = {0};
    Wjz__Scoring__Finding *finding = NULL;
    Wjz__Scoring__ScoreCard *card = NULL;
    wjz_err err = {0};
    if (analyse(pack, places, &c, arena, &finding, &err) < 0) abort();
    for (size_t i = 0; i < finding->n_hits; i++)
        check_span(finding->hits[i]->span, &c);
    for (size_t i = 0; i < finding->n_anchors; i++)
        check_span(finding->anchors[i]->span, &c);
    for (size_t i = 0; i < finding->n_reasons; i++)
        check_span(finding->reasons[i]->span, &c);
    check_span(finding->place->span, &c);
    const Wjz__Scoring__Finding *findings[] = {finding};
    if (score_matter(pack, findings, &c.id, 1, &nothing_more, arena, &card, &err) < 0) abort();
    if (!(card->index >= 0 && card->index <= 100) || card->stars < 1 || card->stars > 5) abort();
    return 0;
}
