/* SQL about shifts and leave. */
#include "scheduling/store.h"

#include <errno.h>
#include <string.h>

#include "scheduling/columns.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { ROTA_LOCK = 40 };

static const wjz_stmt LOCK = {"scheduling_lock", "SELECT pg_advisory_xact_lock($1, $2)", 1};

static const wjz_stmt DUTIES = {
    "scheduling_duties",
    "SELECT d.station, d.prosecutor, d.substitute, d.weekday, (extract(epoch FROM d.from_time) / 60)::int4,"
    "       (extract(epoch FROM d.to_time) / 60)::int4, d.every_weeks, d.first_on, d.effective_from,"
    "       coalesce(d.effective_to, date '9999-12-31')"
    "  FROM directory.duty_pattern d"
    " WHERE d.region = $1 AND d.effective_from <= $3 AND (d.effective_to IS NULL OR d.effective_to >= $2)"
    " ORDER BY d.station, d.weekday, d.from_time, d.prosecutor",
    10,
};

static const wjz_stmt STATIONS = {
    "scheduling_stations",
    "SELECT code, organ, name FROM directory.station WHERE region = $1 AND active ORDER BY code",
    3,
};

static const wjz_stmt PEOPLE = {
    "scheduling_people",
    "SELECT code, organ, name, array_to_string(stations, E'\\n') FROM directory.person"
    " WHERE region = $1 AND active AND 'prosecutor' = ANY (roles) ORDER BY code",
    4,
};

static const wjz_stmt LEAVES = {
    "scheduling_leaves",
    "SELECT prosecutor, lower(during), upper(during) FROM scheduling.leave"
    " WHERE region = $1 AND during && tstzrange($2, $3)",
    3,
};

static const wjz_stmt HOLIDAYS = {
    "scheduling_holidays",
    "SELECT day, working FROM directory.holiday WHERE day BETWEEN $1 AND $2",
    2,
};

static const wjz_stmt SHIFTS = {
    "scheduling_shifts",
    "SELECT id, station, duty_of, duty_day, (extract(epoch FROM duty_from) / 60)::int4, starts_at, ends_at, state, "
    "pinned,"
    "       prosecutor, reason, changes"
    "  FROM scheduling.shift WHERE region = $1 AND starts_at >= $2 AND starts_at < $3 ORDER BY starts_at, id",
    12,
};

static const wjz_stmt INSERT_SHIFTS = {
    "scheduling_insert_shifts",
    "INSERT INTO scheduling.shift (region, id, station, prosecutor, starts_at, ends_at, state, duty_day, duty_from, "
    "duty_of,"
    "                              reason)"
    " SELECT $1, id, station, prosecutor, starts_at, ends_at, state, duty_day,"
    "        time '00:00' + duty_from * interval '1 minute', duty_of, reason"
    "   FROM unnest($2::int8[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::date[],"
    "               $9::int4[], $10::text[], $11::text[])"
    "     AS u (id, station, prosecutor, starts_at, ends_at, state, duty_day, duty_from, duty_of, reason)",
    0,
};

static const wjz_stmt ALTER_SHIFTS = {
    "scheduling_alter_shifts",
    "UPDATE scheduling.shift s"
    "   SET prosecutor = u.prosecutor, starts_at = u.starts_at, ends_at = u.ends_at, state = u.state, reason = "
    "u.reason,"
    "       pinned = false, changes = s.changes + 1"
    "  FROM unnest($2::int8[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])"
    "    AS u (id, prosecutor, starts_at, ends_at, state, reason)"
    " WHERE s.region = $1 AND s.id = u.id",
    0,
};

static const wjz_stmt HISTORY = {
    "scheduling_history",
    "INSERT INTO scheduling.history (region, id, kind, subject, actor, change, reason)"
    " SELECT $1, unnest($2::int8[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]),"
    " unnest($6::text[]), unnest($7::text[])",
    0,
};

static const wjz_stmt REGIONS = {
    "scheduling_regions",
    "SELECT DISTINCT region FROM directory.duty_pattern ORDER BY region",
    1,
};

