/* The table is looked into for every pair of every complaint, so it is small, five bytes a pair, and each pair stands
 * where it is asked for (key_places.h). */
#include "scoring/wording.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/key_places.h"
#include "wjz/utf8.h"

enum {
    HAN_FIRST = 0x4E00,
    HAN_COUNT = 0x5200,
    SORTS_LIMIT = 64, /* number 0: what is not known */
    SLOT_BYTES = 5,
    PAIRS_LIMIT = 1 << 20,
    LINE_LIMIT = 64 << 10,
};

static const double weight_step = 1.5;

struct wording {
    key_places places;
    unsigned char *slots; /* a pair and its sort */
    pair_sort sorts[SORTS_LIMIT];
};

/* --- looking up --- */

static bool is_han(uint32_t character) {
    return character - HAN_FIRST < HAN_COUNT;
}

/* A number of its own for each pair, never 0. */
static uint32_t mixed(uint32_t first, uint32_t second) {
    uint32_t pair = ((first - HAN_FIRST) * HAN_COUNT + (second - HAN_FIRST) + 1) * 2654435761U;
    return pair ^ pair >> 15;
}

static unsigned char *slot_of(const wording *words, uint32_t pair) {
    return words->slots + (size_t)key_place(&words->places, pair) * SLOT_BYTES;
}

uint32_t wording_pair(const wording *words, uint32_t first, uint32_t second) {
    if (!is_han(first) || !is_han(second)) return 0;
    uint32_t pair = mixed(first, second);
    __builtin_prefetch(slot_of(words, pair));
    return pair;
}

/* Whether a pair is known is chance, so nothing branches on it. A slot without one has 0 and the sort of what is not
 * known. */
const pair_sort *wording_find(const wording *words, uint32_t pair) {
    const unsigned char *slot = slot_of(words, pair);
    uint32_t there;
    memcpy(&there, slot, sizeof there);
    return &words->sorts[slot[sizeof there] & -(uint32_t)(there == pair)];
}

static uint8_t weight_of(double rarity, uint32_t count) {
    static const double often[] = {1, 1, 1.6931471805599454, 2.09861228866811, 2.386294361119891}; /* 1 + log(count) */
    double said = count < WJZ_COUNT(often) ? often[count] : 1 + log(count);
    double weight = said * (float)rarity / weight_step;
    return weight < 1 ? 1 : weight > WORDING_MOST_WEIGHT ? WORDING_MOST_WEIGHT : (uint8_t)(weight + 0.5);
}

uint32_t wording_weight(const pair_sort *sort, uint32_t count) {
    return count < WORDING_COUNTS ? sort->weights[count] : weight_of(sort->rarity, count);
}

/* --- making the table --- */

typedef struct pair_line {
    uint32_t pair, order, sort;
} pair_line;

/* What was read so far. */
typedef struct pair_file {
    const char *path;
    int line;
    int64_t messages, rare_below;
    uint32_t steps[SORTS_LIMIT];
    uint32_t sort_count;
    pair_line *pairs;
    size_t count, capacity;
} pair_file;

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static pair_sort sort_of(double rarity, bool rare) {
    pair_sort sort = {.rarity = rarity, .rare = rare};
    for (uint32_t count = 0; count < WORDING_COUNTS; count++)
        sort.weights[count] = weight_of(rarity, count);
    return sort;
}

