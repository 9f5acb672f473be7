/* The pages behind links to acknowledge: no login, nothing of the notice on them. */
#ifndef NOTIFICATION_PAGES_H
#define NOTIFICATION_PAGES_H

#include "wjz/http.h"

/* GET shows a button, POST acknowledges: a mail scanner that follows links acknowledges nothing. arg: struct
 * notification. */
extern const wjz_route pages_routes[];

#endif
