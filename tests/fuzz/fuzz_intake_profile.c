/* Arbitrary text as a mapping profile, and a small table through what came of it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "intake/file_reader.h"

static int touch(const file_row *row, void *arg, wjz_err *err) {
    (void)row;
    (void)arg;
    (void)err;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char TABLE[] = "工单编号,标题,内容,受理时间,满意度,状态,金额(万元)\nGD1,a,b,2026-03-05,不满意,办结,1."
                                "5\n,x,y,z,满意,在办,\n合计,2,,,,,\n";
    WJZ_CLEANUP(profile_destroy) profile *rules = NULL;
    wjz_err err;
    if (profile_parse(&(profile_source){.folder = WJZ_SOURCE_DIR "/deploy/config/profiles"}, "fuzz", (const char *)data, size, &rules, &err) < 0)
        return 0;
    wjz_arena *arena = wjz_arena_new(0);
    check_rules checks = {.now_us = INT64_C(1800000000000000), .region = 510184};
    file_request request = {TABLE, sizeof TABLE - 1, rules, &checks, arena, touch, NULL, NULL, false};
    const char *encoding = NULL;
    (void)!file_read(&request, &encoding, &err);
    wjz_arena_destroy(&arena);
    return 0;
}
