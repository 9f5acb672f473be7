/* The pure scoring function on real messages, beside what it cannot be faster than.
 *
 *     bench_texts DEPLOY FILE.tsv [ROUNDS]
 *
 * DEPLOY: the folder with rules, gazetteer and repeats. FILE: messages, as `weijianzhi-scoring score` reads them. One
 * JSON object: microseconds of the processor for a message (the quickest of the rounds, default 7) of
 *
 *   read        the bytes of the texts, once (the memory's limit)
 *   patterns    Hyperscan alone over texts that were normalised before (pattern matching alone), with the patterns that
 *               the product looks for in complaints' own words, so all but a few
 *   parts       normalise, Hyperscan, gazetteer, hashed 1–3-grams times a table of weights, one-permutation MinHash,
 * one after the other on each text and with nothing around (the bare parts in one loop); normalising and the gazetteer
 * are the product's own, so what makes them quicker makes the parts quicker as well analyse     the product: text to
 * finding analyse_sign, whole    and to signature, and to score card: all of it
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scoring/analysis.h"
#include "scoring/matter.h"
#include "scoring/normalise.h"
#include "scoring/repeats_rules.h"
#include "scoring/rules_data.h"
#include "scoring/score.h"
#include "scoring/table.h"

enum { WEIGHTS = 1 << 18, CLASSES = 8, BINS = 128 };

static struct {
    rule_pack *pack;
    gazetteer *places;
    repeat_rules *repeats;
    complaint *complaints;
    size_t count;
    normal_text **normal; /* of each message */
    wjz_arena *texts, *turn;
    float (*weights)[CLASSES];
    uint64_t sink; /* what was computed, so that nothing is left out */
} bench;

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_texts: %s: %s\n", what, why);
    exit(1);
}

static void *need(void *memory) {
    if (!memory) stop("memory", "none left");
    return memory;
}

