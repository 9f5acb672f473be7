/* The scoring service: its state and lifetime. */
#ifndef SCORING_SCORING_H
#define SCORING_SCORING_H

#include "scoring/clue_memo.h"
#include "scoring/conf.h"
#include "scoring/follow.h"
#include "scoring/gazetteer.h"
#include "scoring/matter_cache.h"
#include "scoring/pair_memo.h"
#include "scoring/repeats_rules.h"
#include "scoring/runs.h"
#include "scoring/standing.h"
#include "scoring/versions.h"
#include "scoring/warning_rules.h"
#include "wjz/metrics.h"
#include "wjz/service.h"

/* Where a batch spends its time. */
typedef enum scoring_stage {
    STAGE_LOAD,
    STAGE_ANALYSE,
    STAGE_LOCK,
    STAGE_JOIN,
    STAGE_WRITE,
    STAGE_COUNT
} scoring_stage;

typedef struct scoring_service {
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    pack_versions *packs;
    runs *runs; /* what it works on beside messages */
    gazetteer *places;
    repeat_rules *repeats;
    warning_rules *warning_rules;
    struct rounds *rounds; /* what time brings */
    followed *regions;     /* the indexes of repeats it holds */
    standing *standing;    /* watches and warned areas of the regions it has met */
    matter_cache *matters;
    clue_memo *clue_memo;
    pair_memo *pairs;
    wjz_arena *scratch; /* of what is analysed or scored now: nothing in it outlives a wait */
    wjz_metric *stage[STAGE_COUNT];
    wjz_metric *complaints, *brought, *clues[6], *merged, *indexed; /* clues by stars, from 1 */
} scoring_service;

extern const wjz_service_spec scoring_spec;

#endif
