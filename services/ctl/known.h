/* Codes that a list is asked for: one that nothing has is refused with those that are known, rather than answered by an
 * empty list. */
#ifndef CTL_KNOWN_H
#define CTL_KNOWN_H

#include "ctl/session.h"

/* 0 when the store knows the code, or code is NULL; -EINVAL naming option, value and the codes most like it. */
WJZ_MUST_CHECK int known_organ(session *s, const char *code, wjz_err *err);
/* Of the directory, or told something: a guest, a role that nobody has. */
WJZ_MUST_CHECK int known_person(session *s, const char *code, wjz_err *err);
/* A code of the directory, a login, or either as the audit has it: people leave, what they did stays. */
WJZ_MUST_CHECK int known_audited(session *s, const char *code, wjz_err *err);
/* The domains of the active rule pack, "none", and those that clues have from earlier packs. */
WJZ_MUST_CHECK int known_domain(session *s, const char *id, wjz_err *err);

#endif
