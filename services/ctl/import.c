/* `wjz import`: hands a file to intake in portions, and waits. Sending the same file again goes on where it stopped;
 * sending it once more changes nothing. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/command.h"
#include "proto/intake.pb-c.h"

enum { CHUNK = 1 << 20, POLL_MS = 150 };

static const wjz_stmt ERRORS = {"ctl_import_errors",
                                "SELECT sheet::text, line::text, field, value, code, message, remedy,"
                                " CASE WHEN taken THEN 'stored' ELSE 'rejected' END"
                                " FROM intake.import_error WHERE import = $1 ORDER BY sheet, line, number",
                                8};

static const out_column ERROR_COLUMNS[] = {
    {"sheet", NULL, true}, {"row", NULL, true},      {"field", NULL, false},  {"value", NULL, false},
    {"code", NULL, false}, {"message", NULL, false}, {"remedy", NULL, false}, {"row_was", NULL, false},
};

/* Complaints of a feed without a finding of their present revision, all of them, and when that was. */
static const wjz_stmt PENDING = {
    "ctl_import_pending",
    "SELECT (SELECT count(*) FROM intake.complaint c JOIN intake.feed f ON f.number = c.feed"
    "  LEFT JOIN intake.standing st ON st.region = c.region AND st.complaint = c.id"
    "  WHERE f.name = $1 AND NOT EXISTS (SELECT FROM scoring.finding x WHERE x.region = c.region AND x.complaint = c.id"
    "   AND x.revision >= coalesce(st.changes, 0))),"
    " (SELECT count(*) FROM intake.complaint c JOIN intake.feed f ON f.number = c.feed WHERE f.name = $1),"
    " now()",
    3};

/* Clues told to assignment before that moment and not assigned yet. */
static const wjz_stmt UNASSIGNED = {
    "ctl_import_unassigned",
    "SELECT count(*) FROM scoring.outbox WHERE destination = 'assignment' AND created_at <= $1", 1};

typedef struct import {
    const char *feed, *path, *errors;
    bool dry_run, wait;
    FILE *file;
    uint64_t size;
    unsigned char sha256[crypto_hash_sha256_BYTES];
    uint8_t *buffer;
} import;

static int read_digest(import *job, wjz_err *err) {
    struct stat status;
    job->file = fopen(job->path, "re");
    if (!job->file || fstat(fileno(job->file), &status) < 0)
        return wjz_err_set(err, -errno, "could not open \"%s\": %s", job->path, strerror(errno));
    if (!S_ISREG(status.st_mode)) return wjz_err_set(err, -EINVAL, "\"%s\" is not a file", job->path);
    job->size = (uint64_t)status.st_size;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    size_t length;
    while ((length = fread(job->buffer, 1, CHUNK, job->file)) > 0)
        crypto_hash_sha256_update(&state, job->buffer, length);
    if (ferror(job->file)) return wjz_err_set(err, -EIO, "could not read \"%s\"", job->path);
    crypto_hash_sha256_final(&state, job->sha256);
    return 0;
}

static int begin(session *s, import *job, const Wjz__Intake__ImportBegun **ret_begun, wjz_err *err) {
    Wjz__Intake__BeginImport question = WJZ__INTAKE__BEGIN_IMPORT__INIT;
    const char *slash = strrchr(job->path, '/');
    question.feed = (char *)job->feed;
    question.file_name = (char *)(slash ? slash + 1 : job->path);
    question.size = job->size;
    question.sha256 = (ProtobufCBinaryData){sizeof job->sha256, job->sha256};
    question.dry_run = job->dry_run;
    const char *user = getenv("USER");
    question.actor = (char *)(user ? user : "operator");
    return session_ask(s, "intake", &question.base, &wjz__intake__import_begun__descriptor,
                       (const ProtobufCMessage **)ret_begun, err);
}

static int send_chunks(session *s, import *job, uint64_t id, uint64_t at, wjz_err *err) {
    while (at < job->size) {
        if (fseeko(job->file, (off_t)at, SEEK_SET) < 0)
            return wjz_err_set(err, -errno, "could not read \"%s\"", job->path);
        size_t length = fread(job->buffer, 1, CHUNK, job->file);
        if (length == 0) return wjz_err_set(err, -EIO, "\"%s\" became shorter while it was read", job->path);
        Wjz__Intake__ImportChunk chunk = WJZ__INTAKE__IMPORT_CHUNK__INIT;
        chunk.import = id;
        chunk.offset = at;
        chunk.data = (ProtobufCBinaryData){length, job->buffer};
        const ProtobufCMessage *answer;
        int r = session_ask_patiently(s, "intake", &chunk.base, &wjz__intake__import_chunk_taken__descriptor, &answer,
                                      err);
        if (r < 0) return r;
        at = ((const Wjz__Intake__ImportChunkTaken *)answer)->received;
        out_progress("上传 / sending", at, job->size);
        wjz_arena_reset(s->arena);
    }
    return 0;
}

static int follow(session *s, uint64_t id, Wjz__Intake__ImportState *ret_state, wjz_err *err) {
    for (;;) {
        Wjz__Intake__DescribeImport question = WJZ__INTAKE__DESCRIBE_IMPORT__INIT;
        question.import = id;
        const ProtobufCMessage *answer;
        wjz_arena_reset(s->arena);
        int r = session_ask_patiently(s, "intake", &question.base, &wjz__intake__import_state__descriptor, &answer,
                                      err);
        if (r < 0) return r;
        const Wjz__Intake__ImportState *state = (const Wjz__Intake__ImportState *)answer;
        out_progress("导入 / importing", state->rows, state->rows_total);
        if (state->stage == WJZ__INTAKE__IMPORT_STATE__STAGE__FAILED)
            return wjz_err_set(err, -EBADMSG, "文件没有导入 / the file was not imported；%s", state->error);
        if (state->stage == WJZ__INTAKE__IMPORT_STATE__STAGE__FINISHED) {
            *ret_state = *state;
            out_progress_end();
            return 0;
        }
        wjz_fiber_sleep(s->loop, POLL_MS);
    }
}

