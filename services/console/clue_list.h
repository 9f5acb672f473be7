/* A page of clues: its statement gives plain columns, of which the text is made here. json_build_object looks up a type
 * for each value of each row, which costs the store several times what finding the rows does. */
#ifndef CONSOLE_CLUE_LIST_H
#define CONSOLE_CLUE_LIST_H

#include "console/read.h"

/* For endpoint.what of a list that these ask for and answer. */
extern const read_spec CLUES;
WJZ_MUST_CHECK int clue_list_prepare(exchange *x, wjz_err *err);

/* {"items": […], "next": …} */
WJZ_MUST_CHECK int clue_list_run(exchange *x, wjz_err *err);

#endif
