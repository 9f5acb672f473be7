/* See train.h. */
#include "scoring/train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/corpus.h"
#include "scoring/learn.h"
#include "scoring/offline_score.h"
#include "scoring/rules_data.h"

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
static int prepare(lesson *l, const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                   wjz_err *err) {
    int r = rules_load(rules_dir, false, &l->pack, err);
    if (r == 0 && l->pack->domain_count > OUTPUT_DOMAIN_LIMIT)
        r = wjz_err_set(err, -E2BIG, "cannot train for more than %d domains", OUTPUT_DOMAIN_LIMIT - 1);
    if (r == 0) r = gazetteer_load(gazetteer_dir, &l->places, err);
    if (r == 0) r = corpus_new(l->pack, l->places, &l->corpus, err);
    if (r == 0) r = corpus_read_texts(l->corpus, texts, err);
    if (r == 0) r = corpus_read_labels(l->corpus, labels, err);
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

int train_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                  const char *out) {
    WJZ_CLEANUP(lesson_close) lesson l = {0};
    wjz_err err = {0};
    char *bytes = NULL;
    size_t length = 0;
    int r = prepare(&l, texts, labels, rules_dir, gazetteer_dir, &err);
    if (r == 0) r = learner_make(l.learner, 1, -1, &bytes, &length, &err);
    if (r == 0) r = write_file(out, bytes, length, &err);
    free(bytes);
    if (r < 0) return tell(&err);
    printf("%s: %zu texts, %zu labels, %zu features\n", out, l.corpus->text_count, l.corpus->label_count,
           l.corpus->word_count);
    return 0;
}

/* Lends the pack a model for one fold. */
static int score_fold(lesson *l, int folds, int fold, wjz_arena *turn, bool *first, wjz_err *err) {
    char *bytes = NULL;
    size_t length = 0;
    int r = learner_make(l->learner, folds, fold, &bytes, &length, err);
    if (r == 0)
        r = model_parse(bytes, length, "model", l->pack->domains, l->pack->domain_count, &l->pack->model, err);
    free(bytes);
    for (size_t i = 0; r == 0 && i < l->corpus->text_count; i++) {
        const corpus_text *text = &l->corpus->texts[i];
        if (!text->labelled || learner_fold(&text->complaint, folds) != fold) continue;
        r = offline_score_one(l->pack, l->places, &text->complaint, turn, *first, err);
        *first = false;
    }
    model_destroy(&l->pack->model);
    return r;
}

int evaluate_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                     int folds) {
    WJZ_CLEANUP(lesson_close) lesson l = {0};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *turn = wjz_arena_new(0);
    wjz_err err = {0};
    bool first = true;
    int r = turn ? prepare(&l, texts, labels, rules_dir, gazetteer_dir, &err)
                 : wjz_err_set(&err, -ENOMEM, "could not start: no memory");
    for (int fold = 0; r == 0 && fold < folds; fold++)
        r = score_fold(&l, folds, fold, turn, &first, &err);
    return r < 0 ? tell(&err) : 0;
}
