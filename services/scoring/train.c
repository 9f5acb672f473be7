/* One logistic model for each class against the rest, and one regression for the points that the rules' index lacks.
 * What the rules' index would be is computed with classes predicted by models that did not see the complaint, as it
 * will be in use. */
#include "scoring/train.h"

#include <errno.h>
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/analysis_parts.h"
#include "scoring/model.h"
#include "scoring/score.h"
#include "scoring/table.h"

enum { FOLDS = 5, LEAST_TEXTS = 20, LABELS_LIMIT = 100000 };

/* What a value of the raters is in points: the middle of the stars it stands for. */
static const double value_points[] = {0, 10, 30, 48, 62, 75};

static const double class_cost = 10, points_cost = 0.2, points_slack = 2;

typedef struct document {
    const char *external_id;
    struct feature_node *nodes;
    Wjz__Scoring__Finding *finding;
    feature_list features;
    uint32_t text; /* number among the texts */
} document;

typedef struct label {
    uint32_t text;
    bool outputs[MODEL_OUTPUTS]; /* the classes that are right */
    double value;
    double rules_index;
} label;

/* A feature that enough texts have. */
typedef struct word {
    uint32_t key, texts;
    uint32_t last_text; /* that was counted */
} word;

typedef struct trainer {
    rule_pack *pack;
    gazetteer *places;
    wjz_arena *arena;
    document *documents;
    size_t document_count, document_capacity;
    label *labels;
    size_t label_count, label_capacity;
    word *words; /* open table while counting, then sorted by key */
    size_t word_slots, word_count;
    double *weights[MODEL_OUTPUTS]; /* word_count + 1 each, the bias last */
} trainer;

static void trainer_close(trainer *t) {
    rule_pack_destroy(&t->pack);
    gazetteer_destroy(&t->places);
    wjz_arena_destroy(&t->arena);
    free(t->documents);
    free(t->labels);
    free(t->words);
    for (int i = 0; i < MODEL_OUTPUTS; i++)
        free(t->weights[i]);
}

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not train: no memory");
}

/* --- texts --- */

static word *find_word(trainer *t, uint32_t key) {
    size_t at = key & (t->word_slots - 1);
    while (t->words[at].texts && t->words[at].key != key)
        at = (at + 1) & (t->word_slots - 1);
    return &t->words[at];
}

static int count_words(trainer *t, const feature_list *features, uint32_t text, wjz_err *err) {
    for (size_t i = 0; i < features->count; i++) {
        if (t->word_count * 2 > t->word_slots)
            return wjz_err_set(err, -E2BIG, "cannot train: too many different n-grams");
        word *w = find_word(t, features->items[i].key);
        if (w->texts && w->last_text == text) continue;
        if (!w->texts) {
            w->key = features->items[i].key;
            t->word_count++;
        }
        w->texts++;
        w->last_text = text;
    }
    return 0;
}

static int read_texts(trainer *t, const char *path, wjz_err *err) {
    WJZ_CLEANUP(table_close) table file = {0};
    int r = table_open(&file, path, err);
    while (r == 0 && (r = table_next(&file, err)) > 0) {
        if (t->document_count == t->document_capacity) {
            size_t capacity = t->document_capacity ? t->document_capacity * 2 : 1024;
            document *documents = realloc(t->documents, capacity * sizeof *documents);
            if (!documents) return no_memory(err);
            t->documents = documents;
            t->document_capacity = capacity;
        }
        document *d = &t->documents[t->document_count];
        *d = (document){.text = (uint32_t)t->document_count + 1};
        complaint c;
        r = table_complaint(&file, t->arena, &c, err);
        if (r == 0) r = analyse_features(t->pack, t->places, &c, t->arena, &d->finding, &d->features, err);
        if (r == 0) r = count_words(t, &d->features, d->text, err);
        d->external_id = c.external_id;
        t->document_count++;
    }
    return r;
}

