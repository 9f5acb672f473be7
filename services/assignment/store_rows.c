/* Rows to structs: texts are copied into the turn's arena, because rows live only until the next round trip. */
#include "assignment/store_rows.h"

#include <errno.h>

typedef struct reader {
    const wjz_rows *rows;
    int row, column;
    wjz_arena *arena;
    bool failed;
} reader;

static int64_t next_int(reader *from) {
    return wjz_row_int(from->rows, from->row, from->column++);
}

static bool next_bool(reader *from) {
    return wjz_row_bool(from->rows, from->row, from->column++);
}

static const char *next_text(reader *from) {
    const char *text = wjz_row_text(from->rows, from->row, from->column++);
    if (text == NULL || text[0] == '\0') return "";
    char *copy = wjz_arena_strdup(from->arena, text);
    from->failed |= copy == NULL;
    return copy;
}

int rows_clue(const wjz_rows *rows, int row, int first, wjz_arena *arena, clue *ret_clue) {
    reader from = {.rows = rows, .row = row, .column = first, .arena = arena};
    clue read = {0};
    read.region = (int32_t)next_int(&from);
    read.id = next_int(&from);
    read.revision = next_int(&from);
    read.index = wjz_row_real(rows, row, from.column++);
    read.stars = (int)next_int(&from);
    read.kind = next_text(&from);
    read.branch = next_text(&from);
    read.domain = next_text(&from);
    read.town = (int32_t)next_int(&from);
    read.village = next_int(&from);
    read.place = next_text(&from);
    read.mediation = next_bool(&from);
    read.urgent = next_bool(&from);
    read.confidential = next_bool(&from);
    read.look_on_spot = next_bool(&from);
    read.complaints = (int)next_int(&from);
    read.merged_into = next_int(&from);
    read.feed = next_text(&from);
    read.report_region = (int32_t)next_int(&from);
    read.agencies = next_text(&from);
    read.subject = next_text(&from);
    read.settled_by = next_int(&from);
    read.settled_complaints = (int)next_int(&from);
    read.excluded = next_text(&from);
    if (from.failed) return -ENOMEM;
    *ret_clue = read;
    return 0;
}

int rows_assignment(const wjz_rows *rows, int row, int first, wjz_arena *arena, assignment *ret_assignment) {
    reader from = {.rows = rows, .row = row, .column = first, .arena = arena};
    assignment read = {0};
    read.region = (int32_t)next_int(&from);
    read.id = next_int(&from);
    read.clue = next_int(&from);
    read.state = state_parse(wjz_row_text(rows, row, from.column++));
    read.organ = next_text(&from);
    read.station = next_text(&from);
    read.prosecutor = next_text(&from);
    read.consult = next_text(&from);
    read.branch = next_text(&from);
    read.domain = next_text(&from);
    read.stars = (int)next_int(&from);
    read.town = (int32_t)next_int(&from);
    read.village = next_int(&from);
    read.urgent = next_bool(&from);
    read.mediation = next_bool(&from);
    read.look_on_spot = next_bool(&from);
    read.accept_until_us = wjz_row_time(rows, row, from.column++);
    read.revision = next_int(&from);
    read.predecessor = next_int(&from);
    read.sent_here = next_bool(&from);
    read.escalations = (int)next_int(&from);
    read.tried = next_text(&from);
    read.trace = next_text(&from);
    if (from.failed) return -ENOMEM;
    *ret_assignment = read;
    return 0;
}
