/* What scoring costs a processor, without the store: complaints are analysed, grouped with all before them and scored,
 * in batches as the service does it.
 *
 *     bench_scoring DEPLOY FILE [ROUNDS]
 *
 * DEPLOY: the folder with rules, gazetteer and repeats. FILE: as for bench_push. Prints the quickest of the rounds
 * (default 3): microseconds of the processor for a complaint, by stage, and complaints a second. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/intake.pb-c.h"
#include "scoring/analysis.h"
#include "scoring/card_pack.h"
#include "scoring/matter.h"
#include "scoring/regroup.h"
#include "scoring/repeats_rules.h"
#include "scoring/score.h"

enum { BATCH = 512, LOT = 64, GROUP_MOST = 64 };

typedef enum stage { ANALYSE, SUM_UP, GROUP, SCORE, STAGES } stage;

static const char *const STAGE_NAMES[STAGES] = {"analyse", "sum up", "group", "score"};

typedef struct packed {
    const void *data;
    size_t length;
} packed;

static struct {
    rule_pack *pack;
    gazetteer *places;
    repeat_rules *repeats;
    pair_memo *memo;
    complaint *complaints;
    size_t count;
    wjz_arena *texts, *turn, *scratch, *kept;
    packed *matters;                   /* of complaint id - 1 */
    wjz_blob *findings;                /* as well */
    Wjz__Scoring__Finding *now[BATCH]; /* findings of the batch */
    size_t from;
    double us[STAGES];
    int64_t last_clue;
    size_t clues;
} bench;

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_scoring: %s: %s\n", what, why);
    exit(1);
}

static void *need(void *memory) {
    if (!memory) stop("memory", "none left");
    return memory;
}

static double processor_us(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* --- input --- */

static complaint from_message(const Wjz__Intake__Complaint *m, int64_t id) {
    return (complaint){
        .id = id,
        .region = 510184,
        .feed = "demo-hotline",
        .external_id = m->external_id,
        .order_type = m->order_type,
        .title = m->title,
        .content = m->content,
        .categories = m->n_categories ? m->categories[0] : "",
        .incident_address = m->incident_address,
        .town = m->town,
        .village = m->village,
        .received_at_us = m->received_at_us,
        .finished_at_us = m->finished_at_us,
        .handler_unit = m->handler_unit,
        .handle_result = m->handle_result,
        .status = m->status,
        .visit_note = m->visit_note,
        .satisfaction = (satisfaction)m->satisfaction,
        .photo_count = (int32_t)m->photo_count,
        .parent_id = m->parent_id,
    };
}

static void load(const char *path) {
    FILE *file = fopen(path, "rbe");
    uint32_t length;
    size_t room = 0;
    static uint8_t buffer[65536];
    if (!file) stop(path, "cannot be opened");
    while (fread(&length, sizeof length, 1, file) == 1) {
        if (length > sizeof buffer || fread(buffer, 1, length, file) != length) stop(path, "is cut off");
        if (bench.count == room) {
            room = room ? room * 2 : 4096;
            bench.complaints = need(realloc(bench.complaints, room * sizeof *bench.complaints));
        }
        const Wjz__Intake__Complaint *message =
            need(wjz__intake__complaint__unpack(wjz_arena_protobuf(bench.texts), length, buffer));
        bench.complaints[bench.count] = from_message(message, (int64_t)bench.count + 1);
        bench.count++;
    }
    fclose(file);
}

static void load_data(const char *deploy) {
    char path[4096];
    wjz_err err = {0};
    snprintf(path, sizeof path, "%s/rules", deploy);
    if (rule_pack_load(path, &bench.pack, &err) < 0) stop(path, err.text);
    snprintf(path, sizeof path, "%s/gazetteer", deploy);
    if (gazetteer_load(path, &bench.places, &err) < 0) stop(path, err.text);
    snprintf(path, sizeof path, "%s/repeats", deploy);
    if (repeat_rules_load(path, &bench.repeats, &err) < 0) stop(path, err.text);
}

/* --- one batch --- */

static void supply(regroup *g) {
    regroup_want *wants = NULL;
    size_t count = 0;
    if (regroup_missing(g, &wants, &count) < 0) stop("group", "no memory");
    for (size_t i = 0; i < count; i++) {
        matter *m = NULL;
        const packed *from = &bench.matters[wants[i].complaint - 1];
        if (matter_unpack(from->data, from->length, bench.turn, &m) < 0) stop("group", "cannot read a matter");
        regroup_supply(g, &wants[i], m);
    }
}

static bool is_changed(const regroup_group *group) {
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i].put || group->members[i].clue != group->members[0].clue) return true;
    }
    return false;
}

static const Wjz__Scoring__Finding *finding_of(const regroup_member *member) {
    size_t at = (size_t)member->complaint - 1;
    if (member->put) return bench.now[at - bench.from];
    return need(wjz__scoring__finding__unpack(wjz_arena_protobuf(bench.turn), bench.findings[at].length,
                                              bench.findings[at].data));
}