static double processor_us(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* --- input --- */

static void load(const char *path) {
    WJZ_CLEANUP(table_close) table t = {0};
    wjz_err err = {0};
    size_t room = 0;
    int r = table_open(&t, path, &err);
    while (r >= 0 && (r = table_next(&t, &err)) > 0) {
        if (bench.count == room) {
            room = room ? room * 2 : 4096;
            bench.complaints = need(realloc(bench.complaints, room * sizeof *bench.complaints));
        }
        r = table_complaint(&t, bench.texts, &bench.complaints[bench.count], &err);
        bench.complaints[bench.count].id = (int64_t)bench.count + 1;
        bench.count++;
    }
    if (r < 0) stop(path, err.text);
    if (!bench.count) stop(path, "has no messages");
}

static void load_data(const char *deploy) {
    char path[4096];
    wjz_err err = {0};
    snprintf(path, sizeof path, "%s/rules", deploy);
    if (rule_pack_load(path, &bench.pack, &err) < 0) stop(path, err.text);
    snprintf(path, sizeof path, "%s/gazetteer", deploy);
    if (gazetteer_load(path, &bench.places, &err) < 0) stop(path, err.text);
    snprintf(path, sizeof path, "%s/repeats", deploy);
    if (repeat_rules_load(path, &bench.repeats, &err) < 0) stop(path, err.text);
}

static normal_text *normalised(const complaint *c, wjz_arena *arena) {
    const text_part parts[] = {
        {WJZ__SCORING__FIELD__FIELD_TITLE, c->title, strlen(c->title)},
        {WJZ__SCORING__FIELD__FIELD_CONTENT, c->content, strlen(c->content)},
        {WJZ__SCORING__FIELD__FIELD_REPLY, c->handle_result, strlen(c->handle_result)},
    };
    normal_text *text = NULL;
    if (normalise(parts, WJZ_COUNT(parts), arena, &text) < 0) stop("normalise", "no memory");
    return text;
}

/* --- the limits --- */

static void read_bytes(const char *text) {
    uint64_t sum = 0, word;
    size_t length = strlen(text);
    for (size_t i = 0; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        sum += word;
    }
    bench.sink += sum;
}

static void read_one(size_t i) {
    read_bytes(bench.complaints[i].title);
    read_bytes(bench.complaints[i].content);
    read_bytes(bench.complaints[i].handle_result);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg) {
    (void)id, (void)from, (void)flags, (void)arg;
    bench.sink += to;
    return 0;
}

static void scan(const normal_text *text) {
    if (hs_scan(bench.pack->own.database, text->bytes, text->length, 0, bench.pack->scratch, on_match, NULL) !=
        HS_SUCCESS)
        stop("Hyperscan", "failed");
}

static void scan_one(size_t i) {
    scan(bench.normal[i]);
}

static void on_place(const place_entry *place, size_t from, size_t to, void *arg) {
    (void)arg;
    bench.sink += place->code + from + to;
}

/* The next character, as its bytes in one number. */
static inline uint32_t next_character(const char **at) {
    const unsigned char *c = (const unsigned char *)*at;
    size_t length = *c < 0x80 ? 1 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : 4;
    uint32_t character = 0;
    for (size_t i = 0; i < length && c[i]; i++, (*at)++)
        character = character << 8 | c[i];
    return character;
}

/* Hashed 1–3-grams times the weights of eight classes, and the least hash of each of 128 bins of bigrams. */
static void hash_grams(const normal_text *text) {
    float sums[CLASSES] = {0};
    uint32_t least[BINS], before = 0, last = 0;
    memset(least, 0xFF, sizeof least);
    for (const char *at = text->bytes; *at;) {
        uint32_t now = next_character(&at);
        uint32_t one = now * 0x9E3779B1u, two = (one ^ last) * 0x85EBCA6Bu, three = (two ^ before) * 0xC2B2AE35u;
        for (size_t k = 0; k < CLASSES; k++)
            sums[k] += bench.weights[one >> 14][k] + bench.weights[two >> 14][k] + bench.weights[three >> 14][k];
        uint32_t *bin = &least[two >> 25], value = two << 7;
        *bin = value < *bin ? value : *bin;
        before = last;
        last = now;
    }
    for (size_t k = 0; k < CLASSES; k++)
        bench.sink += sums[k] > 0;
    for (size_t k = 0; k < BINS; k++)
        bench.sink += least[k];
}

static void parts_one(size_t i) {
    wjz_arena_reset(bench.turn);
    const normal_text *text = normalised(&bench.complaints[i], bench.turn);
    scan(text);
    gazetteer_find(bench.places, text, text->length, on_place, NULL);
    hash_grams(text);
}

/* --- the product --- */

static analysis_item analyse_text(size_t i) {
    analysis_item item = {.report = &bench.complaints[i]};
    wjz_err err = {0};
    wjz_arena_reset(bench.turn);
    if (analyse_several(bench.pack, bench.places, &item, 1, bench.turn, bench.turn, &err) < 0)
        stop("analyse", err.text);
    return item;
}

static void analyse_one(size_t i) {
    bench.sink += analyse_text(i).finding->n_hits;
}

static void sign(const analysis_item *item) {
    matter *m = NULL;
    const void *data = NULL;
    size_t length = 0;
    if (matter_of_text(bench.repeats, item->report, item->finding, item->text, bench.turn, &m) < 0 ||
        matter_pack(m, bench.turn, &data, &length) < 0)
        stop("sign", "no memory");
    bench.sink += length;
}

static void sign_one(size_t i) {
    const analysis_item item = analyse_text(i);
    sign(&item);
}

static void score(size_t i, const Wjz__Scoring__Finding *finding) {
    static const matter_context nothing_more = {0};
    Wjz__Scoring__ScoreCard *card = NULL;
    wjz_err err = {0};
    if (score_matter(bench.pack, &finding, &bench.complaints[i].id, 1, &nothing_more, bench.turn, &card, &err) < 0)
        stop("score", err.text);
    bench.sink += card->stars;
}

static void whole_one(size_t i) {
    const analysis_item item = analyse_text(i);
    sign(&item);
    score(i, item.finding);
}

/* --- measuring --- */

static const struct {
    const char *name;
    void (*one)(size_t i);
} MEASURED[] = {
    {"read", read_one},       {"patterns", scan_one},     {"parts", parts_one},
    {"analyse", analyse_one}, {"analyse_sign", sign_one}, {"whole", whole_one},
};

static double round_us(void (*one)(size_t i)) {
    double began = processor_us();
    for (size_t i = 0; i < bench.count; i++)
        one(i);
    return (processor_us() - began) / (double)bench.count;
}

static void prepare(void) {
    size_t bytes = 0;
    bench.normal = need(calloc(bench.count, sizeof *bench.normal));
    for (size_t i = 0; i < bench.count; i++) {
        bench.normal[i] = normalised(&bench.complaints[i], bench.texts);
        bytes += bench.normal[i]->length;
    }
    bench.weights = need(malloc(WEIGHTS * sizeof *bench.weights));
    for (size_t i = 0; i < WEIGHTS; i++)
        for (size_t k = 0; k < CLASSES; k++)
            bench.weights[i][k] = (float)((i * 31 + k * 17) % 101) - 50;
    printf("{\"messages\": %zu, \"bytes\": %.0f", bench.count, (double)bytes / (double)bench.count);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: bench_texts DEPLOY FILE.tsv [ROUNDS]\n");
        return 2;
    }
    mallopt(M_TRIM_THRESHOLD, 256 << 20); /* as a service does */
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    int rounds = argc == 4 ? atoi(argv[3]) : 7;
    double best[WJZ_COUNT(MEASURED)] = {0};
    bench.texts = need(wjz_arena_new(0));
    bench.turn = need(wjz_arena_new(0));
    load_data(argv[1]);
    load(argv[2]);
    prepare();
    for (int round = 0; round < rounds; round++) {
        for (size_t k = 0; k < WJZ_COUNT(MEASURED); k++) {
            double us = round_us(MEASURED[k].one);
            if (round == 0 || us < best[k]) best[k] = us;
        }
    }
    for (size_t k = 0; k < WJZ_COUNT(MEASURED); k++)
        printf(", \"%s\": %.3f", MEASURED[k].name, best[k]);
    printf("}\n");
    return bench.sink == 1; /* never: only so that it is used */
}
