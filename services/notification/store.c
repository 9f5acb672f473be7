/* All SQL of notification. */
#include "notification/store.h"

#include <errno.h>
#include <string.h>

#include "wjz/id.h"

static const wjz_stmt FIND_PEOPLE = {
    "notification_find_people",
    "SELECT p.region, p.code, p.name, p.locale, 'operator' = ANY (p.roles),"
    "       coalesce(p.email, '') <> '' AND coalesce(e.enabled, true),"
    "       coalesce(p.webhook, '') <> '' AND coalesce(w.enabled, true),"
    "       coalesce(extract(epoch FROM p.quiet_from)::int4 / 60, -1),"
    "       coalesce(extract(epoch FROM p.quiet_to)::int4 / 60, -1)"
    "  FROM directory.person p"
    "  LEFT JOIN notification.preference e ON e.region = p.region AND e.person = p.code AND e.channel = 'email'"
    "  LEFT JOIN notification.preference w ON w.region = p.region AND w.person = p.code AND w.channel = 'webhook'"
    " WHERE p.active"
    "   AND (p.code = ANY ($1::text[])"
    "        OR 'operator' = ANY (p.roles) AND (p.region = ANY ($2::int4[]) OR 0 = ANY ($2::int4[])))"
    " ORDER BY p.region, p.code",
    9,
};

static const wjz_stmt FIND_DUTIES = {
    "notification_find_duties",
    "SELECT u.region, u.station, s.prosecutor"
    "  FROM unnest($1::int4[], $2::text[]) AS u (region, station)"
    " CROSS JOIN LATERAL ("
    "     SELECT prosecutor FROM scheduling.shift s"
    "      WHERE s.region = u.region AND s.station = u.station AND s.state = 'planned'"
    "        AND s.starts_at > now() - interval '1 day' AND s.starts_at < now() + interval '14 days' AND s.ends_at > "
    "now()"
    "      ORDER BY s.starts_at, s.id LIMIT 1) s",
    3,
};

static const wjz_stmt FIND_NAMES = {
    "notification_find_names",
    "SELECT code, name FROM directory.person WHERE code = ANY ($1::text[])"
    " UNION SELECT code, name FROM directory.station WHERE code = ANY ($1::text[])"
    " UNION SELECT code, name FROM directory.organ WHERE code = ANY ($1::text[])",
    2,
};

#define INSERT_NOTICES                                                                                                 \
    "INSERT INTO notification.notice (region, id, event, recipient, guest, template, locale, urgency, title,"          \
    " body, subject_kind, subject, acknowledge_until, chase_at, escalate_to)"                                          \
    " SELECT region, id, event, recipient, guest, template, locale, urgency, title, body, subject_kind,"               \
    " subject, acknowledge_until, acknowledge_until, escalate_to"                                                      \
    " FROM (SELECT unnest($1::int4[]) AS region, unnest($2::int8[]) AS id, unnest($3::text[]) AS event,"               \
    " unnest($4::text[]) AS recipient, unnest($5::bytea[]) AS guest, unnest($6::text[]) AS template,"                  \
    " unnest($7::text[]) AS locale, unnest($8::text[]) AS urgency, unnest($9::text[]) AS title,"                       \
    " unnest($10::text[]) AS body, unnest($11::text[]) AS subject_kind, unnest($12::int8[]) AS subject,"               \
    " unnest($13::timestamptz[]) AS acknowledge_until, unnest($14::text[]) AS escalate_to) AS u"

static const wjz_stmt ADD_NOTICES = {"notification_add_notices", INSERT_NOTICES, 0};

static const wjz_stmt KEEP_NOTICES = {"notification_keep_notices",
                                      INSERT_NOTICES " ON CONFLICT (region, event, recipient) DO NOTHING", 0};

static const wjz_stmt INSERT_SENDINGS = {
    "notification_insert_sendings",
    "INSERT INTO notification.sending (region, notice, channel, state, due_at)"
    " SELECT u.region, u.notice, u.channel, 'waiting', u.due_at"
    "   FROM unnest($1::int4[], $2::int8[], $3::text[], $4::timestamptz[]) AS u (region, notice, channel, due_at)"
    "  WHERE EXISTS (SELECT FROM notification.notice n WHERE n.region = u.region AND n.id = u.notice)",
    0,
};

