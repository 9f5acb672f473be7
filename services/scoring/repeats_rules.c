/* Reads deploy/repeats: repeats.yaml with weights and frames, wording.txt with the pairs of characters that complaints
 * use. Both are small and checked whole before anything is grouped with them. */
#include "scoring/repeats_rules.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/large.h"
#include "wjz/arena.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"
#include "wjz/yaml.h"

enum {
    HAN_FIRST = 0x4E00,
    HAN_COUNT = 0x5200,
    STEPS_LIMIT = 64,
    FRAMES_LIMIT = 2000,
    FRAME_SLOTS = 4096, /* more than twice FRAMES_LIMIT */
    FRAME_FIRSTS = 65536,
    PAIRS_LIMIT = 1 << 20,
    LINE_LIMIT = 64 << 10,
    ARENA_LIMIT = 64 << 20,
};

const char *const repeat_sign_names[SIGN_COUNT] = {
    [SIGN_BASE] = "base",
    [SIGN_WORDING] = "wording",
    [SIGN_PROBLEM] = "problem",
    [SIGN_TITLE_NAMES] = "title_names",
    [SIGN_NAMES] = "names",
    [SIGN_PLACE_NAMES] = "place_names",
    [SIGN_UNMATCHED] = "unmatched",
    [SIGN_TITLE_PROBLEM] = "title_problem",
    [SIGN_BOTH_TITLES] = "both_titles",
    [SIGN_TITLE_SUBJECT] = "title_subject",
    [SIGN_OTHER_PROBLEM] = "other_problem",
    [SIGN_OTHER_DISTRICT] = "other_district",
    [SIGN_SAME_DISTRICT] = "same_district",
    [SIGN_OTHER_TOWN] = "other_town",
    [SIGN_OTHER_PLACE] = "other_place",
    [SIGN_OTHER_ADDRESS] = "other_address",
    [SIGN_OTHER_UNIT] = "other_unit",
    [SIGN_SAME_PLACE] = "same_place",
    [SIGN_SAME_WRITER] = "same_writer",
    [SIGN_PLATFORM_SAYS] = "platform_says",
};

typedef struct frame {
    const char *text; /* NULL: slot is free */
    size_t length;
} frame;

struct repeat_rules {
    wjz_arena *arena;
    const char *version;
    double weights[SIGN_COUNT];
    int64_t window_us, rare_below;
    double agreement, veto, uncertain, least_confidence, edge;
    sign_words words[SIGN_COUNT];
    frame frames[FRAME_SLOTS]; /* found by their first three bytes */
    /* pairs of Han characters: open addressing */
    uint32_t *pairs; /* key + 1, 0: free */
    uint8_t *pair_step;
    size_t pair_slots, pair_count;
    uint32_t steps[STEPS_LIMIT];
    double step_rarity[STEPS_LIMIT];
    size_t step_count;
    int64_t messages;
    double most_rarity;
    uint64_t frame_firsts[FRAME_FIRSTS / 64]; /* a bit for the first character of each frame: most begin none */
};

const char *repeat_rules_version(const repeat_rules *rules) {
    return rules->version;
}

const double *repeat_rules_weights(const repeat_rules *rules) {
    return rules->weights;
}

int64_t repeat_rules_window_us(const repeat_rules *rules) {
    return rules->window_us;
}

double repeat_rules_agreement(const repeat_rules *rules) {
    return rules->agreement;
}

double repeat_rules_veto(const repeat_rules *rules) {
    return rules->veto;
}

double repeat_rules_uncertain(const repeat_rules *rules) {
    return rules->uncertain;
}

double repeat_rules_least_confidence(const repeat_rules *rules) {
    return rules->least_confidence;
}

double repeat_rules_edge(const repeat_rules *rules) {
    return rules->edge;
}

const sign_words *repeat_rules_words(const repeat_rules *rules, repeat_sign sign) {
    return &rules->words[sign];
}

double repeat_rules_most_rarity(const repeat_rules *rules) {
    return rules->most_rarity;
}

static bool is_han(uint32_t character) {
    return character - HAN_FIRST < HAN_COUNT;
}

static uint32_t pair_key(uint32_t first, uint32_t second) {
    return (first - HAN_FIRST) * HAN_COUNT + (second - HAN_FIRST) + 1;
}

static size_t first_slot(const repeat_rules *rules, uint32_t key) {
    return (key * 2654435761U >> 7) & (rules->pair_slots - 1);
}

