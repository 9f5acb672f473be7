/* A rule pack as loaded: what rules.c fills, rules_match.c runs and classify.c and score.c read. */
#ifndef SCORING_RULES_DATA_H
#define SCORING_RULES_DATA_H

#include <hs/hs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/collide.h"
#include "scoring/normalise.h"
#include "scoring/pack_files.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/yaml.h"

/* What complaints want; the order breaks ties, the stronger wish first. */
typedef enum complaint_kind {
    KIND_REPORT,
    KIND_COMPLAINT,
    KIND_HELP,
    KIND_SUGGEST,
    KIND_CONSULT,
    KIND_PRAISE,
    KIND_COUNT,
} complaint_kind;

typedef enum clue_branch {
    BRANCH_NONE,
    BRANCH_PUBLIC_INTEREST,
    BRANCH_ADMINISTRATIVE,
    BRANCH_CIVIL,
    BRANCH_CRIMINAL,
    BRANCH_COUNT,
} clue_branch;

extern const char *const kind_names[KIND_COUNT];
extern const char *const branch_names[BRANCH_COUNT];

enum { DOMAIN_NONE = 0, DOMAIN_LIMIT = 24, LAW_LIMIT = 16, AGENCY_LIMIT = 16 };

typedef struct pack_law {
    const char *name, *articles;
    int32_t from_day, to_day; /* days since 1970-01-01; INT32_MIN and INT32_MAX when open */
} pack_law;

/* A public-interest domain, or one of the other branches. Index 0 of the domains is "none". */
typedef struct pack_topic {
    const char *id, *zh, *en;
    bool exploratory; /* other_public: never above the gate */
    bool urgent;      /* its matters are on the fast track when harm is severe */
    const char *agencies[AGENCY_LIMIT];
    size_t agency_count;
    pack_law laws[LAW_LIMIT];
    size_t law_count;
} pack_topic;

typedef enum rule_where { WHERE_TEXT, WHERE_TITLE, WHERE_REPLY } rule_where;

/* Keys of what a model sees of a rule (features.h). */
typedef struct rule_features {
    uint32_t hit, in_title;
} rule_features;

typedef struct pack_rule {
    const char *id;
    rule_features features;
    Wjz__Scoring__Role role;
    Wjz__Scoring__Tier tier;
    int topic; /* index of domain, branch or kind; 0 where the role has none */
    const char *topic_id;
    rule_where where;
    double weight;  /* vote for its topic */
    double points;  /* of a signal */
    int gap;        /* most characters between act and object */
    bool act_first; /* only in that order */
    const char *file;
    int line;
} pack_rule;

typedef enum rule_side { SIDE_WORD, SIDE_ACT, SIDE_OBJECT } rule_side;

typedef struct pattern_use {
    uint32_t next; /* of the same pattern; 0 ends */
    uint32_t rule;
    rule_side side;
} pattern_use;

/* What Hyperscan looks for: a word, or an expression. */
typedef struct pack_pattern {
    const char *text; /* normalised word, or the expression */
    uint32_t length;  /* bytes of a word, 0 for an expression */
    uint32_t uses;    /* first of its list in pattern_use */
    uint32_t width;   /* most bytes that a match of an expression has, UINT32_MAX: no limit */
    const char *file;
    int line;
} pack_pattern;

/* What a match means to one rule, with all of the rule that it looks at. */
typedef struct match_use {
    uint32_t rule;
    uint8_t side; /* rule_side */
    uint8_t gap;
    bool act_first, title_only;
    bool deniable; /* "no" before it says that it is not so */
} match_use;

/* The uses of a pattern, side by side: every match looks there. */
typedef struct match_uses {
    uint32_t first;
    uint16_t count;
    uint16_t length; /* bytes of a word, 0 for an expression */
} match_uses;

/* The patterns that are looked for in one kind of text. */
typedef struct pattern_search {
    hs_database_t *database; /* says where they end; NULL: there are none */
    match_uses *patterns;    /* by a pattern's number */
    match_use *uses;
} pattern_search;

typedef struct pack_word {
    const char *text; /* normalised */
    size_t length;
} pack_word;

typedef struct pack_points {
    double source_hotline, source_enforcement, source_state_organ, source_grid, source_photo, source_media,
        source_anonymous;
    double corroboration;
    double match_strong, match_core, match_weak;
    double severity_grave, severity_measured, severity_general;
    double scope_many, scope_several, scope_households, scope_persons;
    double persistence_long, persistence_months, persistence_short, persistence_long_days, persistence_month_days;
    double agency;
    double unsolved_closed, unsolved_overdue, unsolved_said, unsolved_returns;
    double dissatisfied, half_satisfied;
    double repetition_five, repetition_three, repetition_two, repetition_window_days;
    double location_exact, location_village, location_town, subject, evidence, contact;
} pack_points;

