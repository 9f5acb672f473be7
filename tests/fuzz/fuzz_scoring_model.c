/* model.bin on any bytes: alone, and with rules behind it. What is read can be predicted with. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "scoring/model.h"
#include "scoring/rules_taught.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void predict(const learned_model *model) {
    const feature items[] = {{.key = 1, .value = 1, .from = 0, .to = 3}, {.key = 0x80000001, .value = 2}};
    const feature_list features = {(feature *)items, WJZ_COUNT(items)};
    model_verdict verdict;
    float steps[9] = {0};
    model_predict(model, &features, steps, 8, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static rule_pack *pack;
    wjz_err err = {0};
    if (!pack && rules_load(WJZ_SOURCE_DIR "/deploy/rules", false, &pack, &err) < 0) abort();
    wjz_blob model, rules;
    taught_split((wjz_blob){data, size}, &model, &rules);
    assert(model.length <= size && rules.length <= size);
    learned_model *read = NULL;
    int r = model_parse(model.data, model.length, "fuzz", pack->domains, pack->domain_count, &read, &err);
    assert((r == 0) == (read != NULL) && (r == 0 || err.text[0]));
    if (read) predict(read);
    model_destroy(&read);
    err = (wjz_err){0};
    assert(taught_read(rules, "fuzz", pack, &err) == 0 || err.text[0]);
    rule_pack_destroy(&pack->taught);
    return 0;
}
