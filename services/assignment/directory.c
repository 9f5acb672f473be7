/* Directory: sorted tables with binary search; a few dozen rows that every decision reads. */
#include "assignment/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

directory *directory_new(void) {
    wjz_arena *arena = wjz_arena_new(0);
    if (arena == NULL) return NULL;
    directory *dir = calloc(1, sizeof(directory));
    if (dir == NULL) {
        wjz_arena_destroy(&arena);
        return NULL;
    }
    dir->arena = arena;
    dir->users = 1;
    return dir;
}

directory *directory_hold(directory *dir) {
    dir->users++;
    return dir;
}

void directory_drop(directory **dir) {
    if (dir == NULL || *dir == NULL) return;
    directory *dropped = *dir;
    *dir = NULL;
    if (--dropped->users > 0) return;
    calendar_destroy(&dropped->calendar);
    wjz_arena_destroy(&dropped->arena);
    free(dropped);
}

static int by_organ_code(const void *left, const void *right) {
    return strcmp(((const organ *)left)->code, ((const organ *)right)->code);
}

static int by_station_organ(const void *left, const void *right) {
    const station *a = left, *b = right;
    int order = strcmp(a->organ, b->organ);
    return order != 0 ? order : strcmp(a->code, b->code);
}

static int by_person_organ(const void *left, const void *right) {
    const person *a = left, *b = right;
    int order = strcmp(a->organ, b->organ);
    return order != 0 ? order : strcmp(a->code, b->code);
}

static int by_person_code(const void *left, const void *right) {
    return strcmp((*(person *const *)left)->code, (*(person *const *)right)->code);
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    if (count > 1) qsort(items, count, size, compare);
}

/* Of the organs, which are sorted by then, as the people are. */
static int find_staffed(directory *dir) {
    dir->staffed = wjz_arena_calloc(dir->arena, dir->organ_count, sizeof(char *));
    if (dir->staffed == NULL) return -ENOMEM;
    dir->staffed_count = 0;
    for (size_t i = 0; i < dir->organ_count; i++)
        if (directory_with_role(dir, dir->organs[i].code, ROLE_HOLDERS) != NULL)
            dir->staffed[dir->staffed_count++] = dir->organs[i].code;
    return 0;
}

int directory_finish(directory *dir) {
    sort(dir->organs, dir->organ_count, sizeof(organ), by_organ_code);
    sort(dir->stations, dir->station_count, sizeof(station), by_station_organ);
    sort(dir->people, dir->person_count, sizeof(person), by_person_organ);
    dir->by_code = wjz_arena_calloc(dir->arena, dir->person_count, sizeof(person *));
    if (dir->by_code == NULL) return -ENOMEM;
    for (size_t i = 0; i < dir->person_count; i++)
        dir->by_code[i] = &dir->people[i];
    sort(dir->by_code, dir->person_count, sizeof(person *), by_person_code);
    return find_staffed(dir);
}

const organ *directory_organ(const directory *dir, const char *code) {
    if (code == NULL || dir->organ_count == 0) return NULL;
    organ wanted = {.code = code};
    return bsearch(&wanted, dir->organs, dir->organ_count, sizeof(organ), by_organ_code);
}

const organ *directory_organ_of_region(const directory *dir, int32_t region) {
    for (size_t i = 0; i < dir->organ_count; i++)
        if (dir->organs[i].region == region) return &dir->organs[i];
    return NULL;
}

person *directory_person(const directory *dir, const char *code) {
    if (code == NULL || code[0] == '\0' || dir->person_count == 0) return NULL;
    person wanted = {.code = code}, *key = &wanted;
    person **found = bsearch(&key, dir->by_code, dir->person_count, sizeof(person *), by_person_code);
    return found != NULL ? *found : NULL;
}

const station *directory_station(const directory *dir, const char *code) {
    for (size_t i = 0; code != NULL && i < dir->station_count; i++)
        if (strcmp(dir->stations[i].code, code) == 0) return &dir->stations[i];
    return NULL;
}

const char *directory_feed_organ(const directory *dir, int32_t region, const char *feed) {
    for (size_t i = 0; i < dir->feed_count; i++)
        if (dir->feeds[i].region == region && strcmp(dir->feeds[i].feed, feed) == 0) return dir->feeds[i].organ;
    return NULL;
}

station *directory_stations_of(const directory *dir, const char *organ_code, size_t *ret_count) {
    size_t first = 0, end;
    while (first < dir->station_count && strcmp(dir->stations[first].organ, organ_code) < 0)
        first++;
    for (end = first; end < dir->station_count && strcmp(dir->stations[end].organ, organ_code) == 0; end++) {
    }
    *ret_count = end - first;
    return dir->stations + first;
}

person *directory_people_of(const directory *dir, const char *organ_code, size_t *ret_count) {
    size_t low = 0, high = dir->person_count, end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(dir->people[middle].organ, organ_code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < dir->person_count && strcmp(dir->people[end].organ, organ_code) == 0; end++) {
    }
    *ret_count = end - low;
    return dir->people + low;
}

person *directory_with_role(const directory *dir, const char *organ_code, unsigned role) {
    size_t count;
    person *people = directory_people_of(dir, organ_code, &count);
    for (size_t i = 0; i < count; i++)
        if ((people[i].roles & role) != 0) return &people[i];
    return NULL;
}

unsigned directory_role(const char *name) {
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = {{"prosecutor", ROLE_PROSECUTOR},
                 {"branch_head", ROLE_BRANCH_HEAD},
                 {"chief_procurator", ROLE_CHIEF},
                 {"station_staff", ROLE_STATION_STAFF},
                 {"operator", ROLE_OPERATOR}};
    for (size_t i = 0; i < WJZ_COUNT(roles); i++)
        if (strcmp(roles[i].name, name) == 0) return roles[i].role;
    return 0;
}

bool lines_have(const char *lines, const char *item) {
    if (lines == NULL || item == NULL || item[0] == '\0') return false;
    size_t length = strlen(item);
    for (const char *line = lines; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (*line == *item && strncmp(line, item, length) == 0 && (line[length] == '\n' || line[length] == '\0'))
            return true;
    }
    return false;
}

const char *lines_without(wjz_arena *arena, const char *lines, const char *item) {
    char *rest = wjz_arena_strdup(arena, lines), *end = rest;
    if (rest == NULL) return NULL;
    size_t length = strlen(item);
    for (const char *line = lines; *line != '\0';) {
        size_t here = strcspn(line, "\n");
        if (here != length || memcmp(line, item, length) != 0) {
            if (end > rest) *end++ = '\n';
            memcpy(end, line, here);
            end += here;
        }
        line += here;
        line += *line == '\n';
    }
    *end = '\0';
    return rest;
}
