#include "console/clue_list.h"

#include <errno.h>
#include <string.h>

#include "console/console.h"
#include "console/cursor.h"
#include "console/json_put.h"
#include "console/sql.h"
#include "wjz/clock.h"

enum kind { ID, NUMBER, REAL, FLAG, TEXT, TEXT_OR_NULL, TIME, UNTIL, VERSION };

/* clang-format off */
/* Members of an item, their kinds, and the columns of console.clue_page that they are made of. NULL is null, and so are '' of TEXT_OR_NULL and
 * the end of time of UNTIL. */
#define MEMBERS(X) \
    X("id", ID, "clue") \
    X("region", NUMBER, "region") \
    X("version", VERSION, "revision") \
    X("index", REAL, "index") \
    X("stars", NUMBER, "stars") \
    X("domain", TEXT, "domain") \
    X("branch", TEXT, "branch") \
    X("kind", TEXT, "kind") \
    X("title", TEXT, "title") \
    X("place", TEXT, "place") \
    X("town", NUMBER, "town") \
    X("subject", TEXT, "subject") \
    X("urgent", FLAG, "urgent") \
    X("mediation", FLAG, "mediation") \
    X("confidential", FLAG, "confidential") \
    X("focus", FLAG, "focus") \
    X("complaint_count", NUMBER, "complaint_count") \
    X("first_report_at", TIME, "first_report_at") \
    X("last_report_at", TIME, "last_report_at") \
    X("scored_at", TIME, "scored_at")
#define ASSIGNMENT(X) \
    X("id", ID, "assignment") \
    X("state", TEXT, "state") \
    X("organ", TEXT, "organ") \
    X("station", TEXT_OR_NULL, "station") \
    X("accept_until", UNTIL, "due_at") \
    X("changed_at", TIME, "changed_at")
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
    DUE_AT = ASSIGNMENT_AT + 4, /* accept_until's */
    PROSECUTOR_AT = ASSIGNMENT_AT + WJZ_COUNT(OF_ASSIGNMENT),
    ASSIGNMENT_REVISION_AT,
    RANK_AT,
    REPORTED_AT,
    COLUMNS,
    ROW_BYTES = 1200, /* names, numbers and times of an item */
};
static const int64_t NEVER_US = INT64_C(253370764800000000); /* 9999-01-01 */

/* A function gives its rows in their order. Plain columns: whatever would be computed of them would be planned anew
 * each time. */
const read_spec CLUES = {
    {"console_clues",
     "SELECT " MEMBERS(SQL_OF) ASSIGNMENT(SQL_OF) "prosecutor, assignment_revision, rank, reported_at"
                                                  " FROM console.clue_page($1, COALESCE($2, 'index'), $3, $4, $5)",
     COLUMNS},
    {{NULL, BIND_FILTERS}, {"sort", BIND_TEXT}, {"cursor", BIND_CURSOR}, {"limit", BIND_LIMIT}, {0}}};

static bool is_absent(const wjz_rows *rows, int row, int column, enum kind kind) {
    if (wjz_row_null(rows, row, column)) return true;
    if (kind == TEXT_OR_NULL) return wjz_row_text(rows, row, column)[0] == '\0';
    return kind == UNTIL && wjz_row_time(rows, row, column) >= NEVER_US;
}

static char *put_version(char *at, const wjz_rows *rows, int row, int column) {
    at = json_put_int(stpcpy(at, "\""), wjz_row_int(rows, row, column));
    at = json_put_int(stpcpy(at, "."), wjz_row_int(rows, row, ASSIGNMENT_AT));
    at = json_put_int(stpcpy(at, "."), wjz_row_int(rows, row, ASSIGNMENT_REVISION_AT));
    return stpcpy(at, "\"");
}

static char *put_value(char *at, const wjz_rows *rows, int row, int column, enum kind kind) {
    char time[WJZ_CLOCK_TEXT];
    if (is_absent(rows, row, column, kind)) return stpcpy(at, "null");
    switch (kind) {
    case ID:
        return stpcpy(json_put_int(stpcpy(at, "\""), wjz_row_int(rows, row, column)), "\"");
    case NUMBER:
        return json_put_int(at, wjz_row_int(rows, row, column));
    case REAL:
        return json_put_tenths(at, wjz_row_real(rows, row, column));
    case FLAG:
        return stpcpy(at, wjz_row_bool(rows, row, column) ? "true" : "false");
    case VERSION:
        return put_version(at, rows, row, column);
    case TIME:
    case UNTIL:
        return json_put_text(at, wjz_clock_format(wjz_row_time(rows, row, column), time));
    case TEXT:
    case TEXT_OR_NULL:
        break;
    }
    return json_put_text(at, wjz_row_text(rows, row, column));
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
    if (wjz_row_int(rows, row, ASSIGNMENT_AT) == 0) return stpcpy(at, "null}");
    at = stpcpy(put_members(at, rows, row, ASSIGNMENT_AT, OF_ASSIGNMENT, WJZ_COUNT(OF_ASSIGNMENT)), "\"prosecutor\":");
    if (!prosecutor[0]) return stpcpy(at, "null}}");
    at = json_put_text(stpcpy(at, "{\"code\":"), prosecutor);
    return stpcpy(json_put_text(stpcpy(at, ",\"name\":"), people_name(names, prosecutor)), "}}}");
}

static size_t text_bytes(const char *text) {
    return 6 * strlen(text);
}

static bool is_text(int column) {
    enum kind kind = column < ASSIGNMENT_AT ? ITEM[column].kind : OF_ASSIGNMENT[column - ASSIGNMENT_AT].kind;
    return kind == TEXT || kind == TEXT_OR_NULL;
}

static size_t bytes_of(const wjz_rows *rows, int row, people *names) {
    const char *prosecutor = wjz_row_text(rows, row, PROSECUTOR_AT);
    size_t bytes = ROW_BYTES;
    if (prosecutor[0]) bytes += text_bytes(prosecutor) + text_bytes(people_name(names, prosecutor));
    for (int i = 0; i < PROSECUTOR_AT; i++)
        if (is_text(i)) bytes += text_bytes(wjz_row_text(rows, row, i));
    return bytes;
}

/* What the list goes by, of the last row that is shown. */
static int64_t key_of(const exchange *x, const wjz_rows *rows, int row) {
    const char *sort = wjz_request_query(x->request, "sort");
    if (!sort || strcmp(sort, "index") == 0) return wjz_row_int(rows, row, RANK_AT);
    return wjz_row_time(rows, row, strcmp(sort, "due") == 0 ? DUE_AT : REPORTED_AT);
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
        cursor_write((cursor){key_of(x, rows, shown - 1), wjz_row_int(rows, shown - 1, 0)}, next);
        at = json_put_text(at, next);
    } else {
        at = stpcpy(at, "null");
    }
    strcpy(at, "}");
    return answer_text(x, 200, text);
}
