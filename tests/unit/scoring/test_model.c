/* A prediction is the sum of the rows of what features.h lists: of short, long, empty and repeated texts, with n-grams
 * that the model knows and that it never saw. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/model.h"
#include "unit/scoring/world.h"

enum { ROWS = 1 << 14, LONG = 9000 };

static char long_text[LONG + 1], repeated_text[LONG + 1];

static const struct {
    const char *title, *content;
} texts[] = {
    {"", ""},
    {"污", "染"},
    {"河道污染", "河道污染，河道污染。ktv 3点还在吵！为何？12次12次"},
    {"", repeated_text},
    {long_text, long_text},
};

/* Repeats characters from U+4E00 on, a mark now and then, up to the longest text that fits. */
static void fill(char *text, uint32_t characters, uint32_t step) {
    size_t at = 0;
    for (uint32_t i = 0; at + 3 <= LONG; i++) {
        uint32_t code = i % 37 == 36 ? 0x3002 : 0x4E00 + i * step % characters;
        text[at++] = (char)(0xE0 | code >> 12);
        text[at++] = (char)(0x80 | (code >> 6 & 0x3F));
        text[at++] = (char)(0x80 | (code & 0x3F));
    }
}

static feature_source source_of(size_t i, wjz_arena *arena) {
    static const rule_matches no_matches = {0};
    static const class_votes no_votes = {0};
    text_part *parts = wjz_arena_alloc(arena, 2 * sizeof *parts);
    normal_text *text = NULL;
    parts[0] = (text_part){WJZ__SCORING__FIELD__FIELD_TITLE, texts[i].title, strlen(texts[i].title)};
    parts[1] = (text_part){WJZ__SCORING__FIELD__FIELD_CONTENT, texts[i].content, strlen(texts[i].content)};
    assert_int_equal(normalise(parts, 2, arena, &text), 0);
    return (feature_source){
        .text = text, .title_part = 0, .content_part = 1, .matches = &no_matches, .votes = &no_votes};
}

static int by_key(const void *a, const void *b) {
    const model_row *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static bool is_known(uint32_t key) {
    return (key >> 5) % 3 != 0;
}

static int8_t weight_of(uint32_t key, int output) {
    return (int8_t)((key >> 8) % 11 + (uint32_t)output * 7 % 19) - 14;
}

/* A model that knows two thirds of the features of all texts. */
static learned_model *model_of_texts(const rule_pack *pack, wjz_arena *arena) {
    static model_row rows[ROWS];
    float bias[MODEL_OUTPUTS];
    size_t count = 0, kept = 0, length = 0;
    char *bytes = NULL;
    learned_model *model = NULL;
    wjz_err err = {0};
    for (int k = 0; k < MODEL_OUTPUTS; k++)
        bias[k] = (float)k / 8;
    for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
        const feature_source source = source_of(i, arena);
        feature_list features;
        assert_int_equal(features_of(&source, arena, &features), 0);
        for (size_t f = 0; f < features.count && count < ROWS; f++) {
            uint32_t key = features.items[f].key;
            if (!is_known(key)) continue;
            rows[count] = (model_row){.key = key, .scale = 0.25f};
            for (int k = 0; k < MODEL_OUTPUTS; k++)
                rows[count].weights[k] = weight_of(key, k);
            count++;
        }
    }
    assert_in_range(count, 1000, ROWS - 1);
    qsort(rows, count, sizeof *rows, by_key);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || rows[i].key != rows[kept - 1].key) rows[kept++] = rows[i];
    assert_int_equal(model_encode("t", pack->domains, pack->domain_count, bias, rows, kept, &bytes, &length, &err), 0);
    assert_int_equal(model_parse(bytes, length, "t", pack->domains, pack->domain_count, &model, &err), 0);
    free(bytes);
    return model;
}

static double sum_of(const feature_list *features, int output) {
    double sum = (float)output / 8;
    for (size_t i = 0; i < features->count; i++)
        if (is_known(features->items[i].key))
            sum += 0.25 * features->items[i].value * weight_of(features->items[i].key, output);
    return sum;
}

/* What lies on the text's bytes: all that its n-grams add to the points. */
static double spread_of(const feature_source *source, const float *steps, uint32_t to) {
    double level = 0, sum = 0;
    for (uint32_t i = 0; i < to; i++) {
        level += steps[i];
        sum += level * (source->text->char_at[i + 1] - source->text->char_at[i]);
    }
    return sum;
}

static void adds_up_what_features_say(void **state) {
    world *w = *state;
    wjz_arena *arena = wjz_arena_new(0);
    fill(long_text, 900, 7);
    fill(repeated_text, 5, 1);
    learned_model *model = model_of_texts(w->pack, arena);
    for (int again = 0; again < 2; again++) { /* nothing is left of the prediction before */
        for (size_t i = 0; i < WJZ_COUNT(texts); i++) {
            const feature_source source = source_of(i, arena);
            feature_list features;
            model_verdict verdict;
            uint32_t to = source.text->char_count;
            float *steps = wjz_arena_calloc(arena, to + 1, sizeof *steps);
            assert_int_equal(features_of(&source, arena, &features), 0);
            assert_int_equal(model_predict(model, &source, steps, to, arena, &verdict), 0);
            for (int k = 0; k < KIND_COUNT; k++)
                assert_true(fabs(verdict.votes.kinds[k] - sum_of(&features, OUTPUT_KINDS + k)) < 1e-3);
            for (size_t k = 0; k < w->pack->domain_count; k++)
                assert_true(fabs(verdict.votes.domains[k] - sum_of(&features, OUTPUT_DOMAINS + (int)k)) < 1e-3);
            assert_true(fabs(verdict.points - sum_of(&features, OUTPUT_POINTS)) < 1e-3);
            double spread = 0;
            for (size_t f = 0; f < features.count; f++)
                if (features.items[f].from < features.items[f].to && is_known(features.items[f].key))
                    spread += 0.25 * features.items[f].value * weight_of(features.items[f].key, OUTPUT_POINTS);
            assert_true(fabs(spread_of(&source, steps, to) - spread) < 1e-2);
        }
    }
    model_destroy(&model);
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up_what_features_say),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
