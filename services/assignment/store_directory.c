/* Reads the directory as one picture: organs, stations, people with their relations, leave and duty, and how much each
 * of them has in hand. */
#include <errno.h>
#include <string.h>

#include "assignment/directory.h"
#include "assignment/store.h"
#include "wjz/clock.h"

/* Duty is looked for that far ahead. */
enum { DUTY_DAYS = 7 };

#define IN_FORCE "effective_from <= current_date AND (effective_to IS NULL OR effective_to > current_date)"

enum { ORGANS, STATIONS, PEOPLE, HOLIDAYS, FEEDS, LOADS, RELATIONS, LEAVES, SHIFTS, PATTERNS, READ_COUNT };

static const wjz_stmt READ[READ_COUNT] = {
    [ORGANS] = {"directory_organs",
                "SELECT code, name, CASE WHEN level = 'county' THEN region ELSE 0 END FROM directory.organ"
                " WHERE " IN_FORCE,
                3},
    [STATIONS] = {"directory_stations",
                  "SELECT code, organ, kind, town, village, array_to_string(specialities, E'\\n'), serves"
                  " FROM directory.station WHERE active",
                  7},
    [PEOPLE] = {"directory_people",
                "SELECT code, organ, array_to_string(roles, E'\\n'), array_to_string(branches, E'\\n'),"
                " array_to_string(specialities, E'\\n'), array_to_string(stations, E'\\n')"
                " FROM directory.person WHERE active",
                6},
    [HOLIDAYS] = {"directory_holidays", "SELECT day, working FROM directory.holiday", 2},
    [FEEDS] = {"directory_feeds", "SELECT region, name, organ FROM intake.feed WHERE organ <> ''", 3},
    [LOADS] = {"directory_loads",
               "SELECT prosecutor, count(*) FROM assignment.assignment WHERE ended_at IS NULL GROUP BY prosecutor", 2},
    [RELATIONS] = {"directory_relations",
                   "SELECT person, kind, name FROM directory.relation WHERE (since IS NULL OR since <= current_date)"
                   " AND (until IS NULL OR until >= current_date) ORDER BY person",
                   3},
    [LEAVES] = {"directory_leaves",
                "SELECT prosecutor, lower(during), upper(during) FROM scheduling.leave WHERE upper(during) > now()"
                " ORDER BY prosecutor",
                3},
    [SHIFTS] = {"directory_shifts",
                "SELECT prosecutor, station, starts_at, ends_at FROM scheduling.shift WHERE state = 'planned'"
                " AND ends_at > now() AND starts_at < now() + interval '7 days' ORDER BY prosecutor",
                4},
    [PATTERNS] = {"directory_patterns",
                  "SELECT prosecutor, station, weekday, extract(epoch FROM from_time)::int4,"
                  " extract(epoch FROM to_time)::int4, every_weeks, first_on FROM directory.duty_pattern"
                  " WHERE " IN_FORCE " ORDER BY prosecutor",
                  7},
};

static const wjz_stmt HAS_ORGAN = {
    "directory_has_organ",
    "SELECT EXISTS (SELECT FROM directory.organ WHERE level = 'county' AND region = ANY ($1) AND " IN_FORCE ")", 1};

typedef struct filling {
    directory *dir;
    wjz_tx *tx;
    int64_t now_us;
    bool failed; /* out of memory */
} filling;

static const wjz_rows *rows_of(const filling *fill, int which) {
    return wjz_tx_rows(fill->tx, which);
}

static void *room(filling *fill, size_t count, size_t size) {
    void *made = wjz_arena_calloc(fill->dir->arena, count, size);
    fill->failed |= made == NULL;
    return made;
}

static const char *text(filling *fill, const wjz_rows *rows, int row, int column) {
    const char *value = wjz_row_text(rows, row, column);
    char *copy = wjz_arena_strdup(fill->dir->arena, value != NULL ? value : "");
    fill->failed |= copy == NULL;
    return copy;
}

static void fill_organs(filling *fill) {
    const wjz_rows *rows = rows_of(fill, ORGANS);
    int count = wjz_rows_count(rows);
    organ *organs = room(fill, (size_t)count, sizeof(organ));
    for (int i = 0; i < count && !fill->failed; i++)
        organs[i] = (organ){
            .code = text(fill, rows, i, 0), .name = text(fill, rows, i, 1), .region = (int32_t)wjz_row_int(rows, i, 2)};
    fill->dir->organs = organs;
    fill->dir->organ_count = (size_t)count;
}

