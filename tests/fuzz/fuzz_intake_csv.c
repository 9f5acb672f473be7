/* Arbitrary bytes as a CSV file. */
#include <stddef.h>
#include <stdint.h>

#include "intake/csv_reader.h"

static int touch(const table_row *row, void *arg, wjz_err *err) {
    size_t *sum = arg;
    (void)err;
    for (size_t i = 0; i < row->count; i++)
        *sum += row->cells[i].length + (unsigned char)row->cells[i].text[row->cells[i].length];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *encoding = NULL;
    size_t sum = 0;
    wjz_err err;
    (void)!csv_read(data, size, NULL, &encoding, touch, &sum, &err);
    return 0;
}
