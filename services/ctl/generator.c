/* Believable complaints with known truth: scenarios and words come from a file, chance from a seed. */
#include "ctl/generator.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "wjz/arena.h"
#include "wjz/clock.h"
#include "wjz/yaml.h"

enum { SCENARIOS = 128, TOWNS = 64, OPEN_MATTERS = 256, DAYS = 120, TEXT_BYTES = 4096, MARK_BYTES = 32 };

typedef struct scenario {
    const char *id, *domain, *branch, *kind, *category, *unit, *place;
    const wjz_yaml_node *title, *fact, *extent;
    int64_t weight, unsolved;
    bool mediation, single;
} scenario;

typedef struct town {
    const char *name;
    int64_t weight;
    double longitude, latitude; /* its middle; both 0 when the file says none */
} town;

/* One scenario at one place, and what never changes about it. */
typedef struct matter {
    char key[256]; /* first: tsearch compares it */
    uint64_t id;
    const scenario *scenario;
    const town *town;
    double longitude, latitude;
    char village[80], estate[80], road[80], company[96], shop[80], school[80], name[24];
    const char *river;
    int group, number, building, months, households, amount, days;
    int reports, left; /* told so far; still to come */
} matter;

struct generator {
    wjz_yaml *yaml;
    wjz_arena *arena; /* matters, for as long as the generator */
    const wjz_yaml_node *names, *common;
    scenario scenarios[SCENARIOS];
    town towns[TOWNS];
    int scenario_count, town_count;
    int64_t scenario_weight, town_weight;
    uint64_t count, told, seed, random, matters, quarters;
    int64_t first_us, last_us, step_us;
    void *known; /* matters by key */
    matter *open[OPEN_MATTERS];
    int open_count;
    demo_complaint complaint;
    char external_id[48], title[512], content[TEXT_BYTES], address[192], reporter[24], phone[16];
};

/* --- chance: splitmix64 (Steele, Lea, Flood 2014), the same everywhere --- */

static uint64_t draw(generator *g) {
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t between(generator *g, int64_t least, int64_t most) {
    return least + (int64_t)(draw(g) % (uint64_t)(most - least + 1));
}

static bool chance(generator *g, int64_t percent) {
    return between(g, 0, 99) < percent;
}

static const char *choose(generator *g, const wjz_yaml_node *list) {
    size_t count = wjz_yaml_count(list);
    return count ? wjz_yaml_text(wjz_yaml_item(list, draw(g) % count)) : "";
}

static const char *choose_name(generator *g, const char *key) {
    return choose(g, wjz_yaml_get(g->names, key));
}

static void compose(generator *g, char *into, size_t size, const char *mark, const char *head, const char *tail) {
    const char *first = choose_name(g, head);
    snprintf(into, size, "%s%s%s", mark, first, choose_name(g, tail));
}

/* --- the scenario file --- */

static int need_texts(const wjz_yaml_node *map, const char *key, const wjz_yaml_node **ret_list, wjz_err *err) {
    int r = wjz_yaml_get_list(map, key, ret_list, err);
    if (r < 0) return r;
    if (wjz_yaml_count(*ret_list) == 0) return wjz_yaml_error(map, err, "\"%s\" must be a list of texts", key);
    for (size_t i = 0; i < wjz_yaml_count(*ret_list); i++)
        if (!wjz_yaml_text(wjz_yaml_item(*ret_list, i)))
            return wjz_yaml_error(wjz_yaml_item(*ret_list, i), err, "\"%s\" must hold texts", key);
    return 0;
}

static int read_scenario(const wjz_yaml_node *node, scenario *s, wjz_err *err) {
    static const char *const keys[] = {"id",   "domain", "branch",    "kind",     "category",
                                       "unit", "weight", "place",     "unsolved", "title",
                                       "fact", "extent", "mediation", "single",   NULL};
    static const char *const places[] = {"village", "estate", "road", "company", "shop", "school"};
    int r = wjz_yaml_only(node, keys, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "id", &s->id, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "domain", &s->domain, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "kind", &s->kind, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "category", &s->category, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "unit", &s->unit, err);
    if (r >= 0) r = wjz_yaml_get_text(node, "place", &s->place, err);
    if (r >= 0) r = wjz_yaml_get_int(node, "weight", 1, 1000, &s->weight, err);
    if (r >= 0) r = wjz_yaml_get_int_or(node, "unsolved", 0, 100, 0, &s->unsolved, err);
    if (r >= 0) r = wjz_yaml_get_bool_or(node, "mediation", false, &s->mediation, err);
    if (r >= 0) r = wjz_yaml_get_bool_or(node, "single", false, &s->single, err);
    if (r >= 0) r = need_texts(node, "title", &s->title, err);
    if (r >= 0) r = need_texts(node, "fact", &s->fact, err);
    if (r >= 0) r = need_texts(node, "extent", &s->extent, err);
    const char *fallback = r >= 0 && strcmp(s->domain, "none") != 0 ? "public_interest" : "none";
    if (r >= 0) r = wjz_yaml_get_text_or(node, "branch", fallback, &s->branch, err);
    if (r < 0) return r;
    for (size_t i = 0; i < WJZ_COUNT(places); i++)
        if (strcmp(s->place, places[i]) == 0) return 0;
    return wjz_yaml_error(wjz_yaml_get(node, "place"), err,
                          "place is \"%s\": give village, estate, road, company, shop or school", s->place);
}

static int read_scenarios(generator *g, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "scenarios", &list, err);
    if (r < 0) return r;
    size_t count = wjz_yaml_count(list);
    if (count == 0 || count > SCENARIOS) return wjz_yaml_error(root, err, "scenarios: give 1 to %d", SCENARIOS);
    for (size_t i = 0; i < count; i++) {
        scenario *s = &g->scenarios[g->scenario_count++];
        r = read_scenario(wjz_yaml_item(list, i), s, err);
        if (r < 0) return r;
        g->scenario_weight += s->weight;
    }
    return 0;
}

