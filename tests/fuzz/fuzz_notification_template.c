/* Templates from administrators: whatever the bytes, a template that can be filled in or an error that names the place.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "notification/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"x", "labels"};
    static const struct template_value values[] = {
        {"recipient", "甲"}, {"domain", "eco_env"}, {"accept_until", "2026-11-24T09:00:00+08:00"}};
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
        WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
        wjz_err err = {0};
        assert(arena != NULL && templates_new(&templates, &err) == 0);
        int r = templates_add(templates, names[i], "x.yaml", (const char *)data, size, &err);
        assert(r == 0 || err.text[0] != '\0');
        if (!templates_have(templates, "x")) continue;
        for (enum locale locale = 0; locale < LOCALES; locale++) {
            struct rendered out;
            assert(templates_render(templates, "x", locale, values, WJZ_COUNT(values), arena, &out) == 0);
            assert(out.title != NULL && out.body != NULL);
        }
    }
    return 0;
}
