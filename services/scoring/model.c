/* The file: a head, the bias row, then rows sorted by key, all little-endian as on every machine this runs on. */
#include "scoring/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/grams.h"
#include "scoring/large.h"

enum { ROWS_LIMIT = 1 << 20, DOMAINS_TEXT = 512, ROWS_AT_ONCE = 64, KEYS_AT_ONCE = 256, KNOWN_BITS = 1 << 18 };

static const char magic[8] = {'W', 'J', 'Z', 'M', 'O', 'D', 'L', '2'};

typedef struct model_head {
    char magic[8];
    uint32_t row_size, row_count;
    char version[MODEL_VERSION_TEXT];
    char domains[DOMAINS_TEXT]; /* ids, each followed by a blank */
    float bias[MODEL_OUTPUTS];
} model_head;

/* The key stands beside the number, so that a feature never seen costs one look. */
typedef struct model_slot {
    uint32_t key;
    uint32_t row; /* index + 1; 0: free */
} model_slot;

struct learned_model {
    char version[MODEL_VERSION_TEXT];
    size_t domain_count;
    float bias[MODEL_OUTPUTS];
    uint64_t known[KNOWN_BITS / 64]; /* a bit for some of a key's bits: most features were never seen */
    model_slot *slots;
    uint32_t slot_mask;
    model_row *rows;
    uint64_t *added; /* of the prediction under way: a bit for each row that is in its sum */
};

static int domain_text(const pack_topic *domains, size_t count, char text[DOMAINS_TEXT]) {
    size_t used = 0;
    if (count > OUTPUT_DOMAIN_LIMIT) return -E2BIG;
    memset(text, 0, DOMAINS_TEXT);
    for (size_t i = 0; i < count; i++) {
        int more = snprintf(text + used, DOMAINS_TEXT - used, "%s ", domains[i].id);
        if (more < 0 || (size_t)more >= DOMAINS_TEXT - used) return -E2BIG;
        used += (size_t)more;
    }
    return 0;
}

static int check_head(const model_head *head, size_t length, const char *name, const pack_topic *domains,
                      size_t domain_count, wjz_err *err) {
    char expected[DOMAINS_TEXT];
    if (length < sizeof *head || memcmp(head->magic, magic, sizeof magic) != 0)
        return wjz_err_set(err, -EINVAL, "%s: is no model file", name);
    if (head->row_size != sizeof(model_row) || head->row_count > ROWS_LIMIT ||
        length != sizeof *head + (size_t)head->row_count * sizeof(model_row))
        return wjz_err_set(err, -EINVAL, "%s: is cut short or of another version", name);
    if (head->version[MODEL_VERSION_TEXT - 1] != '\0' || domain_text(domains, domain_count, expected) < 0 ||
        memcmp(head->domains, expected, sizeof expected) != 0)
        return wjz_err_set(err, -EINVAL, "%s: was trained for other domains than pack.yaml lists, train it again",
                           name);
    for (size_t i = 0; i < MODEL_OUTPUTS; i++)
        if (!isfinite(head->bias[i])) return wjz_err_set(err, -EINVAL, "%s: has a weight that is no number", name);
    return 0;
}

