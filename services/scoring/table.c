/* See table.h. */
#include "scoring/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "wjz/clock.h"

static size_t split(char *line, char **cells) {
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < TABLE_COLUMNS; count++) {
        cells[count] = at;
        at = strchr(at, '\t');
        if (at) *at++ = '\0';
    }
    return count;
}

static void unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

int table_open(table *t, const char *path, wjz_err *err) {
    *t = (table){.path = path, .file = fopen(path, "re")};
    if (!t->file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    size_t capacity = 0;
    if (getline(&t->head, &capacity, t->file) < 0)
        return wjz_err_set(err, -EINVAL, "%s:1: there is no header line", path);
    t->number = 1;
    t->columns = split(t->head, t->names);
    return 0;
}

void table_close(table *t) {
    if (t->file) fclose(t->file);
    free(t->line);
    free(t->head);
    *t = (table){0};
}

int table_next(table *t, wjz_err *err) {
    if (getline(&t->line, &t->capacity, t->file) < 0) return 0;
    t->number++;
    size_t cells = split(t->line, t->cells);
    if (cells < t->columns)
        return wjz_err_set(err, -EINVAL, "%s:%d: has %zu cells, the header has %zu", t->path, t->number, cells,
                           t->columns);
    for (size_t i = 0; i < cells; i++)
        unescape(t->cells[i]);
    return 1;
}

const char *table_cell(const table *t, const char *column) {
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->names[i], column) == 0) return t->cells[i];
    return "";
}

int table_complaint(const table *t, wjz_arena *arena, complaint *ret_complaint, wjz_err *err) {
    complaint c = {.feed = "", .handler_unit = "", .visit_note = "", .parent_id = ""};
    const struct {
        const char *column, **field;
    } texts[] = {
        {"external_id", &c.external_id},
        {"title", &c.title},
        {"content", &c.content},
        {"address", &c.incident_address},
        {"town", &c.town},
        {"village", &c.village},
        {"order_type", &c.order_type},
        {"categories", &c.categories},
        {"handle_result", &c.handle_result},
        {"status", &c.status},
    };
    for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
        *texts[i].field = wjz_arena_strdup(arena, table_cell(t, texts[i].column));
        if (!*texts[i].field) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", t->path);
    }
    if (!*c.external_id) return wjz_err_set(err, -EINVAL, "%s:%d: external_id is empty", t->path, t->number);
    const char *at = table_cell(t, "received_at"), *reporter = table_cell(t, "reporter");
    if (*at && wjz_clock_parse(at, &c.received_at_us) < 0)
        return wjz_err_set(err, -EINVAL, "%s:%d: received_at is \"%s\", must be an RFC 3339 time", t->path, t->number,
                           at);
    c.reporter = *reporter ? XXH3_64bits(reporter, strlen(reporter)) : 0;
    long satisfied = strtol(table_cell(t, "satisfaction"), NULL, 10);
    if (satisfied < NOT_RATED || satisfied > UNREACHABLE)
        return wjz_err_set(err, -EINVAL, "%s:%d: satisfaction is %ld, must be 0 to 6", t->path, t->number, satisfied);
    c.satisfaction = (satisfaction)satisfied;
    c.votes_for = (int32_t)strtol(table_cell(t, "votes_for"), NULL, 10);
    c.photo_count = (int32_t)strtol(table_cell(t, "photo_count"), NULL, 10);
    *ret_complaint = c;
    return 0;
}
