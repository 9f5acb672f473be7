/* See learn.h. */
#include "scoring/learn.h"

#include <errno.h>
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/learn_loudness.h"
#include "scoring/subspace.h"

/* Settings were chosen on the singly labelled messages alone (README, "How good it is"). */
static const double class_cost = 4, value_cost = 0.25;
/* Of a row's length, next to the words' own part 1: what the strongest directions get, and what all of them get. */
static const double strong_part = 0.6, all_part = 0.6;
/* The spread of the votes of the rules where they speak up. A branch and a domain hear their own vote: some domains
 * have a dozen labels, and only rules know them. What it is worth hears those for branches, among them the loudest
 * domain's. */
static const double domain_vote_part = 0.3, branch_vote_part = 0.03, points_vote_part = 0.03;
/* Taken off the margin of "no domain", which each of many domains with few labels must beat alone: without it "none" is
 * said of 984 messages whose raters say it of 908. */
static const double none_handicap = 0.5;
enum { DIRECTIONS = 200, STRONG_DIRECTIONS = 50, CALIBRATION_FOLDS = 5 };

/* What a value of the raters is in points: the middle of the stars it stands for. */
static const double value_points[] = {0, 10, 30, 48, 62, 75};

struct learner {
    const corpus *data;
    subspace space;
    float scales[DIRECTIONS];   /* position → entry of a row */
    struct feature_node **rows; /* of texts with labels: words, directions, 1 for the bias */
    size_t columns;             /* words and directions and bias */
};

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not train: no memory");
}

void learner_destroy(learner **self) {
    if (!self || !*self) return;
    for (size_t i = 0; (*self)->rows && i < (*self)->data->text_count; i++)
        free((*self)->rows[i]);
    free((*self)->rows);
    subspace_close(&(*self)->space);
    free(*self);
    *self = NULL;
}

/* Mean squared length of the texts' first positions. */
static double mean_square(const subspace *space, size_t texts, size_t first) {
    double sum = 0;
    for (size_t i = 0; i < texts; i++)
        for (size_t c = 0; c < first && c < space->count; c++)
            sum += (double)space->positions[i * space->count + c] * space->positions[i * space->count + c];
    return texts > 0 ? sum / (double)texts : 0;
}

static void scale_directions(learner *self) {
    double strong = mean_square(&self->space, self->data->text_count, STRONG_DIRECTIONS);
    double all = mean_square(&self->space, self->data->text_count, DIRECTIONS);
    for (size_t c = 0; c < self->space.count; c++) {
        double part = all > 0 ? all_part / all : 0;
        if (c < STRONG_DIRECTIONS && strong > 0) part += strong_part / strong;
        self->scales[c] = (float)sqrt(part);
    }
}

static int make_row(learner *self, size_t text) {
    const corpus_text *t = &self->data->texts[text];
    struct feature_node *nodes = malloc((t->word_count + self->space.count + 2) * sizeof *nodes);
    if (!nodes) return -ENOMEM;
    struct feature_node *at = nodes;
    for (uint32_t k = 0; k < t->word_count; k++)
        *at++ = (struct feature_node){(int)t->words[k] + 1, t->values[k]};
    for (size_t c = 0; c < self->space.count; c++)
        *at++ = (struct feature_node){(int)(self->data->word_count + c) + 1,
                                      (double)self->space.positions[text * self->space.count + c] * self->scales[c]};
    *at++ = (struct feature_node){(int)self->columns, 1};
    *at = (struct feature_node){-1, 0};
    self->rows[text] = nodes;
    return 0;
}

static void be_quiet(const char *text) {
    (void)text;
}

int learner_new(const corpus *data, learner **ret_learner, wjz_err *err) {
    WJZ_CLEANUP(learner_destroy) learner *self = calloc(1, sizeof *self);
    if (!self) return no_memory(err);
    self->data = data;
    self->rows = calloc(data->text_count + 1, sizeof(struct feature_node *));
    if (!self->rows || subspace_find(data, DIRECTIONS, &self->space) < 0) return no_memory(err);
    self->columns = data->word_count + self->space.count + 1;
    scale_directions(self);
    for (size_t i = 0; i < data->text_count; i++)
        if (data->texts[i].labelled && make_row(self, i) < 0) return no_memory(err);
    set_print_string_function(be_quiet);
    *ret_learner = WJZ_STEAL(self);
    return 0;
}

