/* SQL about appointments and the time they take. */
#include "scheduling/store_booking.h"

#include <errno.h>
#include <string.h>

#include "scheduling/columns.h"

/* The columns that read_appointment expects of a (appointment), s (its shift), t (its station). */
#define APPOINTMENT                                                                                                    \
    "a.id, a.shift, a.station, coalesce(t.name, a.station), coalesce(s.prosecutor, ''), a.starts_at, a.ends_at,"       \
    " a.held_until, a.state, a.guest, a.token_hash, a.request_mac, a.idempotency_key, coalesce(a.clue, 0)"
#define APPOINTMENT_JOINS                                                                                              \
    " JOIN scheduling.shift s ON s.region = a.region AND s.id = a.shift"                                               \
    " LEFT JOIN directory.station t ON t.region = a.region AND t.code = a.station"
enum { APPOINTMENT_COLUMNS = 14 };

static const wjz_stmt FIND_REQUEST = {
    "scheduling_find_request",
    "SELECT " APPOINTMENT " FROM scheduling.appointment a" APPOINTMENT_JOINS
    " WHERE a.region = $1 AND a.idempotency_key = $2",
    APPOINTMENT_COLUMNS,
};

static const wjz_stmt FIND = {
    "scheduling_find_appointment",
    "SELECT " APPOINTMENT " FROM scheduling.appointment a" APPOINTMENT_JOINS
    " WHERE a.region = $1 AND a.id = $2 FOR UPDATE OF a",
    APPOINTMENT_COLUMNS,
};

static const wjz_stmt BOOK = {
    "scheduling_book",
    "INSERT INTO scheduling.booking (region, id, kind, shift, starts_at, ends_at)"
    " VALUES ($1, $2, 'appointment', $3, $4, $5) ON CONFLICT DO NOTHING",
    0,
};

static const wjz_stmt INSERT = {
    "scheduling_insert_appointment",
    "INSERT INTO scheduling.appointment (region, id, shift, station, starts_at, ends_at, state, held_until, guest, "
    "token_hash,"
    "                                    idempotency_key, request_mac, clue)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'held', $7, $8, $9, $10, $11, nullif($12, 0))",
    0,
};

static const wjz_stmt SET = {
    "scheduling_set_appointment",
    "UPDATE scheduling.appointment SET state = $3, note = coalesce($4, note) WHERE region = $1 AND id = $2",
    0,
};

static const wjz_stmt FREE = {
    "scheduling_free",
    "DELETE FROM scheduling.booking WHERE region = $1 AND id = $2",
    0,
};

static const wjz_stmt LOCK_SHIFT = {
    "scheduling_lock_shift",
    "SELECT starts_at, ends_at, station FROM scheduling.shift WHERE region = $1 AND id = $2 AND state = 'planned' FOR "
    "SHARE",
    3,
};

static const wjz_stmt EXPIRE_OF_SHIFT = {
    "scheduling_expire_of_shift",
    "WITH gone AS ("
    "    UPDATE scheduling.appointment SET state = 'expired'"
    "     WHERE region = $1 AND shift = $2 AND state = 'held' AND held_until <= now() RETURNING region, id)"
    " DELETE FROM scheduling.booking b USING gone WHERE b.region = gone.region AND b.id = gone.id",
    0,
};

static const wjz_stmt EXPIRE = {
    "scheduling_expire",
    "WITH due AS ("
    "    SELECT region, id FROM scheduling.appointment WHERE state = 'held' AND held_until <= now()"
    "     ORDER BY held_until LIMIT 500 FOR UPDATE SKIP LOCKED),"
    " gone AS ("
    "    UPDATE scheduling.appointment a SET state = 'expired' FROM due"
    "     WHERE a.region = due.region AND a.id = due.id RETURNING a.region, a.id)"
    " DELETE FROM scheduling.booking b USING gone WHERE b.region = gone.region AND b.id = gone.id",
    0,
};

#define SHIFT_FILTER                                                                                                   \
    "s.region = $1 AND s.state = 'planned' AND s.starts_at < $3 AND s.ends_at > $2"                                    \
    " AND s.starts_at > $2 - interval '1 day' AND (s.station = ANY ($4::text[]) OR s.prosecutor = ANY ($5::text[]))"

