/* Tells operators of batches that a platform sent and that never came: a gap in a feed's sequence that does not close.
 */
#ifndef INTAKE_GAPS_H
#define INTAKE_GAPS_H

#include "intake/intake.h"

/* Looks at one feed. Its oldest gap, once it has been open for the conf's gap_notice_after, becomes a notice to the
 * role operator; asked again, it stays that one notice. */
WJZ_MUST_CHECK int gaps_tell(intake *it, feed *of, wjz_err *err);

#endif