static int read_towns(generator *g, const wjz_yaml_node *root, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "towns", &list, err);
    if (r < 0) return r;
    size_t count = wjz_yaml_count(list);
    if (count == 0 || count > TOWNS) return wjz_yaml_error(root, err, "towns: give 1 to %d", TOWNS);
    for (size_t i = 0; i < count; i++) {
        town *t = &g->towns[g->town_count++];
        const wjz_yaml_node *node = wjz_yaml_item(list, i);
        r = wjz_yaml_get_text(node, "name", &t->name, err);
        if (r >= 0) r = wjz_yaml_get_int(node, "weight", 1, 1000, &t->weight, err);
        if (r >= 0) r = wjz_yaml_get_real_or(node, "longitude", 0, &t->longitude, err);
        if (r >= 0) r = wjz_yaml_get_real_or(node, "latitude", 0, &t->latitude, err);
        if (r < 0) return r;
        g->town_weight += t->weight;
    }
    return 0;
}

static int read_words(generator *g, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const names[] = {"surname",   "given",        "estate_head",  "estate_tail",
                                        "road_head", "road_tail",    "company_head", "company_tail",
                                        "shop_head", "shop_tail",    "school_head",  "school_tail",
                                        "river",     "village_head", "village_tail", "quarter"};
    static const char *const common[] = {"opening", "since", "agency", "wish"};
    g->names = wjz_yaml_get(root, "names");
    g->common = wjz_yaml_get(root, "common");
    if (!g->names || !g->common) return wjz_yaml_error(root, err, "names and common must be there");
    const wjz_yaml_node *list;
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        int r = need_texts(g->names, names[i], &list, err);
        if (r < 0) return r;
    }
    list = wjz_yaml_get(g->names, "quarter");
    if (wjz_yaml_count(list) < 2) return wjz_yaml_error(list, err, "\"quarter\" must hold two texts or more");
    for (size_t i = 0; i < WJZ_COUNT(common); i++) {
        int r = need_texts(g->common, common[i], &list, err);
        if (r < 0) return r;
    }
    return 0;
}