static const wjz_stmt OPEN_SHIFTS = {
    "scheduling_open_shifts",
    "SELECT s.id, s.station, coalesce(t.name, s.station), s.prosecutor, s.starts_at, s.ends_at FROM scheduling.shift s"
    "  LEFT JOIN directory.station t ON t.region = s.region AND t.code = s.station"
    " WHERE " SHIFT_FILTER " ORDER BY s.starts_at, s.id",
    6,
};

/* A hold that ran out takes no time. */
static const wjz_stmt TAKEN = {
    "scheduling_taken",
    "SELECT s.id, b.starts_at, b.ends_at FROM scheduling.shift s"
    "  JOIN scheduling.booking b ON b.region = s.region AND b.shift = s.id"
    "  LEFT JOIN scheduling.appointment a ON a.region = b.region AND a.id = b.id"
    " WHERE " SHIFT_FILTER " AND (a.id IS NULL OR a.state <> 'held' OR a.held_until > now())"
    " ORDER BY s.starts_at, s.id",
    3,
};

static const wjz_stmt REMIND = {
    "scheduling_remind",
    "WITH due AS ("
    "    SELECT region, id FROM scheduling.appointment"
    "     WHERE state = 'confirmed' AND reminded_at IS NULL AND starts_at <= $1 AND starts_at > now()"
    "     ORDER BY starts_at LIMIT $2 FOR UPDATE SKIP LOCKED),"
    " a AS ("
    "    UPDATE scheduling.appointment m SET reminded_at = now() FROM due"
    "     WHERE m.region = due.region AND m.id = due.id RETURNING m.*)"
    " SELECT " APPOINTMENT ", a.region FROM a" APPOINTMENT_JOINS,
    APPOINTMENT_COLUMNS + 1,
};

static const wjz_stmt RELEASE_APPOINTMENTS = {
    "scheduling_release_appointments",
    "WITH lost AS ("
    "    SELECT b.region, b.id FROM scheduling.booking b"
    "      JOIN scheduling.shift s ON s.region = b.region AND s.id = b.shift"
    "     WHERE b.region = $1 AND b.shift = ANY ($2::int8[]) AND b.kind = 'appointment' AND b.ends_at > now()"
    "       AND (s.state <> 'planned' OR b.starts_at < s.starts_at OR b.ends_at > s.ends_at)),"
    " a AS ("
    "    UPDATE scheduling.appointment m SET state = 'cancelled' FROM lost"
    "     WHERE m.region = lost.region AND m.id = lost.id AND m.state IN ('held', 'confirmed') RETURNING m.*),"
    " freed AS ("
    "    DELETE FROM scheduling.booking b USING lost WHERE b.region = lost.region AND b.id = lost.id)"
    " SELECT " APPOINTMENT ", a.region FROM a" APPOINTMENT_JOINS,
    APPOINTMENT_COLUMNS + 1,
};

static const wjz_stmt RELEASE_VISITS = {
    "scheduling_release_visits",
    "WITH lost AS ("
    "    SELECT b.region, b.id FROM scheduling.booking b"
    "      JOIN scheduling.shift s ON s.region = b.region AND s.id = b.shift"
    "     WHERE b.region = $1 AND b.shift = ANY ($2::int8[]) AND b.kind = 'visit' AND b.ends_at > now()"
    "       AND (s.state <> 'planned' OR b.starts_at < s.starts_at OR b.ends_at > s.ends_at)),"
    " freed AS ("
    "    DELETE FROM scheduling.booking b USING lost WHERE b.region = lost.region AND b.id = lost.id)"
    " UPDATE scheduling.visit v SET state = 'waiting', shift = NULL, starts_at = NULL, ends_at = NULL,"
    "        reason = '到岗取消/the shift was cancelled', changed_at = now()"
    "   FROM lost WHERE v.region = lost.region AND v.id = lost.id AND v.state IN ('proposed', 'accepted')",
    0,
};

/* --- appointments --- */