static void score_group(const regroup_group *group) {
    static const matter_context nothing_more = {0};
    const Wjz__Scoring__Finding *findings[GROUP_MOST];
    int64_t ids[GROUP_MOST];
    size_t count = group->count < GROUP_MOST ? group->count : GROUP_MOST;
    Wjz__Scoring__ScoreCard *card = NULL;
    wjz_err err = {0};
    for (size_t i = 0; i < count; i++) {
        ids[i] = group->members[i].complaint;
        findings[i] = finding_of(&group->members[i]);
    }
    wjz_blob packed_card;
    wjz_arena_reset(bench.scratch);
    if (score_matter(bench.pack, findings, ids, count, &nothing_more, bench.scratch, &card, &err) < 0)
        stop("score", err.text);
    if (card_pack(card, bench.turn, &packed_card) < 0) stop("score", "no memory");
    bench.clues++;
}

static void stage_ended(stage which, double *began) {
    double now = processor_us();
    bench.us[which] += now - *began;
    *began = now;
}

static void group_batch(repeats_index *index, matter *const *matters, size_t from, size_t to, double *began) {
    WJZ_CLEANUP(regroup_destroy) regroup *g = NULL;
    regroup_group *groups = NULL;
    size_t count = 0;
    regroup_item *items = need(wjz_arena_alloc(bench.turn, (to - from) * sizeof *items));
    for (size_t i = from; i < to; i++)
        items[i - from] = (regroup_item){(int64_t)i + 1, matters[i - from]};
    if (regroup_new(bench.repeats, index, bench.memo, bench.turn, &g) < 0) stop("group", "no memory");
    if (regroup_put(g, items, to - from) < 0) stop("group", "no memory");
    supply(g);
    if (regroup_link(g) < 0) stop("group", "no memory");
    supply(g);
    if (regroup_groups(g, &groups, &count) < 0) stop("group", "no memory");
    stage_ended(GROUP, began);
    for (size_t i = 0; i < count; i++) {
        if (is_changed(&groups[i])) score_group(&groups[i]);
        int64_t clue = groups[i].members[0].clue ? groups[i].members[0].clue : ++bench.last_clue;
        for (size_t j = 0; j < groups[i].count; j++)
            repeats_index_set_clue(index, groups[i].members[j].slot, clue);
    }
    stage_ended(SCORE, began);
}

/* As the service does: what the analysis makes on its way is dropped when a lot has been summed up. */
static void analyse_lot(size_t from, size_t count, matter **ret_matters, double *began) {
    analysis_item items[LOT];
    wjz_err err = {0};
    wjz_arena_reset(bench.scratch);
    for (size_t i = 0; i < count; i++)
        items[i] = (analysis_item){.report = &bench.complaints[from + i]};
    if (analyse_several(bench.pack, bench.places, items, count, bench.turn, bench.scratch, &err) < 0)
        stop("analyse", err.text);
    stage_ended(ANALYSE, began);
    for (size_t i = 0; i < count; i++) {
        packed *into = &bench.matters[from + i];
        bench.now[from - bench.from + i] = items[i].finding;
        if (matter_of_text(bench.repeats, items[i].report, items[i].finding, items[i].text, bench.turn,
                           &ret_matters[i]) < 0 ||
            matter_pack(ret_matters[i], bench.kept, &into->data, &into->length) < 0 ||
            finding_pack(items[i].finding, bench.kept, &bench.findings[from + i]) < 0)
            stop("sum up", "no memory");
    }
    stage_ended(SUM_UP, began);
}

static void take_batch(repeats_index *index, size_t from, size_t to) {
    matter *matters[BATCH];
    double began = processor_us();
    bench.from = from;
    for (size_t at = from; at < to; at += LOT)
        analyse_lot(at, to - at < LOT ? to - at : LOT, &matters[at - from], &began);
    group_batch(index, matters, from, to, &began);
    wjz_arena_reset(bench.turn);
}

static double run_round(double us[STAGES]) {
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    double sum = 0;
    memset(bench.us, 0, sizeof bench.us);
    bench.clues = 0;
    if (repeats_index_new(&index) < 0 || pair_memo_new(&bench.memo) < 0) stop("index", "no memory");
    for (size_t from = 0; from < bench.count; from += BATCH)
        take_batch(index, from, from + BATCH < bench.count ? from + BATCH : bench.count);
    pair_memo_destroy(&bench.memo);
    wjz_arena_reset(bench.kept);
    for (stage s = 0; s < STAGES; s++) {
        us[s] = bench.us[s] / (double)bench.count;
        sum += us[s];
    }
    return sum;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: bench_scoring DEPLOY FILE [ROUNDS]\n");
        return 2;
    }
    mallopt(M_TRIM_THRESHOLD, 256 << 20); /* as a service does */
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    bench.texts = need(wjz_arena_new(0));
    bench.turn = need(wjz_arena_new(0));
    bench.scratch = need(wjz_arena_new(0));
    bench.kept = need(wjz_arena_new(0));
    load_data(argv[1]);
    load(argv[2]);
    bench.matters = need(calloc(bench.count + 1, sizeof *bench.matters));
    bench.findings = need(calloc(bench.count + 1, sizeof *bench.findings));
    double best[STAGES] = {0}, least = 0;
    for (int round = 0; round < (argc == 4 ? atoi(argv[3]) : 3); round++) {
        double us[STAGES], sum = run_round(us);
        if (least > 0 && sum >= least) continue;
        least = sum;
        memcpy(best, us, sizeof best);
    }
    for (stage s = 0; s < STAGES; s++)
        printf("%-8s %6.1f us\n", STAGE_NAMES[s], best[s]);
    printf("%zu complaints, %zu scores: %.1f us, %.0f/s on one processor\n", bench.count, bench.clues, least,
           1e6 / least);
    return 0;
}