static int by_pair(const void *a, const void *b) {
    const pair_line *x = a, *y = b;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Leaves each pair once, with the last sort that it was given. */
static void keep_last(pair_file *file) {
    size_t kept = 0;
    qsort(file->pairs, file->count, sizeof *file->pairs, by_pair);
    for (size_t i = 0; i < file->count; i++) {
        if (kept > 0 && file->pairs[kept - 1].pair == file->pairs[i].pair) kept--;
        file->pairs[kept++] = file->pairs[i];
    }
    file->count = kept;
}

static int put_pairs(wording *words, pair_file *file, wjz_err *err) {
    keep_last(file);
    uint32_t *pairs = malloc(file->count * sizeof *pairs);
    for (size_t i = 0; pairs && i < file->count; i++)
        pairs[i] = file->pairs[i].pair;
    int r = pairs ? key_places_make(pairs, (uint32_t)file->count, &words->places) : -ENOMEM;
    free(pairs);
    if (r == -EINVAL) return wjz_err_set(err, r, "%s: cannot place its pairs", file->path);
    words->slots = r == 0 ? calloc(words->places.place_count, SLOT_BYTES) : NULL;
    if (!words->slots) return no_memory(err);
    for (size_t i = 0; i < file->count; i++) {
        unsigned char *slot = slot_of(words, file->pairs[i].pair);
        memcpy(slot, &file->pairs[i].pair, sizeof file->pairs[i].pair);
        slot[sizeof file->pairs[i].pair] = (unsigned char)file->pairs[i].sort;
    }
    return 0;
}

/* --- wording.txt --- */

static uint32_t han_at(const char *text) {
    const unsigned char *b = (const unsigned char *)text;
    if ((b[0] & 0xF0) != 0xE0 || !b[1] || !b[2]) return 0;
    uint32_t character = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    return is_han(character) ? character : 0;
}

/* The number of the sort of pairs that so many messages use. */
static int find_sort(wording *words, pair_file *file, uint32_t step, uint32_t *ret_sort, wjz_err *err) {
    uint32_t sort = 1;
    while (sort <= file->sort_count && file->steps[sort] != step)
        sort++;
    if (sort > file->sort_count) {
        if (sort == SORTS_LIMIT)
            return wjz_err_set(err, -EINVAL, "%s:%d: more than %d steps", file->path, file->line, SORTS_LIMIT - 1);
        file->steps[sort] = step;
        file->sort_count++;
        words->sorts[sort] = sort_of(log(((double)file->messages + 1) / (step + 1)), step < file->rare_below);
    }
    *ret_sort = sort;
    return 0;
}

static int add_pair(pair_file *file, uint32_t first, uint32_t second, uint32_t sort, wjz_err *err) {
    if (file->count == PAIRS_LIMIT)
        return wjz_err_set(err, -EINVAL, "%s:%d: more than %d pairs", file->path, file->line, PAIRS_LIMIT);
    if (file->count == file->capacity) {
        size_t capacity = file->capacity ? file->capacity * 2 : 1 << 12;
        pair_line *pairs = realloc(file->pairs, capacity * sizeof *pairs);
        if (!pairs) return no_memory(err);
        file->pairs = pairs;
        file->capacity = capacity;
    }
    file->pairs[file->count] = (pair_line){mixed(first, second), (uint32_t)file->count, sort};
    file->count++;
    return 0;
}

/* One line "step: pairs": remembers the step's rarity and each pair. */
static int read_pairs(wording *words, pair_file *file, uint32_t step, const char *pairs, wjz_err *err) {
    if (!file->messages)
        return wjz_err_set(err, -EINVAL, "%s:%d: \"messages: N\" must come before the pairs", file->path, file->line);
    uint32_t sort = 0;
    int r = find_sort(words, file, step, &sort, err);
    for (const char *at = pairs; !r && *at; at += 6) {
        uint32_t first = han_at(at), second = first ? han_at(at + 3) : 0;
        if (!second)
            return wjz_err_set(err, -EINVAL, "%s:%d: pairs must be Chinese characters, two by two", file->path,
                               file->line);
        r = add_pair(file, first, second, sort, err);
    }
    return r;
}

static int read_line(wording *words, pair_file *file, char *text, wjz_err *err) {
    const char *path = file->path;
    int line = file->line;
    text[strcspn(text, "\r\n")] = '\0';
    if (text[0] == '\0' || text[0] == '#') return 0;
    if (!wjz_utf8_ok(text, strlen(text))) return wjz_err_set(err, -EINVAL, "%s:%d: is not UTF-8", path, line);
    char *colon = strchr(text, ':'), *end = NULL;
    if (!colon) return wjz_err_set(err, -EINVAL, "%s:%d: must be \"step: pairs\"", path, line);
    char *value = colon + 1 + strspn(colon + 1, " ");
    *colon = '\0';
    bool head = strcmp(text, "messages") == 0;
    const char *number = head ? value : text;
    errno = 0;
    unsigned long count = strtoul(number, &end, 10);
    if (errno || end == number || *end || count < 1 || count > 1000000000)
        return wjz_err_set(err, -EINVAL, "%s:%d: \"%.20s\" must be a number from 1 to 1000000000", path, line, number);
    if (!head) return read_pairs(words, file, (uint32_t)count, value, err);
    file->messages = (int64_t)count;
    words->sorts[0] = sort_of(log((double)count + 1), true);
    return 0;
}

static int read_lines(wording *words, pair_file *file, FILE *stream, char *text, wjz_err *err) {
    int r = 0;
    for (file->line = 1; !r && fgets(text, LINE_LIMIT, stream); file->line++) {
        if (!strchr(text, '\n') && !feof(stream))
            return wjz_err_set(err, -EINVAL, "%s:%d: line is longer than %d bytes", file->path, file->line,
                               LINE_LIMIT - 2);
        r = read_line(words, file, text, err);
    }
    if (!r && ferror(stream)) r = wjz_err_set(err, -EIO, "could not read \"%s\"", file->path);
    if (!r && !file->count) r = wjz_err_set(err, -EINVAL, "%s: has no pairs", file->path);
    return r;
}

static void close_file(FILE **file) {
    if (*file) fclose(*file);
}

int wording_load(const char *path, int64_t rare_below, wording **ret_wording, wjz_err *err) {
    WJZ_CLEANUP(close_file) FILE *stream = fopen(path, "re");
    if (!stream) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    WJZ_CLEANUP(wording_destroy) wording *words = calloc(1, sizeof *words);
    pair_file file = {.path = path, .rare_below = rare_below};
    char *text = malloc(LINE_LIMIT);
    int r = words && text ? read_lines(words, &file, stream, text, err) : no_memory(err);
    if (!r) r = put_pairs(words, &file, err);
    free(text);
    free(file.pairs);
    if (!r) *ret_wording = WJZ_STEAL(words);
    return r;
}

void wording_destroy(wording **words) {
    if (!words || !*words) return;
    key_places_free(&(*words)->places);
    free((*words)->slots);
    free(*words);
    *words = NULL;
}
