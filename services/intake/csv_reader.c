/* See csv_reader.h. */
#include "intake/csv_reader.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intake/charset.h"

enum {
    BROKEN_ROWS = 100, /* given up before the file is */
    LINE_BYTES = 8 * 1024 * 1024,
    BLOCK = 64 * 1024,
    BYTES_IN_A_BREATH = 1024 * 1024,
};

typedef struct csv_state {
    struct csv_parser parser;
    table_row_fn *fn;
    void *arg;
    wjz_err *err;
    unsigned char separator;
    int broken;         /* rows given up */
    int result;         /* of fn */
    int64_t line;       /* being read */
    int64_t first_line; /* of the row being read */
    char *text;         /* of the row's cells, one after the other, each with a NUL */
    size_t length, capacity;
    size_t starts[TABLE_COLUMNS + 1];
    size_t count;
    bool wide; /* had more than TABLE_COLUMNS cells */
    bool out_of_memory;
} csv_state;

static int space(unsigned char c) {
    return c == ' ' ? CSV_SPACE : 0; /* a tab may be the delimiter */
}

static bool reserve(csv_state *s, size_t more) {
    if (s->length + more <= s->capacity) return true;
    size_t capacity = (s->length + more) * 2;
    char *grown = realloc(s->text, capacity);
    if (grown == NULL) return false;
    s->text = grown;
    s->capacity = capacity;
    return true;
}

static void on_cell(void *text, size_t length, void *arg) {
    csv_state *s = arg;
    if (s->count == TABLE_COLUMNS) {
        s->wide = true;
        return;
    }
    if (!reserve(s, length + 1)) {
        s->out_of_memory = true;
        return;
    }
    s->starts[s->count++] = s->length;
    if (length > 0) memcpy(s->text + s->length, text, length);
    s->length += length;
    s->text[s->length++] = '\0';
}

static void drop_row(csv_state *s) {
    s->length = 0;
    s->count = 0;
    s->wide = false;
}

static void deliver(csv_state *s, const char *problem) {
    cell cells[TABLE_COLUMNS];
    size_t filled = 0;
    s->starts[s->count] = s->length;
    for (size_t i = 0; i < s->count; i++) {
        const char *text = s->text + s->starts[i];
        size_t length = s->starts[i + 1] - s->starts[i] - 1;
        cells[i] = (cell){.kind = length > 0 ? CELL_TEXT : CELL_EMPTY, .text = text, .length = length};
        if (length > TABLE_CELL_BYTES) problem = "a cell has more than 512 KiB of text; shorten it";
        if (length > 0) filled = i + 1;
    }
    if (s->wide) problem = "it has more than 512 cells; check the separators and quotation marks";
    if (filled > 0 || problem != NULL) {
        table_row row = {
            .sheet = 1, .sheet_name = "", .line = s->first_line, .cells = cells, .count = filled, .problem = problem};
        s->result = s->fn(&row, s->arg, s->err);
    }
    drop_row(s);
}

static void on_row(int terminator, void *arg) {
    (void)terminator;
    csv_state *s = arg;
    if (s->result == 0 && !s->out_of_memory) deliver(s, NULL);
}

static size_t count_outside_quotes(const char *text, size_t length, char wanted) {
    size_t found = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && text[i] == wanted)
            found++;
    }
    return found;
}

/* The separator that the beginning of the file has most of. */
static unsigned char delimiter(const char *text, size_t length) {
    static const char CANDIDATES[] = {',', '\t', ';'};
    size_t sample = length < 16384 ? length : 16384;
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof CANDIDATES; i++) {
        size_t found = count_outside_quotes(text, sample, CANDIDATES[i]);
        if (found > most) {
            most = found;
            best = CANDIDATES[i];
        }
    }
    return (unsigned char)best;
}

static int start_parser(csv_state *s) {
    if (csv_init(&s->parser, CSV_APPEND_NULL) != 0) return -ENOMEM;
    csv_set_delim(&s->parser, s->separator);
    csv_set_space_func(&s->parser, space);
    csv_set_blk_size(&s->parser, BLOCK); /* by default a long cell grows in steps of 128 bytes, copied each time */
    return 0;
}