static const wjz_stmt INSERT_TOKENS = {
    "notification_insert_tokens",
    "INSERT INTO notification.ack_token (region, notice, hash, expires_at)"
    " SELECT u.region, u.notice, u.hash, u.expires_at"
    "   FROM unnest($1::int4[], $2::int8[], $3::bytea[], $4::timestamptz[]) AS u (region, notice, hash, expires_at)"
    "  WHERE EXISTS (SELECT FROM notification.notice n WHERE n.region = u.region AND n.id = u.notice)",
    0,
};

static const wjz_stmt CLAIM = {
    "notification_claim",
    "WITH due AS ("
    "    SELECT region, notice, channel FROM notification.sending"
    "     WHERE channel = $1 AND state IN ('waiting', 'sending') AND due_at <= now()"
    "     ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED),"
    " taken AS ("
    "    UPDATE notification.sending s"
    "       SET state = 'sending', attempts = s.attempts + 1, due_at = now() + $3 * interval '1 millisecond', owner = "
    "$4"
    "      FROM due d WHERE s.region = d.region AND s.notice = d.notice AND s.channel = d.channel"
    "    RETURNING s.region, s.notice, s.attempts, s.round)"
    " SELECT t.region, t.notice, t.attempts, t.round, n.recipient, n.locale, n.urgency, n.event, n.title, n.body,"
    "        n.subject_kind, n.subject, n.made_at, k.expires_at, n.guest, coalesce(p.email, ''),"
    "        coalesce(p.webhook, ''), coalesce(p.webhook_secret, '')"
    "   FROM taken t"
    "   JOIN notification.notice n ON n.region = t.region AND n.id = t.notice"
    "   LEFT JOIN notification.ack_token k ON k.region = t.region AND k.notice = t.notice"
    "   LEFT JOIN directory.person p ON p.region = n.region AND p.code = n.recipient AND p.active",
    18,
};

static const wjz_stmt LOG = {
    "notification_log",
    "INSERT INTO notification.delivery (region, id, notice, channel, round, attempt, result, address, status, answer,"
    "                                   instance)"
    " SELECT * FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::text[], $5::int2[], $6::int4[], $7::text[],"
    "                      $8::text[], $9::int4[], $10::text[], $11::text[])",
    0,
};

static const wjz_stmt FINISH = {
    "notification_finish",
    "UPDATE notification.sending SET state = $6, due_at = coalesce($7, due_at)"
    " WHERE region = $1 AND notice = $2 AND channel = $3 AND attempts = $4 AND round = $5 AND state = 'sending'",
    0,
};

static const wjz_stmt POSTPONE = {
    "notification_postpone",
    "UPDATE notification.sending s SET due_at = $4"
    "  FROM (SELECT w.region, w.notice, w.channel FROM notification.sending w"
    "          JOIN notification.notice n ON n.region = w.region AND n.id = w.notice"
    "         WHERE w.region = $1 AND w.channel = $2 AND w.state = 'waiting' AND w.due_at < $4 AND n.recipient = $3"
    "           FOR UPDATE OF w SKIP LOCKED) o"
    " WHERE s.region = o.region AND s.notice = o.notice AND s.channel = o.channel",
    0,
};

static const wjz_stmt ACKNOWLEDGE_LINK = {
    "notification_acknowledge_link",
    "WITH link AS ("
    "    UPDATE notification.ack_token SET used_at = coalesce(used_at, now())"
    "     WHERE region = $1 AND notice = $2 AND hash = $3 AND expires_at > now() RETURNING region, notice),"
    " seen AS ("
    "    SELECT n.region, n.id, n.recipient, n.acknowledged_at FROM notification.notice n"
    "      JOIN link ON link.region = n.region AND link.notice = n.id FOR UPDATE OF n),"
    " done AS ("
    "    UPDATE notification.notice n SET acknowledged_at = now(), acknowledged_by = seen.recipient,"
    "           acknowledged_via = 'link', chase_at = NULL"
    "      FROM seen WHERE n.region = seen.region AND n.id = seen.id AND seen.acknowledged_at IS NULL)"
    " SELECT acknowledged_at IS NOT NULL, coalesce(acknowledged_at, now()) FROM seen",
    2,
};

