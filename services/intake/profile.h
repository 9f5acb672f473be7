/* Mapping profiles: which column of a platform's file is which field, and which word which value. A profile is a YAML
 * file that an operator edits (deploy/config/profiles, described in its README.md); columns that it does not name are
 * left out and stored nowhere. */
#ifndef INTAKE_PROFILE_H
#define INTAKE_PROFILE_H

#include "intake/issue.h"
#include "intake/item.h"
#include "intake/table.h"
#include "wjz/err.h"

typedef struct profile profile;
typedef struct profile_header profile_header;

/* What to do about an item without a number of its own, or with one that stood in the file before. */
typedef enum missing_id { MISSING_ID_REFUSED, MISSING_ID_DERIVED } missing_id;
typedef enum repeated_id { REPEATED_ID_REVISES, REPEATED_ID_SUFFIXED } repeated_id;

/* A profile that an administrator changed or made; it stands over the file of its name. */
typedef struct profile_edit {
    const char *name, *document;
} profile_edit;

/* Where profiles are: a folder of files, and edits over them. Nothing is owned. */
typedef struct profile_source {
    const char *folder;
    const profile_edit *edits;
    size_t edit_count;
} profile_source;

/* Whether the name is one of small letters, digits and hyphens, at most 63. */
bool profile_is_name(const char *name);
/* Loads the edit of the name, else folder/name.yaml, and what it extends. -ENOENT, or -EINVAL with file and line. */
WJZ_MUST_CHECK int profile_load(const profile_source *from, const char *name, profile **ret_profile, wjz_err *err);
/* The same from memory; what it extends is looked for in the source. */
WJZ_MUST_CHECK int profile_parse(const profile_source *from, const char *name, const char *text, size_t length,
                                 profile **ret_profile, wjz_err *err);
void profile_destroy(profile **profile);

const char *profile_name(const profile *profile);
const char *profile_title(const profile *profile);
item_kind profile_kind(const profile *profile);
missing_id profile_missing_id(const profile *profile);
repeated_id profile_repeated_id(const profile *profile);
/* Whether ID numbers are stored, sealed. Otherwise they only serve to recognise the same reporter (PIPL 6). */
bool profile_keeps_id_numbers(const profile *profile);
/* Columns that a header must have, for errors: "工单编号 (or 诉求编号 …), 内容 (…)". In the arena. */
const char *profile_wanted(const profile *profile, wjz_arena *arena);

/* Whether the row is the header: it has all required columns. The header lives in the arena. */
bool profile_match_header(const profile *profile, const table_row *row, wjz_arena *arena, profile_header **ret_header);
/* The file's own title of a field's column; the field's name when it has none. */
const char *profile_column_title(const profile_header *header, const char *field);

typedef enum row_verdict { ROW_ITEM, ROW_SKIPPED, ROW_REFUSED, ROW_NO_MEMORY } row_verdict;

/* The row as an item (ROW_ITEM; values that could not be read are left out and told), a total, an empty or a repeated
 * header row (ROW_SKIPPED), or why it is neither (ROW_REFUSED). Issues name columns as the file does. */
row_verdict profile_map_row(const profile *profile, const profile_header *header, const table_row *row,
                            wjz_arena *arena, Wjz__Intake__FeedItem **ret_item, issue_list *issues);

#endif
