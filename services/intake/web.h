/* The HTTP address: which path is whose. */
#ifndef INTAKE_WEB_H
#define INTAKE_WEB_H

#include "intake/intake.h"

WJZ_MUST_CHECK int web_open(intake *it, wjz_err *err);

#endif