static const wjz_stmt PERSON = {
    "scheduling_person",
    "SELECT 'prosecutor' = ANY (roles) FROM directory.person WHERE region = $1 AND code = $2 AND active",
    1,
};

static const wjz_stmt INSERT_LEAVE = {
    "scheduling_insert_leave",
    "WITH made AS ("
    "    INSERT INTO scheduling.leave (region, id, prosecutor, during, reason, recorded_by)"
    "    VALUES ($1, $2, $3, tstzrange($4, $5), $6, $7) ON CONFLICT (region, prosecutor, during) DO NOTHING RETURNING "
    "id)"
    " SELECT id FROM made UNION ALL"
    " SELECT id FROM scheduling.leave WHERE region = $1 AND prosecutor = $3 AND during = tstzrange($4, $5)",
    1,
};

static const wjz_stmt SHIFT = {
    "scheduling_shift",
    "SELECT s.id, s.station, coalesce(t.name, s.station), s.prosecutor, coalesce(p.name, s.prosecutor), s.state, "
    "s.starts_at,"
    "       s.ends_at, s.changes"
    "  FROM scheduling.shift s"
    "  LEFT JOIN directory.station t ON t.region = s.region AND t.code = s.station"
    "  LEFT JOIN directory.person p ON p.region = s.region AND p.code = s.prosecutor"
    " WHERE s.region = $1 AND s.id = $2 FOR UPDATE OF s",
    9,
};

static const wjz_stmt AWAY = {
    "scheduling_away",
    "SELECT EXISTS (SELECT FROM scheduling.leave l JOIN scheduling.shift s ON s.region = l.region"
    "                WHERE l.region = $1 AND s.id = $2 AND l.prosecutor = $3 AND l.during && s.during)",
    1,
};

static const wjz_stmt SUBSTITUTE = {
    "scheduling_substitute",
    "UPDATE scheduling.shift SET prosecutor = $3, state = 'planned', reason = $4, pinned = true, changes = changes + 1"
    " WHERE region = $1 AND id = $2",
    0,
};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

int store_lock_rota(wjz_tx *tx, int32_t region) {
    return wjz_tx_send_v(tx, &LOCK, wjz_i32(ROTA_LOCK), wjz_i32(region));
}

/* --- loading --- */

static int read_duties(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_duty *duties = wjz_arena_calloc(arena, (size_t)count, sizeof *duties);
    bool whole = duties != NULL;
    for (int i = 0; whole && i < count; i++) {
        duties[i] = (struct rota_duty){
            .station = column_text(rows, i, 0, arena, &whole),
            .prosecutor = column_text(rows, i, 1, arena, &whole),
            .substitute = wjz_row_null(rows, i, 2) ? NULL : column_text(rows, i, 2, arena, &whole),
            .weekday = (int)wjz_row_int(rows, i, 3),
            .from_minute = (int)wjz_row_int(rows, i, 4),
            .to_minute = (int)wjz_row_int(rows, i, 5),
            .every_weeks = (int)wjz_row_int(rows, i, 6),
            .first_on = wjz_row_date(rows, i, 7),
            .effective_from = wjz_row_date(rows, i, 8),
            .effective_to = wjz_row_date(rows, i, 9),
        };
    }
    input->duties = duties;
    input->duty_count = (size_t)count;
    return whole ? 0 : -ENOMEM;
}

static int read_stations(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_station *stations = wjz_arena_calloc(arena, (size_t)count, sizeof *stations);
    bool whole = stations != NULL;
    for (int i = 0; whole && i < count; i++) {
        stations[i] = (struct rota_station){
            .code = column_text(rows, i, 0, arena, &whole),
            .organ = column_text(rows, i, 1, arena, &whole),
            .name = column_text(rows, i, 2, arena, &whole),
        };
    }
    input->stations = stations;
    input->station_count = (size_t)count;
    return whole ? 0 : -ENOMEM;
}

