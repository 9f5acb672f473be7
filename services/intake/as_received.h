/* A new complaint as the view intake.complaint_as_received will give it to scoring, so that the message about it can
 * bring it along. Nothing of who reported it goes with it, but that two reports are by the same person. */
#ifndef INTAKE_AS_RECEIVED_H
#define INTAKE_AS_RECEIVED_H

#include "intake/store.h"

/* Its texts are the item's. NULL when out of memory. */
Wjz__Intake__AsReceived *as_received(const stored_item *item, wjz_arena *arena);

#endif