static int index_rows(learned_model *model, uint32_t count, const char *name, wjz_err *err) {
    uint32_t slots = 1024;
    while (slots < count * 2)
        slots *= 2;
    model->slots = large_calloc(slots * sizeof *model->slots);
    if (!model->slots) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    model->slot_mask = slots - 1;
    for (uint32_t i = 0; i < count; i++) {
        if (!isfinite(model->rows[i].scale))
            return wjz_err_set(err, -EINVAL, "%s: has a weight that is no number", name);
        if (i > 0 && model->rows[i].key <= model->rows[i - 1].key)
            return wjz_err_set(err, -EINVAL, "%s: its rows are not in order", name);
        uint32_t at = model->rows[i].key & model->slot_mask;
        while (model->slots[at].row)
            at = (at + 1) & model->slot_mask;
        model->slots[at] = (model_slot){model->rows[i].key, i + 1};
        uint32_t bit = model->rows[i].key >> 14;
        model->known[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    return 0;
}

int model_parse(const void *data, size_t length, const char *name, const pack_topic *domains, size_t domain_count,
                learned_model **ret_model, wjz_err *err) {
    model_head head = {0};
    memcpy(&head, data, length < sizeof head ? length : sizeof head);
    int r = check_head(&head, length, name, domains, domain_count, err);
    if (r < 0) return r;
    WJZ_CLEANUP(model_destroy) learned_model *model = calloc(1, sizeof *model);
    if (!model) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    memcpy(model->version, head.version, sizeof head.version);
    memcpy(model->bias, head.bias, sizeof head.bias);
    model->domain_count = domain_count;
    model->rows = large_calloc((size_t)head.row_count * sizeof *model->rows);
    model->added = calloc(head.row_count / 64 + 1, sizeof *model->added);
    if (!model->rows || !model->added) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    memcpy(model->rows, (const char *)data + sizeof head, (size_t)head.row_count * sizeof *model->rows);
    r = index_rows(model, head.row_count, name, err);
    if (r == 0) *ret_model = WJZ_STEAL(model);
    return r;
}

void model_destroy(learned_model **model) {
    if (!model || !*model) return;
    free((*model)->slots);
    free((*model)->rows);
    free((*model)->added);
    free(*model);
    *model = NULL;
}

const char *model_version(const learned_model *model) {
    return model->version;
}

/* --- finding rows: the table and the rows are larger than the near caches, so each is asked for before it is needed
 * --- */

/* A key of an n-gram that the model may have a row for, and where it stands. */
typedef struct wanted_row {
    uint32_t key;
    uint32_t to; /* the character behind it << 2 | its characters */
} wanted_row;

typedef struct found_row {
    uint32_t row, to;
    float value;
} found_row;

typedef struct row_search {
    const learned_model *model;
    wanted_row wanted[KEYS_AT_ONCE]; /* whose slots are on their way */
    size_t wanted_count;
    found_row *found; /* whose rows are on their way */
    size_t count;
} row_search;

static uint32_t find_row(const learned_model *model, uint32_t key) {
    uint32_t at = key & model->slot_mask;
    while (model->slots[at].row && model->slots[at].key != key)
        at = (at + 1) & model->slot_mask;
    return model->slots[at].row;
}

static void find_rows(row_search *search) {
    const learned_model *model = search->model;
    for (size_t i = 0; i < search->wanted_count; i++) {
        uint32_t row = find_row(model, search->wanted[i].key);
        if (!row) continue;
        const model_row *weights = &model->rows[row - 1];
        __builtin_prefetch(weights);
        __builtin_prefetch((const char *)(weights + 1) - 1);
        search->found[search->count++] = (found_row){.row = row - 1, .to = search->wanted[i].to};
    }
    search->wanted_count = 0;
}

/* Most keys were never seen in training; which ones is chance, so nothing branches on it. */
static inline void want_gram(void *arg, uint32_t key, uint32_t from, uint32_t to) {
    row_search *search = arg;
    const learned_model *model = search->model;
    uint32_t bit = key >> 14;
    __builtin_prefetch(&model->slots[key & model->slot_mask]);
    search->wanted[search->wanted_count] = (wanted_row){key, to << 2 | (to - from)};
    search->wanted_count += model->known[bit / 64] >> bit % 64 & 1;
    if (search->wanted_count == KEYS_AT_ONCE) find_rows(search);
}

/* Ends a group of n-grams, which share one value. */
static void end_grams(row_search *search, size_t from, size_t grams) {
    find_rows(search);
    float value = gram_value(grams);
    for (size_t i = from; i < search->count; i++)
        search->found[i].value = value;
}

static void find_grams(row_search *search, const feature_source *source) {
    size_t grams = each_gram(source->text, source->title_part, BLOCK_TEXT, want_gram, search);
    grams += each_gram(source->text, source->content_part, BLOCK_TEXT, want_gram, search);
    end_grams(search, 0, grams);
    size_t first = search->count;
    grams = each_gram(source->text, source->title_part, BLOCK_TITLE, want_gram, search);
    end_grams(search, first, grams);
}

/* --- adding them up --- */

/* sum += value * weights, with the widest vectors that the machine has. */
__attribute__((target_clones("avx512f", "avx2", "default"))) static void
add_rows(const model_row *const *rows, const float *values, size_t count, float sum[MODEL_OUTPUTS]) {
    float total[MODEL_OUTPUTS];
    memcpy(total, sum, sizeof total);
    for (size_t i = 0; i < count; i++) {
        float scale = rows[i]->scale * values[i];
        for (int k = 0; k < MODEL_OUTPUTS; k++)
            total[k] += scale * rows[i]->weights[k];
    }
    memcpy(sum, total, sizeof total);
}

typedef struct adder {
    const learned_model *model;
    const normal_text *text;
    float *steps; /* of the first `to` characters, and one more */
    uint32_t to;
    const model_row *rows[ROWS_AT_ONCE];
    float values[ROWS_AT_ONCE];
    size_t count;
    float sum[MODEL_OUTPUTS];
} adder;

static void flush(adder *a) {
    add_rows(a->rows, a->values, a->count, a->sum);
    a->count = 0;
}

/* Adds a row that stands on the characters [from, to), from = to: on none; what it adds to the points is spread over
 * their bytes. */
static inline void add_row(adder *a, const model_row *row, float value, uint32_t from, uint32_t to) {
    a->rows[a->count] = row;
    a->values[a->count++] = value;
    if (from < to && to <= a->to) {
        float share =
            row->scale * value * row->weights[OUTPUT_POINTS] / (float)(a->text->char_at[to] - a->text->char_at[from]);
        a->steps[from] += share;
        a->steps[to] -= share;
    }
    if (a->count == ROWS_AT_ONCE) flush(a);
}

/* Each row once: an n-gram counts once however often it stands there. */
static void add_grams(adder *a, const row_search *search) {
    uint64_t *added = a->model->added;
    for (size_t i = 0; i < search->count; i++) {
        const found_row *found = &search->found[i];
        uint64_t bit = UINT64_C(1) << found->row % 64;
        if (added[found->row / 64] & bit) continue;
        added[found->row / 64] |= bit;
        uint32_t to = found->to >> 2;
        add_row(a, &a->model->rows[found->row], found->value, to - (found->to & 3), to);
    }
    for (size_t i = 0; i < search->count; i++)
        added[search->found[i].row / 64] = 0;
}

static void add_others(adder *a, const feature_list *features) {
    for (size_t i = 0; i < features->count; i++) {
        const feature *item = &features->items[i];
        uint32_t row = find_row(a->model, item->key), from = 0, to = 0;
        if (!row) continue;
        if (item->from < item->to && item->to <= a->text->char_at[a->to]) {
            from = normal_char(a->text, item->from);
            to = normal_char(a->text, item->to);
        }
        add_row(a, &a->model->rows[row - 1], item->value, from, to);
    }
}

static void read_outputs(const learned_model *model, const float sum[MODEL_OUTPUTS], model_verdict *verdict) {
    for (int i = 0; i < KIND_COUNT; i++)
        verdict->votes.kinds[i] = sum[OUTPUT_KINDS + i];
    for (int i = 0; i < BRANCH_COUNT; i++)
        verdict->votes.branches[i] = sum[OUTPUT_BRANCHES + i];
    for (size_t i = 0; i < model->domain_count; i++)
        verdict->votes.domains[i] = sum[OUTPUT_DOMAINS + i];
    verdict->votes.private_dispute = sum[OUTPUT_PRIVATE];
    verdict->points = sum[OUTPUT_POINTS];
}

int model_predict(const learned_model *model, const feature_source *source, float *steps, uint32_t to, wjz_arena *arena,
                  model_verdict *ret_verdict) {
    const normal_text *text = source->text;
    feature_list others;
    int r = features_beside_text(source, arena, &others);
    if (r < 0) return r;
    for (size_t i = 0; i < others.count; i++)
        __builtin_prefetch(&model->slots[others.items[i].key & model->slot_mask]);
    size_t most = grams_most(text, source->content_part) + 2 * grams_most(text, source->title_part);
    row_search *search = wjz_arena_alloc(arena, sizeof *search);
    adder *sum = wjz_arena_alloc(arena, sizeof *sum);
    found_row *found = wjz_arena_alloc(arena, most * sizeof *found);
    if (!search || !sum || !found) return -ENOMEM;
    search->model = model;
    search->wanted_count = search->count = 0;
    search->found = found;
    *sum = (adder){.model = model, .text = text, .steps = steps, .to = to};
    memcpy(sum->sum, model->bias, sizeof sum->sum);
    find_grams(search, source);
    add_grams(sum, search);
    add_others(sum, &others);
    flush(sum);
    model_verdict verdict = {0};
    read_outputs(model, sum->sum, &verdict);
    *ret_verdict = verdict;
    return 0;
}

int model_encode(const char *version, const pack_topic *domains, size_t domain_count, const float bias[MODEL_OUTPUTS],
                 const model_row *rows, size_t count, char **ret_bytes, size_t *ret_length, wjz_err *err) {
    model_head head = {.row_size = sizeof *rows, .row_count = (uint32_t)count};
    memcpy(head.magic, magic, sizeof magic);
    snprintf(head.version, sizeof head.version, "%s", version);
    memcpy(head.bias, bias, sizeof head.bias);
    if (domain_text(domains, domain_count, head.domains) < 0)
        return wjz_err_set(err, -E2BIG, "cannot make a model: there are too many domains, or their ids are too long");
    char *bytes = malloc(sizeof head + count * sizeof *rows);
    if (!bytes) return wjz_err_set(err, -ENOMEM, "could not make a model: no memory");
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, rows, count * sizeof *rows);
    *ret_bytes = bytes;
    *ret_length = sizeof head + count * sizeof *rows;
    return 0;
}
