/* Any text typed in: the card and the finding must stand, and every span of evidence lie within the texts. The first
 * byte says how the rest is divided into title, text and reply. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/explain.h"
#include "wjz/utf8.h"

static rule_pack *pack;
static gazetteer *places;

static void prepare(void) {
    wjz_err err = {0};
    if (rule_pack_load(WJZ_SOURCE_DIR "/deploy/rules", &pack, &err) ||
        gazetteer_load(WJZ_SOURCE_DIR "/deploy/gazetteer", &places, &err))
        abort();
}

/* What the bus would let through: well-formed, without NUL. */
static char *as_text(const uint8_t *data, size_t length) {
    char *text = malloc(length + 1);
    if (!text) abort();
    memcpy(text, data, length);
    text[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (!text[i]) text[i] = ' ';
    if (!wjz_utf8_ok(text, length))
        for (size_t i = 0; i < length; i++)
            if ((unsigned char)text[i] >= 0x80) text[i] = '?';
    return text;
}

static void check_factor(const Wjz__Scoring__Factor *factor, const Wjz__Scoring__ExplainText *asked) {
    for (size_t i = 0; i < factor->n_evidence; i++) {
        const Wjz__Scoring__Span *span = factor->evidence[i]->span;
        if (!span) continue;
        size_t length = span->field == WJZ__SCORING__FIELD__FIELD_TITLE     ? strlen(asked->title)
                        : span->field == WJZ__SCORING__FIELD__FIELD_CONTENT ? strlen(asked->text)
                        : span->field == WJZ__SCORING__FIELD__FIELD_REPLY   ? strlen(asked->reply)
                                                                            : UINT32_MAX;
        if (span->from > span->to || span->to > length) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!pack) prepare();
    if (size == 0) return 0;
    size_t length = size - 1, title = length * (data[0] & 15) / 15, reply = (length - title) * (data[0] >> 4) / 15;
    char *texts[3] = {as_text(data + 1, title), as_text(data + 1 + title, reply),
                      as_text(data + 1 + title + reply, length - title - reply)};
    Wjz__Scoring__ExplainText asked = WJZ__SCORING__EXPLAIN_TEXT__INIT;
    Wjz__Scoring__Explanation explanation;
    asked.title = texts[0];
    asked.reply = texts[1];
    asked.text = texts[2];
    wjz_arena *arena = wjz_arena_new(0);
    wjz_err err = {0};
    if (explain(pack, places, &asked, 510184, 1, arena, &explanation, &err) == 0) {
        const Wjz__Scoring__ScoreCard *card = explanation.card;
        if (!(card->index >= 0 && card->index <= 100) || card->stars < 1 || card->stars > 5) abort();
        for (size_t i = 0; i < card->n_factors; i++)
            check_factor(card->factors[i], &asked);
        for (size_t i = 0; i < card->n_adjustments; i++)
            check_factor(card->adjustments[i], &asked);
    } else if (!err.text[0]) {
        abort();
    }
    wjz_arena_destroy(&arena);
    for (int i = 0; i < 3; i++)
        free(texts[i]);
    return 0;
}