static const wjz_stmt ACKNOWLEDGE = {
    "notification_acknowledge",
    "WITH seen AS ("
    "    SELECT region, id, acknowledged_at FROM notification.notice"
    "     WHERE region = $1 AND id = $2 AND recipient = $3 FOR UPDATE),"
    " done AS ("
    "    UPDATE notification.notice n SET acknowledged_at = now(), acknowledged_by = $3, acknowledged_via = 'console',"
    "           chase_at = NULL"
    "      FROM seen WHERE n.region = seen.region AND n.id = seen.id AND seen.acknowledged_at IS NULL)"
    " SELECT acknowledged_at IS NOT NULL, coalesce(acknowledged_at, now()) FROM seen",
    2,
};

static const wjz_stmt LOOK_LINK = {
    "notification_look_link",
    "SELECT n.acknowledged_at IS NOT NULL, n.acknowledged_at"
    "  FROM notification.ack_token k JOIN notification.notice n ON n.region = k.region AND n.id = k.notice"
    " WHERE k.region = $1 AND k.notice = $2 AND k.hash = $3",
    2,
};

static const wjz_stmt UNSEEN = {
    "notification_unseen",
    "SELECT n.region, n.id, n.recipient, coalesce(p.name, n.recipient), n.event, n.title, n.body,"
    "       coalesce(n.escalate_to, ''), n.subject_kind, n.subject, n.repeats, n.urgency = 'urgent',"
    "       coalesce(extract(epoch FROM p.quiet_from)::int4 / 60, -1),"
    "       coalesce(extract(epoch FROM p.quiet_to)::int4 / 60, -1)"
    "  FROM notification.notice n"
    "  LEFT JOIN directory.person p ON p.region = n.region AND p.code = n.recipient"
    " WHERE n.chase_at <= now() ORDER BY n.chase_at LIMIT $1 FOR UPDATE OF n SKIP LOCKED",
    14,
};

static const wjz_stmt REPEAT = {
    "notification_repeat",
    "UPDATE notification.notice n SET repeats = n.repeats + 1, chase_at = now() + $3 * interval '1 millisecond'"
    "  FROM unnest($1::int4[], $2::int8[]) AS u (region, notice) WHERE n.region = u.region AND n.id = u.notice",
    0,
};

/* What is still on its way needs no repetition. */
static const wjz_stmt REPEAT_SENDINGS = {
    "notification_repeat_sendings",
    "UPDATE notification.sending s SET state = 'waiting', due_at = u.due_at, attempts = 0,"
    "       round = s.round + 1"
    "  FROM unnest($1::int4[], $2::int8[], $3::timestamptz[]) AS u (region, notice, due_at)"
    " WHERE s.region = u.region AND s.notice = u.notice AND s.state IN ('sent', 'failed')",
    0,
};

static const wjz_stmt ESCALATED = {
    "notification_escalated",
    "UPDATE notification.notice n SET escalated_at = now(), chase_at = NULL"
    "  FROM unnest($1::int4[], $2::int8[]) AS u (region, notice) WHERE n.region = u.region AND n.id = u.notice",
    0,
};

static const wjz_stmt SET_PREFERENCE = {
    "notification_set_preference",
    "INSERT INTO notification.preference (region, person, channel, enabled, changed_by)"
    " SELECT region, code, $3, $4, $5 FROM directory.person WHERE region = $1 AND code = $2"
    " ON CONFLICT (region, person, channel)"
    " DO UPDATE SET enabled = excluded.enabled, changed_by = excluded.changed_by, changed_at = now()"
    " RETURNING 1",
    1,
};