static void fill_stations(filling *fill) {
    const wjz_rows *rows = rows_of(fill, STATIONS);
    int count = wjz_rows_count(rows);
    station *stations = room(fill, (size_t)count, sizeof(station));
    for (int i = 0; i < count && !fill->failed; i++) {
        int64_t *serves = NULL;
        size_t serves_count = 0;
        fill->failed |= wjz_row_ints(rows, i, 6, fill->dir->arena, &serves, &serves_count) < 0;
        stations[i] = (station){.code = text(fill, rows, i, 0),
                                .organ = text(fill, rows, i, 1),
                                .kind = text(fill, rows, i, 2),
                                .town = (int32_t)wjz_row_int(rows, i, 3),
                                .village = wjz_row_int(rows, i, 4),
                                .specialities = text(fill, rows, i, 5),
                                .serves = serves,
                                .serves_count = serves_count};
    }
    fill->dir->stations = stations;
    fill->dir->station_count = (size_t)count;
}

/* Role names, one a line, as bits. */
static unsigned roles_of(const char *lines) {
    unsigned roles = 0;
    for (const char *line = lines; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char name[64];
        if (length < sizeof(name)) {
            memcpy(name, line, length);
            name[length] = '\0';
            roles |= directory_role(name);
        }
        line += length;
        line += *line == '\n';
    }
    return roles;
}

static void fill_people(filling *fill) {
    const wjz_rows *rows = rows_of(fill, PEOPLE);
    int count = wjz_rows_count(rows);
    person *people = room(fill, (size_t)count, sizeof(person));
    for (int i = 0; i < count && !fill->failed; i++)
        people[i] = (person){.code = text(fill, rows, i, 0),
                             .organ = text(fill, rows, i, 1),
                             .roles = roles_of(wjz_row_text(rows, i, 2)),
                             .branches = text(fill, rows, i, 3),
                             .specialities = text(fill, rows, i, 4),
                             .stations = text(fill, rows, i, 5)};
    fill->dir->people = people;
    fill->dir->person_count = (size_t)count;
}

static void fill_calendar(filling *fill) {
    const wjz_rows *rows = rows_of(fill, HOLIDAYS);
    int count = wjz_rows_count(rows);
    calendar_day *days = room(fill, (size_t)count, sizeof(calendar_day));
    for (int i = 0; i < count && !fill->failed; i++)
        days[i] = (calendar_day){.day = wjz_row_date(rows, i, 0), .working = wjz_row_bool(rows, i, 1)};
    if (fill->failed) return;
    fill->dir->calendar = calendar_new(days, (size_t)count);
    fill->failed |= fill->dir->calendar == NULL;
}

static void fill_feeds(filling *fill) {
    const wjz_rows *rows = rows_of(fill, FEEDS);
    int count = wjz_rows_count(rows);
    feed_organ *feeds = room(fill, (size_t)count, sizeof(feed_organ));
    for (int i = 0; i < count && !fill->failed; i++)
        feeds[i] = (feed_organ){.region = (int32_t)wjz_row_int(rows, i, 0),
                                .feed = text(fill, rows, i, 1),
                                .organ = text(fill, rows, i, 2)};
    fill->dir->feeds = feeds;
    fill->dir->feed_count = (size_t)count;
}

static void fill_loads(filling *fill) {
    const wjz_rows *rows = rows_of(fill, LOADS);
    int count = wjz_rows_count(rows);
    fill->dir->absent = room(fill, (size_t)count, sizeof(char *));
    for (int i = 0; i < count && !fill->failed; i++) {
        const char *code = wjz_row_text(rows, i, 0);
        person *holder = directory_person(fill->dir, code);
        if (holder != NULL)
            holder->open = (int)wjz_row_int(rows, i, 1);
        else if (code[0] != '\0')
            fill->dir->absent[fill->dir->absent_count++] = text(fill, rows, i, 0);
    }
}

/* Rows are ordered by person: how many from row on are the same person's. */
static int run_of(const wjz_rows *rows, int row) {
    int length = 1;
    const char *code = wjz_row_text(rows, row, 0);
    while (row + length < wjz_rows_count(rows) && strcmp(wjz_row_text(rows, row + length, 0), code) == 0)
        length++;
    return length;
}

static void fill_relations(filling *fill) {
    const wjz_rows *rows = rows_of(fill, RELATIONS);
    for (int row = 0, length; row < wjz_rows_count(rows) && !fill->failed; row += length) {
        length = run_of(rows, row);
        person *of = directory_person(fill->dir, wjz_row_text(rows, row, 0));
        if (of == NULL) continue;
        of->relations = room(fill, (size_t)length, sizeof(relation));
        for (int i = 0; i < length && !fill->failed; i++)
            of->relations[i] = (relation){.kind = text(fill, rows, row + i, 1), .name = text(fill, rows, row + i, 2)};
        of->relation_count = (size_t)length;
    }
}

