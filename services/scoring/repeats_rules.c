/* Reads deploy/repeats: repeats.yaml with weights and frames; wording.txt is read by wording.c. Both are small and
 * checked whole before anything is grouped with them. */
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
    FRAMES_LIMIT = 2000,
    FRAME_SLOTS = 4096, /* more than twice FRAMES_LIMIT */
    FRAME_FIRSTS = 65536,
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
    wording *wording;
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

const wording *repeat_rules_wording(const repeat_rules *rules) {
    return rules->wording;
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
        if (f->length <= longest || f->length > length || f->text[f->length - 1] != text[f->length - 1]) continue;
        if (memcmp(f->text, text, f->length) == 0) longest = f->length;
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
        (r = load_frames(rules, root, err)) || (r = load_words(rules, root, err)) ||
        (r = load_questions(rules, root, err)))
        return r;
    rules->window_us = days * WJZ_DAY_US;
    rules->version = wjz_arena_strdup(rules->arena, version);
    return rules->version ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
}

void repeat_rules_destroy(repeat_rules **rules) {
    if (!rules || !*rules) return;
    wjz_arena_destroy(&(*rules)->arena);
    wording_destroy(&(*rules)->wording);
    free(*rules);
    *rules = NULL;
}

int repeat_rules_load(const char *dir, repeat_rules **ret_rules, wjz_err *err) {
    WJZ_CLEANUP(repeat_rules_destroy) repeat_rules *rules = calloc(1, sizeof *rules);
    if (!rules || !(rules->arena = wjz_arena_new(ARENA_LIMIT))) return wjz_err_set(err, -ENOMEM, "out of memory");
    const char *decision = wjz_arena_printf(rules->arena, "%s/repeats.yaml", dir);
    const char *words = wjz_arena_printf(rules->arena, "%s/wording.txt", dir);
    if (!decision || !words) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = load_decision(rules, decision, err);
    if (!r) r = wording_load(words, rules->rare_below, &rules->wording, err);
    if (!r) *ret_rules = WJZ_STEAL(rules);
    return r;
}
