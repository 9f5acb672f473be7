/* model.bin on any bytes: alone, and with rules behind it. What is read can be predicted with. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "scoring/analysis.h"
#include "scoring/model.h"
#include "scoring/rules_taught.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text goes through the model that was read, beside the rules that were read with it. */
static void predict(rule_pack *pack, const gazetteer *places, learned_model *model) {
    const complaint report = {.id = 1,
                              .region = 510184,
                              .feed = "",
                              .external_id = "",
                              .order_type = "",
                              .title = "河道被人倾倒建筑垃圾",
                              .content = "请问3个月了为何无人处理？",
                              .categories = "",
                              .incident_address = "",
                              .town = "",
                              .village = "",
                              .handler_unit = "",
                              .handle_result = "",
                              .status = "",
                              .visit_note = "",
                              .parent_id = ""};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    Wjz__Scoring__Finding *finding = NULL;
    wjz_err err = {0};
    pack->model = model;
    if (!arena || analyse(pack, places, &report, arena, &finding, &err) < 0) abort();
    pack->model = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static rule_pack *pack;
    static gazetteer *places;
    wjz_err err = {0};
    if (!pack && (rules_load(WJZ_SOURCE_DIR "/deploy/rules", false, &pack, &err) < 0 ||
                  gazetteer_load(WJZ_SOURCE_DIR "/deploy/gazetteer", &places, &err) < 0))
        abort();
    wjz_blob model, rules;
    taught_split((wjz_blob){data, size}, &model, &rules);
    assert(model.length <= size && rules.length <= size);
    learned_model *read = NULL;
    int r = model_parse(model.data, model.length, "fuzz", pack->domains, pack->domain_count, &read, &err);
    assert((r == 0) == (read != NULL) && (r == 0 || err.text[0]));
    err = (wjz_err){0};
    assert(taught_read(rules, "fuzz", pack, &err) == 0 || err.text[0]);
    if (read) predict(pack, places, read);
    model_destroy(&read);
    rule_pack_destroy(&pack->taught);
    return 0;
}
