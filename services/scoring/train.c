/* See train.h. */
#include "scoring/train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/corpus.h"
#include "scoring/figures.h"
#include "scoring/learn.h"
#include "scoring/offline_score.h"
#include "scoring/rules_data.h"
#include "scoring/rules_taught.h"

enum { LEAST_LABELS = 10 };

/* Everything that both commands begin with. */
typedef struct lesson {
    rule_pack *pack;
    gazetteer *places;
    corpus *corpus;
    learner *learner;
} lesson;

static void lesson_close(lesson *l) {
    learner_destroy(&l->learner);
    corpus_destroy(&l->corpus);
    gazetteer_destroy(&l->places);
    rule_pack_destroy(&l->pack);
}

/* Without the model that lies there: the rules' findings are what it learns from. */
static int prepare(lesson *l, const char *const *files, int count, const char *rules_dir, const char *gazetteer_dir,
                   wjz_err *err) {
    int r = rules_load(rules_dir, false, &l->pack, err);
    if (r == 0 && l->pack->domain_count > OUTPUT_DOMAIN_LIMIT)
        r = wjz_err_set(err, -E2BIG, "cannot train for more than %d domains", OUTPUT_DOMAIN_LIMIT - 1);
    if (r == 0) r = gazetteer_load(gazetteer_dir, &l->places, err);
    if (r == 0) r = corpus_new(l->pack, l->places, &l->corpus, err);
    for (int i = 0; r == 0 && i + 1 < count; i += 2) {
        r = corpus_read_texts(l->corpus, files[i], err);
        if (r == 0) r = corpus_read_labels(l->corpus, files[i + 1], err);
    }
    if (r == 0 && l->corpus->label_count < LEAST_LABELS)
        r = wjz_err_set(err, -EINVAL, "there are %zu labels, at least %d are needed", l->corpus->label_count,
                        LEAST_LABELS);
    if (r == 0) r = corpus_weigh(l->corpus, err);
    if (r == 0) r = learner_new(l->corpus, &l->learner, err);
    return r;
}

static int write_file(const char *path, const char *bytes, size_t length, wjz_err *err) {
    FILE *file = fopen(path, "we");
    bool written = file && fwrite(bytes, 1, length, file) == length && fflush(file) == 0;
    int r = written ? 0 : wjz_err_set(err, -errno, "could not write \"%s\": %s", path, strerror(errno));
    if (file) fclose(file);
    return r;
}

static int tell(const wjz_err *err) {
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

/* The model and the rules that it was trained beside. */
static int write_model(const char *path, wjz_blob model, const char *rules_dir, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    pack_files rules;
    char *bytes = NULL;
    size_t length = 0;
    if (!arena) return wjz_err_set(err, -ENOMEM, "could not train: no memory");
    int r = pack_files_read(rules_dir, arena, &rules, err);
    if (r < 0) return r;
    if (taught_join(model, &rules, &bytes, &length) < 0) return wjz_err_set(err, -ENOMEM, "could not train: no memory");
    r = write_file(path, bytes, length, err);
    free(bytes);
    return r;
}

int train_command(const char *out, const char *const *files, int count, const char *rules_dir,
                  const char *gazetteer_dir) {
    WJZ_CLEANUP(lesson_close) lesson l = {0};
    wjz_err err = {0};
    char *bytes = NULL;
    size_t length = 0;
    int r = prepare(&l, files, count, rules_dir, gazetteer_dir, &err);
    if (r == 0) r = learner_make(l.learner, 1, -1, &bytes, &length, &err);
    if (r == 0) r = write_model(out, (wjz_blob){bytes, length}, rules_dir, &err);
    free(bytes);
    if (r < 0) return tell(&err);
    printf("%s: %zu texts, %zu labels, %zu features\n", out, l.corpus->text_count, l.corpus->label_count,
           l.corpus->word_count);
    return 0;
}

/* --- evaluate --- */

/* What was found of the labelled texts so far. */
typedef struct results {
    wjz_arena *turn;
    bool lines;
    figure_row *rows;
    size_t count;
} results;

static bool any(const bool *outputs, int first, int end) {
    for (int i = first; i < end; i++)
        if (outputs[i]) return true;
    return false;
}

static int class_of(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return (int)i;
    return 0;
}

static double mean_value(const corpus *data, size_t text) {
    double sum = 0, count = 0;
    for (size_t i = 0; i < data->label_count; i++) {
        if (data->labels[i].text != text) continue;
        sum += data->labels[i].value;
        count++;
    }
    return count > 0 ? sum / count : 0;
}

static void keep(results *into, const lesson *l, size_t text, const Wjz__Scoring__ScoreCard *card) {
    const bool *outputs = l->corpus->texts[text].outputs;
    into->rows[into->count++] = (figure_row){
        .index = card->index,
        .value = mean_value(l->corpus, text),
        .valued = true,
        .classed = any(outputs, OUTPUT_KINDS, OUTPUT_BRANCHES),
        .kind = outputs[OUTPUT_KINDS + class_of(kind_names, KIND_COUNT, card->kind)],
        .branch = outputs[OUTPUT_BRANCHES + class_of(branch_names, BRANCH_COUNT, card->branch)],
        .domain = outputs[OUTPUT_DOMAINS + rules_domain(l->pack, card->domain)],
    };
}

/* Lends the pack a model for one fold. */
static int score_fold(lesson *l, int folds, int fold, results *into, wjz_err *err) {
    char *bytes = NULL;
    size_t length = 0;
    int r = learner_make(l->learner, folds, fold, &bytes, &length, err);
    if (r == 0) r = model_parse(bytes, length, "model", l->pack->domains, l->pack->domain_count, &l->pack->model, err);
    free(bytes);
    for (size_t i = 0; r == 0 && i < l->corpus->text_count; i++) {
        const corpus_text *text = &l->corpus->texts[i];
        if (!text->labelled || learner_fold(&text->complaint, folds) != fold) continue;
        Wjz__Scoring__ScoreCard *card;
        r = offline_card(l->pack, l->places, &text->complaint, into->turn, &card, err);
        if (r < 0) break;
        if (into->lines) offline_print(&text->complaint, card, into->count == 0);
        keep(into, l, i, card);
    }
    model_destroy(&l->pack->model);
    return r;
}

static int print_figures(results *found, wjz_err *err) {
    figures agreement;
    if (figures_find(found->rows, found->count, &agreement) < 0)
        return wjz_err_set(err, -ENOMEM, "could not evaluate: no memory");
    figures_print(&agreement);
    return 0;
}

int evaluate_command(const char *const *files, int count, const char *rules_dir, const char *gazetteer_dir, int folds,
                     bool lines) {
    WJZ_CLEANUP(lesson_close) lesson l = {0};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *turn = wjz_arena_new(0);
    wjz_err err = {0};
    results found = {.turn = turn, .lines = lines};
    int r = turn ? prepare(&l, files, count, rules_dir, gazetteer_dir, &err)
                 : wjz_err_set(&err, -ENOMEM, "could not start: no memory");
    if (r == 0) {
        found.rows = calloc(l.corpus->text_count + 1, sizeof *found.rows);
        if (!found.rows) r = wjz_err_set(&err, -ENOMEM, "could not evaluate: no memory");
    }
    for (int fold = 0; r == 0 && fold < folds; fold++)
        r = score_fold(&l, folds, fold, &found, &err);
    if (r == 0 && !lines) r = print_figures(&found, &err);
    free(found.rows);
    return r < 0 ? tell(&err) : 0;
}