/* Copies a text of a row; whole turns false when memory is out. */
static const char *keep(const wjz_rows *rows, int row, int column, wjz_arena *arena, bool *whole) {
    const char *text = wjz_row_text(rows, row, column);
    const char *copy = wjz_arena_strdup(arena, text == NULL ? "" : text);
    *whole = *whole && copy != NULL;
    return copy;
}

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static int read_people(const wjz_rows *rows, wjz_arena *arena, struct person **ret_people, size_t *ret_count) {
    int count = wjz_rows_count(rows);
    struct person *people = wjz_arena_calloc(arena, (size_t)count, sizeof *people);
    bool whole = people != NULL;
    for (int i = 0; whole && i < count; i++) {
        people[i] = (struct person){
            .region = (int32_t)wjz_row_int(rows, i, 0),
            .code = keep(rows, i, 1, arena, &whole),
            .name = keep(rows, i, 2, arena, &whole),
            .locale = keep(rows, i, 3, arena, &whole),
            .is_operator = wjz_row_bool(rows, i, 4),
            .reachable = {[CHANNEL_EMAIL] = wjz_row_bool(rows, i, 5), [CHANNEL_WEBHOOK] = wjz_row_bool(rows, i, 6)},
            .quiet_from = (int)wjz_row_int(rows, i, 7),
            .quiet_to = (int)wjz_row_int(rows, i, 8),
        };
    }
    if (!whole) return -ENOMEM;
    *ret_people = people;
    *ret_count = (size_t)count;
    return 0;
}

static int read_names(const wjz_rows *rows, wjz_arena *arena, struct name **ret_names, size_t *ret_count) {
    int found = wjz_rows_count(rows);
    struct name *names = wjz_arena_calloc(arena, (size_t)found, sizeof *names);
    bool whole = names != NULL;
    for (int i = 0; whole && i < found; i++)
        names[i] = (struct name){keep(rows, i, 0, arena, &whole), keep(rows, i, 1, arena, &whole)};
    if (!whole) return -ENOMEM;
    *ret_names = names;
    *ret_count = (size_t)found;
    return 0;
}

int store_people(wjz_tx *tx, const char *const *codes, size_t code_count, const int32_t *regions, size_t region_count,
                 const char *const *named, size_t named_count, wjz_arena *arena, struct person **ret_people,
                 size_t *ret_count, struct name **ret_names, size_t *ret_name_count, wjz_err *err) {
    wjz_rows *names = NULL;
    int people = wjz_tx_next(tx),
        r = wjz_tx_send_v(tx, &FIND_PEOPLE, wjz_texts(codes, code_count), wjz_i32s(regions, region_count));
    if (r == 0) r = wjz_tx_query_v(tx, &FIND_NAMES, &names, err, wjz_texts(named, named_count));
    if (r < 0) return r;
    if (read_people(wjz_tx_rows(tx, people), arena, ret_people, ret_count) < 0 ||
        read_names(names, arena, ret_names, ret_name_count) < 0)
        return out_of_memory(err);
    return 0;
}

int store_duties(wjz_tx *tx, const int32_t *regions, const char *const *stations, size_t count, wjz_arena *arena,
                 struct duty **ret_duties, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_DUTIES, &rows, err, wjz_i32s(regions, count), wjz_texts(stations, count));
    if (r < 0) return r;
    int found = wjz_rows_count(rows);
    struct duty *duties = wjz_arena_calloc(arena, (size_t)found, sizeof *duties);
    bool whole = duties != NULL;
    for (int i = 0; whole && i < found; i++) {
        duties[i] = (struct duty){
            .region = (int32_t)wjz_row_int(rows, i, 0),
            .station = keep(rows, i, 1, arena, &whole),
            .person = keep(rows, i, 2, arena, &whole),
        };
    }
    if (!whole) return out_of_memory(err);
    *ret_duties = duties;
    *ret_count = (size_t)found;
    return 0;
}

/* --- inserting: arrays of one column each --- */

#define COLUMN(arena, count, type) ((type *)wjz_arena_alloc((arena), (count) * sizeof(type)))

