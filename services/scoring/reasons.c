/* See reasons.h. */
#include "scoring/reasons.h"

/* A run holds the characters that carry at least this share of what the strongest one carries. */
static const float run_share = 0.3f;
/* Words that move less than this are not worth a line. */
static const float least_points = 0.3f;

static void keep(reason found, size_t *count, reason reasons[REASONS_LIMIT]) {
    if (found.points < least_points) return;
    size_t at = *count;
    while (at > 0 && reasons[at - 1].points < found.points)
        at--;
    if (at == REASONS_LIMIT) return;
    if (*count < REASONS_LIMIT) ++*count;
    for (size_t i = *count - 1; i > at; i--)
        reasons[i] = reasons[i - 1];
    reasons[at] = found;
}

/* Turns steps into what lies on each byte of a character, in the direction asked for; the most of it. */
static float sum_up(float *steps, uint32_t to, float direction) {
    float level = 0, most = 0;
    for (uint32_t i = 0; i < to; i++) {
        level += direction * steps[i];
        if (level > most) most = level;
        steps[i] = level;
    }
    return most;
}

size_t reasons_find(const normal_text *text, uint32_t to, float *steps, int sign, reason reasons[REASONS_LIMIT]) {
    const float *levels = steps;
    float least = sum_up(steps, to, (float)sign) * run_share;
    reason run = {0};
    size_t count = 0;
    for (uint32_t i = 0; i < to; i++) {
        if (levels[i] > least) {
            uint32_t at = text->char_at[i], next = text->char_at[i + 1];
            if (run.points <= 0) run.from = at;
            run.points += levels[i] * (float)(next - at);
            run.to = next;
        } else if (run.points > 0) {
            keep(run, &count, reasons);
            run.points = 0;
        }
    }
    if (run.points > 0) keep(run, &count, reasons);
    for (size_t i = 0; i < count; i++)
        reasons[i].points *= (float)sign;
    return count;
}
