/* Notices: what people are told about assignments. The templates' names and values are listed in README.md; a
 * notice carries ids and codes, never a complaint's text. */
#ifndef WJZ_ASSIGNMENT_NOTICES_H
#define WJZ_ASSIGNMENT_NOTICES_H

#include "assignment/clue.h"
#include "assignment/directory.h"
#include "assignment/ledger.h"

typedef enum notice_kind {
    NOTICE_NEW,          /* to who has it now; to be acknowledged */
    NOTICE_MOVED,        /* the same, when it went to others in place, perhaps back to whoever had it once */
    NOTICE_BACK,         /* to who has it again, because its clue lives again; to be acknowledged */
    NOTICE_ESCALATED,    /* to who has it now because another let it lie; to be acknowledged */
    NOTICE_MISSED,       /* to who let it lie */
    NOTICE_OVERDUE,      /* to who has it when nobody is left to go on to */
    NOTICE_CHANGED,      /* its clue changed */
    NOTICE_GONE,         /* it is no longer with the person */
    NOTICE_RETURNED,     /* to the branch head */
    NOTICE_SETTLED_BACK, /* more complaints on a clue that was closed */
    NOTICE_UNROUTABLE,   /* to operators */
    NOTICE_UNSTAFFED,    /* to operators, once a day and organ */
    NOTICE_RECUSAL,      /* to the chief procurator: to be decided */
    NOTICE_RECUSAL_OVERDUE,
} notice_kind;

typedef struct notice_about {
    const assignment *of;
    const clue *told;
    const char *reason; /* NULL: none */
    const char *from;   /* person or organ it came from; NULL: none */
} notice_about;

/* Adds a notice to the turn. to: a person's code; for the operators' kinds NULL. "" tells the station's duty when there
 * is a station, else operators. */
WJZ_MUST_CHECK int notices_add(ledger *book, const directory *dir, notice_kind kind, const notice_about *about,
                               const char *to, wjz_err *err);

/* Whom to tell above a person: the organ's head of that branch, above a head its chief; NULL when nobody is. */
const char *notices_superior(const directory *dir, const char *organ_code, const char *branch, const char *person_code);

#endif
