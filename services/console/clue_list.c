#include "console/clue_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/console.h"
#include "console/cursor.h"
#include "console/sql.h"
#include "wjz/clock.h"

enum kind { ID, NUMBER, REAL, FLAG, TEXT, TIME };

/* clang-format off */
/* Members of an item, their kinds, and the columns of console.clue_page (alias c) that they are. NULL is null. */
#define MEMBERS(X) \
    X("id", ID, "c.clue") \
    X("region", NUMBER, "c.region") \
    X("version", TEXT, "concat_ws('.', c.revision, c.assignment, c.assignment_revision)") \
    X("index", REAL, "c.index") \
    X("stars", NUMBER, "c.stars") \
    X("domain", TEXT, "c.domain") \
    X("branch", TEXT, "c.branch") \
    X("kind", TEXT, "c.kind") \
    X("title", TEXT, "c.title") \
    X("place", TEXT, "c.place") \
    X("town", NUMBER, "c.town") \
    X("subject", TEXT, "c.subject") \
    X("urgent", FLAG, "c.urgent") \
    X("mediation", FLAG, "c.mediation") \
    X("confidential", FLAG, "c.confidential") \
    X("focus", FLAG, "c.focus") \
    X("complaint_count", NUMBER, "c.complaint_count") \
    X("first_report_at", TIME, "c.first_report_at") \
    X("last_report_at", TIME, "c.last_report_at") \
    X("scored_at", TIME, "c.scored_at")
#define ASSIGNMENT(X) \
    X("id", ID, "NULLIF(c.assignment, 0)") \
    X("state", TEXT, "c.state") \
    X("organ", TEXT, "c.organ") \
    X("station", TEXT, "NULLIF(c.station, '')") \
    X("accept_until", TIME, "CASE WHEN c.due_at < '9999-01-01' THEN c.due_at END") \
    X("changed_at", TIME, "c.changed_at")
/* Behind them: who has it, NULL for nobody. */
#define SQL_PROSECUTOR "NULLIF(c.prosecutor, ''), "
/* clang-format on */

#define SQL_OF(name, kind, sql) sql ", "
#define MEMBER_OF(name, kind, sql) {"\"" name "\":", kind},

typedef struct member {
    const char *name; /* as it stands in the text */
    enum kind kind;
} member;

static const member ITEM[] = {MEMBERS(MEMBER_OF)}, OF_ASSIGNMENT[] = {ASSIGNMENT(MEMBER_OF)};
enum {
    ASSIGNMENT_AT = WJZ_COUNT(ITEM),
    PROSECUTOR_AT = ASSIGNMENT_AT + WJZ_COUNT(OF_ASSIGNMENT),
    KEY_AT,
    COLUMNS = KEY_AT + 2,
    ROW_BYTES = 1200, /* names, numbers and times of an item */
};

