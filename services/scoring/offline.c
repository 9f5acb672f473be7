/* Reads complaints from a file in memory, groups or compares them, prints the outcome. */
#include "scoring/offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "scoring/analysis.h"
#include "scoring/matter.h"
#include "scoring/regroup.h"
#include "scoring/repeats.h"
#include "wjz/clock.h"
#include "wjz/utf8.h"

enum { COLUMNS_LIMIT = 64, ROWS_LIMIT = 1000000 };

typedef struct table {
    FILE *file;
    char *line, *head;
    size_t capacity;
    char *cells[COLUMNS_LIMIT], *names[COLUMNS_LIMIT];
    size_t columns;
    int number;
} table;

typedef struct member {
    const char *external_id;
    const matter *matter;
} member;

typedef struct members {
    wjz_arena *arena;
    member *items;
    size_t count, capacity;
} members;

static void table_close(table *t) {
    if (t->file) fclose(t->file);
    free(t->line);
    free(t->head);
}

static void members_close(members *all) {
    wjz_arena_destroy(&all->arena);
    free(all->items);
}

/* --- tab-separated values --- */

static size_t split(char *line, char **cells) {
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && count < COLUMNS_LIMIT; count++) {
        cells[count] = at;
        at = strchr(at, '\t');
        if (at) *at++ = '\0';
    }
    return count;
}

static void unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static int table_open(table *t, const char *path) {
    t->file = fopen(path, "re");
    if (!t->file) {
        fprintf(stderr, "could not open \"%s\": %s\n", path, strerror(errno));
        return -errno;
    }
    if (getline(&t->head, &t->capacity, t->file) < 0) {
        fprintf(stderr, "%s: has no header line\n", path);
        return -EINVAL;
    }
    t->capacity = 0;
    t->number = 1;
    t->columns = split(t->head, t->names);
    return 0;
}

/* 1 with the next row, 0 at the end. */
static int table_next(table *t) {
    if (getline(&t->line, &t->capacity, t->file) < 0) return 0;
    t->number++;
    size_t cells = split(t->line, t->cells);
    for (size_t i = 0; i < cells; i++)
        unescape(t->cells[i]);
    for (size_t i = cells; i < t->columns; i++)
        t->cells[i] = t->line + strlen(t->line);
    return 1;
}

static const char *cell(const table *t, const char *name) {
    for (size_t i = 0; i < t->columns; i++) {
        if (strcmp(t->names[i], name) == 0) return t->cells[i];
    }
    return "";
}

/* --- complaints --- */

static int read_row(const table *t, const char *path, const repeat_rules *repeats, const rule_pack *pack,
                    const gazetteer *places, members *all) {
    complaint c = {.feed = "",
                   .order_type = "",
                   .categories = "",
                   .town = "",
                   .village = "",
                   .handler_unit = "",
                   .handle_result = "",
                   .status = "",
                   .visit_note = "",
                   .parent_id = ""};
    c.external_id = cell(t, "external_id");
    c.title = cell(t, "title");
    c.content = cell(t, "content");
    c.incident_address = cell(t, "address");
    const char *at = cell(t, "received_at"), *reporter = cell(t, "reporter");
    if (!c.external_id[0] || (at[0] && wjz_clock_parse(at, &c.received_at_us))) {
        fprintf(stderr, "%s:%d: %s \"%s\"\n", path, t->number,
                at[0] ? "received_at is no RFC 3339 time:" : "lacks external_id", at);
        return -EINVAL;
    }
    c.reporter = reporter[0] ? XXH3_64bits(reporter, strlen(reporter)) : 0;
    Wjz__Scoring__Finding *finding = NULL;
    wjz_err err = {0};
    if (pack && analyse(pack, places, &c, all->arena, &finding, &err)) {
        fprintf(stderr, "%s:%d: %s\n", path, t->number, err.text);
        return -EINVAL;
    }
    matter *m = NULL;
    int r = matter_of(repeats, &c, finding, all->arena, &m);
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 1024;
        member *items = realloc(all->items, all->capacity * sizeof *items);
        if (!items) return -ENOMEM;
        all->items = items;
    }
    char *id = wjz_arena_strdup(all->arena, c.external_id);
    if (r || !id) return -ENOMEM;
    all->items[all->count++] = (member){id, m};
    return 0;
}