static int read_people(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_person *people = wjz_arena_calloc(arena, (size_t)count, sizeof *people);
    bool whole = people != NULL;
    for (int i = 0; whole && i < count; i++) {
        people[i] = (struct rota_person){
            .code = column_text(rows, i, 0, arena, &whole),
            .organ = column_text(rows, i, 1, arena, &whole),
            .name = column_text(rows, i, 2, arena, &whole),
            .stations = column_text(rows, i, 3, arena, &whole),
        };
    }
    input->people = people;
    input->person_count = (size_t)count;
    return whole ? 0 : -ENOMEM;
}

static int read_leaves(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_leave *leaves = wjz_arena_calloc(arena, (size_t)count, sizeof *leaves);
    bool whole = leaves != NULL;
    for (int i = 0; whole && i < count; i++) {
        leaves[i] = (struct rota_leave){
            .prosecutor = column_text(rows, i, 0, arena, &whole),
            .from_us = wjz_row_time(rows, i, 1),
            .to_us = wjz_row_time(rows, i, 2),
        };
    }
    input->leaves = leaves;
    input->leave_count = (size_t)count;
    return whole ? 0 : -ENOMEM;
}

static int read_holidays(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_holiday *holidays = wjz_arena_calloc(arena, (size_t)count, sizeof *holidays);
    if (holidays == NULL) return -ENOMEM;
    for (int i = 0; i < count; i++)
        holidays[i] = (struct rota_holiday){wjz_row_date(rows, i, 0), wjz_row_bool(rows, i, 1)};
    input->holidays = holidays;
    input->holiday_count = (size_t)count;
    return 0;
}

static const char *const state_names[] = {
    [ROTA_PLANNED] = "planned",
    [ROTA_UNMET] = "unmet",
    [ROTA_CANCELLED] = "cancelled",
};

static enum rota_state parse_state(const char *name) {
    for (enum rota_state state = ROTA_PLANNED; state < ROTA_CANCELLED; state++)
        if (strcmp(state_names[state], name) == 0) return state;
    return ROTA_CANCELLED;
}

static int read_shifts(const wjz_rows *rows, wjz_arena *arena, struct rota_input *input) {
    int count = wjz_rows_count(rows);
    struct rota_shift *shifts = wjz_arena_calloc(arena, (size_t)count, sizeof *shifts);
    bool whole = shifts != NULL;
    for (int i = 0; whole && i < count; i++) {
        shifts[i] = (struct rota_shift){
            .id = wjz_row_int(rows, i, 0),
            .station = column_text(rows, i, 1, arena, &whole),
            .duty_of = column_text(rows, i, 2, arena, &whole),
            .duty_day = wjz_row_date(rows, i, 3),
            .duty_from = (int)wjz_row_int(rows, i, 4),
            .starts_us = wjz_row_time(rows, i, 5),
            .ends_us = wjz_row_time(rows, i, 6),
            .state = parse_state(wjz_row_text(rows, i, 7)),
            .pinned = wjz_row_bool(rows, i, 8),
            .prosecutor = wjz_row_null(rows, i, 9) ? NULL : column_text(rows, i, 9, arena, &whole),
            .reason = column_text(rows, i, 10, arena, &whole),
            .changes = (int)wjz_row_int(rows, i, 11),
        };
    }
    input->shifts = shifts;
    input->shift_count = (size_t)count;
    return whole ? 0 : -ENOMEM;
}

int store_load_rota(wjz_tx *tx, int32_t region, wjz_arena *arena, struct rota_input *input, wjz_err *err) {
    static int (*const readers[])(const wjz_rows *, wjz_arena *, struct rota_input *) = {
        read_duties, read_stations, read_people, read_leaves, read_holidays, read_shifts};
    int64_t from_us = wjz_clock_from_day(wjz_day_from_number(input->from_day - 1), 0);
    int64_t to_us = wjz_clock_from_day(wjz_day_from_number(input->to_day + 2), 0);
    wjz_param of = wjz_i32(region), first = wjz_date(input->from_day), last = wjz_date(input->to_day);
    /* The lock is waited for first: what is read after it is what its last holder left. */
    int r = store_lock_rota(tx, region);
    if (r == 0) r = wjz_tx_wait(tx, NULL, err);
    if (r == 0) r = wjz_tx_send_v(tx, &DUTIES, of, first, last);
    if (r == 0) r = wjz_tx_send_v(tx, &STATIONS, of);
    if (r == 0) r = wjz_tx_send_v(tx, &PEOPLE, of);
    if (r == 0) r = wjz_tx_send_v(tx, &LEAVES, of, wjz_time(from_us), wjz_time(to_us));
    if (r == 0) r = wjz_tx_send_v(tx, &HOLIDAYS, first, last);
    if (r == 0) r = wjz_tx_send_v(tx, &SHIFTS, of, wjz_time(from_us), wjz_time(to_us));
    if (r == 0) r = wjz_tx_wait(tx, NULL, err);
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(readers); i++) {
        r = readers[i](wjz_tx_rows(tx, (int)i), arena, input);
        if (r < 0) out_of_memory(err);
    }
    return r;
}

