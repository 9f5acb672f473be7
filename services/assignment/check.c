/* The command that checks a file of routing rules. */
#include "assignment/check.h"

#include <stdio.h>
#include <string.h>

#include "assignment/routing.h"

static void print_failure(void *arg, const char *text) {
    fprintf(stderr, "%s: %s\n", (const char *)arg, text);
}

int check_command(const void *conf, int argc, char **argv) {
    (void)conf;
    if (argc != 2 || strcmp(argv[0], "check-routing") != 0) {
        fprintf(stderr, "未知命令 / unknown command \"%s\"; 用法 / usage: check-routing FILE\n", argv[0]);
        return 2;
    }
    wjz_err err = {0};
    WJZ_CLEANUP(routing_destroy) routing *rules = NULL;
    if (routing_load(argv[1], &rules, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    size_t checked = 0;
    int failures = routing_check(rules, print_failure, argv[1], &checked);
    if (failures < 0) {
        fprintf(stderr, "内存不足 / out of memory\n");
        return 1;
    }
    printf("规则 %zu 条，用例 %zu 个，不符 %d 处 / %zu rules, %zu expectations, %d failures\n", routing_count(rules),
           checked, failures, routing_count(rules), checked, failures);
    return failures == 0 ? 0 : 1;
}
