/* Life of the scoring service: rules, places and repeats before the first message. */
#include "scoring/scoring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/intake.pb-c.h"
#include "proto/notification.pb-c.h"
#include "proto/rules.pb-c.h"
#include "proto/scoring.pb-c.h"
#include "proto/similar.pb-c.h"
#include "proto/warning.pb-c.h"
#include "proto/watch.pb-c.h"
#include "scoring/explain.h"
#include "scoring/handlers.h"
#include "scoring/offline.h"
#include "scoring/offline_score.h"
#include "scoring/outcomes.h"
#include "scoring/pack_requests.h"
#include "scoring/questions.h"
#include "scoring/rating.h"
#include "scoring/rehearse.h"
#include "scoring/requests.h"
#include "scoring/rescore.h"
#include "scoring/rounds.h"
#include "scoring/similar_request.h"
#include "scoring/train.h"
#include "scoring/warnings.h"
#include "scoring/watching.h"
#include "wjz/log.h"

static void make_metrics(scoring_service *self) {
    static const char *const stages[STAGE_COUNT] = {
        [STAGE_LOAD] = "load", [STAGE_ANALYSE] = "analyse", [STAGE_LOCK] = "lock",
        [STAGE_JOIN] = "join", [STAGE_WRITE] = "write",
    };
    char labels[40];
    for (int i = 0; i < STAGE_COUNT; i++) {
        snprintf(labels, sizeof labels, "stage=\"%s\"", stages[i]);
        self->stage[i] = wjz_histogram("wjz_scoring_stage_seconds", labels, "time a batch spends in a stage");
    }
    for (int i = 0; i < (int)WJZ_COUNT(self->clues); i++) {
        snprintf(labels, sizeof labels, "stars=\"%d\"", i);
        self->clues[i] = wjz_counter("wjz_scoring_clues_scored_total", labels, "scores given to clues");
    }
    self->complaints = wjz_counter("wjz_scoring_complaints_total", "", "complaints analysed and grouped");
    self->brought = wjz_counter("wjz_scoring_complaints_brought_total", "", "complaints that came with their message");
    self->merged = wjz_counter("wjz_scoring_clues_merged_total", "", "clues that became part of another");
    self->indexed = wjz_gauge("wjz_scoring_indexed_complaints", "", "complaints in the indexes of repeats held here");
}

static int load_data(scoring_service *self, const scoring_conf *conf, wjz_err *err) {
    int r = gazetteer_load(conf->gazetteer_dir, &self->places, err);
    if (!r) r = repeat_rules_load(conf->repeats_dir, &self->repeats, err);
    if (r) return r;
    wjz_log_info("data loaded", "repeats=\"%s\" places=%zu", repeat_rules_version(self->repeats),
                 gazetteer_count(self->places));
    return 0;
}

static void free_state(scoring_service *self) {
    follow_destroy(&self->regions);
    standing_destroy(&self->standing);
    pair_memo_destroy(&self->pairs);
    matter_cache_destroy(&self->matters);
    clue_memo_destroy(&self->clue_memo);
    wjz_arena_destroy(&self->scratch);
    warning_rules_destroy(&self->warning_rules);
    repeat_rules_destroy(&self->repeats);
    gazetteer_destroy(&self->places);
    versions_destroy(&self->packs);
    free(self);
}

/* The first one that has something to do goes first. */
static const run_kind *const run_kinds[] = {&rescore_kind, &rehearse_kind, NULL};

static int load_warning_rules(scoring_service *self, const scoring_conf *conf, wjz_err *err) {
    if (conf->scan_window > conf->scan_days / 2)
        return wjz_err_set(err, -EINVAL, "scan_window is %lld: must be at most half of scan_days, %lld",
                           (long long)conf->scan_window, (long long)conf->scan_days);
    return warning_rules_load(conf->warnings_file, &self->warning_rules, err);
}

