/* See importer.h. */
#include "intake/importer.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "intake/file_reader.h"
#include "intake/group.h"
#include "intake/spool.h"
#include "intake/store_import.h"
#include "intake/store_profiles.h"
#include "intake/taking.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

enum {
    LOOK_MS = 2000,
    PORTION_ROWS = 256,
    PORTION_BYTES = 8 * 1024 * 1024, /* of memory, before a portion is stored early */
    ERRORS_KEPT = 20000,             /* of one import */
};

static const int64_t LEASE_KEPT_EVERY_US = 8 * WJZ_SECOND_US;

struct importer {
    intake *it;
    wjz_event work, ended;
    bool closing;
    wjz_metric *finished, *failed;
};

/* A run of one import. */
typedef struct run {
    importer *of;
    import_row row;
    feed *feed;
    profile *profile;
    int32_t owner;
    wjz_arena *arena; /* of a portion */
    uint64_t seen;    /* rows of the file */
    uint64_t errors;
    Wjz__Intake__FeedItem *items[PORTION_ROWS];
    size_t count;
    import_error told[PORTION_ROWS * 2];
    size_t told_count;
    uint64_t rejected; /* rows of the portion */
    int64_t leased_us; /* when the lease was last prolonged between portions */
    bool lost;         /* the lease */
} run;

/* --- portions --- */

/* Between portions, and while rows of an earlier run are passed over: lets others run, and keeps the lease. */
static void breathe(void *arg) {
    run *r = arg;
    wjz_fiber_yield(r->of->it->loop);
    int64_t now = wjz_clock_monotonic_us();
    if (now - r->leased_us < LEASE_KEPT_EVERY_US) return;
    r->leased_us = now;
    wjz_err err;
    bool owned = false;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int result = wjz_tx_begin(r->of->it->db, &tx, &err);
    if (result == 0) result = store_keep_lease(tx, &r->row, r->owner, &owned, &err);
    if (result == 0) result = wjz_tx_commit(&tx, &err);
    if (result == 0 && !owned) r->lost = true;
}

