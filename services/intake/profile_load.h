/* The inside of a profile, between its loader and its mapper. */
#ifndef INTAKE_PROFILE_LOAD_H
#define INTAKE_PROFILE_LOAD_H

#include "intake/profile.h"

enum { PROFILE_TITLE = 256 }; /* bytes of a title or word that count */

/* One header alias. Tried in order: the first column with text wins. */
typedef struct profile_alias {
    const char *title; /* normalised */
    const item_field *field; /* NULL: columns of this title are passed over */
    int category; /* level from 1 when field is the category list */
} profile_alias;

/* A platform's word and what it means. */
typedef struct profile_word {
    const item_field *field;
    const char *word; /* normalised */
    const char *text; /* meaning of a text field */
    int number;       /* meaning of a choice or flag */
} profile_word;

struct profile {
    wjz_arena *arena;
    const char *name, *title;
    item_kind kind;
    missing_id missing_id;
    repeated_id repeated_id;
    int money_scale; /* of columns whose header has no unit: 2 yuan, 6 ten thousand yuan */
    bool keep_id_number;
    profile_alias *aliases;
    size_t alias_count, alias_room;
    profile_word *words;
    size_t word_count, word_room;
    const item_field *required[8];
    size_t required_count;
    const char *totals[16]; /* first texts of rows that are no records */
    size_t total_count;
    struct {
        const item_field *field;
        const char *text;
    } defaults[8];
    size_t default_count;
};

/* One column of the file that is wanted. */
typedef struct header_column {
    size_t column;
    size_t alias; /* its rank: of several columns of one field the lowest with text wins */
    int money_scale;
} header_column;

struct profile_header {
    header_column *columns; /* by rank */
    size_t count;
    const char **titles; /* of all columns of the file */
    size_t title_count;
    const profile *profile;
};

/* A header or a word as it is compared: narrow, without spaces and marks, lower case. Cut to size. */
void profile_normalise(const char *text, char *out, size_t size);

#endif
