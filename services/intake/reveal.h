/* Who reported a complaint, opened for somebody who may know it. */
#ifndef INTAKE_REVEAL_H
#define INTAKE_REVEAL_H

#include "wjz/bus.h"

/* RevealReporter → ReporterRevealed. */
int on_reveal_reporter(wjz_call *call, void *state, wjz_err *err);

#endif
