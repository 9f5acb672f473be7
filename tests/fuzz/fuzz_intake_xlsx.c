/* Arbitrary bytes as an XLSX workbook; and as the sheet of one, since few mutations of a packed file keep its
 * checksums. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zip.h>

#include "intake/xlsx_reader.h"

static int touch(const table_row *row, void *arg, wjz_err *err) {
    size_t *sum = arg;
    (void)err;
    for (size_t i = 0; i < row->count; i++)
        *sum += row->cells[i].length + (unsigned char)row->cells[i].text[row->cells[i].length];
    return 0;
}

static void read_book(const void *data, size_t size) {
    static const xlsx_limits LIMITS = {.entry_bytes = 1 << 20, .ratio = 100, .rows = 1000};
    size_t sum = 0;
    wjz_err err;
    (void)!xlsx_read(data, size, &LIMITS, touch, &sum, &err);
}

static void add(zip_t *archive, const char *name, const void *data, size_t size) {
    zip_source_t *part = zip_source_buffer(archive, data, size, 0);
    zip_int64_t index = zip_file_add(archive, name, part, 0);
    (void)zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0);
}

/* The bytes up to a 0 are the sheet, then the strings, then the styles. */
static void read_parts(const uint8_t *data, size_t size) {
    static const char BOOK[] = "<workbook><sheets><sheet name=\"a\" id=\"r1\"/></sheets></workbook>";
    static const char RELS[] = "<R><Relationship Id=\"r1\" Target=\"s.xml\"/></R>";
    static const char *const NAMES[] = {"xl/s.xml", "xl/sharedStrings.xml", "xl/styles.xml"};
    zip_error_t error;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    add(archive, "xl/workbook.xml", BOOK, sizeof BOOK - 1);
    add(archive, "xl/_rels/workbook.xml.rels", RELS, sizeof RELS - 1);
    size_t at = 0;
    for (size_t i = 0; i < 3 && at < size; i++) {
        size_t end = at;
        while (end < size && data[end] != 0)
            end++;
        add(archive, NAMES[i], data + at, end - at);
        at = end + 1;
    }
    zip_stat_t stat;
    if (zip_close(archive) == 0 && zip_source_stat(source, &stat) == 0 && zip_source_open(source) == 0) {
        void *packed = malloc(stat.size);
        if (packed != NULL && zip_source_read(source, packed, stat.size) == (zip_int64_t)stat.size)
            read_book(packed, stat.size);
        free(packed);
        zip_source_close(source);
    }
    zip_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4 && data[0] == 'P')
        read_book(data, size);
    else
        read_parts(data, size);
    return 0;
}