static int scoring_start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    scoring_service *self = calloc(1, sizeof *self);
    if (!self) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_state = self;
    self->loop = wjz_service_loop(service);
    self->db = wjz_service_db(service);
    self->bus = wjz_service_bus(service);
    make_metrics(self);
    self->scratch = wjz_arena_new(0);
    if (!self->scratch || matter_cache_new(&self->matters) || clue_memo_new(&self->clue_memo) ||
        pair_memo_new(&self->pairs) || versions_new(self->loop, &self->packs))
        return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = load_data(self, conf, err);
    if (!r) r = versions_start(self->packs, self->db, ((const scoring_conf *)conf)->rules_dir, err);
    if (!r) r = load_warning_rules(self, conf, err);
    if (!r) r = questions_name_signs(self->repeats, self->db, err);
    if (!r) r = runs_start(self, run_kinds, &self->runs, err);
    return r ? r : rounds_open(self, conf, &self->rounds, err);
}

static void scoring_stop(void *state) {
    scoring_service *self = state;
    if (!self) return;
    rounds_close(&self->rounds);
    runs_stop(&self->runs);
    free_state(self);
}

/* --- commands --- */

static int usage(void) {
    fputs("weijianzhi-scoring check-rules DIR         check a rule pack\n"
          "weijianzhi-scoring check-warnings FILE     check the levels and addressees of area warnings\n"
          "weijianzhi-scoring score FILE.tsv [ROUNDS] index, class and factors of each complaint of a file alone\n"
          "weijianzhi-scoring train MODEL TEXTS.tsv LABELS.tsv …  learn from labels\n"
          "weijianzhi-scoring evaluate FOLDS TEXTS.tsv LABELS.tsv …  how models that never saw a text agree with its "
          "raters\n"
          "weijianzhi-scoring evaluate-lines FOLDS TEXTS.tsv LABELS.tsv …  the same, one line a text as `score` does\n"
          "weijianzhi-scoring outcomes DIR            texts and labels from what became of clues\n"
          "weijianzhi-scoring group FILE.tsv          which complaints of a file are one matter\n"
          "weijianzhi-scoring compare FILE.tsv PAIRS.tsv  why two complaints are one matter, or are not\n",
          stderr);
    return 2;
}

/* group and compare need everything that serving needs, but no store. */
static int offline(const scoring_conf *conf, int argc, char **argv) {
    scoring_service *self = calloc(1, sizeof *self);
    WJZ_CLEANUP(rule_pack_destroy) rule_pack *pack = NULL;
    wjz_err err = {0};
    if (!self || rule_pack_load(conf->rules_dir, &pack, &err) || load_data(self, conf, &err)) {
        fprintf(stderr, "%s\n", self ? err.text : "out of memory");
        if (self) free_state(self);
        return 1;
    }
    int status = argc == 2 ? offline_group(argv[1], self->repeats, pack, self->places)
                           : offline_compare(argv[1], argv[2], self->repeats, pack, self->places);
    free_state(self);
    return status;
}

static int scoring_command(const void *conf, int argc, char **argv) {
    if (argc == 0) return usage();
    if (argc == 2 && strcmp(argv[0], "check-rules") == 0) return rules_check_command(argv[1]);
    if (argc == 2 && strcmp(argv[0], "check-warnings") == 0) return warning_rules_check(argv[1]);
    if ((argc == 2 && strcmp(argv[0], "group") == 0) || (argc == 3 && strcmp(argv[0], "compare") == 0))
        return offline(conf, argc, argv);
    const scoring_conf *c = conf;
    if ((argc == 2 || argc == 3) && strcmp(argv[0], "score") == 0)
        return offline_score(argv[1], c->rules_dir, c->gazetteer_dir, argc == 3 ? atoi(argv[2]) : 1);
    const char *const *words = (const char *const *)argv;
    if (argc >= 4 && argc % 2 == 0 && strcmp(argv[0], "train") == 0)
        return train_command(words[1], words + 2, argc - 2, c->rules_dir, c->gazetteer_dir);
    bool lines = strcmp(argv[0], "evaluate-lines") == 0;
    if (argc >= 4 && argc % 2 == 0 && (lines || strcmp(argv[0], "evaluate") == 0) && atoi(argv[1]) >= 2 &&
        atoi(argv[1]) <= 100)
        return evaluate_command(words + 2, argc - 2, c->rules_dir, c->gazetteer_dir, atoi(argv[1]), lines);
    if (argc == 2 && strcmp(argv[0], "outcomes") == 0) return outcomes_command(argv[1], c->rules_dir);
    return usage();
}

