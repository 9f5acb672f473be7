/* The rule pack loader on any bytes: the first byte says whether the rest is pack.yaml or a file of rules. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scoring/rules.h"

static char folder[64], pack_path[100], rules_path[100];

static void write_file(const char *path, const void *data, size_t length) {
    FILE *file = fopen(path, "w");
    if (!file || fwrite(data, 1, length, file) != length) abort();
    fclose(file);
}

static char *read_deployed(size_t *ret_length) {
    FILE *file = fopen(WJZ_SOURCE_DIR "/deploy/rules/pack.yaml", "r");
    char *text = malloc(65536);
    if (!file || !text) abort();
    *ret_length = fread(text, 1, 65536, file);
    fclose(file);
    return text;
}

static void leave(void) {
    unlink(pack_path);
    unlink(rules_path);
    rmdir(folder);
}

/* One domain, so that a single file can complete the pack. */
static void prepare(char **ret_pack, size_t *ret_length) {
    char *pack = read_deployed(ret_length);
    pack[*ret_length < 65535 ? *ret_length : 65535] = '\0';
    char *from = strstr(pack, "domains: ["), *to = from ? strchr(from, ']') : NULL;
    if (!to) abort();
    memset(from, ' ', (size_t)(to - from) + 1);
    memcpy(from, "domains: [eco_env]", strlen("domains: [eco_env]"));
    for (char *c = from; c <= to; c++)
        if (*c == '\n') *c = ' ';
    *ret_pack = pack;
    snprintf(folder, sizeof folder, "/tmp/wjz-fuzz-%ld", (long)getpid());
    snprintf(pack_path, sizeof pack_path, "%s/pack.yaml", folder);
    snprintf(rules_path, sizeof rules_path, "%s/rules.yaml", folder);
    char command[100];
    snprintf(command, sizeof command, "mkdir -p %s", folder);
    if (system(command) != 0) abort();
    atexit(leave);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char *deployed;
    static size_t deployed_length;
    static const char rules[] = "domain: eco_env\nzh: x\nen: y\nrules:\n  - {id: a, tier: core, words: [x]}\n";
    if (!deployed) prepare(&deployed, &deployed_length);
    if (size == 0) return 0;
    if (data[0] % 2) {
        write_file(pack_path, data + 1, size - 1);
        write_file(rules_path, rules, sizeof rules - 1);
    } else {
        write_file(pack_path, deployed, deployed_length);
        write_file(rules_path, data + 1, size - 1);
    }
    rule_pack *pack = NULL;
    wjz_err err = {0};
    if (rule_pack_load(folder, &pack, &err) < 0 && (err.code == 0 || !err.text[0])) abort();
    rule_pack_destroy(&pack);
    return 0;
}
