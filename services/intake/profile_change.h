/* StoreProfile: an administrator changes a mapping profile. */
#ifndef INTAKE_PROFILE_CHANGE_H
#define INTAKE_PROFILE_CHANGE_H

#include "wjz/bus.h"

/* Refused with the line when the document is no profile, and when a feed's profile that extends it would not be one any
 * more; with a conflict when somebody else was faster. */
int on_store_profile(wjz_call *call, void *state, wjz_err *err);

#endif