static int by_key(const void *a, const void *b) {
    const word *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* Keeps the words that enough texts have, sorted. */
static void choose_words(trainer *t) {
    size_t kept = 0;
    for (size_t i = 0; i < t->word_slots; i++)
        if (t->words[i].texts >= LEAST_TEXTS) t->words[kept++] = t->words[i];
    qsort(t->words, kept, sizeof *t->words, by_key);
    t->word_count = kept;
}

static double rarity(const trainer *t, size_t index) {
    return log((double)t->document_count / t->words[index].texts) * 0.3 + 0.2;
}

static int by_index(const void *a, const void *b) {
    const struct feature_node *x = a, *y = b;
    return x->index - y->index;
}

/* The document as liblinear wants it: sorted, each feature once. */
static int make_nodes(trainer *t, document *d) {
    struct feature_node *nodes = wjz_arena_alloc(t->arena, (d->features.count + 2) * sizeof *nodes);
    if (!nodes) return -ENOMEM;
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < d->features.count; i++) {
        word wanted = {.key = d->features.items[i].key};
        const word *w = bsearch(&wanted, t->words, t->word_count, sizeof wanted, by_key);
        if (!w) continue;
        size_t index = (size_t)(w - t->words);
        nodes[count++] = (struct feature_node){(int)index + 1, d->features.items[i].value * rarity(t, index)};
    }
    qsort(nodes, count, sizeof *nodes, by_index);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && nodes[kept - 1].index == nodes[i].index)
            nodes[kept - 1].value += nodes[i].value;
        else
            nodes[kept++] = nodes[i];
    }
    nodes[kept++] = (struct feature_node){(int)t->word_count + 1, 1};
    nodes[kept] = (struct feature_node){-1, 0};
    d->nodes = nodes;
    return 0;
}

/* --- labels --- */

static document *find_document(const trainer *t, const char *external_id) {
    for (size_t i = 0; i < t->document_count; i++)
        if (strcmp(t->documents[i].external_id, external_id) == 0) return &t->documents[i];
    return NULL;
}

static int class_index(const char *const *names, size_t count, const char *name, size_t length) {
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return (int)i;
    return -1;
}

/* Marks the outputs that a cell names; several by '|'. */
static int mark(const table *file, const char *column, const char *const *names, size_t count, int first,
                bool outputs[], wjz_err *err) {
    const char *at = table_cell(file, column);
    for (;;) {
        size_t length = strcspn(at, "|");
        int index = class_index(names, count, at, length);
        if (index < 0)
            return wjz_err_set(err, -EINVAL, "%s:%d: unknown %s \"%.*s\"", file->path, file->number, column,
                               (int)length, at);
        outputs[first + index] = true;
        if (!at[length]) return 0;
        at += length + 1;
    }
}

static int read_label(trainer *t, const table *file, wjz_err *err) {
    const char *domains[DOMAIN_LIMIT];
    for (size_t i = 0; i < t->pack->domain_count; i++)
        domains[i] = t->pack->domains[i].id;
    if (t->label_count == t->label_capacity) {
        size_t capacity = t->label_capacity ? t->label_capacity * 2 : 1024;
        label *labels = realloc(t->labels, capacity * sizeof *labels);
        if (!labels) return no_memory(err);
        t->labels = labels;
        t->label_capacity = capacity;
    }
    label *l = &t->labels[t->label_count];
    *l = (label){.value = strtod(table_cell(file, "value"), NULL)};
    document *d = find_document(t, table_cell(file, "external_id"));
    if (!d)
        return wjz_err_set(err, -EINVAL, "%s:%d: there is no text \"%s\"", file->path, file->number,
                           table_cell(file, "external_id"));
    if (!(l->value >= 1 && l->value <= 5))
        return wjz_err_set(err, -EINVAL, "%s:%d: value is \"%s\", must be 1 to 5", file->path, file->number,
                           table_cell(file, "value"));
    l->text = d->text;
    l->outputs[OUTPUT_PRIVATE] = strcmp(table_cell(file, "mediation"), "y") == 0;
    int r = mark(file, "kind", kind_names, KIND_COUNT, OUTPUT_KINDS, l->outputs, err);
    if (r == 0) r = mark(file, "branch", branch_names, BRANCH_COUNT, OUTPUT_BRANCHES, l->outputs, err);
    if (r == 0) r = mark(file, "domain", domains, t->pack->domain_count, OUTPUT_DOMAINS, l->outputs, err);
    if (r == 0) t->label_count++;
    return r;
}

