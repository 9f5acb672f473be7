/* Which row of a file is its header, and which column is which field. See profile.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intake/profile_load.h"
#include "wjz/utf8.h"

const char *profile_name(const profile *p) {
    return p->name;
}

const char *profile_title(const profile *p) {
    return p->title;
}

item_kind profile_kind(const profile *p) {
    return p->kind;
}

missing_id profile_missing_id(const profile *p) {
    return p->missing_id;
}

repeated_id profile_repeated_id(const profile *p) {
    return p->repeated_id;
}

bool profile_keeps_id_numbers(const profile *p) {
    return p->keep_id_number;
}

const char *profile_wanted(const profile *p, wjz_arena *arena) {
    const char *text = "";
    for (size_t i = 0; i < p->required_count; i++) {
        text = wjz_arena_printf(arena, "%s%s%s (", text, text[0] != '\0' ? ", " : "", p->required[i]->name);
        int shown = 0;
        for (size_t k = 0; text != NULL && k < p->alias_count && shown < 4; k++) {
            if (p->aliases[k].field != p->required[i]) continue;
            text = wjz_arena_printf(arena, "%s%s%s", text, shown++ > 0 ? ", " : "", p->aliases[k].title);
        }
        text = text != NULL ? wjz_arena_printf(arena, "%s)", text) : NULL;
        if (text == NULL) return "";
    }
    return text;
}

/* Takes a unit in parentheses off a normalised title: "罚款金额(万元)". Returns the scale that it names, 0 for none. */
static int split_unit(char *title) {
    char *open = strrchr(title, '(');
    if (open == NULL || open == title || title[strlen(title) - 1] != ')') return 0;
    int scale = strstr(open, "万元") != NULL ? 6 : strstr(open, "元") != NULL ? 2 : 0;
    *open = '\0';
    return scale;
}

static size_t find_alias(const profile *p, const char *title) {
    for (size_t i = 0; i < p->alias_count; i++) {
        if (strcmp(p->aliases[i].title, title) == 0) return i;
    }
    return SIZE_MAX;
}

static int by_rank(const void *a, const void *b) {
    const header_column *x = a;
    const header_column *y = b;
    if (x->alias != y->alias) return x->alias < y->alias ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool is_complete(const profile *p, const profile_header *header) {
    for (size_t i = 0; i < p->required_count; i++) {
        bool found = false;
        for (size_t k = 0; k < header->count && !found; k++) {
            found = p->aliases[header->columns[k].alias].field == p->required[i];
        }
        if (!found) return false;
    }
    return true;
}

bool profile_match_header(const profile *p, const table_row *row, wjz_arena *arena, profile_header **ret_header) {
    if (row->problem != NULL || row->count == 0) return false;
    profile_header *header = wjz_arena_calloc(arena, 1, sizeof *header);
    if (header == NULL) return false;
    header->profile = p;
    header->columns = wjz_arena_calloc(arena, row->count, sizeof *header->columns);
    header->titles = wjz_arena_calloc(arena, row->count, sizeof *header->titles);
    if (header->columns == NULL || header->titles == NULL) return false;
    for (size_t i = 0; i < row->count; i++) {
        const cell *title = &row->cells[i];
        bool usable =
            title->kind == CELL_TEXT && title->length < PROFILE_TITLE && wjz_utf8_ok(title->text, title->length);
        header->titles[i] = usable ? wjz_arena_strdup(arena, title->text) : "";
        if (header->titles[i] == NULL) return false;
        char text[PROFILE_TITLE];
        profile_normalise(header->titles[i], text, sizeof text);
        size_t alias = text[0] != '\0' ? find_alias(p, text) : SIZE_MAX;
        int scale = split_unit(text);
        if (alias == SIZE_MAX && text[0] != '\0') alias = find_alias(p, text);
        if (alias != SIZE_MAX && p->aliases[alias].field != NULL)
            header->columns[header->count++] = (header_column){i, alias, scale != 0 ? scale : p->money_scale};
    }
    header->title_count = row->count;
    qsort(header->columns, header->count, sizeof *header->columns, by_rank);
    if (!is_complete(p, header)) return false;
    *ret_header = header;
    return true;
}

const char *profile_column_title(const profile_header *header, const char *field) {
    if (strcmp(field, "position") == 0) field = "longitude";
    for (size_t i = 0; i < header->count; i++) {
        const item_field *it = header->profile->aliases[header->columns[i].alias].field;
        if (strcmp(it->name, field) == 0) return header->titles[header->columns[i].column];
    }
    return field;
}