/* Those that are added as they are, or those that are kept unless they were told before. */
static int send_notices(wjz_tx *tx, const struct notice *notices, size_t count, bool careful, bool added,
                        wjz_arena *arena) {
    enum { TEXTS = 9 };
    int32_t *regions = COLUMN(arena, count, int32_t);
    int64_t *ids = COLUMN(arena, count, int64_t), *subjects = COLUMN(arena, count, int64_t);
    int64_t *untils = COLUMN(arena, count, int64_t);
    wjz_blob *guests = COLUMN(arena, count, wjz_blob);
    const char **texts[TEXTS];
    bool whole = regions != NULL && ids != NULL && subjects != NULL && untils != NULL && guests != NULL;
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = COLUMN(arena, count, const char *);
        whole = whole && texts[i] != NULL;
    }
    if (!whole) return -ENOMEM;
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        const struct notice *n = &notices[i];
        if ((n->fresh && !careful) != added) continue;
        const char *const row[TEXTS] = {n->event, n->recipient, n->template,     n->locale,     n->urgency,
                                        n->title, n->body,      n->subject_kind, n->escalate_to};
        for (int j = 0; j < TEXTS; j++)
            texts[j][rows] = row[j];
        regions[rows] = n->region;
        ids[rows] = n->id;
        subjects[rows] = n->subject;
        untils[rows] = n->acknowledge_until_us;
        guests[rows++] = (wjz_blob){n->guest, n->guest_length};
    }
    if (rows == 0) return 0;
    return wjz_tx_send_v(tx, added ? &ADD_NOTICES : &KEEP_NOTICES, wjz_i32s(regions, rows), wjz_i64s(ids, rows),
                         wjz_texts(texts[0], rows), wjz_texts(texts[1], rows), wjz_blobs(guests, rows),
                         wjz_texts(texts[2], rows), wjz_texts(texts[3], rows), wjz_texts(texts[4], rows),
                         wjz_texts(texts[5], rows), wjz_texts(texts[6], rows), wjz_texts(texts[7], rows),
                         wjz_i64s(subjects, rows), wjz_times(untils, rows), wjz_texts(texts[8], rows));
}

static int send_sendings(wjz_tx *tx, const struct notice *notices, size_t count, wjz_arena *arena) {
    int32_t *regions = COLUMN(arena, count * CHANNELS, int32_t);
    int64_t *ids = COLUMN(arena, count * CHANNELS, int64_t), *dues = COLUMN(arena, count * CHANNELS, int64_t);
    const char **channels = COLUMN(arena, count * CHANNELS, const char *);
    if (regions == NULL || ids == NULL || dues == NULL || channels == NULL) return -ENOMEM;
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        for (int kind = 0; kind < CHANNELS; kind++) {
            if (notices[i].due_us[kind] == 0) continue;
            regions[rows] = notices[i].region;
            ids[rows] = notices[i].id;
            channels[rows] = channel_names[kind];
            dues[rows++] = notices[i].due_us[kind];
        }
    }
    if (rows == 0) return 0;
    return wjz_tx_send_v(tx, &INSERT_SENDINGS, wjz_i32s(regions, rows), wjz_i64s(ids, rows), wjz_texts(channels, rows),
                         wjz_times(dues, rows));
}

static int send_tokens(wjz_tx *tx, const struct notice *notices, size_t count, wjz_arena *arena) {
    int32_t *regions = COLUMN(arena, count, int32_t);
    int64_t *ids = COLUMN(arena, count, int64_t), *expiries = COLUMN(arena, count, int64_t);
    wjz_blob *hashes = COLUMN(arena, count, wjz_blob);
    if (regions == NULL || ids == NULL || expiries == NULL || hashes == NULL) return -ENOMEM;
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        if (notices[i].token_expires_us == 0) continue;
        regions[rows] = notices[i].region;
        ids[rows] = notices[i].id;
        hashes[rows] = (wjz_blob){notices[i].token_hash, TOKEN_HASH};
        expiries[rows++] = notices[i].token_expires_us;
    }
    if (rows == 0) return 0;
    return wjz_tx_send_v(tx, &INSERT_TOKENS, wjz_i32s(regions, rows), wjz_i64s(ids, rows), wjz_blobs(hashes, rows),
                         wjz_times(expiries, rows));
}

int store_notices(wjz_tx *tx, const struct notice *notices, size_t count, bool careful, wjz_arena *arena) {
    if (count == 0) return 0;
    int r = send_notices(tx, notices, count, careful, true, arena);
    if (r == 0) r = send_notices(tx, notices, count, careful, false, arena);
    if (r == 0) r = send_sendings(tx, notices, count, arena);
    if (r == 0) r = send_tokens(tx, notices, count, arena);
    return r;
}

/* --- sending --- */

