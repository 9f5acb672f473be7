/* The file: a head, the bias row, then rows sorted by key, all little-endian as on every machine this runs on. */
#include "scoring/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/grams.h"
#include "scoring/large.h"

enum {
    ROWS_LIMIT = 1 << 20,
    DOMAINS_TEXT = 512,
    ROWS_AT_ONCE = 64,
    ROWS_ASKED_FOR = 16,
    KNOWN_WORDS = 1 << 13,
    GRAMS_LIMIT = 9 * GRAM_CHARACTERS_LIMIT + 1
};

static const char magic[8] = {'W', 'J', 'Z', 'M', 'O', 'D', 'L', '2'};

typedef struct model_head {
    char magic[8];
    uint32_t row_size, row_count;
    char version[MODEL_VERSION_TEXT];
    char domains[DOMAINS_TEXT]; /* ids, each followed by a blank */
    float bias[MODEL_OUTPUTS];
} model_head;

/* An n-gram that the model may have a row for, and where it stands. */
typedef struct gram_row {
    uint32_t row; /* its key, and once it is found its slot */
    uint32_t to;  /* the character behind it << 2 | its characters */
} gram_row;

/* A row in a cache line of its own, so that finding it and adding it up cost one look. */
typedef struct model_slot {
    _Alignas(64) model_row row;
    uint32_t number; /* of the row, from 1; 0: free */
} model_slot;