static void fill_leaves(filling *fill) {
    const wjz_rows *rows = rows_of(fill, LEAVES);
    for (int row = 0, length; row < wjz_rows_count(rows) && !fill->failed; row += length) {
        length = run_of(rows, row);
        person *of = directory_person(fill->dir, wjz_row_text(rows, row, 0));
        if (of == NULL) continue;
        of->leaves = room(fill, (size_t)length, sizeof(span));
        for (int i = 0; i < length && !fill->failed; i++)
            of->leaves[i] = (span){.from_us = wjz_row_time(rows, row + i, 1), .to_us = wjz_row_time(rows, row + i, 2)};
        of->leave_count = (size_t)length;
    }
}

static void fill_shifts(filling *fill) {
    const wjz_rows *rows = rows_of(fill, SHIFTS);
    for (int row = 0, length; row < wjz_rows_count(rows) && !fill->failed; row += length) {
        length = run_of(rows, row);
        person *of = directory_person(fill->dir, wjz_row_text(rows, row, 0));
        if (of == NULL) continue;
        of->duties = room(fill, (size_t)length, sizeof(span));
        for (int i = 0; i < length && !fill->failed; i++)
            of->duties[i] = (span){.station = text(fill, rows, row + i, 1),
                                   .from_us = wjz_row_time(rows, row + i, 2),
                                   .to_us = wjz_row_time(rows, row + i, 3)};
        of->duty_count = (size_t)length;
    }
}

/* Whether a pattern of every so many weeks, counted from the week of first, has a duty on the day. */
static bool duty_falls_on(int32_t day, int weekday, int every_weeks, int32_t first) {
    if (wjz_day_weekday(wjz_day_from_number(day)) != weekday) return false;
    int32_t monday = day - weekday + 1, first_monday = first - wjz_day_weekday(wjz_day_from_number(first)) + 1;
    int32_t weeks = (monday - first_monday) / 7;
    return weeks >= 0 && weeks % every_weeks == 0;
}

/* As long as no shifts have been planned, the weekly patterns tell who will be where. */
static void fill_patterns(filling *fill) {
    const wjz_rows *rows = rows_of(fill, PATTERNS);
    int32_t today = wjz_day_number(wjz_clock_day(fill->now_us));
    for (int row = 0, length; row < wjz_rows_count(rows) && !fill->failed; row += length) {
        length = run_of(rows, row);
        person *of = directory_person(fill->dir, wjz_row_text(rows, row, 0));
        if (of == NULL) continue;
        of->duties = room(fill, (size_t)length * (DUTY_DAYS + 1), sizeof(span));
        for (int i = row; i < row + length && !fill->failed; i++)
            for (int32_t day = today; day <= today + DUTY_DAYS; day++) {
                if (!duty_falls_on(day, (int)wjz_row_int(rows, i, 2), (int)wjz_row_int(rows, i, 5),
                                   wjz_row_date(rows, i, 6)))
                    continue;
                wjz_day date = wjz_day_from_number(day);
                of->duties[of->duty_count++] = (span){
                    .station = text(fill, rows, i, 1),
                    .from_us = wjz_clock_from_day(date, (int)wjz_row_int(rows, i, 3)),
                    .to_us = wjz_clock_from_day(date, (int)wjz_row_int(rows, i, 4)),
                };
            }
    }
}

static int fill_all(filling *fill) {
    fill_organs(fill);
    fill_stations(fill);
    fill_people(fill);
    fill_calendar(fill);
    fill_feeds(fill);
    if (fill->failed || directory_finish(fill->dir) < 0) return -ENOMEM;
    fill_loads(fill);
    fill_relations(fill);
    fill_leaves(fill);
    if (wjz_rows_count(rows_of(fill, SHIFTS)) > 0)
        fill_shifts(fill);
    else
        fill_patterns(fill);
    return fill->failed ? -ENOMEM : 0;
}

int store_read_directory(wjz_tx *tx, int64_t now_us, directory **ret_directory, wjz_err *err) {
    WJZ_CLEANUP(directory_drop) directory *dir = directory_new();
    if (dir == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (int i = 0; i < READ_COUNT; i++)
        if (wjz_tx_send(tx, &READ[i], NULL, 0) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = wjz_tx_wait(tx, NULL, err);
    if (r < 0) return r;
    filling fill = {.dir = dir, .tx = tx, .now_us = now_us};
    if (fill_all(&fill) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_directory = WJZ_STEAL(dir);
    return 0;
}

int store_has_organ(wjz_tx *tx, const int32_t *regions, size_t count, bool *ret_has, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query_v(tx, &HAS_ORGAN, &rows, err, wjz_i32s(regions, count));
    if (r == 0) *ret_has = wjz_row_bool(rows, 0, 0);
    return r;
}