/* --- applying --- */

/* One array per column of the changes of one kind. */
struct shift_columns {
    int64_t *ids, *starts, *ends;
    int32_t *days, *froms;
    const char **stations, **prosecutors, **states, **duty_ofs, **reasons;
    size_t count;
};

static int make_columns(struct shift_columns *columns, size_t count, wjz_arena *arena) {
    columns->ids = COLUMN(arena, count, int64_t);
    columns->starts = COLUMN(arena, count, int64_t);
    columns->ends = COLUMN(arena, count, int64_t);
    columns->days = COLUMN(arena, count, int32_t);
    columns->froms = COLUMN(arena, count, int32_t);
    columns->stations = COLUMN(arena, count, const char *);
    columns->prosecutors = COLUMN(arena, count, const char *);
    columns->states = COLUMN(arena, count, const char *);
    columns->duty_ofs = COLUMN(arena, count, const char *);
    columns->reasons = COLUMN(arena, count, const char *);
    bool whole = columns->ids != NULL && columns->starts != NULL && columns->ends != NULL && columns->days != NULL &&
                 columns->froms != NULL && columns->stations != NULL && columns->prosecutors != NULL &&
                 columns->states != NULL && columns->duty_ofs != NULL && columns->reasons != NULL;
    return whole ? 0 : -ENOMEM;
}

static void add_row(struct shift_columns *columns, const struct rota_shift *shift) {
    size_t i = columns->count++;
    columns->ids[i] = shift->id;
    columns->starts[i] = shift->starts_us;
    columns->ends[i] = shift->ends_us;
    columns->days[i] = shift->duty_day;
    columns->froms[i] = shift->duty_from;
    columns->stations[i] = shift->station;
    columns->prosecutors[i] = shift->prosecutor;
    columns->states[i] = state_names[shift->state];
    columns->duty_ofs[i] = shift->duty_of;
    columns->reasons[i] = shift->reason;
}

int store_apply_plan(wjz_tx *tx, int32_t region, const struct rota_change *changes, size_t count, wjz_arena *arena) {
    struct shift_columns made = {0}, altered = {0};
    if (make_columns(&made, count, arena) < 0 || make_columns(&altered, count, arena) < 0) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        add_row(changes[i].kind == ROTA_MAKE ? &made : &altered, &changes[i].after);
    int r = 0;
    /* Alterations first: they free the people whom new shifts may need. */
    if (altered.count > 0)
        r = wjz_tx_send_v(tx, &ALTER_SHIFTS, wjz_i32(region), wjz_i64s(altered.ids, altered.count),
                          wjz_texts(altered.prosecutors, altered.count), wjz_times(altered.starts, altered.count),
                          wjz_times(altered.ends, altered.count), wjz_texts(altered.states, altered.count),
                          wjz_texts(altered.reasons, altered.count));
    if (r == 0 && made.count > 0)
        r = wjz_tx_send_v(tx, &INSERT_SHIFTS, wjz_i32(region), wjz_i64s(made.ids, made.count),
                          wjz_texts(made.stations, made.count), wjz_texts(made.prosecutors, made.count),
                          wjz_times(made.starts, made.count), wjz_times(made.ends, made.count),
                          wjz_texts(made.states, made.count), wjz_dates(made.days, NULL, made.count),
                          wjz_i32s(made.froms, made.count), wjz_texts(made.duty_ofs, made.count),
                          wjz_texts(made.reasons, made.count));
    return r;
}