static int feed(csv_state *s, const char *text, size_t length) {
    if (csv_parse(&s->parser, text, length, on_cell, on_row, s) != length || s->out_of_memory) {
        return wjz_err_set(s->err, -ENOMEM, "out of memory at line %lld", (long long)s->line);
    }
    return s->result;
}

/* Whether a quotation is open: it began and no mark that could end it came last. */
static bool in_quotation(const csv_state *s) {
    enum { FIELD_BEGUN = 2 }; /* of libcsv's states */
    return s->parser.quoted && s->parser.pstate == FIELD_BEGUN;
}

/* Gives up the row that began at row_at: reports it and goes on behind its first line. */
static int skip_broken_row(csv_state *s, const char *problem) {
    if (++s->broken > BROKEN_ROWS) {
        return wjz_err_set(s->err, -EINVAL,
                           "超过 %d 行无法读取，最后一行在第 %lld 行 / "
                           "more than %d rows are broken, the last one at line %lld: %s",
                           BROKEN_ROWS, (long long)s->first_line, BROKEN_ROWS, (long long)s->first_line, problem);
    }
    drop_row(s);
    deliver(s, problem);
    if (s->result != 0) return s->result;
    csv_free(&s->parser);
    int r = start_parser(s);
    if (r < 0) return wjz_err_set(s->err, r, "out of memory");
    s->line = s->first_line;
    return 0;
}

static size_t line_end(const char *text, size_t length, size_t at) {
    const char *newline = memchr(text + at, '\n', length - at);
    return newline != NULL ? (size_t)(newline - text) + 1 : length;
}

static int read_lines(csv_state *s, const char *text, size_t length, const table_breath *breath) {
    enum { ROW_NOT_BEGUN = 0 };
    size_t row_at = 0;
    size_t breath_at = BYTES_IN_A_BREATH;
    for (size_t at = 0; at < length;) {
        size_t end = line_end(text, length, at);
        if (breath != NULL && at >= breath_at) {
            breath_at = at + BYTES_IN_A_BREATH;
            breath->fn(breath->arg);
        }
        s->line++;
        if (s->parser.pstate == ROW_NOT_BEGUN) {
            row_at = at;
            s->first_line = s->line;
        }
        bool too_long = end - at > LINE_BYTES;
        int r = too_long ? 0 : feed(s, text + at, end - at);
        if (r != 0) return r;
        at = end;
        if (too_long || (in_quotation(s) && (at == length || at - row_at > TABLE_CELL_BYTES))) {
            r = skip_broken_row(s, too_long ? "the line has more than 8 MiB; check the line ends"
                                            : "a quotation mark has no counterpart; double the marks inside of texts");
            if (r != 0) return r;
            at = line_end(text, length, row_at);
        }
    }
    if (csv_fini(&s->parser, on_cell, on_row, s) != 0)
        return wjz_err_set(s->err, -EINVAL,
                           "文件在一行中间就结束了，请重新导出 / the file ends within a row: export it again");
    return s->out_of_memory ? wjz_err_set(s->err, -ENOMEM, "out of memory") : s->result;
}

int csv_read(const void *data, size_t length, const table_breath *breath, const char **ret_encoding, table_row_fn *fn,
             void *arg, wjz_err *err) {
    WJZ_CLEANUP(charset_text_destroy) charset_text *text = NULL;
    int r = charset_read(data, length, breath, &text, err);
    if (r < 0) return r;
    *ret_encoding = charset_text_encoding(text);
    csv_state *s = calloc(1, sizeof *s);
    if (s == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    s->fn = fn;
    s->arg = arg;
    s->err = err;
    s->separator = delimiter(charset_text_data(text), charset_text_length(text));
    r = start_parser(s);
    if (r == 0) {
        r = read_lines(s, charset_text_data(text), charset_text_length(text), breath);
        csv_free(&s->parser);
    } else {
        r = wjz_err_set(err, r, "out of memory");
    }
    free(s->text);
    free(s);
    return r;
}
