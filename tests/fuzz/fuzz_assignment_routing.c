/* Routing rules from operators: whatever the bytes, rules that can be applied or an error that says what to mend. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "assignment/routing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text) {
    (void)arg;
    assert(strncmp(text, "line ", 5) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    WJZ_CLEANUP(routing_destroy) routing *rules = NULL;
    wjz_err err = {0};
    if (wjz_yaml_parse("fuzz", (const char *)data, size, &yaml, &err) < 0) return 0;
    int r = routing_parse(wjz_yaml_root(yaml), &rules, &err);
    assert((r == 0) == (rules != NULL));
    assert(r == 0 || err.text[0] != '\0');
    if (r < 0) return 0;
    clue told = {.region = 510184,
                 .stars = 3,
                 .branch = "none",
                 .domain = "none",
                 .feed = "",
                 .place = "",
                 .subject = "",
                 .agencies = "",
                 .excluded = ""};
    route found;
    size_t checked;
    routing_decide(rules, NULL, &told, NULL, &found);
    assert(found.branch != NULL);
    assert(routing_check(rules, ignore, NULL, &checked) >= 0);
    return 0;
}