static int read_file(const char *path, const repeat_rules *repeats, const rule_pack *pack, const gazetteer *places,
                     members *all) {
    WJZ_CLEANUP(table_close) table t = {0};
    int r = table_open(&t, path);
    while (!r && table_next(&t)) {
        if (all->count == ROWS_LIMIT) {
            fprintf(stderr, "%s: has more than %d rows\n", path, ROWS_LIMIT);
            return -EINVAL;
        }
        r = read_row(&t, path, repeats, pack, places, all);
        if (r == -ENOMEM) fprintf(stderr, "%s:%d: out of memory\n", path, t.number);
    }
    return r;
}

/* Everything is put at once; row numbers are the ids of complaints and of clues. */
static int group_all(const members *all, regroup *g, size_t *leaders) {
    size_t missing = 0, count = 0;
    int64_t *ids = NULL;
    regroup_group *groups = NULL;
    int r = 0;
    for (size_t i = 0; !r && i < all->count; i++)
        r = regroup_put(g, (int64_t)i + 1, all->items[i].matter);
    if (!r) r = regroup_missing(g, &ids, &missing);
    if (!r) r = regroup_link(g);
    if (!r) r = regroup_groups(g, &groups, &count);
    for (size_t i = 0; !r && i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            leaders[groups[i].members[j].complaint - 1] = (size_t)groups[i].members[0].complaint - 1;
    }
    return r;
}

int offline_group(const char *file, const repeat_rules *repeats, const rule_pack *pack, const gazetteer *places) {
    WJZ_CLEANUP(members_close) members all = {.arena = wjz_arena_new(0)};
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    WJZ_CLEANUP(regroup_destroy) regroup *g = NULL;
    if (!all.arena || read_file(file, repeats, pack, places, &all)) return 1;
    size_t *leaders = wjz_arena_alloc(all.arena, (all.count + 1) * sizeof *leaders);
    if (!leaders || repeats_index_new(&index) || regroup_new(repeats, index, all.arena, &g) ||
        group_all(&all, g, leaders)) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    printf("external_id\tclue\n");
    for (size_t i = 0; i < all.count; i++)
        printf("%s\t%s\n", all.items[i].external_id, all.items[leaders[i]].external_id);
    return 0;
}

static bool share_key(const matter *a, const matter *b) {
    for (uint16_t i = 0, j = 0; i < a->key_count && j < b->key_count;) {
        if (a->keys[i] == b->keys[j]) return true;
        if (a->keys[i] < b->keys[j])
            i++;
        else
            j++;
    }
    return false;
}

static const matter *find_member(const members *all, const char *external_id) {
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].external_id, external_id) == 0) return all->items[i].matter;
    }
    return NULL;
}

int offline_compare(const char *file, const char *pairs, const repeat_rules *repeats, const rule_pack *pack,
                    const gazetteer *places) {
    WJZ_CLEANUP(members_close) members all = {.arena = wjz_arena_new(0)};
    WJZ_CLEANUP(table_close) table t = {0};
    if (!all.arena || read_file(file, repeats, pack, places, &all) || table_open(&t, pairs)) return 1;
    printf("id_a\tid_b\tnear\tweight");
    for (int i = 0; i < SIGN_COUNT; i++)
        printf("\t%s", repeat_sign_names[i]);
    while (table_next(&t)) {
        const matter *a = find_member(&all, cell(&t, "id_a")), *b = find_member(&all, cell(&t, "id_b"));
        if (!a || !b) {
            fprintf(stderr, "%s:%d: no complaint \"%s\" in \"%s\"\n", pairs, t.number, cell(&t, a ? "id_b" : "id_a"),
                    file);
            return 1;
        }
        repeat_signs signs;
        repeats_measure(a, b, &signs);
        printf("\n%s\t%s\t%d\t%.3f", cell(&t, "id_a"), cell(&t, "id_b"), share_key(a, b), repeats_weigh(repeats, a, b));
        for (int i = 0; i < SIGN_COUNT; i++)
            printf("\t%.4f", signs.value[i]);
    }
    printf("\n");
    return 0;
}
