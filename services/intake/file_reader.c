/* See file_reader.h. */
#include "intake/file_reader.h"

#include <errno.h>
#include <string.h>

#include "intake/csv_reader.h"
#include "intake/row_ids.h"
#include "intake/xls_reader.h"
#include "intake/xlsx_reader.h"

enum { HEADER_ROWS = 20 }; /* rows of a sheet among which the header is looked for */

typedef struct reading {
    const file_request *request;
    row_ids *ids;
    wjz_arena *header_arena;
    profile_header *header; /* of the present sheet; NULL: not found so far */
    int sheet;
    int rows_before; /* rows of the sheet seen without header */
    int sheets_read; /* with a header */
    bool given_up;   /* on the present sheet */
} reading;

static int refuse_sheet(reading *r, const table_row *row, wjz_err *err) {
    r->given_up = true;
    issue_list issues = {0};
    issue_add(&issues, r->request->arena, false, "no_header", "", NULL,
              "name the columns as the mapping profile does, or add their titles to it",
              "no row of sheet \"%s\" has the columns %s", row->sheet_name,
              profile_wanted(r->request->profile, r->request->arena));
    file_row told = {.sheet = row->sheet, .line = 1, .issues = &issues};
    return r->request->fn(&told, r->request->arg, err);
}

static int seek_header(reading *r, const table_row *row, wjz_err *err) {
    wjz_arena_reset(r->header_arena);
    if (profile_match_header(r->request->profile, row, r->header_arena, &r->header)) {
        r->sheets_read++;
        return 0;
    }
    return ++r->rows_before < HEADER_ROWS ? 0 : refuse_sheet(r, row, err);
}

/* Issues of the check name fields; the file's owner knows columns. Copied, because the issues may outlive the sheet. */
static void name_columns(const reading *r, issue_list *issues, size_t from) {
    for (size_t i = from; i < issues->count; i++) {
        const char *title =
            wjz_arena_strdup(r->request->arena, profile_column_title(r->header, issues->items[i].field));
        if (title != NULL) issues->items[i].field = title;
    }
}

static int on_row(const table_row *row, void *arg, wjz_err *err) {
    reading *r = arg;
    if (row->sheet != r->sheet) {
        r->sheet = row->sheet;
        r->header = NULL;
        r->rows_before = 0;
        r->given_up = false;
    }
    if (r->given_up) return 0;
    if (r->header == NULL) return seek_header(r, row, err);
    issue_list issues = {0};
    file_row told = {.sheet = row->sheet, .line = row->line, .issues = &issues};
    wjz_arena *arena = r->request->arena;
    switch (profile_map_row(r->request->profile, r->header, row, arena, &told.item, &issues)) {
    case ROW_SKIPPED:
        return 0;
    case ROW_NO_MEMORY:
        return wjz_err_set(err, -ENOMEM, "out of memory at row %lld", (long long)row->line);
    case ROW_REFUSED:
        told.item = NULL;
        break;
    case ROW_ITEM: {
        if (row_ids_assign(r->ids, told.item, arena) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
        size_t mapped = issues.count;
        if (!check_item(told.item, r->request->rules, arena, &issues)) told.item = NULL;
        name_columns(r, &issues, mapped);
        break;
    }
    }
    return r->request->fn(&told, r->request->arg, err);
}

static int read_format(const file_request *request, const char **ret_encoding, void *arg, wjz_err *err) {
    if (request->length >= 4 && memcmp(request->data, "PK\3\4", 4) == 0) {
        *ret_encoding = "XLSX";
        xlsx_limits limits = {.breath = request->breath};
        return xlsx_read(request->data, request->length, &limits, on_row, arg, err);
    }
    if (request->length >= 8 && memcmp(request->data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0) {
        *ret_encoding = "XLS";
        if (!request->old_workbooks) {
            return wjz_err_set(
                err, -ENOTSUP,
                "这里不读取旧式工作簿（XLS），请另存为 XLSX，或在所有文件来源都可信时设 old_workbooks=yes / "
                "old workbooks (XLS) are not read here: save it as XLSX; or set old_workbooks=yes, when "
                "everybody who makes such files is trusted");
        }
        return xls_read(request->data, request->length, on_row, arg, err);
    }
    return csv_read(request->data, request->length, request->breath, ret_encoding, on_row, arg, err);
}

int file_read(const file_request *request, const char **ret_encoding, wjz_err *err) {
    reading r = {.request = request, .ids = row_ids_new(request->profile), .header_arena = wjz_arena_new(0)};
    int result = -ENOMEM;
    if (r.ids != NULL && r.header_arena != NULL)
        result = read_format(request, ret_encoding, &r, err);
    else
        (void)wjz_err_set(err, -ENOMEM, "out of memory");
    row_ids_destroy(&r.ids);
    wjz_arena_destroy(&r.header_arena);
    if (result == 0 && r.sheets_read == 0) {
        return wjz_err_set(
            err, -EINVAL, "文件中没有哪一行是所需各列的表头 / the file has no row with the columns that are needed；%s",
            profile_wanted(request->profile, request->arena));
    }
    return result;
}