static int read_appointment(const wjz_rows *rows, int row, wjz_arena *arena, struct appointment *ret_appointment) {
    bool whole = true;
    wjz_blob guest = wjz_row_bytes(rows, row, 9), token = wjz_row_bytes(rows, row, 10);
    wjz_blob mac = wjz_row_bytes(rows, row, 11);
    struct appointment a = {
        .id = wjz_row_int(rows, row, 0),
        .shift = wjz_row_int(rows, row, 1),
        .station = column_text(rows, row, 2, arena, &whole),
        .station_name = column_text(rows, row, 3, arena, &whole),
        .prosecutor = column_text(rows, row, 4, arena, &whole),
        .starts_us = wjz_row_time(rows, row, 5),
        .ends_us = wjz_row_time(rows, row, 6),
        .held_until_us = wjz_row_time(rows, row, 7),
        .guest = wjz_arena_strndup(arena, guest.data, guest.length),
        .guest_length = guest.length,
        .idempotency_key = column_text(rows, row, 12, arena, &whole),
        .clue = wjz_row_int(rows, row, 13),
    };
    if (!whole || a.guest == NULL) return -ENOMEM;
    if (appointment_state_parse(wjz_row_text(rows, row, 8), &a.state) < 0 || token.length != sizeof a.token_hash ||
        mac.length != sizeof a.request_mac)
        return -EBADMSG;
    memcpy(a.token_hash, token.data, sizeof a.token_hash);
    memcpy(a.request_mac, mac.data, sizeof a.request_mac);
    *ret_appointment = a;
    return 0;
}

static int unreadable(int r, wjz_err *err) {
    return wjz_err_set(err, r, r == -ENOMEM ? "out of memory" : "an appointment in the store is malformed");
}

int store_find_request(wjz_tx *tx, int32_t region, const char *key, wjz_arena *arena, bool *ret_found,
                       struct appointment *ret_appointment, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_REQUEST, &rows, err, wjz_i32(region), wjz_text(key));
    if (r < 0) return r;
    *ret_found = wjz_rows_count(rows) > 0;
    if (!*ret_found) return 0;
    r = read_appointment(rows, 0, arena, ret_appointment);
    return r < 0 ? unreadable(r, err) : 0;
}

int store_appointment(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, struct appointment *ret_appointment,
                      wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND, &rows, err, wjz_i32(region), wjz_i64(id));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -ENOENT, "there is no such appointment");
    r = read_appointment(rows, 0, arena, ret_appointment);
    return r < 0 ? unreadable(r, err) : 0;
}

int store_book(wjz_tx *tx, int32_t region, const struct appointment *appointment, bool *ret_taken, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r =
        wjz_tx_query_v(tx, &BOOK, &rows, err, wjz_i32(region), wjz_i64(appointment->id), wjz_i64(appointment->shift),
                       wjz_time(appointment->starts_us), wjz_time(appointment->ends_us));
    if (r < 0) return r;
    *ret_taken = wjz_rows_affected(rows) == 1;
    return 0;
}

int store_insert_appointment(wjz_tx *tx, int32_t region, const struct appointment *a) {
    return wjz_tx_send_v(tx, &INSERT, wjz_i32(region), wjz_i64(a->id), wjz_i64(a->shift), wjz_text(a->station),
                         wjz_time(a->starts_us), wjz_time(a->ends_us), wjz_time(a->held_until_us),
                         wjz_bytes(a->guest, a->guest_length), wjz_bytes(a->token_hash, sizeof a->token_hash),
                         wjz_text(a->idempotency_key), wjz_bytes(a->request_mac, sizeof a->request_mac),
                         wjz_i64(a->clue));
}

int store_set_appointment(wjz_tx *tx, int32_t region, int64_t id, enum appointment_state state, const void *note,
                          size_t note_length) {
    int r = wjz_tx_send_v(tx, &SET, wjz_i32(region), wjz_i64(id), wjz_text(appointment_state_name(state)),
                          wjz_bytes(note, note_length));
    if (r < 0 || state != APPOINTMENT_CANCELLED) return r;
    return wjz_tx_send_v(tx, &FREE, wjz_i32(region), wjz_i64(id));
}

/* --- shifts with what is taken of them --- */

int store_open_shift(wjz_tx *tx, int32_t region, int64_t id, struct span *ret_time, wjz_arena *arena,
                     const char **ret_station, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_send_v(tx, &EXPIRE_OF_SHIFT, wjz_i32(region), wjz_i64(id));
    if (r == 0) r = wjz_tx_query_v(tx, &LOCK_SHIFT, &rows, err, wjz_i32(region), wjz_i64(id));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -ENOENT, "there is no such shift, or nobody has it");
    bool whole = true;
    const char *station = column_text(rows, 0, 2, arena, &whole);
    if (!whole) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_time = (struct span){wjz_row_time(rows, 0, 0), wjz_row_time(rows, 0, 1)};
    *ret_station = station;
    return 0;
}

static size_t count_of(const wjz_rows *taken, int64_t shift, int *at) {
    int begin = *at;
    while (*at < wjz_rows_count(taken) && wjz_row_int(taken, *at, 0) == shift)
        ++*at;
    return (size_t)(*at - begin);
}

