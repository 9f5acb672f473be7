/* The file: a head, the bias row, then rows sorted by key, all little-endian as on every machine this runs on. */
#include "scoring/model.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/grams.h"
#include "scoring/large.h"

enum {
    ROWS_LIMIT = 1 << 20,
    DOMAINS_TEXT = 512,
    ROWS_AT_ONCE = 32,      /* while they are in the nearest cache */
    CHARACTERS_AT_ONCE = 8, /* whose n-grams are asked for while those before are added */
    GRAMS_AT_ONCE = 3 * CHARACTERS_AT_ONCE,
    KNOWN_BITS = 20,
    KNOWN_WORDS = (1 << KNOWN_BITS) / 64,
};

static const char magic[8] = {'W', 'J', 'Z', 'M', 'O', 'D', 'L', '2'};

typedef struct model_head {
    char magic[8];
    uint32_t row_size, row_count;
    char version[MODEL_VERSION_TEXT];
    char domains[DOMAINS_TEXT]; /* ids, each followed by a blank */
    float bias[MODEL_OUTPUTS];
} model_head;

/* A row in a cache line of its own, so that finding it and adding it up cost one look. */
typedef struct model_slot {
    _Alignas(64) model_row row;
    uint32_t next;  /* place of another one whose key begins alike, 0: none */
    uint64_t added; /* number of the last prediction that has it in its sum */
} model_slot;

