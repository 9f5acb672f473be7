/* The sums over a matter's grams: what the comparison divides by. */
#include <math.h>
#include <string.h>

#include "scoring/matter.h"

enum { LANES = 4 };
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

static inline uint32_t sum_of(lanes x) {
    return x[0] + x[1] + x[2] + x[3];
}

/* What the comparison divides by: every matter that is compared is summed up. Four grams at a time, with the vectors of
 * any processor; the last ones are filled up with grams that weigh nothing. */
void matter_sum_up(matter *m) {
    lanes all = {0}, common = {0}, title_common = {0}, title_rare = {0}, title_rare_count = {0};
    for (uint32_t i = 0; i < m->grams.count; i += LANES) {
        const uint32_t *from = m->grams.items + i;
        lanes gram = {0};
        if (m->grams.count - i >= LANES)
            memcpy(&gram, from, sizeof gram); /* of a size that the compiler knows */
        else
            memcpy(&gram, from, (m->grams.count - i) * sizeof *from);
        lanes weight = gram & GRAM_WEIGHT, square = weight * weight;
        lanes word = (lanes)((gram & (GRAM_RARE | GRAM_PLACE)) == 0); /* that says what is the matter, not where */
        lanes title = (lanes)((gram & GRAM_TITLE) != 0), rare = (lanes)((gram & GRAM_RARE) != 0);
        all += square;
        common += square & word;
        title_common += square & word & title;
        title_rare += square & rare & title;
        title_rare_count -= rare & title; /* all bits are minus one */
    }
    m->title_rare_count = (uint16_t)sum_of(title_rare_count);
    m->all_norm = sqrtf((float)sum_of(all));
    m->common_norm = sqrtf((float)sum_of(common));
    m->title_common = (float)sum_of(title_common);
    m->title_rare = (float)sum_of(title_rare);
}
