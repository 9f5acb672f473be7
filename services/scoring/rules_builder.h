/* A rule pack while its files are read. */
#ifndef SCORING_RULES_BUILDER_H
#define SCORING_RULES_BUILDER_H

#include "scoring/rules_data.h"

/* Tables that grow while files are read, and what the rules of the present file speak for. */
typedef struct builder {
    rule_pack *pack;
    const char *file;
    Wjz__Scoring__Role role;
    int topic;
    const char *topic_id;
    uint32_t rule_capacity, pattern_capacity, use_capacity;
    uint32_t *slots; /* pattern index + 1 by hash of its text */
    uint32_t slot_count;
} builder;

int builder_no_memory(wjz_err *err);

/* The table with room for one more than count; the old one is the arena's to forget. NULL when out of memory. */
void *builder_grown(builder *b, void *table, uint32_t count, uint32_t *capacity, size_t size);

/* Reads a list of words or expressions for the rule that comes next; the number of them. */
WJZ_MUST_CHECK int builder_words(builder *b, const wjz_yaml_node *map, const char *key, rule_side side, bool expression,
                                 wjz_err *err);

/* Reads zh, en, exploratory, urgent, agencies, laws. */
WJZ_MUST_CHECK int builder_topic(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err);

/* Reads the file of collisions. */
WJZ_MUST_CHECK int builder_collisions(builder *b, const wjz_yaml_node *root, wjz_err *err);

#endif
