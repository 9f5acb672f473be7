/* The file: a head, the bias row, then rows sorted by key, all little-endian as on every machine this runs on. */
#include "scoring/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_LIMIT = 1 << 20, DOMAINS_TEXT = 512, ROWS_AT_ONCE = 64, KNOWN_BITS = 1 << 18 };

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
    model->slots = calloc(slots, sizeof *model->slots);
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
    model->rows = malloc((size_t)head.row_count * sizeof *model->rows + 1);
    if (!model->rows) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", name);
    memcpy(model->rows, (const char *)data + sizeof head, (size_t)head.row_count * sizeof *model->rows);
    r = index_rows(model, head.row_count, name, err);
    if (r == 0) *ret_model = WJZ_STEAL(model);
    return r;
}

void model_destroy(learned_model **model) {
    if (!model || !*model) return;
    free((*model)->slots);
    free((*model)->rows);
    free(*model);
    *model = NULL;
}

const char *model_version(const learned_model *model) {
    return model->version;
}

static inline const model_row *find_row(const learned_model *model, uint32_t key) {
    uint32_t bit = key >> 14;
    if (!(model->known[bit / 64] >> bit % 64 & 1)) return NULL;
    for (uint32_t at = key & model->slot_mask; model->slots[at].row; at = (at + 1) & model->slot_mask)
        if (model->slots[at].key == key) return &model->rows[model->slots[at].row - 1];
    return NULL;
}

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

/* Spreads what a feature adds to the points over its bytes. */
static inline void trace(const feature *item, float points, float *steps, uint32_t to) {
    if (item->from >= item->to || item->to > to) return;
    float share = points / (float)(item->to - item->from);
    steps[item->from] += share;
    steps[item->to] -= share;
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

void model_predict(const learned_model *model, const feature_list *features, float *steps, uint32_t to,
                   model_verdict *ret_verdict) {
    float sum[MODEL_OUTPUTS];
    memcpy(sum, model->bias, sizeof sum);
    for (size_t i = 0; i < features->count;) {
        const model_row *rows[ROWS_AT_ONCE];
        const feature *items[ROWS_AT_ONCE];
        float values[ROWS_AT_ONCE];
        size_t count = 0;
        for (; i < features->count && count < ROWS_AT_ONCE; i++) {
            const model_row *row = find_row(model, features->items[i].key);
            if (!row) continue;
            __builtin_prefetch(row);
            rows[count] = row;
            items[count] = &features->items[i];
            values[count++] = features->items[i].value;
        }
        add_rows(rows, values, count, sum);
        for (size_t k = 0; steps && k < count; k++)
            trace(items[k], rows[k]->scale * values[k] * rows[k]->weights[OUTPUT_POINTS], steps, to);
    }
    model_verdict verdict = {0};
    read_outputs(model, sum, &verdict);
    *ret_verdict = verdict;
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