int store_history(wjz_tx *tx, int32_t region, const struct change *changes, size_t count, wjz_arena *arena) {
    if (count == 0) return 0;
    int64_t *ids = COLUMN(arena, count, int64_t), *subjects = COLUMN(arena, count, int64_t);
    const char **kinds = COLUMN(arena, count, const char *), **actors = COLUMN(arena, count, const char *);
    const char **words = COLUMN(arena, count, const char *), **reasons = COLUMN(arena, count, const char *);
    if (ids == NULL || subjects == NULL || kinds == NULL || actors == NULL || words == NULL || reasons == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        ids[i] = wjz_id_next();
        subjects[i] = changes[i].subject;
        kinds[i] = changes[i].kind;
        actors[i] = changes[i].actor;
        words[i] = changes[i].change;
        reasons[i] = changes[i].reason;
    }
    return wjz_tx_send_v(tx, &HISTORY, wjz_i32(region), wjz_i64s(ids, count), wjz_texts(kinds, count),
                         wjz_i64s(subjects, count), wjz_texts(actors, count), wjz_texts(words, count),
                         wjz_texts(reasons, count));
}

/* --- single questions --- */

int store_regions(wjz_tx *tx, wjz_arena *arena, int64_t **ret_regions, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &REGIONS, NULL, 0, &rows, err);
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    int64_t *regions = COLUMN(arena, count, int64_t);
    if (regions == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        regions[i] = wjz_row_int(rows, (int)i, 0);
    *ret_regions = regions;
    *ret_count = count;
    return 0;
}

int store_person(wjz_tx *tx, int32_t region, const char *code, bool *ret_known, bool *ret_prosecutor, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &PERSON, &rows, err, wjz_i32(region), wjz_text(code));
    if (r < 0) return r;
    *ret_known = wjz_rows_count(rows) > 0;
    *ret_prosecutor = *ret_known && wjz_row_bool(rows, 0, 0);
    return 0;
}

int store_leave(wjz_tx *tx, int32_t region, const char *prosecutor, int64_t from_us, int64_t to_us, const char *reason,
                const char *actor, int64_t *ret_id, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &INSERT_LEAVE, &rows, err, wjz_i32(region), wjz_i64(wjz_id_next()), wjz_text(prosecutor),
                           wjz_time(from_us), wjz_time(to_us), wjz_text(reason), wjz_text(actor));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -EAGAIN, "the same leave was recorded at this moment");
    *ret_id = wjz_row_int(rows, 0, 0);
    return 0;
}

int store_shift(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, struct shift *ret_shift, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &SHIFT, &rows, err, wjz_i32(region), wjz_i64(id));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -ENOENT, "there is no such shift");
    bool whole = true;
    struct shift shift = {
        .id = wjz_row_int(rows, 0, 0),
        .station = column_text(rows, 0, 1, arena, &whole),
        .station_name = column_text(rows, 0, 2, arena, &whole),
        .prosecutor = column_text(rows, 0, 3, arena, &whole),
        .prosecutor_name = column_text(rows, 0, 4, arena, &whole),
        .state = column_text(rows, 0, 5, arena, &whole),
        .starts_us = wjz_row_time(rows, 0, 6),
        .ends_us = wjz_row_time(rows, 0, 7),
        .changes = (int)wjz_row_int(rows, 0, 8),
    };
    if (!whole) return out_of_memory(err);
    *ret_shift = shift;
    return 0;
}

int store_substitute(wjz_tx *tx, int32_t region, int64_t id, const char *prosecutor, const char *reason, bool *ret_away,
                     wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &AWAY, &rows, err, wjz_i32(region), wjz_i64(id), wjz_text(prosecutor));
    if (r < 0) return r;
    *ret_away = wjz_row_bool(rows, 0, 0);
    if (*ret_away) return 0;
    return wjz_tx_query_v(tx, &SUBSTITUTE, NULL, err, wjz_i32(region), wjz_i64(id), wjz_text(prosecutor),
                          wjz_text(reason));
}