struct learned_model {
    char version[MODEL_VERSION_TEXT];
    size_t domain_count;
    float bias[MODEL_OUTPUTS];
    uint64_t known[KNOWN_WORDS];  /* a bit by the high bits of each key: many features were never seen */
    uint32_t before[KNOWN_WORDS]; /* bits in the words before each */
    model_slot *slots;            /* one for each bit, in their order; behind them further ones of the same bits */
    uint64_t predictions;         /* so far */
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

/* --- where rows stand: the table is larger than the near caches, so a row must be where it is asked for --- */

/* Functions that count bits, with the processor's own instruction where it has one. */
#define COUNTS_BITS __attribute__((target_clones("popcnt", "default")))

static inline uint32_t known_bit(uint32_t key) {
    return key >> (32 - KNOWN_BITS);
}

/* 1 when there may be a row for the key, else 0. */
static inline uint32_t known(const learned_model *model, uint32_t key) {
    uint32_t bit = known_bit(key);
    return model->known[bit / 64] >> bit % 64 & 1;
}

/* The place of the first row whose key begins like a known one. */
static inline uint32_t place_of(const learned_model *model, uint32_t key) {
    uint32_t bit = known_bit(key);
    uint64_t lower = model->known[bit / 64] & ((UINT64_C(1) << bit % 64) - 1);
    return model->before[bit / 64] + (uint32_t)__builtin_popcountll(lower);
}

/* Its slot; one with another key when there is none. */
static inline model_slot *find_row(const learned_model *model, uint32_t place, uint32_t key) {
    model_slot *slot = &model->slots[place];
    while (slot->row.key != key && slot->next)
        slot = &model->slots[slot->next];
    return slot;
}

/* Rows have any alignment, as a file's bytes do. */
static model_row row_at(const char *rows, uint32_t i) {
    model_row row;
    memcpy(&row, rows + i * sizeof row, sizeof row);
    return row;
}

static int check_rows(const char *rows, uint32_t count, const char *name, wjz_err *err) {
    for (uint32_t i = 0, last = 0; i < count; i++) {
        model_row row = row_at(rows, i);
        if (i > 0 && row.key <= last) return wjz_err_set(err, -EINVAL, "%s: its rows are not in order", name);
        if (!isfinite(row.scale)) return wjz_err_set(err, -EINVAL, "%s: has a weight that is no number", name);
        last = row.key;
    }
    return 0;
}

static int index_rows(learned_model *model, const char *rows, uint32_t count, const char *name, wjz_err *err) {
    int r = check_rows(rows, count, name, err);
    if (r < 0) return r;
    model->slots = large_calloc((count + 1) * sizeof *model->slots);
    if (!model->slots) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = known_bit(row_at(rows, i).key);
        model->known[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    uint32_t behind = 0;
    for (uint32_t word = 0; word < KNOWN_WORDS; word++) {
        model->before[word] = behind;
        behind += (uint32_t)__builtin_popcountll(model->known[word]);
    }
    model_slot *last = NULL;
    for (uint32_t i = 0; i < count; i++) {
        model_row row = row_at(rows, i);
        bool alike = last && known_bit(last->row.key) == known_bit(row.key);
        uint32_t place = alike ? behind++ : place_of(model, row.key);
        if (alike) last->next = place;
        last = &model->slots[place];
        last->row = row;
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
    r = index_rows(model, (const char *)data + sizeof head, head.row_count, name, err);
    if (r == 0) *ret_model = WJZ_STEAL(model);
    return r;
}

void model_destroy(learned_model **model) {
    if (!model || !*model) return;
    free((*model)->slots);
    free(*model);
    *model = NULL;
}

const char *model_version(const learned_model *model) {
    return model->version;
}

/* --- adding rows up --- */

typedef struct row_sum {
    learned_model *model;
    const normal_text *text;
    float *steps; /* of the first `to` characters, and one more */
    uint32_t to;
    const model_row *rows[ROWS_AT_ONCE];
    float scales[ROWS_AT_ONCE];
    size_t count;
    float outputs[MODEL_OUTPUTS];
} row_sum;

/* outputs += scale * weights, with the widest vectors that the machine has. */
__attribute__((target_clones("avx512f", "avx2", "default"))) static void
add_weights(const model_row *const *rows, const float *scales, size_t count, float outputs[MODEL_OUTPUTS]) {
    float total[MODEL_OUTPUTS];
    memcpy(total, outputs, sizeof total);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < MODEL_OUTPUTS; k++)
            total[k] += scales[i] * rows[i]->weights[k];
    memcpy(outputs, total, sizeof total);
}

static void flush(row_sum *sum) {
    add_weights(sum->rows, sum->scales, sum->count, sum->outputs);
    sum->count = 0;
}

/* Adds a row that stands on the characters [from, to), from = to: on none; what it adds to the points is spread over
 * their bytes. */
static inline void add_row(row_sum *sum, const model_row *row, float value, uint32_t from, uint32_t to) {
    float scale = row->scale * value;
    sum->rows[sum->count] = row;
    sum->scales[sum->count++] = scale;
    if (from < to && to <= sum->to) {
        float share = scale * row->weights[OUTPUT_POINTS] / (float)(sum->text->char_at[to] - sum->text->char_at[from]);
        sum->steps[from] += share;
        sum->steps[to] -= share;
    }
    if (sum->count == ROWS_AT_ONCE) flush(sum);
}

/* --- finding rows: each is asked for before it is needed --- */

typedef struct gram {
    uint32_t key, from, to;
    uint32_t place; /* of its row */
} gram;

/* N-grams that the model may have rows for, which are on their way. */
typedef struct gram_rows {
    size_t count;
    gram list[GRAMS_AT_ONCE + 1];
} gram_rows;

typedef struct gram_filter {
    const learned_model *model;
    gram *next;
} gram_filter;

/* Whether the model has seen it is chance, so nothing branches on it. */
static inline void want_gram(void *arg, uint32_t key, uint32_t from, uint32_t to) {
    gram_filter *filter = arg;
    *filter->next = (gram){.key = key, .from = from, .to = to};
    filter->next += known(filter->model, key);
}

static inline void ask_for(const learned_model *model, uint32_t place) {
    __builtin_prefetch(&model->slots[place]);
}

COUNTS_BITS static void walk_and_ask(const learned_model *model, gram_walk *walk, const normal_text *text,
                                     gram_rows *wanted) {
    gram_filter filter = {.model = model, .next = wanted->list};
    walk_on(walk, text, CHARACTERS_AT_ONCE, want_gram, &filter);
    wanted->count = (size_t)(filter.next - wanted->list);
    for (size_t i = 0; i < wanted->count; i++) {
        wanted->list[i].place = place_of(model, wanted->list[i].key);
        ask_for(model, wanted->list[i].place);
    }
}

/* Each row once: an n-gram counts once however often it stands there. Which were there before is chance as well. */
static void add_wanted(row_sum *sum, const gram_rows *wanted, float value) {
    const model_row *rows[GRAMS_AT_ONCE + 1];
    const gram *grams[GRAMS_AT_ONCE + 1];
    const uint64_t now = sum->model->predictions;
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        model_slot *slot = find_row(sum->model, wanted->list[i].place, wanted->list[i].key);
        bool found = slot->row.key == wanted->list[i].key;
        rows[count] = &slot->row;
        grams[count] = &wanted->list[i];
        count += found & (slot->added != now);
        slot->added = found ? now : slot->added;
    }
    for (size_t i = 0; i < count; i++)
        add_row(sum, rows[i], value, grams[i]->from, grams[i]->to);
}

static void add_part(row_sum *sum, size_t part, feature_block block, float value) {
    gram_rows one, other, *last = &one, *next = &other;
    last->count = 0;
    gram_walk walk = walk_of(sum->text, part, block);
    while (walk.at < walk.to) {
        walk_and_ask(sum->model, &walk, sum->text, next);
        add_wanted(sum, last, value);
        gram_rows *added = last;
        last = next;
        next = added;
    }
    add_wanted(sum, last, value);
}

static void add_texts(row_sum *sum, const feature_source *source) {
    size_t title = grams_in(source->text, source->title_part), content = grams_in(source->text, source->content_part);
    float value = gram_value(title + content);
    add_part(sum, source->title_part, BLOCK_TEXT, value);
    add_part(sum, source->content_part, BLOCK_TEXT, value);
    add_part(sum, source->title_part, BLOCK_TITLE, gram_value(title));
}

COUNTS_BITS static void ask_for_others(const learned_model *model, const feature_list *features) {
    for (size_t i = 0; i < features->count; i++)
        if (known(model, features->items[i].key)) ask_for(model, place_of(model, features->items[i].key));
}

COUNTS_BITS static void add_others(row_sum *sum, const feature_list *features) {
    for (size_t i = 0; i < features->count; i++) {
        const feature *item = &features->items[i];
        if (!known(sum->model, item->key)) continue;
        const model_slot *slot = find_row(sum->model, place_of(sum->model, item->key), item->key);
        uint32_t from = 0, to = 0;
        if (slot->row.key != item->key) continue;
        if (item->from < item->to && item->to <= sum->text->char_at[sum->to]) {
            from = normal_char(sum->text, item->from);
            to = normal_char(sum->text, item->to);
        }
        add_row(sum, &slot->row, item->value, from, to);
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

int model_predict(learned_model *model, const feature_source *source, float *steps, uint32_t to, wjz_arena *arena,
                  model_verdict *ret_verdict) {
    feature_list others;
    int r = features_beside_text(source, arena, &others);
    if (r < 0) return r;
    ask_for_others(model, &others);
    row_sum sum = {.model = model, .text = source->text, .steps = steps, .to = to};
    memcpy(sum.outputs, model->bias, sizeof sum.outputs);
    model->predictions++;
    add_texts(&sum, source);
    add_others(&sum, &others);
    flush(&sum);
    model_verdict verdict = {0};
    read_outputs(model, sum.outputs, &verdict);
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
