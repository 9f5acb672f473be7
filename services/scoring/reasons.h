/* The learned part in words: which words of a text moved its points. What each n-gram and each rule's hit adds is
 * spread over its characters; the words are the runs of characters on which most lies. Pure. */
#ifndef SCORING_REASONS_H
#define SCORING_REASONS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/normalise.h"

enum { REASONS_LIMIT = 3 };

typedef struct reason {
    uint32_t from, to; /* bytes of the normalised text */
    float points;
} reason;

/* steps: one for each character of the text up to `to` and one more; the sum of those up to a character is what lies on
 * each of its bytes; they are replaced by these sums. At most REASONS_LIMIT that raise (sign 1) or lower (sign -1), strongest first; the count. */
size_t reasons_find(const normal_text *text, uint32_t to, float *steps, int sign, reason reasons[REASONS_LIMIT]);

#endif