static int read_labels(trainer *t, const char *path, wjz_err *err) {
    WJZ_CLEANUP(table_close) table file = {0};
    int r = table_open(&file, path, err);
    while (r == 0 && (r = table_next(&file, err)) > 0)
        r = read_label(t, &file, err);
    if (r == 0 && t->label_count < 2 * FOLDS)
        r = wjz_err_set(err, -EINVAL, "%s: has %zu labels, at least %d are needed", path, t->label_count, 2 * FOLDS);
    return r;
}

/* --- fitting --- */

/* A complaint's copies all fall into one fold. */
static int fold_of(const label *l) {
    return (int)((l->text * 2654435761u >> 8) % FOLDS);
}

static double node_sum(const struct feature_node *nodes, const double *weights) {
    double sum = 0;
    for (; nodes->index > 0; nodes++)
        sum += weights[nodes->index - 1] * nodes->value;
    return sum;
}

/* Fits one output on the labels that are not of the fold (-1: on all). A class that has no case keeps a low constant.
 */
static int fit(trainer *t, int output, int without, wjz_err *err) {
    struct problem problem = {.n = (int)t->word_count + 1, .bias = -1};
    size_t positive = 0;
    problem.y = calloc(t->label_count, sizeof *problem.y);
    problem.x = calloc(t->label_count, sizeof(struct feature_node *));
    free(t->weights[output]);
    t->weights[output] = calloc(t->word_count + 1, sizeof(double));
    if (problem.y && problem.x && t->weights[output]) {
        for (size_t i = 0; i < t->label_count; i++) {
            const label *l = &t->labels[i];
            if (fold_of(l) == without) continue;
            problem.x[problem.l] = t->documents[l->text - 1].nodes;
            problem.y[problem.l] = output == OUTPUT_POINTS ? l->value - l->rules_index : l->outputs[output] ? 1 : -1;
            positive += l->outputs[output];
            problem.l++;
        }
        struct parameter how = {.solver_type = output == OUTPUT_POINTS ? L2R_L2LOSS_SVR : L2R_LR,
                                .eps = 0.001,
                                .C = output == OUTPUT_POINTS ? points_cost : class_cost,
                                .p = points_slack};
        if (output != OUTPUT_POINTS && (positive == 0 || positive == (size_t)problem.l)) {
            t->weights[output][t->word_count] = positive ? 6 : -6;
        } else {
            struct model *model = train(&problem, &how);
            double sign = output == OUTPUT_POINTS || model->label[0] == 1 ? 1 : -1;
            for (size_t i = 0; i <= t->word_count; i++)
                t->weights[output][i] = sign * model->w[i];
            free_and_destroy_model(&model);
        }
    }
    bool failed = !problem.y || !problem.x || !t->weights[output];
    free(problem.y);
    free(problem.x);
    return failed ? no_memory(err) : 0;
}

static bool is_class(const trainer *t, int output) {
    return output != OUTPUT_POINTS && (size_t)output < OUTPUT_DOMAINS + t->pack->domain_count;
}

static int fit_classes(trainer *t, int without, wjz_err *err) {
    int r = 0;
    for (int output = 0; r == 0 && output < MODEL_OUTPUTS; output++)
        if (is_class(t, output)) r = fit(t, output, without, err);
    return r;
}

static void predict_class(const trainer *t, const document *d) {
    class_votes votes = {0};
    for (int i = 0; i < KIND_COUNT; i++)
        votes.kinds[i] = node_sum(d->nodes, t->weights[OUTPUT_KINDS + i]);
    for (int i = 0; i < BRANCH_COUNT; i++)
        votes.branches[i] = node_sum(d->nodes, t->weights[OUTPUT_BRANCHES + i]);
    for (size_t i = 0; i < t->pack->domain_count; i++)
        votes.domains[i] = node_sum(d->nodes, t->weights[OUTPUT_DOMAINS + i]);
    votes.private_dispute = node_sum(d->nodes, t->weights[OUTPUT_PRIVATE]);
    class_decision decision;
    classify_decide(t->pack, &votes, true, &decision);
    analysis_set_class(t->pack, &decision, d->finding);
}