int generator_open(const char *path, uint64_t count, uint64_t seed, int64_t until_us, generator **ret_generator,
                   wjz_err *err) {
    WJZ_CLEANUP(generator_close) generator *g = calloc(1, sizeof *g);
    if (!g || !(g->arena = wjz_arena_new(0))) return -ENOMEM;
    int r = wjz_yaml_load(path, &g->yaml, err);
    const wjz_yaml_node *root = r >= 0 ? wjz_yaml_root(g->yaml) : NULL;
    if (r >= 0 && !root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", path);
    if (r >= 0) r = read_words(g, root, err);
    if (r >= 0) r = read_towns(g, root, err);
    if (r >= 0) r = read_scenarios(g, root, err);
    if (r < 0) return r;
    g->count = count;
    g->quarters = count > GENERATOR_QUARTER ? count / GENERATOR_QUARTER : 1;
    g->seed = g->random = seed;
    g->last_us = wjz_clock_from_day(wjz_clock_day(until_us), 0);
    g->first_us = g->last_us - DAYS * WJZ_DAY_US;
    g->step_us = DAYS * WJZ_DAY_US / (int64_t)(count ? count : 1);
    *ret_generator = WJZ_STEAL(g);
    return 0;
}

static void forget(void *node) {
    (void)node; /* matters live in the arena */
}

void generator_close(generator **g) {
    if (!*g) return;
    tdestroy((*g)->known, forget);
    wjz_yaml_destroy(&(*g)->yaml);
    wjz_arena_destroy(&(*g)->arena);
    free(*g);
    *g = NULL;
}

/* --- matters --- */

static const scenario *draw_scenario(generator *g) {
    int64_t at = between(g, 0, g->scenario_weight - 1);
    const scenario *s = g->scenarios;
    while (at >= s->weight)
        at -= s++->weight;
    return s;
}

static const town *draw_town(generator *g) {
    int64_t at = between(g, 0, g->town_weight - 1);
    const town *t = g->towns;
    while (at >= t->weight)
        at -= t++->weight;
    return t;
}

static const char *place_of(const matter *m) {
    switch (m->scenario->place[0]) {
    case 'v':
        return m->village;
    case 'e':
        return m->estate;
    case 'r':
        return m->road;
    case 'c':
        return m->company;
    default:
        return m->scenario->place[1] == 'h' ? m->shop : m->school;
    }
}

/* What the names of a quarter's places begin with: its number, written with the words for it. The oldest has plain
 * names. */
static void draw_mark(generator *g, char *mark, size_t size) {
    const wjz_yaml_node *digits = wjz_yaml_get(g->names, "quarter");
    size_t base = wjz_yaml_count(digits), used = 0;
    mark[0] = '\0';
    uint64_t quarter = g->quarters > 1 ? draw(g) % g->quarters : 0, most = g->quarters - 1;
    if (quarter == 0) return;
    for (; most && used < size; most /= base, quarter /= base)
        used += (size_t)snprintf(mark + used, size - used, "%s", wjz_yaml_text(wjz_yaml_item(digits, quarter % base)));
}

/* Where in its town a place lies: always the same for the same place, whatever chance does, and so for all its matters.
 */
static void find_position(matter *m) {
    enum { STEPS = 1024 };
    static const double REACH = 0.012; /* degrees: about 1.2 km */
    if (m->scenario->single || (m->town->longitude == 0 && m->town->latitude == 0)) return;
    uint64_t hash = XXH3_64bits_withSeed(m->town->name, strlen(m->town->name), 0);
    const char *place = place_of(m);
    hash = XXH3_64bits_withSeed(place, strlen(place), hash);
    m->longitude = m->town->longitude + REACH * ((double)(hash % STEPS) / (STEPS / 2) - 1);
    m->latitude = m->town->latitude + REACH * ((double)(hash / STEPS % STEPS) / (STEPS / 2) - 1);
}

/* How many people will report it: most matters one, some many. */
static int draw_reports(generator *g) {
    int64_t at = between(g, 0, 99);
    return at < 68 ? 1 : at < 84 ? 2 : at < 92 ? 3 : at < 97 ? (int)between(g, 4, 5) : (int)between(g, 6, 9);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(a, b);
}

/* A new matter, or the old one if this scenario was drawn for this place before. */
static matter *draw_matter(generator *g) {
    matter *m = wjz_arena_calloc(g->arena, 1, sizeof *m);
    if (!m) return NULL;
    m->scenario = draw_scenario(g);
    m->town = draw_town(g);
    char mark[MARK_BYTES];
    draw_mark(g, mark, sizeof mark);
    compose(g, m->village, sizeof m->village, mark, "village_head", "village_tail");
    compose(g, m->estate, sizeof m->estate, mark, "estate_head", "estate_tail");
    compose(g, m->road, sizeof m->road, mark, "road_head", "road_tail");
    compose(g, m->company, sizeof m->company, mark, "company_head", "company_tail");
    compose(g, m->shop, sizeof m->shop, mark, "shop_head", "shop_tail");
    compose(g, m->school, sizeof m->school, mark, "school_head", "school_tail");
    compose(g, m->name, sizeof m->name, "", "surname", "given");
    m->river = choose_name(g, "river");
    m->group = (int)between(g, 1, 12);
    m->number = (int)between(g, 1, 300);
    m->building = (int)between(g, 1, 28);
    m->months = (int)between(g, 2, 18);
    m->households = (int)between(g, 5, 300);
    m->amount = (int)between(g, 2, 60);
    m->days = (int)between(g, 2, 20);
    m->left = m->scenario->single ? 1 : draw_reports(g);
    find_position(m);
    snprintf(m->key, sizeof m->key, "%s/%s/%s", m->scenario->id, m->town->name, place_of(m));
    if (m->scenario->single) { /* a question is its own matter, wherever it is asked */
        m->id = ++g->matters;
        return m;
    }
    matter **found = tsearch(m, &g->known, compare_keys);
    if (!found) return NULL;
    if (*found == m) m->id = ++g->matters;
    return *found;
}

static matter *next_matter(generator *g) {
    bool old = g->open_count == OPEN_MATTERS || (g->open_count > 0 && chance(g, 40));
    int at = g->open_count;
    if (old) {
        at = (int)(draw(g) % (uint64_t)g->open_count);
    } else {
        matter *m = draw_matter(g);
        if (!m) return NULL;
        if (m->reports > 0 && m->left <= 0) m->left = 1;
        for (int i = 0; i < g->open_count; i++)
            if (g->open[i] == m) at = i;
        g->open[at] = m;
        if (at == g->open_count) g->open_count++;
    }
    matter *m = g->open[at];
    m->reports++;
    if (--m->left <= 0) g->open[at] = g->open[--g->open_count];
    return m;
}

/* --- texts --- */

static void put_slot(const matter *m, const char *slot, size_t length, char *into, size_t size) {
    const struct {
        const char *name, *text;
        int number;
    } slots[] = {
        {"town", m->town->name, 0},  {"village", m->village, 0},
        {"estate", m->estate, 0},    {"road", m->road, 0},
        {"company", m->company, 0},  {"shop", m->shop, 0},
        {"school", m->school, 0},    {"name", m->name, 0},
        {"river", m->river, 0},      {"group", NULL, m->group},
        {"number", NULL, m->number}, {"building", NULL, m->building},
        {"months", NULL, m->months}, {"households", NULL, m->households},
        {"amount", NULL, m->amount}, {"days", NULL, m->days},
    };
    for (size_t i = 0; i < WJZ_COUNT(slots); i++) {
        if (strlen(slots[i].name) != length || strncmp(slots[i].name, slot, length) != 0) continue;
        if (slots[i].text)
            snprintf(into, size, "%s", slots[i].text);
        else
            snprintf(into, size, "%d", slots[i].number);
        return;
    }
    snprintf(into, size, "{%.*s}", (int)length, slot); /* shows up in the text, where a reader sees it */
}

static void append(char *text, size_t size, const matter *m, const char *pattern) {
    size_t used = strlen(text);
    while (*pattern && used + 1 < size) {
        const char *end = *pattern == '{' ? strchr(pattern, '}') : NULL;
        if (end) {
            put_slot(m, pattern + 1, (size_t)(end - pattern - 1), text + used, size - used);
            used += strlen(text + used);
            pattern = end + 1;
        } else {
            text[used++] = *pattern++;
            text[used] = '\0';
        }
    }
}

static void write_texts(generator *g, const matter *m, bool complains) {
    const scenario *s = m->scenario;
    bool plain = strcmp(s->kind, "consult") == 0 || strcmp(s->kind, "praise") == 0 || strcmp(s->kind, "suggest") == 0;
    g->title[0] = g->content[0] = '\0';
    append(g->title, sizeof g->title, m, choose(g, s->title));
    append(g->content, sizeof g->content, m, choose(g, wjz_yaml_get(g->common, "opening")));
    append(g->content, sizeof g->content, m, choose(g, s->fact));
    append(g->content, sizeof g->content, m, choose(g, s->extent));
    if (!plain && chance(g, 60)) append(g->content, sizeof g->content, m, choose(g, wjz_yaml_get(g->common, "since")));
    if (complains) append(g->content, sizeof g->content, m, choose(g, wjz_yaml_get(g->common, "agency")));
    if (!plain) append(g->content, sizeof g->content, m, choose(g, wjz_yaml_get(g->common, "wish")));
}

static const char *order_type_of(const char *kind) {
    static const char *const types[][2] = {{"consult", "咨询"}, {"complaint", "投诉"}, {"report", "举报"},
                                           {"help", "求助"},    {"suggest", "建议"},   {"praise", "表扬"}};
    for (size_t i = 0; i < WJZ_COUNT(types); i++)
        if (strcmp(types[i][0], kind) == 0) return types[i][1];
    return "";
}

static void write_handling(generator *g, demo_complaint *c, bool complains) {
    c->handle_result = c->status = "";
    c->finished_at_us = 0;
    c->satisfaction = 0;
    c->status = "processing";
    if (!chance(g, 70)) return;
    int64_t finished_us = c->received_at_us + between(g, 1, 12) * WJZ_DAY_US;
    if (finished_us > g->last_us) return;
    c->status = "closed";
    c->finished_at_us = finished_us;
    c->handle_result = complains ? "经核实，已责令整改，现已办结。" : "已与来电人联系并答复。";
    if (!chance(g, 65)) return;
    c->satisfaction = complains ? (int)between(g, 4, 5) : chance(g, 85) ? (int)between(g, 1, 2) : 3;
}

const demo_complaint *generator_next(generator *g) {
    if (g->told == g->count) return NULL;
    matter *m = next_matter(g);
    if (!m) return NULL;
    const scenario *s = m->scenario;
    bool complains = chance(g, m->reports > 1 ? s->unsolved + 30 : s->unsolved / 2) && s->unsolved > 0;
    write_texts(g, m, complains);
    g->told++;
    snprintf(g->external_id, sizeof g->external_id, "DEMO-%llu-%07llu", (unsigned long long)g->seed,
             (unsigned long long)g->told);
    snprintf(g->address, sizeof g->address, "%s%s", m->town->name, place_of(m));
    compose(g, g->reporter, sizeof g->reporter, "", "surname", "given");
    snprintf(g->phone, sizeof g->phone, "130%08llu", (unsigned long long)(draw(g) % 100000000));
    g->complaint = (demo_complaint){
        .external_id = g->external_id,
        .title = g->title,
        .content = g->content,
        .category = s->category,
        .order_type = order_type_of(s->kind),
        .town = m->town->name,
        .longitude = m->longitude,
        .latitude = m->latitude,
        .address = g->address,
        .handler_unit = s->unit,
        .reporter_name = g->reporter,
        .reporter_phone = g->phone,
        .received_at_us =
            g->first_us + (int64_t)(g->told - 1) * g->step_us + between(g, 0, g->step_us > 1 ? g->step_us - 1 : 0),
        .photo_count = chance(g, 20) ? (int)between(g, 1, 4) : 0,
        .matter = m->id,
        .scenario = s->id,
        .domain = s->domain,
        .branch = s->branch,
        .kind = s->kind,
        .mediation = s->mediation,
    };
    write_handling(g, &g->complaint, complains);
    return &g->complaint;
}