static int write_progress(wjz_tx *tx, const submission *it, void *arg, wjz_err *err) {
    run *r = arg;
    import_progress progress = {.rows_read = r->seen, .rejected = r->rejected};
    for (size_t i = 0; i < it->count; i++) {
        progress.accepted += it->items[i].outcome == ACCEPTED;
        progress.duplicate += it->items[i].outcome == DUPLICATE;
        progress.revised += it->items[i].outcome == REVISED;
        progress.rejected += it->items[i].outcome == REJECTED;
    }
    bool owned = false;
    int result = store_add_progress(tx, &r->row, r->owner, &progress, &owned, err);
    if (result < 0) return result;
    r->lost = !owned;
    if (r->lost) return wjz_err_set(err, -ECANCELED, "another instance has taken the import over");
    if (r->told_count > 0 && store_add_errors(tx, &r->row, r->told, r->told_count) < 0) {
        return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

/* The outcomes that storing would have, without storing. */
static int rehearse(run *r, wjz_err *err) {
    intake *it = r->of->it;
    submission trial = {
        .feed = r->feed, .count = r->count, .any_version = true, .drop_id_numbers = true, .arena = r->arena};
    trial.items = wjz_arena_calloc(r->arena, r->count + 1, sizeof *trial.items);
    if (trial.items == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < r->count; i++)
        taking_prepare(&trial.items[i], r->items[i], r->feed);
    group_context context = {.db = it->db, .bus = it->bus, .seal = it->seal, .rehearsal = true};
    submission *group = &trial;
    int result = group_store(&context, &group, 1, err);
    if (result < 0) return result;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    result = wjz_tx_begin(it->db, &tx, err);
    if (result == 0) result = write_progress(tx, &trial, r, err);
    return result == 0 ? wjz_tx_commit(&tx, err) : result;
}

static int store_portion(run *r, wjz_err *err) {
    intake *it = r->of->it;
    taking what = {.feed = r->feed,
                   .items = r->items,
                   .count = r->count,
                   .any_version = true,
                   .drop_id_numbers = !profile_keeps_id_numbers(r->profile),
                   .unlimited = true,
                   .also = write_progress,
                   .also_arg = r,
                   .arena = r->arena};
    for (;;) {
        Wjz__Intake__FeedReceipt *receipt = NULL;
        uint32_t retry_ms = 0;
        int result = r->row.dry_run ? rehearse(r, err) : taking_store(it, &what, &receipt, &retry_ms, err);
        bool passing = result == -EAGAIN || result == -ECONNRESET || result == -ETIMEDOUT;
        if (r->lost) return wjz_err_set(err, -ECANCELED, "another instance has taken the import over");
        if (result == 0) return 0;
        if (!passing || r->of->closing) {
            (void)wjz_err_prefix(err, "数据库没有收下 / the store did not take it");
            return result;
        }
        wjz_log_info("import waits", "import=%" PRId64 " error=\"%s\"", r->row.id, err->text);
        wjz_fiber_sleep(it->loop, retry_ms > 0 ? retry_ms : 500);
    }
}

static int flush(run *r, wjz_err *err) {
    if (r->count == 0 && r->rejected == 0 && r->told_count == 0) return 0;
    int result = store_portion(r, err);
    r->count = 0;
    r->told_count = 0;
    r->rejected = 0;
    wjz_arena_reset(r->arena);
    return result;
}

static void keep_issues(run *r, const file_row *row) {
    for (size_t i = 0; i < row->issues->count && r->told_count < WJZ_COUNT(r->told) && r->errors < ERRORS_KEPT;
         i++, r->errors++) {
        r->told[r->told_count++] = (import_error){row->sheet, row->line, (int32_t)i + 1, row->issues->items[i]};
    }
}

static int on_row(const file_row *row, void *arg, wjz_err *err) {
    run *r = arg;
    if (r->of->closing) return wjz_err_set(err, -ECANCELED, "the service is closing");
    if (r->lost) return wjz_err_set(err, -ECANCELED, "another instance has taken the import over");
    if (++r->seen <= r->row.rows_read) { /* stored before the last instance stopped */
        if (r->seen % PORTION_ROWS == 0) {
            wjz_arena_reset(r->arena);
            breathe(r);
        }
        return 0;
    }
    if (row->item != NULL)
        r->items[r->count++] = row->item;
    else
        r->rejected++;
    keep_issues(r, row);
    bool full = r->count == PORTION_ROWS || r->rejected == PORTION_ROWS ||
                r->told_count > WJZ_COUNT(r->told) - ISSUES || wjz_arena_used(r->arena) > PORTION_BYTES;
    return full ? flush(r, err) : 0;
}

/* --- a run --- */

static int gather_file(const run *r, spool *to, wjz_err *err) {
    crypto_hash_sha256_state state;
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    for (uint64_t at = 0; at < r->row.size;) {
        WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
        wjz_blob chunk = {NULL, 0};
        int result = wjz_tx_begin(r->of->it->db, &tx, err);
        if (result == 0) result = store_read_chunk(tx, &r->row, at, &chunk, err);
        if (result == 0 && chunk.length == 0)
            result = wjz_err_set(err, -EINVAL, "文件不完整，请重新导入 / the file is not complete: import it again");
        if (result == 0) result = spool_write(to, chunk.data, chunk.length, err);
        if (result < 0) return result;
        crypto_hash_sha256_update(&state, chunk.data, chunk.length);
        at += chunk.length;
        result = wjz_tx_commit(&tx, err);
        if (result < 0) return result;
    }
    crypto_hash_sha256_final(&state, digest);
    if (memcmp(digest, r->row.sha256, sizeof digest) == 0) return 0;
    return wjz_err_set(
        err, -EINVAL,
        "文件在传送中损坏，请重新导入 / the file was damaged on its way, its SHA-256 differs: import it again");
}

static int read_rows(run *r, const char **ret_encoding, wjz_err *err) {
    intake *it = r->of->it;
    WJZ_CLEANUP(spool_destroy) spool *file = NULL;
    const void *data = NULL;
    int result = spool_new(&file, err);
    if (result == 0) result = gather_file(r, file, err);
    size_t length = result == 0 ? spool_size(file) : 0;
    if (result == 0) result = spool_map(file, &data, err);
    if (result < 0) return result;
    check_rules rules = {.now_us = wjz_clock_us(), .region = r->feed->region, .region_count = it->region_count};
    int32_t *regions =
        malloc((it->region_count + 1) * sizeof *regions); /* the service's own are read again meanwhile */
    if (regions == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (it->region_count > 0) memcpy(regions, it->regions, it->region_count * sizeof *regions);
    rules.regions = regions;
    table_breath breath = {breathe, r};
    file_request request = {data, length, r->profile, &rules, r->arena, on_row, r, &breath, it->conf->old_workbooks};
    result = file_read(&request, ret_encoding, err);
    free(regions);
    return result == 0 ? flush(r, err) : result;
}

static int end_run(run *r, const char *encoding, const char *error, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int result = wjz_tx_begin(r->of->it->db, &tx, err);
    if (result == 0)
        result = store_end_import(tx, &r->row, r->owner, encoding, r->profile != NULL ? profile_name(r->profile) : "",
                                  error);
    return result == 0 ? wjz_tx_commit(&tx, err) : result;
}

static void release(run *r) {
    wjz_err err;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int result = wjz_tx_begin(r->of->it->db, &tx, &err);
    if (result == 0) result = store_release_import(tx, &r->row, r->owner);
    if (result == 0) result = wjz_tx_commit(&tx, &err);
    if (result < 0) wjz_log_warn("import not released", "import=%" PRId64 " error=\"%s\"", r->row.id, err.text);
}

static bool is_store_away(int result) {
    return result == -ECONNRESET || result == -ETIMEDOUT || result == -EAGAIN || result == -ECANCELED ||
           result == -ENOMEM;
}

/* The feed's profile as it was when the import began: an edit made since is for those that begin later. */
static int load_profile(run *r, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    profile_source profiles;
    const char *folder = r->of->it->conf->profiles;
    int result = wjz_tx_begin(r->of->it->db, &tx, err);
    if (result == 0) result = store_read_import_profiles(tx, &r->row, folder, r->arena, &profiles, err);
    if (result == 0) result = wjz_tx_commit(&tx, err);
    if (result == 0 && (result = profile_load(&profiles, r->feed->profile, &r->profile, err)) < 0)
        (void)wjz_err_prefix(err, "映射方案不可用 / the mapping profile cannot be used");
    wjz_arena_reset(r->arena); /* the profile has its own */
    return result;
}

static void run_import(run *r) {
    const char *encoding = "";
    wjz_err err = {0};
    r->feed = feeds_find_number(&r->of->it->feeds, r->row.feed);
    r->arena = wjz_arena_new(0);
    int result = r->feed == NULL || r->arena == NULL ? wjz_err_set(&err, -EAGAIN, "the feed is not known here yet") : 0;
    if (result == 0) result = load_profile(r, &err);
    if (result == 0) result = read_rows(r, &encoding, &err);
    if (is_store_away(result)) {
        release(r);
    } else {
        wjz_err ending = {0};
        char error[sizeof err.text];
        memcpy(error, err.text, sizeof error);
        if (end_run(r, encoding, result < 0 ? error : NULL, &ending) < 0) {
            wjz_log_warn("import not ended", "import=%" PRId64 " error=\"%s\"", r->row.id, ending.text);
        } else {
            wjz_count(result < 0 ? r->of->failed : r->of->finished, 1);
            wjz_log_info("import ended", "import=%" PRId64 " feed=%s rows=%" PRIu64 " error=\"%s\"", r->row.id,
                         r->feed != NULL ? r->feed->name : "", r->seen, result < 0 ? err.text : "");
        }
    }
    profile_destroy(&r->profile);
    wjz_arena_destroy(&r->arena);
}

/* One import, when there is one that runs nowhere. */
static bool run_next(importer *of) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_err err = {0};
    run *r = calloc(1, sizeof *r);
    if (arena == NULL || r == NULL) {
        free(r);
        return false;
    }
    r->of = of;
    r->owner = (int32_t)wjz_bus_instance_number(of->it->bus);
    r->leased_us = wjz_clock_monotonic_us();
    int result = wjz_tx_begin(of->it->db, &tx, &err);
    if (result == 0) result = store_claim_import(tx, r->owner, arena, &r->row, &err);
    if (result == 0) result = wjz_tx_commit(&tx, &err);
    bool found = result == 0 && r->row.id != 0;
    if (result < 0) wjz_log_warn("imports not looked for", "error=\"%s\"", err.text);
    if (found) run_import(r);
    free(r);
    return found;
}

static void serve(void *arg) {
    importer *of = arg;
    while (!of->closing) {
        if (wjz_db_ready(of->it->db) && run_next(of)) continue;
        wjz_event_clear(&of->work);
        if (of->closing) break;
        (void)!wjz_event_wait_ms(of->it->loop, &of->work, LOOK_MS);
    }
    wjz_event_set(of->it->loop, &of->ended);
}

int importer_open(intake *it, importer **ret_importer, wjz_err *err) {
    importer *of = calloc(1, sizeof *of);
    if (of == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    of->it = it;
    of->finished = wjz_counter("wjz_intake_imports_total", "result=\"finished\"", "Imports that came to their end");
    of->failed = wjz_counter("wjz_intake_imports_total", "result=\"failed\"", "Imports that came to their end");
    int r = wjz_fiber_spawn(it->loop, serve, of);
    if (r < 0) {
        free(of);
        return wjz_err_set(err, r, "could not start the importer");
    }
    *ret_importer = of;
    return 0;
}

void importer_wake(importer *of) {
    wjz_event_set(of->it->loop, &of->work);
}

void importer_close(importer **at) {
    if (at == NULL || *at == NULL) return;
    importer *of = *at;
    of->closing = true;
    importer_wake(of);
    wjz_event_wait(of->it->loop, &of->ended);
    free(of);
    *at = NULL;
}