static int read_open_shifts(const wjz_rows *rows, const wjz_rows *taken, size_t spare, wjz_arena *arena,
                            struct open_shift *shifts) {
    bool whole = true;
    int at = 0;
    for (int i = 0; whole && i < wjz_rows_count(rows); i++) {
        struct open_shift *shift = &shifts[i];
        *shift = (struct open_shift){
            .id = wjz_row_int(rows, i, 0),
            .station = column_text(rows, i, 1, arena, &whole),
            .station_name = column_text(rows, i, 2, arena, &whole),
            .prosecutor = column_text(rows, i, 3, arena, &whole),
            .time = {wjz_row_time(rows, i, 4), wjz_row_time(rows, i, 5)},
        };
        int first = at;
        shift->taken_count = count_of(taken, shift->id, &at);
        shift->taken_room = shift->taken_count + spare;
        shift->taken = COLUMN(arena, shift->taken_room, struct span);
        whole = whole && shift->taken != NULL;
        for (size_t j = 0; whole && j < shift->taken_count; j++)
            shift->taken[j] =
                (struct span){wjz_row_time(taken, first + (int)j, 1), wjz_row_time(taken, first + (int)j, 2)};
    }
    return whole ? 0 : -ENOMEM;
}

int store_open_shifts(wjz_tx *tx, int32_t region, const struct shift_filter *filter, wjz_arena *arena,
                      struct open_shift **ret_shifts, size_t *ret_count, wjz_err *err) {
    const wjz_param params[] = {
        wjz_i32(region),
        wjz_time(filter->from_us),
        wjz_time(filter->to_us),
        wjz_texts(filter->stations, filter->station_count),
        wjz_texts(filter->prosecutors, filter->prosecutor_count),
    };
    int r = wjz_tx_send(tx, &OPEN_SHIFTS, params, WJZ_COUNT(params));
    if (r == 0) r = wjz_tx_send(tx, &TAKEN, params, WJZ_COUNT(params));
    if (r == 0) r = wjz_tx_wait(tx, NULL, err);
    if (r < 0) return r;
    const wjz_rows *rows = wjz_tx_rows(tx, 0), *taken = wjz_tx_rows(tx, 1);
    size_t count = (size_t)wjz_rows_count(rows);
    struct open_shift *shifts = wjz_arena_calloc(arena, count, sizeof *shifts);
    if (shifts == NULL || read_open_shifts(rows, taken, filter->spare, arena, shifts) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_shifts = shifts;
    *ret_count = count;
    return 0;
}

/* --- what time does --- */

int store_expire_holds(wjz_tx *tx, int *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &EXPIRE, NULL, 0, &rows, err);
    if (r == 0) *ret_count = (int)wjz_rows_affected(rows);
    return r;
}

static int read_told(const wjz_rows *rows, wjz_arena *arena, struct told_appointment **ret_told, size_t *ret_count,
                     wjz_err *err) {
    int count = wjz_rows_count(rows);
    struct told_appointment *told = wjz_arena_calloc(arena, (size_t)count, sizeof *told);
    int r = told == NULL ? -ENOMEM : 0;
    for (int i = 0; r == 0 && i < count; i++) {
        r = read_appointment(rows, i, arena, &told[i].appointment);
        told[i].region = (int32_t)wjz_row_int(rows, i, APPOINTMENT_COLUMNS);
    }
    if (r < 0) return unreadable(r, err);
    *ret_told = told;
    *ret_count = (size_t)count;
    return 0;
}

int store_remind(wjz_tx *tx, int64_t until_us, int limit, wjz_arena *arena, struct told_appointment **ret_told,
                 size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &REMIND, &rows, err, wjz_time(until_us), wjz_i64(limit));
    return r < 0 ? r : read_told(rows, arena, ret_told, ret_count, err);
}

int store_release(wjz_tx *tx, int32_t region, const int64_t *shifts, size_t count, wjz_arena *arena,
                  struct told_appointment **ret_told, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_send_v(tx, &RELEASE_VISITS, wjz_i32(region), wjz_i64s(shifts, count));
    if (r == 0) r = wjz_tx_query_v(tx, &RELEASE_APPOINTMENTS, &rows, err, wjz_i32(region), wjz_i64s(shifts, count));
    return r < 0 ? r : read_told(rows, arena, ret_told, ret_count, err);
}