static size_t pair_slot(const repeat_rules *rules, uint32_t key) {
    size_t at = first_slot(rules, key);
    while (rules->pairs[at] && rules->pairs[at] != key)
        at = (at + 1) & (rules->pair_slots - 1);
    return at;
}

void repeat_rules_prepare(const repeat_rules *rules, uint32_t first, uint32_t second) {
    if (!is_han(first) || !is_han(second)) return;
    size_t at = first_slot(rules, pair_key(first, second));
    __builtin_prefetch(&rules->pairs[at]);
    __builtin_prefetch(&rules->pair_step[at]);
}

double repeat_rules_rarity(const repeat_rules *rules, uint32_t first, uint32_t second, bool *ret_rare) {
    if (is_han(first) && is_han(second)) {
        size_t at = pair_slot(rules, pair_key(first, second));
        if (rules->pairs[at]) {
            uint8_t step = rules->pair_step[at];
            *ret_rare = rules->steps[step] < rules->rare_below;
            return rules->step_rarity[step];
        }
    }
    *ret_rare = true;
    return repeat_rules_most_rarity(rules);
}

/* A number below FRAME_FIRSTS for the first three bytes; for a Chinese character its code. */
static size_t frame_first(const char *text) {
    const unsigned char *b = (const unsigned char *)text;
    return (size_t)(b[0] & 0x0F) << 12 | (size_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
}

const uint64_t *repeat_rules_frame_firsts(const repeat_rules *rules) {
    return rules->frame_firsts;
}

static size_t frame_slot(const char *text) {
    const unsigned char *bytes = (const unsigned char *)text;
    return (bytes[0] * 31U + bytes[1] * 257U + bytes[2] * 1031U) % FRAME_SLOTS;
}

size_t repeat_rules_frame(const repeat_rules *rules, const char *text, size_t length) {
    if (length < 3) return 0;
    size_t longest = 0, first = frame_first(text);
    if (!(rules->frame_firsts[first / 64] >> first % 64 & 1)) return 0;
    for (size_t at = frame_slot(text); rules->frames[at].text; at = (at + 1) % FRAME_SLOTS) {
        const frame *f = &rules->frames[at];
        if (f->length > longest && f->length <= length && memcmp(f->text, text, f->length) == 0) longest = f->length;
    }
    return longest;
}

/* --- repeats.yaml --- */

static int load_weights(repeat_rules *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *map = wjz_yaml_get(root, "weights");
    if (!map || wjz_yaml_kind_of(map) != WJZ_YAML_MAP)
        return wjz_yaml_error(map ? map : root, err, "\"weights\" must be a map of sign: weight");
    const char *allowed[SIGN_COUNT + 1] = {0};
    for (int i = 0; i < SIGN_COUNT; i++)
        allowed[i] = repeat_sign_names[i];
    int r = wjz_yaml_only(map, allowed, err);
    for (int i = 0; !r && i < SIGN_COUNT; i++) {
        if (!wjz_yaml_get(map, allowed[i]))
            return wjz_yaml_error(map, err, "\"weights\" lacks \"%s\"; give it, 0 leaves the sign out", allowed[i]);
        r = wjz_yaml_get_real_or(map, allowed[i], 0, &rules->weights[i], err);
        if (!r && !(fabs(rules->weights[i]) <= 100))
            return wjz_yaml_error(wjz_yaml_get(map, allowed[i]), err, "weight of \"%s\" must lie between -100 and 100",
                                  allowed[i]);
    }
    return r;
}

/* The text of key in words, kept; the sign's name where there is none. */
static int load_word(repeat_rules *rules, const wjz_yaml_node *words, const char *key, const char *name,
                     const char **ret_text, wjz_err *err) {
    const char *text = NULL;
    int r = words ? wjz_yaml_get_text(words, key, &text, err) : 0;
    if (r) return r;
    *ret_text = text ? wjz_arena_strdup(rules->arena, text) : name;
    return *ret_text ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
}

static int load_words(repeat_rules *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *map = wjz_yaml_get(root, "words");
    const char *allowed[SIGN_COUNT + 1] = {0};
    for (int i = 0; i < SIGN_COUNT; i++)
        allowed[i] = repeat_sign_names[i];
    int r = map ? wjz_yaml_only(map, allowed, err) : 0;
    for (int i = 0; !r && i < SIGN_COUNT; i++) {
        const wjz_yaml_node *words = wjz_yaml_get(map, allowed[i]);
        r = load_word(rules, words, "zh", allowed[i], &rules->words[i].zh, err);
        if (!r) r = load_word(rules, words, "en", allowed[i], &rules->words[i].en, err);
    }
    return r;
}

static int load_questions(repeat_rules *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *map = wjz_yaml_get(root, "questions");
    static const char *const allowed[] = {"uncertain", "confidence_below", "edge_within", NULL};
    if (!map) return 0; /* nobody is asked */
    int r = wjz_yaml_only(map, allowed, err);
    if (!r) r = wjz_yaml_get_real_or(map, "uncertain", 0, &rules->uncertain, err);
    if (!r) r = wjz_yaml_get_real_or(map, "confidence_below", 0, &rules->least_confidence, err);
    if (!r) r = wjz_yaml_get_real_or(map, "edge_within", 0, &rules->edge, err);
    if (!r && !(rules->uncertain >= 0 && rules->uncertain <= 10))
        return wjz_yaml_error(map, err, "\"uncertain\" must lie between 0 and 10");
    return r;
}

static int load_frames(repeat_rules *rules, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list = NULL;
    int r = wjz_yaml_get_list(root, "frames", &list, err);
    size_t count = r || !list ? 0 : wjz_yaml_count(list);
    if (count > FRAMES_LIMIT) return wjz_yaml_error(list, err, "more than %d frames", FRAMES_LIMIT);
    for (size_t i = 0; !r && i < count; i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *text = wjz_yaml_text(item);
        if (!text || strlen(text) < 3 || (text[0] & 0xE0) != 0xE0)
            return wjz_yaml_error(item, err, "a frame is one or more Chinese characters, not \"%s\"", text ? text : "");
        size_t at = frame_slot(text);
        while (rules->frames[at].text)
            at = (at + 1) % FRAME_SLOTS;
        rules->frames[at].length = strlen(text);
        rules->frame_firsts[frame_first(text) / 64] |= UINT64_C(1) << frame_first(text) % 64;
        rules->frames[at].text = wjz_arena_strdup(rules->arena, text);
        if (!rules->frames[at].text) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    return r;
}

static int load_decision(repeat_rules *rules, const char *path, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (!root || wjz_yaml_kind_of(root) != WJZ_YAML_MAP)
        return wjz_err_set(err, -EINVAL, "%s: must be a map of settings", path);
    static const char *const allowed[] = {"version",     "weights", "agreement", "veto",      "rare_below",
                                          "window_days", "frames",  "words",     "questions", NULL};
    const char *version = NULL;
    int64_t days = 0;
    if ((r = wjz_yaml_only(root, allowed, err)) || (r = wjz_yaml_get_text(root, "version", &version, err)) ||
        (r = wjz_yaml_get_real_or(root, "agreement", 0, &rules->agreement, err)) ||
        (r = wjz_yaml_get_real_or(root, "veto", -100, &rules->veto, err)) ||
        (r = wjz_yaml_get_int(root, "rare_below", 1, 1000000, &rules->rare_below, err)) ||
        (r = wjz_yaml_get_int(root, "window_days", 1, 36500, &days, err)) || (r = load_weights(rules, root, err)) ||
        (r = load_frames(rules, root, err)) || (r = load_words(rules, root, err)) || (r = load_questions(rules, root, err)))
        return r;
    rules->window_us = days * WJZ_DAY_US;
    rules->version = wjz_arena_strdup(rules->arena, version);
    return rules->version ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- wording.txt --- */

static uint32_t han_at(const char *text) {
    const unsigned char *b = (const unsigned char *)text;
    if ((b[0] & 0xF0) != 0xE0 || !b[1] || !b[2]) return 0;
    uint32_t character = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    return is_han(character) ? character : 0;
}

static int grow_pairs(repeat_rules *rules) {
    size_t slots = rules->pair_slots ? rules->pair_slots * 2 : 1 << 14;
    uint32_t *old = rules->pairs;
    uint8_t *old_step = rules->pair_step;
    size_t old_slots = rules->pair_slots;
    uint32_t *pairs = large_calloc(slots * sizeof *pairs);
    uint8_t *steps = calloc(slots, sizeof *steps);
    if (!pairs || !steps) {
        free(pairs);
        free(steps);
        return -ENOMEM;
    }
    rules->pairs = pairs;
    rules->pair_step = steps;
    rules->pair_slots = slots;
    for (size_t i = 0; i < old_slots; i++) {
        if (!old[i]) continue;
        size_t at = pair_slot(rules, old[i]);
        pairs[at] = old[i];
        steps[at] = old_step[i];
    }
    free(old);
    free(old_step);
    return 0;
}

/* One line "step: pairs": remembers the step's rarity and each pair. */
static int load_pairs(repeat_rules *rules, uint32_t step, const char *pairs, const char *where, int line,
                      wjz_err *err) {
    if (!rules->messages)
        return wjz_err_set(err, -EINVAL, "%s:%d: \"messages: N\" must come before the pairs", where, line);
    size_t index = 0;
    while (index < rules->step_count && rules->steps[index] != step)
        index++;
    if (index == rules->step_count) {
        if (index == STEPS_LIMIT)
            return wjz_err_set(err, -EINVAL, "%s:%d: more than %d steps", where, line, STEPS_LIMIT);
        rules->steps[index] = step;
        rules->step_rarity[index] = log(((double)rules->messages + 1) / (step + 1));
        rules->step_count++;
    }
    for (const char *at = pairs; *at; at += 6) {
        uint32_t first = han_at(at), second = first ? han_at(at + 3) : 0;
        if (!second)
            return wjz_err_set(err, -EINVAL, "%s:%d: pairs must be Chinese characters, two by two", where, line);
        if (rules->pair_count == PAIRS_LIMIT)
            return wjz_err_set(err, -EINVAL, "%s:%d: more than %d pairs", where, line, PAIRS_LIMIT);
        if (rules->pair_count * 2 >= rules->pair_slots && grow_pairs(rules))
            return wjz_err_set(err, -ENOMEM, "out of memory");
        size_t slot = pair_slot(rules, pair_key(first, second));
        if (!rules->pairs[slot]) rules->pair_count++;
        rules->pairs[slot] = pair_key(first, second);
        rules->pair_step[slot] = (uint8_t)index;
    }
    return 0;
}

static int load_wording_line(repeat_rules *rules, char *text, const char *path, int line, wjz_err *err) {
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
    if (!head) return load_pairs(rules, (uint32_t)count, value, path, line, err);
    rules->messages = (int64_t)count;
    rules->most_rarity = log((double)count + 1);
    return 0;
}

static void close_file(FILE **file) {
    if (*file) fclose(*file);
}

static int load_wording(repeat_rules *rules, const char *path, wjz_err *err) {
    WJZ_CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    char *text = wjz_arena_alloc(rules->arena, LINE_LIMIT);
    if (!text || grow_pairs(rules)) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = 0;
    for (int line = 1; !r && fgets(text, LINE_LIMIT, file); line++) {
        if (!strchr(text, '\n') && !feof(file))
            return wjz_err_set(err, -EINVAL, "%s:%d: line is longer than %d bytes", path, line, LINE_LIMIT - 2);
        r = load_wording_line(rules, text, path, line, err);
    }
    if (!r && ferror(file)) r = wjz_err_set(err, -EIO, "could not read \"%s\"", path);
    if (!r && !rules->pair_count) r = wjz_err_set(err, -EINVAL, "%s: has no pairs", path);
    return r;
}

void repeat_rules_destroy(repeat_rules **rules) {
    if (!rules || !*rules) return;
    wjz_arena_destroy(&(*rules)->arena);
    free((*rules)->pairs);
    free((*rules)->pair_step);
    free(*rules);
    *rules = NULL;
}

int repeat_rules_load(const char *dir, repeat_rules **ret_rules, wjz_err *err) {
    WJZ_CLEANUP(repeat_rules_destroy) repeat_rules *rules = calloc(1, sizeof *rules);
    if (!rules || !(rules->arena = wjz_arena_new(ARENA_LIMIT))) return wjz_err_set(err, -ENOMEM, "out of memory");
    const char *decision = wjz_arena_printf(rules->arena, "%s/repeats.yaml", dir);
    const char *wording = wjz_arena_printf(rules->arena, "%s/wording.txt", dir);
    if (!decision || !wording) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = load_decision(rules, decision, err);
    if (!r) r = load_wording(rules, wording, err);
    if (!r) *ret_rules = WJZ_STEAL(rules);
    return r;
}
