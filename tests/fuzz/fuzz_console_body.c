/* Bodies and parameters of every operation, held against the document. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *same(const char *name, const char *place, void *arg) {
    (void)name, (void)place;
    return arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static document *d;
    if (!d) assert(document_new(&d, NULL) == 0);
    json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    char *text = strndup((const char *)data, size < 200 ? size : 200);
    for (size_t i = 0; i < document_count(d); i++) {
        schema_fault fault = {0};
        if (body && document_check_body(d, document_operation(d, i), body, &fault) < 0) assert(fault.detail[0]);
        if (document_check_parameters(d, document_operation(d, i), same, text, &fault) < 0) assert(fault.field[0]);
    }
    free(text);
    json_decref(body);
    return 0;
}
