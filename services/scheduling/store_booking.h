/* SQL about appointments and the time they take. Every function works within the caller's transaction, in a fiber. */
#ifndef SCHEDULING_STORE_BOOKING_H
#define SCHEDULING_STORE_BOOKING_H

#include "scheduling/rules.h"
#include "scheduling/slots.h"
#include "wjz/db.h"
#include "wjz/seal.h"

struct appointment {
    int64_t id, shift, clue;
    const char *station, *station_name, *prosecutor; /* prosecutor: of the shift, "" when there is none */
    int64_t starts_us, ends_us, held_until_us;
    enum appointment_state state;
    const void *guest; /* sealed */
    size_t guest_length;
    uint8_t token_hash[WJZ_SEAL_MAC], request_mac[WJZ_SEAL_MAC];
    const char *idempotency_key;
};

/* By key, not locked; *ret_found false when there is none. */
WJZ_MUST_CHECK int store_find_request(wjz_tx *tx, int32_t region, const char *key, wjz_arena *arena, bool *ret_found,
                                      struct appointment *ret_appointment, wjz_err *err);
/* By id, locked; -ENOENT. */
WJZ_MUST_CHECK int store_appointment(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena,
                                     struct appointment *ret_appointment, wjz_err *err);

/* Takes the time of the appointment's shift. *ret_taken false: somebody else has it. */
WJZ_MUST_CHECK int store_book(wjz_tx *tx, int32_t region, const struct appointment *appointment, bool *ret_taken,
                              wjz_err *err);
/* Queues the insertion; the guest's box and the hashes are in the appointment. */
WJZ_MUST_CHECK int store_insert_appointment(wjz_tx *tx, int32_t region, const struct appointment *appointment);
/* Queues the state; note may be NULL; a state that takes no time any more frees it. */
WJZ_MUST_CHECK int store_set_appointment(wjz_tx *tx, int32_t region, int64_t id, enum appointment_state state,
                                         const void *note, size_t note_length);

/* The planned shift that a time is asked of, locked against change, with holds that ran out freed; -ENOENT. */
WJZ_MUST_CHECK int store_open_shift(wjz_tx *tx, int32_t region, int64_t id, struct span *ret_time, wjz_arena *arena,
                                    const char **ret_station, wjz_err *err);

/* Which planned shifts: those that touch the time, of any of the stations or prosecutors. */
struct shift_filter {
    int64_t from_us, to_us;
    const char *const *stations;
    size_t station_count;
    const char *const *prosecutors;
    size_t prosecutor_count;
    size_t spare; /* room for so many more taken spans per shift */
};
/* In order of start and id, with what is taken of them. */
WJZ_MUST_CHECK int store_open_shifts(wjz_tx *tx, int32_t region, const struct shift_filter *filter, wjz_arena *arena,
                                     struct open_shift **ret_shifts, size_t *ret_count, wjz_err *err);

/* --- what time does --- */

/* Frees holds that ran out: their number. */
WJZ_MUST_CHECK int store_expire_holds(wjz_tx *tx, int *ret_count, wjz_err *err);

/* One that has lost its place or must be remembered. */
struct told_appointment {
    int32_t region;
    struct appointment appointment;
};
/* Takes confirmed appointments that begin before until_us and of which nobody was reminded. */
WJZ_MUST_CHECK int store_remind(wjz_tx *tx, int64_t until_us, int limit, wjz_arena *arena,
                                struct told_appointment **ret_told, size_t *ret_count, wjz_err *err);
/* Cancels the appointments, and puts the visits back to waiting, that no longer fit into these shifts. */
WJZ_MUST_CHECK int store_release(wjz_tx *tx, int32_t region, const int64_t *shifts, size_t count, wjz_arena *arena,
                                 struct told_appointment **ret_told, size_t *ret_count, wjz_err *err);

#endif
