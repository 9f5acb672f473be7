/* Printing results. Rows are kept only for the table, whose widths need all of them. */
#include "ctl/out.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "wjz/arena.h"
#include "wjz/clock.h"

struct out_table {
    out_format format;
    const out_column *columns;
    size_t count;
    wjz_arena *arena;
    const char ***rows; /* OUT_TABLE only */
    size_t used, room;
};

int out_open(out_format format, const out_column *columns, size_t count, out_table **ret_table) {
    out_table *table = calloc(1, sizeof *table);
    if (!table) return -ENOMEM;
    *table = (out_table){.format = format, .columns = columns, .count = count, .arena = wjz_arena_new(0)};
    if (!table->arena) {
        free(table);
        return -ENOMEM;
    }
    for (size_t i = 0; format == OUT_TSV && i < count; i++)
        printf("%s%c", columns[i].key, i + 1 < count ? '\t' : '\n');
    *ret_table = table;
    return 0;
}

static void print_tsv_cell(const char *text) {
    for (; text && *text; text++) {
        switch (*text) {
        case '\t':
            fputs("\\t", stdout);
            break;
        case '\n':
            fputs("\\n", stdout);
            break;
        case '\r':
            fputs("\\r", stdout);
            break;
        case '\\':
            fputs("\\\\", stdout);
            break;
        default:
            putchar(*text);
        }
    }
}

static int print_json(const out_table *table, const char *const *cells) {
    json_t *object = json_object();
    for (size_t i = 0; object && i < table->count; i++) {
        const out_column *column = &table->columns[i];
        json_t *value = !cells[i]        ? json_null()
                        : column->number ? json_loads(cells[i], JSON_DECODE_ANY, NULL)
                                         : json_string(cells[i]);
        json_object_set_new(object, column->key, value ? value : json_string(cells[i]));
    }
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(object);
    if (!line) return -ENOMEM;
    puts(line);
    free(line);
    return 0;
}

static int keep(out_table *table, const char *const *cells) {
    if (table->used == table->room) {
        size_t room = table->room ? table->room * 2 : 64;
        const char ***rows = realloc(table->rows, room * sizeof *rows);
        if (!rows) return -ENOMEM;
        table->rows = rows;
        table->room = room;
    }
    const char **row = wjz_arena_calloc(table->arena, table->count, sizeof *row);
    if (!row) return -ENOMEM;
    for (size_t i = 0; i < table->count; i++)
        if (cells[i] && !(row[i] = wjz_arena_strdup(table->arena, cells[i]))) return -ENOMEM;
    table->rows[table->used++] = row;
    return 0;
}

int out_row(out_table *table, const char *const *cells) {
    if (table->format == OUT_TABLE) return keep(table, cells);
    if (table->format == OUT_JSON) return print_json(table, cells);
    for (size_t i = 0; i < table->count; i++) {
        print_tsv_cell(cells[i]);
        putchar(i + 1 < table->count ? '\t' : '\n');
    }
    return 0;
}

int out_rows(out_table *table, const wjz_rows *rows) {
    const char *cells[32];
    int r = table->count > WJZ_COUNT(cells) ? -E2BIG : 0;
    for (int row = 0; r == 0 && row < wjz_rows_count(rows); row++) {
        for (size_t i = 0; i < table->count; i++)
            cells[i] = wjz_row_text(rows, row, (int)i);
        r = out_row(table, cells);
    }
    return r;
}

int out_width(const char *text) {
    int width = 0;
    mbstate_t state = {0};
    while (*text) {
        wchar_t c;
        size_t length = mbrtowc(&c, text, strlen(text), &state);
        if (length == (size_t)-1 || length == (size_t)-2) return width + (int)strlen(text);
        int columns = wcwidth(c);
        width += columns > 0 ? columns : 0;
        text += length;
    }
    return width;
}

static void print_padded(const char *text, int width, bool right, bool last) {
    int pad = width - out_width(text);
    if (right) printf("%*s", pad > 0 ? pad : 0, "");
    fputs(text, stdout);
    if (!right && !last) printf("%*s", pad > 0 ? pad : 0, "");
    fputs(last ? "\n" : "  ", stdout);
}

static const char *title_of(const out_column *column) {
    return column->title ? column->title : column->key;
}

static void print_table(const out_table *table) {
    int *widths = calloc(table->count, sizeof *widths);
    if (!widths) return;
    for (size_t i = 0; i < table->count; i++) {
        widths[i] = out_width(title_of(&table->columns[i]));
        for (size_t row = 0; row < table->used; row++) {
            int width = table->rows[row][i] ? out_width(table->rows[row][i]) : 0;
            if (width > widths[i]) widths[i] = width;
        }
    }
    for (size_t i = 0; i < table->count; i++)
        print_padded(title_of(&table->columns[i]), widths[i], table->columns[i].number, i + 1 == table->count);
    for (size_t row = 0; row < table->used; row++)
        for (size_t i = 0; i < table->count; i++)
            print_padded(table->rows[row][i] ? table->rows[row][i] : "", widths[i], table->columns[i].number,
                         i + 1 == table->count);
    free(widths);
}

void out_drop(out_table **table) {
    if (!*table) return;
    wjz_arena_destroy(&(*table)->arena);
    free((*table)->rows);
    free(*table);
    *table = NULL;
}

void out_close(out_table **table, const char *empty) {
    if (*table && (*table)->format == OUT_TABLE && (*table)->used == 0)
        puts(empty);
    else if (*table && (*table)->format == OUT_TABLE)
        print_table(*table);
    out_drop(table);
}

int out_print(out_format format, const out_column *columns, size_t count, const wjz_rows *rows, const char *empty) {
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(format, columns, count, &table);
    if (r >= 0) r = out_rows(table, rows);
    if (r >= 0) out_close(&table, empty);
    return r;
}

void out_progress(const char *what, uint64_t done, uint64_t total) {
    enum { WIDTH = 40, EVERY_US = 100000 };
    static int64_t last_us;
    if (!isatty(STDERR_FILENO)) return;
    int64_t now = wjz_clock_monotonic_us();
    if (now - last_us < EVERY_US && done != total) return;
    last_us = now;
    if (total == 0) {
        fprintf(stderr, "\r%s %lu", what, (unsigned long)done);
        return;
    }
    int filled = (int)(done * WIDTH / total);
    fprintf(stderr, "\r%s [%.*s%*s] %lu/%lu", what, filled > WIDTH ? WIDTH : filled,
            "########################################", filled > WIDTH ? 0 : WIDTH - filled, "", (unsigned long)done,
            (unsigned long)total);
}

void out_progress_end(void) {
    if (isatty(STDERR_FILENO)) fputc('\n', stderr);
}