int learner_fold(const complaint *text, int folds) {
    uint32_t hash = 2166136261u;
    for (const char *c = text->external_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return (int)((hash ^ hash >> 15) % (uint32_t)folds);
}

/* --- fitting --- */

/* The labels to learn from: none of a fold that is left out. */
typedef struct choice {
    int folds, without;   /* -1: all */
    int folds2, without2; /* within them, for calibration */
} choice;

static bool chosen(const choice *which, const complaint *text) {
    if (which->without >= 0 && learner_fold(text, which->folds) == which->without) return false;
    return which->without2 < 0 || learner_fold(text, which->folds2 * 31 + 1) % which->folds2 != which->without2;
}

/* Whether a rater said anything of what the output is one class of. */
static bool known(const corpus_text *text, int output) {
    int first = output >= OUTPUT_DOMAINS ? OUTPUT_DOMAINS : output >= OUTPUT_BRANCHES ? OUTPUT_BRANCHES : OUTPUT_KINDS;
    int end = output >= OUTPUT_DOMAINS ? MODEL_OUTPUTS : output >= OUTPUT_BRANCHES ? OUTPUT_PRIVATE : OUTPUT_BRANCHES;
    for (int i = first; i < end; i++)
        if (text->outputs[i]) return true;
    return output == OUTPUT_POINTS;
}

/* The column of a vote by its key; word_count: none. */
static size_t vote_column(const corpus *data, uint32_t key) {
    size_t column = data->gram_count;
    while (column < data->word_count && (data->words[column].block != BLOCK_VOTE || data->words[column].key != key))
        column++;
    return column;
}

/* The votes that speak up in the problem of an output, and how loud. */
static size_t votes_heard(const corpus *data, int output, size_t columns[BRANCH_COUNT], double *ret_part) {
    if (output == OUTPUT_POINTS) {
        for (size_t i = 0; i < BRANCH_COUNT; i++)
            columns[i] = vote_column(data, features_branch_vote(i));
        *ret_part = points_vote_part;
        return BRANCH_COUNT;
    }
    if (output >= OUTPUT_DOMAINS) {
        columns[0] = vote_column(data, features_domain_vote((size_t)(output - OUTPUT_DOMAINS)));
        *ret_part = domain_vote_part;
        return 1;
    }
    if (output < OUTPUT_BRANCHES || output >= OUTPUT_PRIVATE) return 0;
    columns[0] = vote_column(data, features_branch_vote((size_t)(output - OUTPUT_BRANCHES)));
    *ret_part = branch_vote_part;
    return 1;
}

/* The n-grams stand first among the words. */
static size_t gram_columns(const corpus *data) {
    size_t count = data->gram_count;
    while (count < data->word_count && data->words[count].block == BLOCK_TITLE)
        count++;
    return count;
}

/* How loud each column is for an output. Classes hear all n-grams alike: with so few texts of most, what tells seems to
 * by chance. */
static int loudness(const learner *self, int output, const struct problem *rows, double *factors) {
    size_t votes[BRANCH_COUNT];
    double part;
    size_t count = votes_heard(self->data, output, votes, &part);
    for (size_t i = 0; i < self->columns; i++)
        factors[i] = 1;
    for (size_t i = 0; i < count; i++)
        if (votes[i] < self->data->word_count) loudness_to_spread(rows, votes[i], part, factors);
    return output == OUTPUT_POINTS ? loudness_of_telling(rows, gram_columns(self->data), factors) : 0;
}

/* The rows and outcomes of an output; how many have the class. */
static int choose_rows(const learner *self, int output, const choice *which, struct problem *rows) {
    const corpus *data = self->data;
    int positive = 0;
    for (size_t i = 0; i < data->label_count; i++) {
        const corpus_text *text = &data->texts[data->labels[i].text];
        if (!chosen(which, &text->complaint) || !known(text, output)) continue;
        positive += text->outputs[output];
        rows->x[rows->l] = self->rows[data->labels[i].text];
        rows->y[rows->l++] = output == OUTPUT_POINTS ? data->labels[i].value : text->outputs[output] ? 1 : -1;
    }
    return positive;
}

/* Fits an output to rows that have both outcomes. */
static int fit_rows(const learner *self, int output, const struct problem *rows, double *weights) {
    bool by_value = output == OUTPUT_POINTS;
    const struct parameter how = {.solver_type = by_value ? L2R_L2LOSS_SVR : L2R_LR,
                                  .eps = by_value ? 0.001 : 0.01,
                                  .C = by_value ? value_cost : class_cost};
    struct problem heard;
    struct feature_node *nodes;
    double *factors = malloc(self->columns * sizeof *factors);
    int r = factors ? loudness(self, output, rows, factors) : -ENOMEM;
    if (r == 0) r = loudness_apply(rows, factors, &heard, &nodes);
    if (r == 0) {
        struct model *model = train(&heard, &how);
        double sign = by_value || model->label[0] == 1 ? 1 : -1;
        for (size_t i = 0; i < self->columns; i++)
            weights[i] = sign * model->w[i] * factors[i];
        free_and_destroy_model(&model);
        free(heard.x);
        free(nodes);
    }
    free(factors);
    return r;
}

/* A domain that no rater named, of those that raters could name, is known by its rules alone. They speak as loud as the
 * rules of the rarest domains that raters did name (weights of 3 to 5 there). */
static void leave_to_rules(const learner *self, int output, double *weights) {
    static const double base = -4;
    const corpus *data = self->data;
    size_t domain = (size_t)(output - OUTPUT_DOMAINS);
    if (output <= OUTPUT_DOMAINS || data->pack->domains[domain].exploratory) return;
    size_t column = vote_column(data, features_domain_vote(domain));
    if (column == data->word_count || data->words[column].scale <= 0) return;
    weights[column] = CLASSIFY_VOTE_WEIGHT / data->words[column].scale;
    weights[self->columns - 1] = base;
}

/* A class that all or none have keeps a constant. */
static int fit(const learner *self, int output, const choice *which, double *weights) {
    size_t labels = self->data->label_count;
    struct problem rows = {.n = (int)self->columns, .bias = -1};
    rows.y = calloc(labels, sizeof *rows.y);
    rows.x = calloc(labels, sizeof(struct feature_node *));
    int r = rows.y && rows.x ? 0 : -ENOMEM, positive = r == 0 ? choose_rows(self, output, which, &rows) : 0;
    bool constant = output != OUTPUT_POINTS && (positive == 0 || positive == rows.l);
    memset(weights, 0, self->columns * sizeof *weights);
    if (constant) weights[self->columns - 1] = positive ? 6 : -6;
    if (r == 0 && !constant && rows.l > 0) r = fit_rows(self, output, &rows, weights);
    if (r == 0 && constant && positive == 0) leave_to_rules(self, output, weights);
    if (r == 0 && output == OUTPUT_DOMAINS + DOMAIN_NONE) weights[self->columns - 1] -= none_handicap;
    free(rows.y);
    free(rows.x);
    return r;
}

static double weigh(const learner *self, size_t text, const double *weights) {
    double sum = 0;
    for (const struct feature_node *node = self->rows[text]; node->index > 0; node++)
        sum += weights[node->index - 1] * node->value;
    return sum;
}

static double points_of(double value) {
    int whole = value >= 5 ? 4 : (int)value;
    return value_points[whole] + (value_points[whole + 1] - value_points[whole]) * (value - whole);
}

typedef struct moments {
    double count, sum, squares;
} moments;

static void take(moments *m, double value) {
    m->count++;
    m->sum += value;
    m->squares += value * value;
}

static double deviation(const moments *m) {
    double mean = m->sum / m->count;
    return sqrt(fmax(0, m->squares / m->count - mean * mean));
}

/* From the raters' scale to points: predictions for texts that were not seen get the mean and the spread that the
 * raters gave, else nothing would ever come near five stars. */
static int calibrate(const learner *self, const choice *all, double *scratch, double *weights) {
    moments given = {0}, predicted = {0};
    choice part = *all;
    part.folds2 = CALIBRATION_FOLDS;
    for (part.without2 = 0; part.without2 < CALIBRATION_FOLDS; part.without2++) {
        if (fit(self, OUTPUT_POINTS, &part, scratch) < 0) return -ENOMEM;
        for (size_t i = 0; i < self->data->label_count; i++) {
            const corpus_label *label = &self->data->labels[i];
            const complaint *text = &self->data->texts[label->text].complaint;
            if (!chosen(all, text) || chosen(&part, text)) continue;
            take(&predicted, weigh(self, label->text, scratch));
            take(&given, points_of(label->value));
        }
    }
    double spread = deviation(&predicted), factor = spread > 1e-6 ? deviation(&given) / spread : 1;
    for (size_t i = 0; i < self->columns; i++)
        weights[i] *= factor;
    weights[self->columns - 1] += given.sum / given.count - factor * predicted.sum / predicted.count;
    return 0;
}

/* --- the model --- */

/* What was learned of the directions, handed back to the n-grams that make them up. */
static void fold_directions(const learner *self, double *weights) {
    const corpus *data = self->data;
    for (size_t c = 0; c < self->space.count; c++) {
        double learned = weights[data->word_count + c] * self->scales[c];
        const float *direction = self->space.directions + c * data->gram_count;
        for (size_t w = 0; learned != 0 && w < data->gram_count; w++)
            weights[w] += learned * direction[w];
    }
}

static int by_key(const void *a, const void *b) {
    const model_row *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* weights: one array a output, NULL where there is none. */
static void make_rows(const learner *self, double *const weights[MODEL_OUTPUTS], model_row *rows) {
    const corpus *data = self->data;
    for (size_t i = 0; i < data->word_count; i++) {
        double most = 0;
        for (int output = 0; output < MODEL_OUTPUTS; output++)
            if (weights[output]) most = fmax(most, fabs(weights[output][i]));
        rows[i].key = data->words[i].key;
        rows[i].scale = (float)(most / 127 * data->words[i].scale);
        for (int output = 0; output < MODEL_OUTPUTS && most > 0; output++)
            if (weights[output]) rows[i].weights[output] = (int8_t)lrint(weights[output][i] / most * 127);
    }
    qsort(rows, data->word_count, sizeof *rows, by_key);
}

static bool is_output(const learner *self, int output) {
    return output < OUTPUT_DOMAINS || (size_t)output < OUTPUT_DOMAINS + self->data->pack->domain_count;
}

static int fit_all(const learner *self, const choice *which, double *weights[MODEL_OUTPUTS], double *scratch) {
    int r = 0;
    for (int output = 0; r == 0 && output < MODEL_OUTPUTS; output++) {
        if (!is_output(self, output)) continue;
        weights[output] = malloc(self->columns * sizeof **weights);
        r = weights[output] ? fit(self, output, which, weights[output]) : -ENOMEM;
        if (r == 0 && output == OUTPUT_POINTS) r = calibrate(self, which, scratch, weights[output]);
        if (r == 0) fold_directions(self, weights[output]);
    }
    return r;
}

int learner_make(const learner *self, int folds, int without, char **ret_bytes, size_t *ret_length, wjz_err *err) {
    const corpus *data = self->data;
    const choice all = {.folds = folds, .without = without, .without2 = -1};
    double *weights[MODEL_OUTPUTS] = {NULL}, *scratch = malloc(self->columns * sizeof *scratch);
    model_row *rows = calloc(data->word_count + 1, sizeof *rows);
    int r = scratch && rows ? fit_all(self, &all, weights, scratch) : -ENOMEM;
    if (r == 0) {
        float bias[MODEL_OUTPUTS] = {0};
        for (int output = 0; output < MODEL_OUTPUTS; output++)
            if (weights[output]) bias[output] = (float)weights[output][self->columns - 1];
        char version[MODEL_VERSION_TEXT];
        snprintf(version, sizeof version, "%s-%zu", rule_pack_version(data->pack), data->label_count);
        make_rows(self, weights, rows);
        r = model_encode(version, data->pack->domains, data->pack->domain_count, bias, rows, data->word_count,
                         ret_bytes, ret_length, err);
    } else {
        no_memory(err);
    }
    for (int output = 0; output < MODEL_OUTPUTS; output++)
        free(weights[output]);
    free(scratch);
    free(rows);
    return r;
}
