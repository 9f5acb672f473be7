/* Reads complaints from a file in memory, groups or compares them, prints the outcome. */
#include "scoring/offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/analysis.h"
#include "scoring/matter.h"
#include "scoring/regroup.h"
#include "scoring/repeats.h"
#include "scoring/table.h"

enum { ROWS_LIMIT = 1000000 };

typedef struct member {
    const char *external_id;
    const matter *matter;
} member;

typedef struct members {
    wjz_arena *arena;
    member *items;
    size_t count, capacity;
} members;

static void members_close(members *all) {
    wjz_arena_destroy(&all->arena);
    free(all->items);
}

/* --- complaints --- */

static int add_row(const table *t, const repeat_rules *repeats, const rule_pack *pack, const gazetteer *places,
                   members *all, wjz_err *err) {
    complaint c;
    Wjz__Scoring__Finding *finding = NULL;
    matter *m = NULL;
    int r = table_complaint(t, all->arena, &c, err);
    if (!r && pack) r = analyse(pack, places, &c, all->arena, &finding, err);
    if (!r && (r = matter_of(repeats, &c, finding, all->arena, &m))) wjz_err_set(err, r, "out of memory");
    if (!r && all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 1024;
        member *items = realloc(all->items, all->capacity * sizeof *items);
        if (!items) return wjz_err_set(err, -ENOMEM, "out of memory");
        all->items = items;
    }
    if (!r) all->items[all->count++] = (member){c.external_id, m};
    return r;
}

static int read_file(const char *path, const repeat_rules *repeats, const rule_pack *pack, const gazetteer *places,
                     members *all, wjz_err *err) {
    WJZ_CLEANUP(table_close) table t = {0};
    int r = table_open(&t, path, err);
    while (!r && (r = table_next(&t, err)) > 0) {
        if (all->count == ROWS_LIMIT) return wjz_err_set(err, -EINVAL, "%s: has more than %d rows", path, ROWS_LIMIT);
        r = add_row(&t, repeats, pack, places, all, err);
    }
    return r;
}

static int failed(const char *text) {
    fprintf(stderr, "%s\n", text);
    return 1;
}

/* Everything is put at once; row numbers are the ids of complaints and of clues. */
static int group_all(const members *all, regroup *g, size_t *leaders) {
    size_t missing = 0, count = 0;
    regroup_want *wants = NULL;
    regroup_group *groups = NULL;
    regroup_item *items = wjz_arena_alloc(all->arena, all->count * sizeof *items);
    if (!items) return -ENOMEM;
    for (size_t i = 0; i < all->count; i++)
        items[i] = (regroup_item){(int64_t)i + 1, all->items[i].matter};
    int r = regroup_put(g, items, all->count);
    if (!r) r = regroup_missing(g, &wants, &missing);
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
    wjz_err err = {0};
    if (!all.arena) return failed("out of memory");
    if (read_file(file, repeats, pack, places, &all, &err)) return failed(err.text);
    size_t *leaders = wjz_arena_alloc(all.arena, (all.count + 1) * sizeof *leaders);
    if (!leaders || repeats_index_new(&index) || regroup_new(repeats, index, NULL, all.arena, &g) ||
        group_all(&all, g, leaders))
        return failed("out of memory");
    printf("external_id\tclue\n");
    for (size_t i = 0; i < all.count; i++)
        printf("%s\t%s\n", all.items[i].external_id, all.items[leaders[i]].external_id);
    return 0;
}

static bool share_key(const matter *a, const matter *b) {
    for (uint16_t i = 0, j = 0; i < a->keys.count && j < b->keys.count;) {
        if (a->keys.items[i] == b->keys.items[j]) return true;
        if (a->keys.items[i] < b->keys.items[j])
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

static int print_pair(const table *t, const members *all, const repeat_rules *repeats, wjz_err *err) {
    const char *id_a = table_cell(t, "id_a"), *id_b = table_cell(t, "id_b");
    const matter *a = find_member(all, id_a), *b = find_member(all, id_b);
    if (!a || !b)
        return wjz_err_set(err, -ENOENT, "%s:%d: there is no complaint \"%s\"", t->path, t->number, a ? id_b : id_a);
    repeat_signs signs;
    repeats_measure(a, b, &signs);
    printf("%s\t%s\t%d\t%.3f", id_a, id_b, share_key(a, b), repeats_weigh(repeats, a, b));
    for (int i = 0; i < SIGN_COUNT; i++)
        printf("\t%.4f", signs.value[i]);
    printf("\n");
    return 0;
}

int offline_compare(const char *file, const char *pairs, const repeat_rules *repeats, const rule_pack *pack,
                    const gazetteer *places) {
    WJZ_CLEANUP(members_close) members all = {.arena = wjz_arena_new(0)};
    WJZ_CLEANUP(table_close) table t = {0};
    wjz_err err = {0};
    if (!all.arena) return failed("out of memory");
    int r = read_file(file, repeats, pack, places, &all, &err);
    if (!r) r = table_open(&t, pairs, &err);
    if (r) return failed(err.text);
    printf("id_a\tid_b\tnear\tweight");
    for (int i = 0; i < SIGN_COUNT; i++)
        printf("\t%s", repeat_sign_names[i]);
    printf("\n");
    while (!r && (r = table_next(&t, &err)) > 0)
        r = print_pair(&t, &all, repeats, &err);
    return r ? failed(err.text) : 0;
}