int store_claim(wjz_tx *tx, const char *channel, int limit, int64_t lease_ms, int owner, wjz_arena *arena,
                struct sending **ret_sendings, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &CLAIM, &rows, err, wjz_text(channel), wjz_i64(limit), wjz_f64((double)lease_ms),
                           wjz_i32(owner));
    if (r < 0) return r;
    int count = wjz_rows_count(rows);
    struct sending *sendings = wjz_arena_calloc(arena, (size_t)count, sizeof *sendings);
    bool whole = sendings != NULL;
    for (int i = 0; whole && i < count; i++) {
        wjz_blob guest = wjz_row_bytes(rows, i, 14);
        sendings[i] = (struct sending){
            .region = (int32_t)wjz_row_int(rows, i, 0),
            .notice = wjz_row_int(rows, i, 1),
            .attempt = (int)wjz_row_int(rows, i, 2),
            .round = (int)wjz_row_int(rows, i, 3),
            .recipient = keep(rows, i, 4, arena, &whole),
            .locale = keep(rows, i, 5, arena, &whole),
            .urgency = keep(rows, i, 6, arena, &whole),
            .event = keep(rows, i, 7, arena, &whole),
            .title = keep(rows, i, 8, arena, &whole),
            .body = keep(rows, i, 9, arena, &whole),
            .subject_kind = keep(rows, i, 10, arena, &whole),
            .subject = wjz_row_int(rows, i, 11),
            .made_at_us = wjz_row_time(rows, i, 12),
            .token_expires_us = wjz_row_time(rows, i, 13),
            .guest = guest.data == NULL ? NULL : (uint8_t *)wjz_arena_strndup(arena, guest.data, guest.length),
            .guest_length = guest.length,
            .email = keep(rows, i, 15, arena, &whole),
            .webhook = keep(rows, i, 16, arena, &whole),
            .webhook_secret = keep(rows, i, 17, arena, &whole),
        };
    }
    if (!whole) return out_of_memory(err);
    *ret_sendings = sendings;
    *ret_count = (size_t)count;
    return 0;
}

int store_log(wjz_tx *tx, const struct delivery *deliveries, size_t count, wjz_arena *arena) {
    enum { TEXTS = 5 };
    int32_t *regions = COLUMN(arena, count, int32_t), *attempts = COLUMN(arena, count, int32_t);
    int32_t *statuses = COLUMN(arena, count, int32_t);
    int64_t *ids = COLUMN(arena, count, int64_t), *notices = COLUMN(arena, count, int64_t);
    int16_t *rounds = COLUMN(arena, count, int16_t);
    const char **texts[TEXTS];
    bool whole =
        regions != NULL && attempts != NULL && statuses != NULL && ids != NULL && notices != NULL && rounds != NULL;
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = COLUMN(arena, count, const char *);
        whole = whole && texts[i] != NULL;
    }
    if (!whole) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct delivery *d = &deliveries[i];
        const char *const row[TEXTS] = {d->channel, d->result, d->address, d->answer, d->instance};
        for (int j = 0; j < TEXTS; j++)
            texts[j][i] = row[j];
        regions[i] = d->region;
        ids[i] = wjz_id_next();
        notices[i] = d->notice;
        rounds[i] = (int16_t)d->round;
        attempts[i] = d->attempt;
        statuses[i] = d->status;
    }
    return wjz_tx_send_v(tx, &LOG, wjz_i32s(regions, count), wjz_i64s(ids, count), wjz_i64s(notices, count),
                         wjz_texts(texts[0], count), wjz_i16s(rounds, count), wjz_i32s(attempts, count),
                         wjz_texts(texts[1], count), wjz_texts(texts[2], count), wjz_i32s(statuses, count),
                         wjz_texts(texts[3], count), wjz_texts(texts[4], count));
}

int store_finish(wjz_tx *tx, const struct sending *sending, const char *channel, const char *state, int64_t due_us) {
    return wjz_tx_send_v(tx, &FINISH, wjz_i32(sending->region), wjz_i64(sending->notice), wjz_text(channel),
                         wjz_i32(sending->attempt), wjz_i16((int16_t)sending->round), wjz_text(state),
                         wjz_time(due_us));
}

int store_postpone(wjz_tx *tx, const struct sending *sending, const char *channel, int64_t due_us) {
    return wjz_tx_send_v(tx, &POSTPONE, wjz_i32(sending->region), wjz_text(channel), wjz_text(sending->recipient),
                         wjz_time(due_us));
}

/* --- acknowledging --- */

