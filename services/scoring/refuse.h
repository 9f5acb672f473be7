/* Refusals that scoring's requests share. */
#ifndef SCORING_REFUSE_H
#define SCORING_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/bus.h"

/* The store does not answer, or somebody was faster: the same again later. */
bool store_is_away(int r);
int refuse_busy(wjz_call *call);
int refuse_invalid(wjz_call *call, const char *field, const char *value, const char *message, const char *remedy);
/* No such thing in this region, or it has ended. */
int refuse_not_found(wjz_call *call, const char *field, int64_t id, const char *remedy);
/* Whether the text says anything; refuses naming the field otherwise. */
bool text_given(wjz_call *call, const char *field, const char *text);
/* Whether the envelope names a region; refuses otherwise. */
bool region_given(wjz_call *call);

#endif
