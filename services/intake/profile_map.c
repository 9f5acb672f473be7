/* Rows of a file as items, by a profile. See profile.h. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intake/cell.h"
#include "intake/profile_load.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"

typedef struct mapper {
    const profile *profile;
    const profile_header *header;
    wjz_arena *arena;
    issue_list *issues;
    ProtobufCMessage *body;
    char *categories[8];
    bool no_memory;
} mapper;

static const char *title_of(const mapper *m, const header_column *column) {
    return m->header->titles[column->column];
}

/* What people write where nothing is known. */
static bool is_placeholder(const char *text) {
    static const char *const NOTHING[] = {"-", "--", "—", "——", "/", "\\", "无", "null", "none", "n/a", "nan", "#n/a"};
    char plain[32];
    profile_normalise(text, plain, sizeof plain);
    if (plain[0] == '\0') return true;
    for (size_t i = 0; i < WJZ_COUNT(NOTHING); i++) {
        if (strcmp(plain, NOTHING[i]) == 0) return true;
    }
    return false;
}

static const profile_word *find_word(const mapper *m, const item_field *field, const char *text) {
    char plain[PROFILE_TITLE];
    profile_normalise(text, plain, sizeof plain);
    for (size_t i = 0; i < m->profile->word_count; i++) {
        if (m->profile->words[i].field == field && strcmp(m->profile->words[i].word, plain) == 0)
            return &m->profile->words[i];
    }
    return NULL;
}

static bool is_status(const item_field *field) {
    return strcmp(field->name, "status") == 0;
}

static bool is_identifier(const item_field *field) {
    return strcmp(field->name, "external_id") == 0 || strcmp(field->name, "document_no") == 0 ||
           strcmp(field->name, "complaint_external_id") == 0 || strcmp(field->name, "parent_id") == 0;
}

/* Whether a text is kept as it stands, with its white space. */
static bool is_prose(const item_field *field) {
    return field->limit >= 20000;
}

