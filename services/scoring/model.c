/* The file: a head, the bias row, then rows sorted by key, all little-endian as on every machine this runs on. */
#include "scoring/model.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/grams.h"
#include "scoring/key_places.h"
#include "scoring/large.h"

enum {
    ROWS_LIMIT = 1 << 20,
    DOMAINS_TEXT = 512,
    ROWS_AT_ONCE = 32, /* are asked for, and added while they are in the nearest cache */
    MET_KEYS = 512,
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
    _Alignas(64) model_row row; /* key 0: none */
    uint64_t added;             /* number of the last prediction that has it in its sum */
} model_slot;

/* N-grams of a part that the model may have rows for, and room to write one over that it has none for. */
typedef struct gram_list {
    size_t count;
    uint32_t keys[GRAMS_LIMIT + 1];
    uint32_t spans[GRAMS_LIMIT + 1]; /* where it ends, in characters of the text, and in the low bits its length */
} gram_list;

enum { SPAN_LENGTH_BITS = 2 };

struct learned_model {
    char version[MODEL_VERSION_TEXT];
    size_t domain_count;
    float bias[MODEL_OUTPUTS];
    key_places places; /* of the rows' keys */
    model_slot *slots;
    uint64_t predictions;   /* so far */
    gram_list grams;        /* of the part that is being added */
    uint32_t met[MET_KEYS]; /* keys that the prediction under way has listed, by their low bits; 0: none */
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
    uint32_t *keys = malloc((count + 1) * sizeof *keys);
    for (uint32_t i = 0; keys && i < count; i++)
        keys[i] = row_at(rows, i).key;
    r = keys ? key_places_make(keys, count, &model->places) : -ENOMEM;
    free(keys);
    if (r == -EINVAL) return wjz_err_set(err, r, "%s: its keys are no hashes", name);
    if (r == 0) model->slots = large_calloc(model->places.place_count * sizeof *model->slots);
    if (!model->slots) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    for (uint32_t i = 0; i < count; i++) {
        model_row row = row_at(rows, i);
        model->slots[key_place(&model->places, row.key)].row = row;
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
    key_places_free(&(*model)->places);
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
    const uint32_t *char_at; /* of the text */
    float *steps;            /* of the first `to` characters, and one more */
    uint32_t to;
    float outputs[MODEL_OUTPUTS]; /* see add_weights */
} row_sum;

enum { LANES = 8, WORD = MODEL_OUTPUTS / LANES /* bytes */ };
typedef float float_lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t int_lanes __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef uint32_t word_lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

/* outputs += scale * weights, with the widest vectors that the machine has. A row's weights are taken as words of four,
 * because shifting words is cheaper than sorting bytes into lanes; outputs are in the order that this gives. */
__attribute__((target_clones("avx512f", "avx2", "default"))) static void
add_weights(const model_row *const *rows, const float *scales, size_t count, float outputs[MODEL_OUTPUTS]) {
    float_lanes total[WORD];
    memcpy(total, outputs, sizeof total);
    for (size_t i = 0; i < count; i++) {
        word_lanes words;
        memcpy(&words, rows[i]->weights, sizeof words);
        total[0] += scales[i] * __builtin_convertvector((int_lanes)(words << 24) >> 24, float_lanes);
        total[1] += scales[i] * __builtin_convertvector((int_lanes)(words << 16) >> 24, float_lanes);
        total[2] += scales[i] * __builtin_convertvector((int_lanes)(words << 8) >> 24, float_lanes);
        total[3] += scales[i] * __builtin_convertvector((int_lanes)words >> 24, float_lanes);
    }
    memcpy(outputs, total, sizeof total);
}
_Static_assert(WORD == 4, "add_weights takes a word apart");

/* Where the sum of an output stands in that order. */
static inline int summed_at(int output) {
    return output % WORD * LANES + output / WORD;
}

/* Spreads what a row with this scale adds to the points over the bytes of the characters [from, to) that it stands on.
 */
static inline void spread(row_sum *sum, const model_row *row, float scale, uint32_t from, uint32_t to) {
    float share = scale * row->weights[OUTPUT_POINTS] / (float)(int32_t)(sum->char_at[to] - sum->char_at[from]);
    sum->steps[from] += share;
    sum->steps[to] -= share;
}

/* --- finding rows: each is asked for before it is needed --- */

static inline model_slot *ask_for(const learned_model *model, uint32_t key) {
    model_slot *slot = &model->slots[key_place(&model->places, key)];
    __builtin_prefetch(slot);
    return slot;
}

typedef struct gram_filter {
    key_places places;
    uint32_t *keys, *spans, *met;
    size_t count;
} gram_filter;

/* Whether the model has seen an n-gram, and whether it was listed before, is chance, so nothing branches on it. One
 * that was listed and forgotten is listed again. */
static inline void want_gram(void *arg, uint32_t key, uint32_t to, uint32_t length) {
    gram_filter *filter = arg;
    filter->keys[filter->count] = key;
    filter->spans[filter->count] = to << SPAN_LENGTH_BITS | length;
    uint32_t *met = &filter->met[key / 2 % MET_KEYS];
    filter->count += key_may_be(&filter->places, key) & (*met != key);
    *met = key;
}

static void list_grams(learned_model *model, const gram_letters *letters, feature_block block) {
    gram_filter filter = {
        .places = model->places, .keys = model->grams.keys, .spans = model->grams.spans, .met = model->met};
    each_gram(letters, block, want_gram, &filter);
    model->grams.count = filter.count;
}

/* How many of the listed n-grams are handled at once, from there on. */
static size_t so_many(const gram_list *grams, size_t from) {
    size_t left = grams->count > from ? grams->count - from : 0;
    return left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE;
}

static void ask_for_rows(const learned_model *model, size_t from, model_slot *ret_slots[ROWS_AT_ONCE]) {
    for (size_t i = 0, count = so_many(&model->grams, from); i < count; i++)
        ret_slots[i] = ask_for(model, model->grams.keys[from + i]);
}

/* Each row once: an n-gram counts once however often it stands there. Which were there before is chance as well. */
static size_t take_new(const learned_model *model, size_t from, model_slot *const *slots, const model_row **ret_rows,
                       uint32_t *ret_spans) {
    const uint32_t *keys = model->grams.keys + from, *spans = model->grams.spans + from;
    const uint64_t now = model->predictions;
    size_t count = 0;
    for (size_t i = 0, most = so_many(&model->grams, from); i < most; i++) {
        model_slot *slot = slots[i];
        bool found = slot->row.key == keys[i];
        ret_rows[count] = &slot->row;
        ret_spans[count] = spans[i];
        count += found & (slot->added != now);
        slot->added = found ? now : slot->added;
    }
    return count;
}

static void add_rows(row_sum *sum, size_t from, model_slot *const *slots, float value) {
    const model_row *rows[ROWS_AT_ONCE + 1]; /* one more is written over */
    uint32_t spans[ROWS_AT_ONCE + 1];
    float scales[ROWS_AT_ONCE];
    size_t count = take_new(sum->model, from, slots, rows, spans);
    for (size_t i = 0; i < count; i++) {
        uint32_t to = spans[i] >> SPAN_LENGTH_BITS, length = spans[i] & ((1 << SPAN_LENGTH_BITS) - 1);
        scales[i] = rows[i]->scale * value;
        if (to <= sum->to) spread(sum, rows[i], scales[i], to - length, to);
    }
    add_weights(rows, scales, count, sum->outputs);
}

static void add_grams(row_sum *sum, const gram_letters *letters, feature_block block, float value) {
    model_slot *one[ROWS_AT_ONCE], *other[ROWS_AT_ONCE], **asked = one, **next = other;
    list_grams(sum->model, letters, block);
    ask_for_rows(sum->model, 0, asked);
    for (size_t at = 0; at < sum->model->grams.count; at += ROWS_AT_ONCE) {
        ask_for_rows(sum->model, at + ROWS_AT_ONCE, next);
        add_rows(sum, at, asked, value);
        model_slot **added = asked;
        asked = next;
        next = added;
    }
}

static void add_texts(row_sum *sum, const feature_source *source) {
    gram_letters title, content;
    size_t in_title = gram_letters_of(source->text, source->title_part, &title);
    size_t in_content = gram_letters_of(source->text, source->content_part, &content);
    float value = gram_value(in_title + in_content);
    add_grams(sum, &title, BLOCK_TEXT, value);
    add_grams(sum, &content, BLOCK_TEXT, value);
    add_grams(sum, &title, BLOCK_TITLE, gram_value(in_title));
}

static void add_others(row_sum *sum, const normal_text *text, const feature_list *features) {
    const model_row *rows[ROWS_AT_ONCE];
    float scales[ROWS_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < features->count; i++) {
        const feature *item = &features->items[i];
        const model_row *row = &ask_for(sum->model, item->key)->row;
        float scale = row->scale * item->value;
        if (row->key != item->key) continue;
        if (item->from < item->to && item->to <= sum->char_at[sum->to])
            spread(sum, row, scale, normal_char(text, item->from), normal_char(text, item->to));
        rows[count] = row;
        scales[count++] = scale;
        if (count < ROWS_AT_ONCE) continue;
        add_weights(rows, scales, count, sum->outputs);
        count = 0;
    }
    add_weights(rows, scales, count, sum->outputs);
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
    for (size_t i = 0; i < others.count; i++)
        (void)ask_for(model, others.items[i].key);
    row_sum sum = {.model = model, .char_at = source->text->char_at, .steps = steps, .to = to};
    for (int i = 0; i < MODEL_OUTPUTS; i++)
        sum.outputs[summed_at(i)] = model->bias[i];
    model->predictions++;
    memset(model->met, 0, sizeof model->met);
    add_texts(&sum, source);
    add_others(&sum, source->text, &others);
    model_verdict verdict = {0};
    float outputs[MODEL_OUTPUTS];
    for (int i = 0; i < MODEL_OUTPUTS; i++)
        outputs[i] = sum.outputs[summed_at(i)];
    read_outputs(model, outputs, &verdict);
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