/* --- tables --- */

/* A message brings up to 256 complaints, or a single one: about a thousand at a time keep a turn and its lock short. */
enum { TURN_BYTES = 1100 * sizeof(uint64_t) };

static const wjz_queue_route queues[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor,
     .handler = on_complaints_accepted,
     .bytes = TURN_BYTES,
     .lazy = true},
    {.type = &wjz__intake__feedback_accepted__descriptor,
     .handler = on_feedback_accepted,
     .bytes = TURN_BYTES,
     .lazy = true},
    {.type = &wjz__intake__enforcement_accepted__descriptor,
     .handler = on_enforcement_accepted,
     .bytes = TURN_BYTES,
     .lazy = true},
    {.type = &wjz__scoring__rescore__descriptor, .handler = on_rescore_portion, .bytes = TURN_BYTES / 2, .lazy = true},
    {0},
};

static const wjz_emit_route emits[] = {
    {&wjz__scoring__clues_scored__descriptor, "assignment"},
    {&wjz__scoring__rescore__descriptor, "scoring"},
    {&wjz__notification__notices_requested__descriptor, "notification"},
    {0},
};

static const wjz_request_route requests[] = {
    {.type = &wjz__scoring__rescore__descriptor, .handler = on_rescore},
    {.type = &wjz__scoring__submit_rule_pack__descriptor, .handler = on_submit_rule_pack},
    {.type = &wjz__scoring__approve_rule_pack__descriptor, .handler = on_approve_rule_pack},
    {.type = &wjz__scoring__activate_rule_pack__descriptor, .handler = on_activate_rule_pack},
    {.type = &wjz__scoring__roll_back_rule_pack__descriptor, .handler = on_roll_back_rule_pack},
    {.type = &wjz__scoring__describe_rule_packs__descriptor, .handler = on_describe_rule_packs},
    {.type = &wjz__scoring__merge_clues__descriptor, .handler = on_merge_clues},
    {.type = &wjz__scoring__split_clue__descriptor, .handler = on_split_clue},
    {.type = &wjz__scoring__undo_decision__descriptor, .handler = on_undo_decision},
    {.type = &wjz__scoring__decide_repeat__descriptor, .handler = on_decide_repeat},
    {.type = &wjz__scoring__confirm_score__descriptor, .handler = on_confirm_score},
    {.type = &wjz__scoring__explain_text__descriptor, .handler = on_explain_text},
    {.type = &wjz__scoring__rehearse_rules__descriptor, .handler = on_rehearse_rules},
    {.type = &wjz__scoring__describe_rehearsal__descriptor, .handler = on_describe_rehearsal},
    {.type = &wjz__scoring__rate_clue__descriptor, .handler = on_rate_clue},
    {.type = &wjz__scoring__withdraw_rating__descriptor, .handler = on_withdraw_rating},
    {.type = &wjz__scoring__define_watch__descriptor, .handler = on_define_watch},
    {.type = &wjz__scoring__end_watch__descriptor, .handler = on_end_watch},
    {.type = &wjz__scoring__save_search__descriptor, .handler = on_save_search},
    {.type = &wjz__scoring__drop_search__descriptor, .handler = on_drop_search},
    {.type = &wjz__scoring__issue_warning__descriptor, .handler = on_issue_warning},
    {.type = &wjz__scoring__acknowledge_warning__descriptor, .handler = on_acknowledge_warning},
    {.type = &wjz__scoring__clear_warning__descriptor, .handler = on_clear_warning},
    {.type = &wjz__scoring__find_similar__descriptor, .handler = on_find_similar},
    {0},
};

const wjz_service_spec scoring_spec = {
    .name = "scoring",
    .purpose = "says what complaints are worth, and which of them are one matter",
    .options = scoring_options,
    .conf_size = sizeof(scoring_conf),
    .hasty = true, /* platforms and prosecutors look at scores while complaints come in */
    .queues = queues,
    .emits = emits,
    .requests = requests,
    .start = scoring_start,
    .stop = scoring_stop,
    .command = scoring_command,
};