static int read_acknowledgement(const wjz_rows *rows, struct acknowledgement *ret_done) {
    *ret_done = (struct acknowledgement){.found = wjz_rows_count(rows) > 0};
    if (!ret_done->found) return 0;
    ret_done->before = wjz_row_bool(rows, 0, 0);
    ret_done->at_us = wjz_row_time(rows, 0, 1);
    return 0;
}

int store_acknowledge_link(wjz_tx *tx, const struct token *token, const uint8_t hash[TOKEN_HASH],
                           struct acknowledgement *ret_done, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ACKNOWLEDGE_LINK, &rows, err, wjz_i32(token->region), wjz_i64(token->notice),
                           wjz_bytes(hash, TOKEN_HASH));
    return r < 0 ? r : read_acknowledgement(rows, ret_done);
}

int store_acknowledge(wjz_tx *tx, int32_t region, int64_t notice, const char *actor, struct acknowledgement *ret_done,
                      wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ACKNOWLEDGE, &rows, err, wjz_i32(region), wjz_i64(notice), wjz_text(actor));
    return r < 0 ? r : read_acknowledgement(rows, ret_done);
}

int store_look_link(wjz_tx *tx, const struct token *token, const uint8_t hash[TOKEN_HASH],
                    struct acknowledgement *ret_state, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOOK_LINK, &rows, err, wjz_i32(token->region), wjz_i64(token->notice),
                           wjz_bytes(hash, TOKEN_HASH));
    return r < 0 ? r : read_acknowledgement(rows, ret_state);
}

/* --- chasing --- */

int store_unseen(wjz_tx *tx, int limit, wjz_arena *arena, struct unseen **ret_unseen, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &UNSEEN, &rows, err, wjz_i64(limit));
    if (r < 0) return r;
    int count = wjz_rows_count(rows);
    struct unseen *unseen = wjz_arena_calloc(arena, (size_t)count, sizeof *unseen);
    bool whole = unseen != NULL;
    for (int i = 0; whole && i < count; i++) {
        unseen[i] = (struct unseen){
            .region = (int32_t)wjz_row_int(rows, i, 0),
            .notice = wjz_row_int(rows, i, 1),
            .recipient = keep(rows, i, 2, arena, &whole),
            .recipient_name = keep(rows, i, 3, arena, &whole),
            .event = keep(rows, i, 4, arena, &whole),
            .title = keep(rows, i, 5, arena, &whole),
            .body = keep(rows, i, 6, arena, &whole),
            .escalate_to = keep(rows, i, 7, arena, &whole),
            .subject_kind = keep(rows, i, 8, arena, &whole),
            .subject = wjz_row_int(rows, i, 9),
            .repeats = (int)wjz_row_int(rows, i, 10),
            .urgent = wjz_row_bool(rows, i, 11),
            .quiet_from = (int)wjz_row_int(rows, i, 12),
            .quiet_to = (int)wjz_row_int(rows, i, 13),
        };
    }
    if (!whole) return out_of_memory(err);
    *ret_unseen = unseen;
    *ret_count = (size_t)count;
    return 0;
}

int store_repeat(wjz_tx *tx, const int32_t *regions, const int64_t *notices, const int64_t *due_us, size_t count,
                 int64_t wait_ms) {
    int r = wjz_tx_send_v(tx, &REPEAT, wjz_i32s(regions, count), wjz_i64s(notices, count), wjz_f64((double)wait_ms));
    if (r < 0) return r;
    return wjz_tx_send_v(tx, &REPEAT_SENDINGS, wjz_i32s(regions, count), wjz_i64s(notices, count),
                         wjz_times(due_us, count));
}

int store_escalated(wjz_tx *tx, const int32_t *regions, const int64_t *notices, size_t count) {
    return wjz_tx_send_v(tx, &ESCALATED, wjz_i32s(regions, count), wjz_i64s(notices, count));
}

int store_preference(wjz_tx *tx, int32_t region, const char *person, const char *channel, bool enabled,
                     const char *actor, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &SET_PREFERENCE, &rows, err, wjz_i32(region), wjz_text(person), wjz_text(channel),
                           wjz_bool(enabled), wjz_text(actor));
    if (r < 0) return r;
    return wjz_rows_count(rows) > 0 ? 0
                                    : wjz_err_set(err, -ENOENT, "the directory does not know person \"%s\"", person);
}