/* What the rules give with the classes as predicted. */
static int rules_index(trainer *t, label *l, wjz_err *err) {
    static const matter_context nothing_more = {0};
    const Wjz__Scoring__Finding *findings[] = {t->documents[l->text - 1].finding};
    int64_t id = l->text;
    Wjz__Scoring__ScoreCard *card;
    int r = score_matter(t->pack, findings, &id, 1, &nothing_more, t->arena, &card, err);
    if (r == 0) l->rules_index = card->index;
    return r;
}

static int find_rules_indexes(trainer *t, wjz_err *err) {
    int r = 0;
    for (int fold = 0; r == 0 && fold < FOLDS; fold++) {
        r = fit_classes(t, fold, err);
        for (size_t i = 0; r == 0 && i < t->label_count; i++) {
            label *l = &t->labels[i];
            if (fold_of(l) != fold) continue;
            predict_class(t, &t->documents[l->text - 1]);
            r = rules_index(t, l, err);
        }
    }
    return r;
}

/* --- writing --- */

static int write_model(const trainer *t, const char *out, wjz_err *err) {
    model_row *rows = calloc(t->word_count + 1, sizeof *rows);
    if (!rows) return no_memory(err);
    float bias[MODEL_OUTPUTS] = {0};
    for (int output = 0; output < MODEL_OUTPUTS; output++)
        if (t->weights[output]) bias[output] = (float)t->weights[output][t->word_count];
    for (size_t i = 0; i < t->word_count; i++) {
        double most = 0;
        for (int output = 0; output < MODEL_OUTPUTS; output++)
            if (t->weights[output]) most = fmax(most, fabs(t->weights[output][i]));
        rows[i].key = t->words[i].key;
        rows[i].scale = (float)(most / 127 * rarity(t, i));
        for (int output = 0; output < MODEL_OUTPUTS && most > 0; output++)
            if (t->weights[output]) rows[i].weights[output] = (int8_t)lrint(t->weights[output][i] / most * 127);
    }
    char version[MODEL_VERSION_TEXT];
    snprintf(version, sizeof version, "%s-%zu", rule_pack_version(t->pack), t->label_count);
    int r = model_write(out, version, t->pack->domains, t->pack->domain_count, bias, rows, t->word_count, err);
    free(rows);
    return r;
}

static void be_quiet(const char *text) {
    (void)text;
}

static int train_all(trainer *t, const char *texts, const char *labels, const char *out, wjz_err *err) {
    int r = read_texts(t, texts, err);
    if (r == 0) choose_words(t);
    if (r == 0) r = read_labels(t, labels, err);
    for (size_t i = 0; r == 0 && i < t->document_count; i++)
        if (make_nodes(t, &t->documents[i]) < 0) r = no_memory(err);
    if (r == 0) r = find_rules_indexes(t, err);
    for (size_t i = 0; r == 0 && i < t->label_count; i++) {
        int value = (int)t->labels[i].value;
        double rest = t->labels[i].value - value;
        t->labels[i].value =
            value_points[value] + (value < 5 ? rest * (value_points[value + 1] - value_points[value]) : 0);
    }
    if (r == 0) r = fit(t, OUTPUT_POINTS, -1, err);
    if (r == 0) r = fit_classes(t, -1, err);
    if (r == 0) r = write_model(t, out, err);
    return r;
}

int train_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                  const char *out) {
    WJZ_CLEANUP(trainer_close) trainer t = {.arena = wjz_arena_new(0), .word_slots = 1 << 23};
    wjz_err err = {0};
    set_print_string_function(be_quiet);
    srand(1); /* liblinear draws from it */
    t.words = calloc(t.word_slots, sizeof *t.words);
    int r = t.arena && t.words ? 0 : no_memory(&err);
    if (r == 0) r = rules_load(rules_dir, false, &t.pack, &err); /* the model adds to the rules alone */
    if (r == 0 && t.pack->domain_count > OUTPUT_DOMAIN_LIMIT)
        r = wjz_err_set(&err, -E2BIG, "cannot train for more than %d domains", OUTPUT_DOMAIN_LIMIT - 1);
    if (r == 0) r = gazetteer_load(gazetteer_dir, &t.places, &err);
    if (r == 0) r = train_all(&t, texts, labels, out, &err);
    if (r < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%s: %zu texts, %zu labels, %zu features\n", out, t.document_count, t.label_count, t.word_count);
    return 0;
}