/* A function gives its rows in their order. */
const read_spec CLUES = {
    {"console_clues",
     "SELECT " MEMBERS(SQL_OF) ASSIGNMENT(SQL_OF) SQL_PROSECUTOR
     " CASE COALESCE($2, 'index') WHEN 'index' THEN c.rank::int8 WHEN 'due' THEN " SQL_US("c.due_at") " ELSE " SQL_US(
         "c.reported_at") " END, c.clue"
                          " FROM console.clue_page($1, COALESCE($2, 'index'), $3, $4, $5) c",
     COLUMNS},
    {{NULL, BIND_FILTERS}, {"sort", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

/* --- text; at least six times its length is free --- */

static char *put_text(char *at, const char *text) {
    *at++ = '"';
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20)
            at += sprintf(at, "\\u%04x", (unsigned)(unsigned char)*c);
        else {
            if (*c == '"' || *c == '\\') *at++ = '\\';
            *at++ = *c;
        }
    }
    *at++ = '"';
    return at;
}

static char *put_value(char *at, const wjz_rows *rows, int row, int column, enum kind kind) {
    char time[WJZ_CLOCK_TEXT];
    if (wjz_row_null(rows, row, column)) return stpcpy(at, "null");
    switch (kind) {
    case ID:
        return at + sprintf(at, "\"%" PRId64 "\"", wjz_row_int(rows, row, column));
    case NUMBER:
        return at + sprintf(at, "%" PRId64, wjz_row_int(rows, row, column));
    case REAL:
        return at + sprintf(at, "%.1f", wjz_row_real(rows, row, column));
    case FLAG:
        return stpcpy(at, wjz_row_bool(rows, row, column) ? "true" : "false");
    case TIME:
        return put_text(at, wjz_clock_format(wjz_row_time(rows, row, column), time));
    case TEXT:
        break;
    }
    return put_text(at, wjz_row_text(rows, row, column));
}

/* The members of an object that is left open, each with a comma behind it. */
static char *put_members(char *at, const wjz_rows *rows, int row, int column, const member *members, size_t count) {
    *at++ = '{';
    for (size_t i = 0; i < count; i++) {
        at = put_value(stpcpy(at, members[i].name), rows, row, column + (int)i, members[i].kind);
        *at++ = ',';
    }
    return at;
}

static char *put_item(char *at, const wjz_rows *rows, int row, people *names) {
    const char *prosecutor = wjz_row_text(rows, row, PROSECUTOR_AT);
    at = stpcpy(put_members(at, rows, row, 0, ITEM, WJZ_COUNT(ITEM)), "\"assignment\":");
    if (wjz_row_null(rows, row, ASSIGNMENT_AT)) return stpcpy(at, "null}");
    at = stpcpy(put_members(at, rows, row, ASSIGNMENT_AT, OF_ASSIGNMENT, WJZ_COUNT(OF_ASSIGNMENT)), "\"prosecutor\":");
    if (!prosecutor) return stpcpy(at, "null}}");
    at = put_text(stpcpy(at, "{\"code\":"), prosecutor);
    return stpcpy(put_text(stpcpy(at, ",\"name\":"), people_name(names, prosecutor)), "}}}");
}

static size_t text_bytes(const char *text) {
    return text ? 6 * strlen(text) : 0;
}

static size_t bytes_of(const wjz_rows *rows, int row, people *names) {
    const char *prosecutor = wjz_row_text(rows, row, PROSECUTOR_AT);
    size_t bytes = ROW_BYTES + text_bytes(prosecutor) + text_bytes(prosecutor ? people_name(names, prosecutor) : NULL);
    for (int i = 0; i < PROSECUTOR_AT; i++)
        if ((i < ASSIGNMENT_AT ? ITEM[i].kind : OF_ASSIGNMENT[i - ASSIGNMENT_AT].kind) == TEXT)
            bytes += text_bytes(wjz_row_text(rows, row, i));
    return bytes;
}

int clue_list_prepare(exchange *x, wjz_err *err) {
    int r = read_prepare(x, err);
    return r == 0 ? people_ask(x->console->people, x->tx, &x->names_at) : r;
}

int clue_list_run(exchange *x, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    people *names = x->console->people;
    int r = x->names_at ? people_keep(names, wjz_tx_rows(x->tx, x->names_at)) : 0;
    if (r < 0) return wjz_err_set(err, r, "could not keep the names");
    int count = wjz_rows_count(rows), limit = bind_limit(x), shown = count > limit ? limit : count;
    size_t bytes = ROW_BYTES;
    for (int i = 0; i < shown; i++)
        bytes += bytes_of(rows, i, names);
    char *text = wjz_arena_alloc(x->arena, bytes);
    if (!text) return -ENOMEM;
    char *at = stpcpy(text, "{\"items\":[");
    for (int i = 0; i < shown; i++)
        at = put_item(i > 0 ? stpcpy(at, ",") : at, rows, i, names);
    at = stpcpy(at, "],\"next\":");
    if (count > limit) {
        char next[CURSOR_TEXT];
        cursor_write((cursor){wjz_row_int(rows, shown - 1, KEY_AT), wjz_row_int(rows, shown - 1, KEY_AT + 1)}, next);
        at = put_text(at, next);
    } else {
        at = stpcpy(at, "null");
    }
    strcpy(at, "}");
    return answer_text(x, 200, text);
}
