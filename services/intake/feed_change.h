/* DefineFeed: an operator makes a feed or changes one. */
#ifndef INTAKE_FEED_CHANGE_H
#define INTAKE_FEED_CHANGE_H

#include "wjz/bus.h"

/* Refused with the field that is wrong. An open feed's county has an organ in the directory, or what the feed brings could
 * be given to nobody; while the directory is empty the feed is made all the same, and the answer says so. */
int on_define_feed(wjz_call *call, void *state, wjz_err *err);

#endif