static char *trimmed(wjz_arena *arena, const char *text, size_t length) {
    while (length > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        length--;
    return wjz_arena_strndup(arena, text, length);
}

/* A date cell in a text column, as a person would write it. */
static char *time_text(wjz_arena *arena, int64_t us) {
    char text[WJZ_CLOCK_TEXT];
    wjz_clock_format(us, text);
    text[10] = ' ';
    text[19] = '\0';
    return wjz_arena_strdup(arena, text);
}

static char *number_text(wjz_arena *arena, const cell *it) {
    char digits[64];
    if (cell_exact_digits(it->text, true, digits, sizeof digits) == 0) return wjz_arena_strdup(arena, digits);
    return wjz_arena_strdup(arena, it->text);
}

static char *text_of(const mapper *m, const item_field *field, const cell *it) {
    if (it->kind == CELL_TIME) return time_text(m->arena, it->time_us);
    if (it->kind == CELL_NUMBER) return number_text(m->arena, it);
    return is_prose(field) ? wjz_arena_strndup(m->arena, it->text, it->length)
                           : trimmed(m->arena, it->text, it->length);
}

/* An identifier that went through a spreadsheet as a number may have lost digits; then no row is better than a wrong
 * one. */
static char *identifier_of(mapper *m, const header_column *column, const item_field *field, const cell *it) {
    char digits[64];
    bool number = it->kind == CELL_NUMBER;
    if (it->kind == CELL_TIME) number = true;
    if (number || cell_is_scientific(it->text)) {
        int r = cell_exact_digits(it->text, number, digits, sizeof digits);
        if (r == 0) return wjz_arena_strdup(m->arena, digits);
        if (r == -ERANGE) {
            issue_add(
                m->issues, m->arena, strcmp(field->name, "parent_id") == 0, "precision_lost", title_of(m, column),
                it->text,
                "format the column as text in the source and export again; digits that a spreadsheet rounded are gone",
                "the number was stored as a number and has lost digits");
            return NULL;
        }
    }
    return text_of(m, field, it);
}

static void set_text(mapper *m, const header_column *column, const item_field *field, const cell *it, char **to) {
    char *text = is_identifier(field) ? identifier_of(m, column, field, it) : text_of(m, field, it);
    if (text == NULL) return;
    const profile_word *word = find_word(m, field, text);
    if (word != NULL) text = wjz_arena_strdup(m->arena, word->text);
    if (text == NULL) {
        m->no_memory = true;
    } else if (word == NULL && is_status(field)) {
        issue_add(m->issues, m->arena, true, "unknown_value", title_of(m, column), text,
                  "add the word to \"values: status\" of the mapping profile",
                  "the status has no meaning in the profile");
    } else {
        *to = text;
    }
}

static void unreadable(mapper *m, const header_column *column, const cell *it, const char *what, const char *remedy) {
    issue_add(m->issues, m->arena, true, "unreadable", title_of(m, column), it->text, remedy, "the cell holds no %s",
              what);
}

static void set_time(mapper *m, const header_column *column, const cell *it, int64_t *to) {
    if (it->kind == CELL_TIME)
        *to = it->time_us;
    else if (cell_time(it->text, to) < 0)
        unreadable(m, column, it, "date or time", "write it as 2024-03-05 09:07:00");
}

static void set_day(mapper *m, const header_column *column, const cell *it, int32_t *to) {
    int64_t us = 0;
    if (it->kind == CELL_TIME)
        us = it->time_us;
    else if (cell_time(it->text, &us) < 0) {
        unreadable(m, column, it, "date", "write it as 2024-03-05");
        return;
    }
    *to = wjz_day_number(wjz_clock_day(us));
}

static void set_count(mapper *m, const header_column *column, const item_field *field, const cell *it, uint32_t *to) {
    int64_t value = 0;
    if (cell_integer(it->text, &value) == 0 && value >= 0 && value <= (int64_t)field->limit)
        *to = (uint32_t)value;
    else
        unreadable(m, column, it, "whole number that makes sense here", "write the number alone, without unit");
}

static void set_money(mapper *m, const header_column *column, const cell *it, int64_t *to) {
    if (cell_decimal(it->text, column->money_scale, to) < 0) {
        unreadable(m, column, it, "amount of money",
                   "write the number alone; say the unit in the header: 罚款金额(元)");
    }
}

static void set_real(mapper *m, const header_column *column, const cell *it, double *to) {
    if (cell_real(it->text, to) < 0) unreadable(m, column, it, "number", "write degrees as 103.671234");
}

/* A choice or a flag: what the profile says that the word means. */
static void set_word(mapper *m, const header_column *column, const item_field *field, const cell *it, void *to) {
    const profile_word *word = find_word(m, field, it->text);
    if (word == NULL) {
        issue_add(m->issues, m->arena, true, "unknown_value", title_of(m, column), it->text,
                  "add the word to \"values\" of the mapping profile", "the word has no meaning for %s in the profile",
                  field->name);
    } else if (field->shape == FIELD_FLAG) {
        *(protobuf_c_boolean *)to = word->number;
    } else {
        *(int *)to = word->number;
    }
}

static void set_category(mapper *m, const profile_alias *alias, const item_field *field, const cell *it) {
    char **level = &m->categories[alias->category - 1];
    if (*level == NULL) *level = text_of(m, field, it);
}

static bool is_set(const item_field *field, const void *at) {
    switch (field->shape) {
    case FIELD_TEXT:
        return (*(char *const *)at)[0] != '\0';
    case FIELD_TIME:
        return *(const int64_t *)at != 0;
    case FIELD_DAY:
        return *(const int32_t *)at != 0;
    case FIELD_MONEY:
        return *(const int64_t *)at != -1;
    case FIELD_COUNT:
        return *(const uint32_t *)at != 0;
    case FIELD_REAL:
        return *(const double *)at != 0;
    case FIELD_FLAG:
        return *(const protobuf_c_boolean *)at != 0;
    case FIELD_CHOICE:
        return *(const int *)at != 0;
    case FIELD_LIST:
        return false;
    }
    return false;
}

static void set_field(mapper *m, const header_column *column, const profile_alias *alias, const cell *it) {
    const item_field *field = alias->field;
    if (field->shape == FIELD_LIST) {
        set_category(m, alias, field, it);
        return;
    }
    void *to = item_field_make(m->body, field, m->arena);
    if (to == NULL) {
        m->no_memory = true;
        return;
    }
    if (is_set(field, to)) return;
    switch (field->shape) {
    case FIELD_TEXT:
        set_text(m, column, field, it, to);
        break;
    case FIELD_TIME:
        set_time(m, column, it, to);
        break;
    case FIELD_DAY:
        set_day(m, column, it, to);
        break;
    case FIELD_MONEY:
        set_money(m, column, it, to);
        break;
    case FIELD_COUNT:
        set_count(m, column, field, it, to);
        break;
    case FIELD_REAL:
        set_real(m, column, it, to);
        break;
    case FIELD_FLAG:
    case FIELD_CHOICE:
        set_word(m, column, field, it, to);
        break;
    case FIELD_LIST:
        break;
    }
}

static void map_cell(mapper *m, const header_column *column, const cell *it) {
    const profile_alias *alias = &m->profile->aliases[column->alias];
    if (it->kind == CELL_EMPTY) return;
    if (it->kind == CELL_ERROR) {
        issue_add(m->issues, m->arena, true, "unreadable", title_of(m, column), it->text,
                  "mend the formula and save the workbook", "the cell holds a spreadsheet error");
        return;
    }
    size_t good = wjz_utf8_check(it->text, it->length);
    if (good < it->length) {
        issue_add(m->issues, m->arena, false, "not_utf8", title_of(m, column), NULL,
                  "save the file as UTF-8 and import it again",
                  "byte %zu of the cell is no text in the file's encoding", good);
        return;
    }
    if (!is_prose(alias->field) && is_placeholder(it->text)) return;
    set_field(m, column, alias, it);
}

/* A row under the table: "合计", "总计：128 件". */
static bool is_total(const profile *p, const table_row *row) {
    size_t first = 0;
    while (first < row->count && row->cells[first].kind == CELL_EMPTY)
        first++;
    if (first == row->count || row->cells[first].kind != CELL_TEXT) return false;
    char text[PROFILE_TITLE];
    profile_normalise(row->cells[first].text, text, sizeof text);
    for (size_t i = 0; i < p->total_count; i++) {
        size_t length = strlen(p->totals[i]);
        if (strncmp(text, p->totals[i], length) != 0) continue;
        /* Nothing but a number may follow: "合计用电投诉" is a title. */
        if (text[length] == '\0' || isdigit((unsigned char)text[length])) return true;
    }
    return false;
}

static bool is_header_again(const profile_header *header, const table_row *row) {
    for (size_t i = 0; i < header->count; i++) {
        size_t column = header->columns[i].column;
        if (column >= row->count || strcmp(row->cells[column].text, header->titles[column]) != 0) return false;
    }
    return true;
}

static bool is_blank_row(const profile_header *header, const table_row *row) {
    for (size_t i = 0; i < header->count; i++) {
        size_t column = header->columns[i].column;
        if (column < row->count && !is_placeholder(row->cells[column].text)) return false;
    }
    return true;
}

static void finish_complaint(mapper *m, Wjz__Intake__Complaint *complaint) {
    size_t levels = 0;
    for (size_t i = 0; i < WJZ_COUNT(m->categories); i++) {
        if (m->categories[i] != NULL && m->categories[i][0] != '\0') m->categories[levels++] = m->categories[i];
    }
    if (levels > 0) {
        complaint->categories = wjz_arena_calloc(m->arena, levels, sizeof *complaint->categories);
        if (complaint->categories == NULL)
            m->no_memory = true;
        else
            memcpy(complaint->categories, m->categories, levels * sizeof *complaint->categories);
        complaint->n_categories = complaint->categories != NULL ? levels : 0;
    }
    Wjz__Intake__Reporter *reporter = complaint->reporter;
    if (reporter != NULL && reporter->name != NULL && strncmp(reporter->name, "匿名", strlen("匿名")) == 0) {
        reporter->anonymous = 1;
    }
}

static void set_defaults(mapper *m) {
    for (size_t i = 0; i < m->profile->default_count; i++) {
        char **to = item_field_make(m->body, m->profile->defaults[i].field, m->arena);
        if (to == NULL)
            m->no_memory = true;
        else if ((*to)[0] == '\0')
            *to = wjz_arena_strdup(m->arena, m->profile->defaults[i].text);
    }
}

row_verdict profile_map_row(const profile *p, const profile_header *header, const table_row *row, wjz_arena *arena,
                            Wjz__Intake__FeedItem **ret_item, issue_list *issues) {
    if (row->problem != NULL) {
        issue_add(issues, arena, false, "unreadable", "", NULL, "mend the row and import the file again",
                  "the row cannot be read: %s", row->problem);
        return ROW_REFUSED;
    }
    if (is_total(p, row) || is_blank_row(header, row) || is_header_again(header, row)) return ROW_SKIPPED;
    Wjz__Intake__FeedItem *item = item_new(p->kind, arena);
    if (item == NULL) return ROW_NO_MEMORY;
    mapper m = {.profile = p, .header = header, .arena = arena, .issues = issues};
    const ProtobufCMessage *body = NULL;
    item_kind kind = p->kind;
    (void)item_open(item, &kind, &body);
    m.body = (ProtobufCMessage *)(uintptr_t)body; /* our own, just made */
    for (size_t i = 0; i < header->count && !m.no_memory; i++) {
        const header_column *column = &header->columns[i];
        if (column->column < row->count) map_cell(&m, column, &row->cells[column->column]);
    }
    set_defaults(&m);
    if (p->kind == ITEM_COMPLAINT) finish_complaint(&m, item->complaint);
    if (m.no_memory) return ROW_NO_MEMORY;
    if (issue_first_fatal(issues) != NULL) return ROW_REFUSED;
    *ret_item = item;
    return ROW_ITEM;
}
