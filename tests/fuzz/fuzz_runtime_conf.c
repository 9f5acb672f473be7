/* Configuration files: every line sets a field or is refused. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct conf {
    char *text;
    int64_t number, duration, size;
    bool flag;
} conf;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const wjz_option options[] = {
        {"text", WJZ_CONF_TEXT, offsetof(conf, text), NULL, 0, 0, "text"},
        {"number", WJZ_CONF_INT, offsetof(conf, number), "1", -5, 5, "number"},
        {"duration", WJZ_CONF_DURATION, offsetof(conf, duration), "1s", 0, 0, "duration"},
        {"size", WJZ_CONF_SIZE, offsetof(conf, size), "1k", 0, 0, "size"},
        {"flag", WJZ_CONF_BOOL, offsetof(conf, flag), "no", 0, 0, "flag"},
        {0},
    };
    static const wjz_option *const tables[] = {options, NULL};
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    conf c = {0};
    wjz_err err = {0};
    int e = wjz_conf_read_text(&c, tables, "fuzz", text, &err);
    assert(e == 0 || err.text[0]);
    assert(c.number >= -5 && c.number <= 5);
    wjz_conf_free(&c, tables);
    free(text);
    return 0;
}
