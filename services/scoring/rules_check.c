/* `check-rules DIR`: what an author runs before a pack is used. */
#include <stdio.h>

#include "scoring/rules_data.h"

int rules_check_command(const char *dir) {
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *pack = NULL;
    wjz_err err = {0};
    if (rule_pack_load(dir, &pack, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    size_t size = 0, reply_size = 0;
    if (pack->own.database) hs_database_size(pack->own.database, &size);
    if (pack->reply.database) hs_database_size(pack->reply.database, &reply_size);
    printf("规则包 %s 无误 (rule pack %s is valid)\n", pack->version, pack->version);
    printf("领域 domains %zu, 规则 rules %u, 词与表达式 words and expressions %u, 匹配库 database %zu KiB\n",
           pack->domain_count - 1, pack->rule_count, pack->pattern_count, (size + reply_size) / 1024);
    return 0;
}