static int wait_scored(session *s, const import *job, int64_t *ret_scored_us, wjz_err *err) {
    for (;;) {
        wjz_rows *rows;
        wjz_param feed = wjz_text(job->feed);
        int r = session_read(s, &PENDING, &feed, 1, &rows, err);
        if (r < 0) return r;
        int64_t unscored = wjz_row_int(rows, 0, 0), all = wjz_row_int(rows, 0, 1);
        out_progress("评分 / scoring", (uint64_t)(all - unscored), (uint64_t)all);
        *ret_scored_us = wjz_row_time(rows, 0, 2);
        if (unscored == 0) break;
        wjz_fiber_sleep(s->loop, POLL_MS);
    }
    out_progress_end();
    return 0;
}

static int wait_assigned(session *s, const import *job, wjz_err *err) {
    int64_t scored_us = 0;
    int r = wait_scored(s, job, &scored_us, err);
    while (r >= 0) {
        wjz_rows *rows;
        wjz_param until = wjz_time(scored_us);
        r = session_read(s, &UNASSIGNED, &until, 1, &rows, err);
        if (r < 0 || wjz_row_int(rows, 0, 0) == 0) break;
        wjz_fiber_sleep(s->loop, POLL_MS);
    }
    return r;
}

/* Like a table, but into a file and as CSV (RFC 4180). A leading = + - @ is kept from being read as a formula. */
static void put_csv(FILE *file, const char *text, char end) {
    fputc('"', file);
    if (text && strchr("=+-@\t\r", text[0]) && text[0]) fputc('\'', file);
    for (; text && *text; text++) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
    fputc(end, file);
}

static int write_errors(session *s, const import *job, uint64_t id, wjz_err *err) {
    wjz_rows *rows;
    wjz_param import_id = wjz_i64((int64_t)id);
    int r = session_read(s, &ERRORS, &import_id, 1, &rows, err);
    if (r < 0) return r;
    FILE *file = fopen(job->errors, "we");
    if (!file) return wjz_err_set(err, -errno, "could not write \"%s\": %s", job->errors, strerror(errno));
    fputs("\xef\xbb\xbf", file); /* spreadsheet programs take it for UTF-8 */
    int last = WJZ_COUNT(ERROR_COLUMNS) - 1;
    for (int column = 0; column <= last; column++)
        put_csv(file, ERROR_COLUMNS[column].key, column < last ? ',' : '\n');
    for (int row = 0; row < wjz_rows_count(rows); row++)
        for (int column = 0; column <= last; column++)
            put_csv(file, wjz_row_text(rows, row, column), column < last ? ',' : '\n');
    if (fclose(file) != 0) return wjz_err_set(err, -EIO, "could not write \"%s\"", job->errors);
    return 0;
}

static int print_result(session *s, const import *job, const Wjz__Intake__ImportState *state) {
    static const out_column columns[] = {
        {"feed", "数据源 / feed", false},       {"rows", "行 / rows", true},
        {"accepted", "收下 / accepted", true},  {"duplicate", "重复 / duplicate", true},
        {"revised", "修订 / revised", true},    {"rejected", "拒收 / rejected", true},
        {"dry_run", "试运行 / dry run", false},
    };
    char numbers[5][24];
    const uint64_t values[] = {state->rows, state->accepted, state->duplicate, state->revised, state->rejected};
    for (size_t i = 0; i < WJZ_COUNT(values); i++)
        snprintf(numbers[i], sizeof numbers[i], "%" PRIu64, values[i]);
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(s->format, columns, WJZ_COUNT(columns), &table);
    if (r >= 0)
        r = out_row(table, (const char *[]){job->feed, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
                                            job->dry_run ? "yes" : "no"});
    if (r >= 0) out_close(&table, "");
    return r;
}

static int run_import(session *s, void *arg, wjz_err *err) {
    import *job = arg;
    const Wjz__Intake__ImportBegun *begun;
    int r = begin(s, job, &begun, err);
    if (r < 0) return r;
    uint64_t id = begun->import;
    r = begun->finished ? 0 : send_chunks(s, job, id, begun->received, err);
    Wjz__Intake__ImportState state = WJZ__INTAKE__IMPORT_STATE__INIT;
    if (r >= 0) r = follow(s, id, &state, err);
    if (r >= 0 && job->wait && !job->dry_run) r = wait_assigned(s, job, err);
    if (r >= 0 && job->errors) r = write_errors(s, job, id, err);
    return r < 0 ? r : print_result(s, job, &state);
}

int command_import(session *s, int argc, char **argv, wjz_err *err) {
import job = {.feed = argument_option(& argc, argv, "feed"), .errors = argument_option(& argc, argv, "errors"), .dry_run = argument_flag(& argc, argv, "dry-run"), .wait = argument_flag(& argc, argv, "wait"), };
    int r = argument_end(argc, argv, 1, "import --feed NAME FILE [--dry-run] [--wait] [--errors FILE.csv]", err);
    if (r < 0) return r;
    if (!job.feed)
        return wjz_err_set(err, -EINVAL, "say which feed the file belongs to: --feed NAME (see wjz feeds list)");
    job.path = argv[0];
    job.buffer = malloc(CHUNK);
    if (!job.buffer || sodium_init() < 0) return -ENOMEM;
    r = read_digest(&job, err);
    if (r >= 0) r = session_connected(s, true, run_import, &job, err);
    if (job.file) fclose(job.file);
    free(job.buffer);
    return r;
}
