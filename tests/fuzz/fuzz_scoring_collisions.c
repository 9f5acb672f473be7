/* The file of collisions on any bytes, among the other files of the deployed pack: read, or refused with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/rules_data.h"

static wjz_arena *kept;
static pack_files files;
static pack_file *collisions;

/* Few patterns, so that compiling them does not take all the time. */
static void prepare(void) {
    wjz_err err = {0};
    static char pack_text[65536];
    static const char rules[] = "domain: eco_env\nzh: x\nen: y\nrules:\n  - {id: a.b, tier: core, words: [x]}\n";
    kept = wjz_arena_new(0);
    if (!kept || pack_files_read(WJZ_SOURCE_DIR "/deploy/rules", kept, &files, &err)) abort();
    const pack_file *pack = pack_files_find(&files, "pack.yaml");
    if (!pack || pack->data.length >= sizeof pack_text) abort();
    memcpy(pack_text, pack->data.data, pack->data.length);
    char *from = strstr(pack_text, "domains: ["), *to = from ? strchr(from, ']') : NULL;
    if (!to) abort();
    for (char *c = from; c <= to; c++)
        *c = ' ';
    memcpy(from, "domains: [eco_env]", strlen("domains: [eco_env]"));
    static pack_file list[3];
    list[0] = (pack_file){"collisions.yaml", {"", 0}};
    list[1] = (pack_file){"eco_env.yaml", {rules, sizeof rules - 1}};
    list[2] = (pack_file){"pack.yaml", {pack_text, strlen(pack_text)}};
    files = (pack_files){list, 3};
    collisions = &list[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!kept) prepare();
    rule_pack *pack = NULL;
    wjz_err err = {0};
    collisions->data = (wjz_blob){data, size};
    if (rules_load_files(&files, "", false, &pack, &err) < 0 && (err.code == 0 || !err.text[0])) abort();
    rule_pack_destroy(&pack);
    return 0;
}