struct learned_model {
    char version[MODEL_VERSION_TEXT];
    size_t domain_count;
    float bias[MODEL_OUTPUTS];
    uint64_t known[KNOWN_WORDS]; /* two bits for each key: most features were never seen */
    model_slot *slots;           /* open table, by the high bits of the key */
    uint32_t slot_mask;
    int slot_shift;
    /* of the prediction under way */
    gram_row *list;  /* n-grams, those the model has first */
    uint64_t *added; /* a bit for each row that is in the sum */
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

/* What a key has set in its word of `known`. */
static inline uint64_t known_bits(uint32_t key) {
    return UINT64_C(1) << (key >> 15 & 63) | UINT64_C(1) << (key >> 21 & 63);
}

static inline uint32_t known_word(uint32_t key) {
    return key >> 1 & (KNOWN_WORDS - 1); /* the last bit of an n-gram's key is always set */
}

static int take_row(learned_model *model, const model_row *row, uint32_t number, const char *name, wjz_err *err) {
    if (!isfinite(row->scale)) return wjz_err_set(err, -EINVAL, "%s: has a weight that is no number", name);
    uint32_t at = row->key >> model->slot_shift;
    while (model->slots[at].number)
        at = (at + 1) & model->slot_mask;
    model->slots[at].row = *row;
    model->slots[at].number = number;
    model->known[known_word(row->key)] |= known_bits(row->key);
    return 0;
}

/* The rows lie anywhere in memory, as a file's bytes do. */
static int index_rows(learned_model *model, const char *rows, uint32_t count, const char *name, wjz_err *err) {
    int bits = 10;
    while (UINT32_C(1) << bits < count * 2)
        bits++;
    model->slots = large_calloc(((size_t)1 << bits) * sizeof *model->slots);
    if (!model->slots) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    model->slot_mask = (UINT32_C(1) << bits) - 1;
    model->slot_shift = 32 - bits;
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        model_row row;
        memcpy(&row, rows + i * sizeof row, sizeof row);
        if (i > 0 && row.key <= last) return wjz_err_set(err, -EINVAL, "%s: its rows are not in order", name);
        last = row.key;
        int r = take_row(model, &row, i + 1, name, err);
        if (r < 0) return r;
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
    model->added = calloc(head.row_count / 64 + 1, sizeof *model->added);
    model->list = calloc(GRAMS_LIMIT, sizeof *model->list);
    if (!model->added || !model->list) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    r = index_rows(model, (const char *)data + sizeof head, head.row_count, name, err);
    if (r == 0) *ret_model = WJZ_STEAL(model);
    return r;
}

void model_destroy(learned_model **model) {
    if (!model || !*model) return;
    free((*model)->slots);
    free((*model)->list);
    free((*model)->added);
    free(*model);
    *model = NULL;
}

const char *model_version(const learned_model *model) {
    return model->version;
}

/* --- finding rows: the table is larger than the near caches, so each is asked for while others are still hashed --- */

/* A list in three parts: found, asked for, not yet asked for. */
typedef struct row_search {
    const learned_model *model;
    gram_row *list;
    size_t found, asked_from, asked_to, count;
} row_search;

static inline void ask_for_row(const learned_model *model, uint32_t key) {
    __builtin_prefetch(&model->slots[key >> model->slot_shift]);
}

/* Its slot, or a free one. */
static inline uint32_t find_row(const learned_model *model, uint32_t key) {
    uint32_t at = key >> model->slot_shift;
    while (model->slots[at].row.key != key && model->slots[at].number)
        at = (at + 1) & model->slot_mask;
    return at;
}

/* Asks for the new ones, and takes what was asked for before. */
static void find_rows(row_search *search) {
    const learned_model *model = search->model;
    gram_row *list = search->list;
    for (size_t i = search->asked_to; i < search->count; i++)
        ask_for_row(model, list[i].row);
    for (size_t i = search->asked_from; i < search->asked_to; i++) {
        uint32_t slot = find_row(model, list[i].row);
        list[search->found] = (gram_row){slot, list[i].to};
        search->found += model->slots[slot].number != 0;
    }
    search->asked_from = search->asked_to;
    search->asked_to = search->count;
}

/* Most keys were never seen in training; which ones is chance, so nothing branches on it. */
static inline void want_gram(void *arg, uint32_t key, uint32_t from, uint32_t to) {
    row_search *search = arg;
    uint64_t bits = known_bits(key);
    search->list[search->count] = (gram_row){key, to << 2 | (to - from)};
    search->count += (search->model->known[known_word(key)] & bits) == bits;
    if (search->count - search->asked_to == ROWS_ASKED_FOR) find_rows(search);
}

/* Finds the last ones. */
static void end_search(row_search *search) {
    find_rows(search);
    find_rows(search);
    search->asked_from = search->asked_to = search->count = search->found;
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

/* Adds what was found since `first`, of so many n-grams, each row once: an n-gram counts once however often it stands
 * there. */
static void add_grams(adder *a, row_search *search, size_t first, size_t grams) {
    uint64_t *added = a->model->added;
    float value = gram_value(grams);
    end_search(search);
    for (size_t i = first; i < search->found; i++) {
        const model_slot *slot = &a->model->slots[search->list[i].row];
        uint64_t bit = UINT64_C(1) << slot->number % 64;
        if (added[slot->number / 64] & bit) continue;
        added[slot->number / 64] |= bit;
        uint32_t to = search->list[i].to >> 2;
        add_row(a, &slot->row, value, to - (search->list[i].to & 3), to);
    }
}

static void add_texts(adder *a, row_search *search, const feature_source *source) {
    size_t grams = each_gram(source->text, source->title_part, BLOCK_TEXT, want_gram, search);
    grams += each_gram(source->text, source->content_part, BLOCK_TEXT, want_gram, search);
    add_grams(a, search, 0, grams);
    size_t first = search->found;
    grams = each_gram(source->text, source->title_part, BLOCK_TITLE, want_gram, search);
    add_grams(a, search, first, grams);
    for (size_t i = 0; i < search->found; i++)
        a->model->added[a->model->slots[search->list[i].row].number / 64] = 0;
}

static void add_others(adder *a, const feature_list *features) {
    for (size_t i = 0; i < features->count; i++) {
        const feature *item = &features->items[i];
        const model_slot *slot = &a->model->slots[find_row(a->model, item->key)];
        uint32_t from = 0, to = 0;
        if (!slot->number) continue;
        if (item->from < item->to && item->to <= a->text->char_at[a->to]) {
            from = normal_char(a->text, item->from);
            to = normal_char(a->text, item->to);
        }
        add_row(a, &slot->row, item->value, from, to);
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
    feature_list others;
    int r = features_beside_text(source, arena, &others);
    if (r < 0) return r;
    for (size_t i = 0; i < others.count; i++)
        ask_for_row(model, others.items[i].key);
    row_search search = {.model = model, .list = model->list};
    adder sum;
    sum.model = model;
    sum.text = source->text;
    sum.steps = steps;
    sum.to = to;
    sum.count = 0;
    memcpy(sum.sum, model->bias, sizeof sum.sum);
    add_texts(&sum, &search, source);
    add_others(&sum, &others);
    flush(&sum);
    model_verdict verdict = {0};
    read_outputs(model, sum.sum, &verdict);
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
