/* What operators must know of a feed, as a notice to the role operator. */
#ifndef INTAKE_TELL_OPERATORS_H
#define INTAKE_TELL_OPERATORS_H

#include "intake/intake.h"

/* A value of the notice's template. */
typedef struct told_value {
    const char *key, *text;
} told_value;

/* Within tx; feed and title need not be among the values. The same event is one notice however often it is told. */
WJZ_MUST_CHECK int tell_operators(intake *it, wjz_tx *tx, const feed *of, const char *template, const char *event,
                                  const told_value *values, size_t count, wjz_err *err);

#endif