typedef struct pack_adjustments {
    double spreading, area_warning, private_dispute, no_request, in_litigation, learned_limit;
} pack_adjustments;

typedef struct pack_stars {
    double five, four, three, two;
} pack_stars;

typedef struct pack_gates {
    double five_match, five_dissatisfied, five_repetition, five_unsolved, five_checkability;
    double no_domain_stars, exploratory_stars;
} pack_gates;

/* The value, 1 to 5, that an outcome of casework stands for when the model learns from it; 0: it teaches nothing. */
typedef struct pack_outcomes {
    double filed, recommended, reported_up, transferred, mediated, aided, no_action;
} pack_outcomes;

/* What one rule has seen so far in the match under way. */
typedef struct rule_state {
    uint32_t count;
    uint32_t from, to;
    bool in_title;
    bool has_act, has_object;
    uint32_t act_from, act_to, object_from, object_to;
} rule_state;

struct rule_pack {
    char *version;
    wjz_arena *arena; /* owns all texts and tables below */
    pack_points points;
    pack_adjustments adjustments;
    pack_stars stars;
    pack_gates gates;
    pack_outcomes outcomes;
    pack_topic domains[DOMAIN_LIMIT]; /* 0 is none */
    size_t domain_count;
    pack_topic branches[BRANCH_COUNT];
    pack_word *negations; /* words that undo a hit right after them */
    size_t negation_count;
    pack_rule *rules;
    uint32_t rule_count;
    pack_pattern *patterns;
    uint32_t pattern_count;
    pattern_use *uses;
    uint32_t use_count;
    collision_rule *collisions; /* NULL: no file of them */
    size_t collision_count;
    struct learned_model *model; /* NULL: rules alone */
    struct rule_pack *taught;    /* the rules that the model was trained beside (rules_taught.h); NULL: these */
    uint32_t *twins; /* of taught rules, by a rule's number in the pack they belong to: 1 + that of the same rule */
    pattern_search own, reply; /* in the complaint's own words, in the agency's reply */
    hs_scratch_t *scratch;     /* of both */
    hs_database_t *starts;     /* of the expressions alone: also where they begin; NULL: there are none */
    hs_scratch_t *start_scratch;
    rule_state *states; /* of the match under way, one per rule */
    uint64_t *touched;  /* a bit for each of them that has one */
};

/* One rule's occurrences in a text. */
typedef struct rule_match {
    const pack_rule *rule;
    uint32_t from, to; /* of the first in the normalised text */
    uint32_t count;
    bool in_title;
} rule_match;

typedef struct rule_matches {
    rule_match *list; /* in the order of the rules */
    size_t count;
} rule_matches;

/* All rules that hit, in one pass over the text. title_part and reply_part are part numbers, -1 for none. */
WJZ_MUST_CHECK int rules_match(const rule_pack *pack, const normal_text *text, int title_part, int reply_part,
                               wjz_arena *arena, rule_matches *ret_matches);

/* rule_pack_load, with or without the learned model beside the rules. */
WJZ_MUST_CHECK int rules_load(const char *dir, bool with_model, rule_pack **ret_pack, wjz_err *err);

/* The same from memory; errors name the file with the prefix before its name. */
WJZ_MUST_CHECK int rules_load_files(const pack_files *files, const char *prefix, bool with_model, rule_pack **ret_pack,
                                    wjz_err *err);

/* Only reads and checks the files: no model, nothing compiled. */
WJZ_MUST_CHECK int rules_parse(const pack_files *files, const char *prefix, rule_pack **ret_pack, wjz_err *err);

/* Whether the rules that collisions name are there; -EINVAL with file and line. */
WJZ_MUST_CHECK int rules_check_collisions(const rule_pack *pack, wjz_err *err);

/* Compiles the patterns, once; errors name the file and line of the pattern. */
WJZ_MUST_CHECK int rules_compile(rule_pack *pack, wjz_err *err);

/* Reads pack.yaml's numbers and lists. */
WJZ_MUST_CHECK int rules_read_pack(rule_pack *pack, const wjz_yaml_node *root, wjz_err *err);

/* The index of a domain by id, -1 when there is none such. */
int rules_domain(const rule_pack *pack, const char *id);

/* A day of a map, "2026-08-15", as days since 1970-01-01; the fallback when the key is absent. */
WJZ_MUST_CHECK int rules_read_day(const wjz_yaml_node *map, const char *key, int32_t fallback, int32_t *ret_day,
                                  wjz_err *err);

/* Entries of a list that may be absent. */
static inline size_t list_count(const wjz_yaml_node *list) {
    return list ? wjz_yaml_count(list) : 0;
}

#endif
