/* `wjz push`: sends complaints to intake over HTTP, as a platform's program would, in portions that are safe to repeat.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ctl/command.h"
#include "wjz/xfer.h"

enum { ANSWER_LIMIT = 16 << 20, TIMEOUT_MS = 60000, TRIES = 30 };

typedef struct push {
    const char *feed, *key, *url, *what;
    FILE *file;
    int64_t batch;
    wjz_xfer *xfer;
    char *lines; /* of the portion */
    size_t length, room;
    uint64_t sent, outcomes[4]; /* accepted, duplicate, revised, rejected */
} push;

static const char *const OUTCOMES[] = {"accepted", "duplicate", "revised", "rejected"};

static void free_line(char **line) {
    free(*line);
}

static int append_line(push *job, const char *line, size_t length) {
    if (job->length + length + 2 > job->room) {
        size_t room = (job->length + length + 2) * 2;
        char *lines = realloc(job->lines, room);
        if (!lines) return -ENOMEM;
        job->lines = lines;
        job->room = room;
    }
    memcpy(job->lines + job->length, line, length);
    job->length += length;
    if (length == 0 || line[length - 1] != '\n') job->lines[job->length++] = '\n';
    return 0;
}

/* Lines of the next portion; 0 at the end of the file. */
static int read_portion(push *job, wjz_err *err) {
    WJZ_CLEANUP(free_line) char *line = NULL;
    size_t room = 0;
    int64_t count = 0;
    ssize_t length;
    job->length = 0;
    while (count < job->batch && (length = getline(&line, &room, job->file)) > 0) {
        if (strspn(line, " \t\r\n") == (size_t)length) continue;
        if (append_line(job, line, (size_t)length) < 0) return -ENOMEM;
        count++;
    }
    if (ferror(job->file)) return wjz_err_set(err, -EIO, "could not read the file");
    return (int)count;
}

static void count_outcomes(push *job, const json_t *answer) {
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "items"), i, item) {
        const char *outcome = json_string_value(json_object_get(item, "outcome"));
        for (size_t k = 0; outcome && k < WJZ_COUNT(OUTCOMES); k++)
            if (strcmp(outcome, OUTCOMES[k]) == 0) job->outcomes[k]++;
        if (!outcome || strcmp(outcome, "rejected") != 0) continue;
        const char *id = json_string_value(json_object_get(item, "external_id"));
        const char *field = json_string_value(json_object_get(item, "field"));
        const char *message = json_string_value(json_object_get(item, "message"));
        fprintf(stderr, "\"%s\": %s: %s\n", id ? id : "", field ? field : "", message ? message : "");
    }
}

static int problem(const char *answer, int status, wjz_err *err) {
    json_t *body = json_loads(answer, 0, NULL);
    const char *detail = json_string_value(json_object_get(body, "detail"));
    int r = wjz_err_set(err, -EBADMSG, "refused with %d: %s", status, detail ? detail : answer);
    json_decref(body);
    return r;
}

static int send_portion(session *s, push *job, wjz_err *err) {
    char url[1024], authorization[512], idempotency[64];
    snprintf(url, sizeof url, "%s/v1/feeds/%s/%s", job->url, job->feed, job->what);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", job->key);
    snprintf(idempotency, sizeof idempotency, "Idempotency-Key: wjz-%016" PRIx64, XXH3_64bits(job->lines, job->length));
    const char *const headers[] = {"Content-Type: application/x-ndjson", authorization, idempotency, NULL};
    for (int attempt = 1;; attempt++) {
        int status = 0;
        const char *answer = NULL;
        wjz_arena_reset(s->arena);
        int r = wjz_xfer_http_send(job->xfer,
                                   &(wjz_xfer_http){.method = "POST",
                                                    .url = url,
                                                    .headers = headers,
                                                    .body = job->lines,
                                                    .length = job->length,
                                                    .timeout_ms = TIMEOUT_MS,
                                                    .answer_limit = ANSWER_LIMIT},
                                   s->arena, &status, &answer, err);
        bool later = r == -ECONNREFUSED || r == -ETIMEDOUT || (r == 0 && (status == 429 || status == 503));
        if (later && attempt < TRIES) {
            wjz_fiber_sleep(s->loop, 1000);
            continue;
        }
        if (r < 0) return r;
        if (status / 100 != 2) return problem(answer, status, err);
        json_t *body = json_loads(answer, 0, NULL);
        count_outcomes(job, body);
        json_decref(body);
        return 0;
    }
}

static void closed(void *arg) {
    push *job = arg;
    job->xfer = NULL;
}

static int run_push(session *s, void *arg, wjz_err *err) {
    push *job = arg;
    int r = wjz_xfer_open(s->loop, &job->xfer, err);
    int count = 0;
    while (r >= 0 && (count = read_portion(job, err)) > 0) {
        r = send_portion(s, job, err);
        job->sent += (uint64_t)count;
        out_progress("推送 / pushing", job->sent, 0);
    }
    if (count < 0) r = count;
    out_progress_end();
    if (job->xfer) {
        wjz_xfer *xfer = job->xfer;
        wjz_xfer_close(&xfer, closed, job);
    }
    if (r < 0) return r;
    static const out_column columns[] = {{"accepted", "收下 / accepted", true},
                                         {"duplicate", "重复 / duplicate", true},
                                         {"revised", "修订 / revised", true},
                                         {"rejected", "拒收 / rejected", true}};
    char numbers[4][24];
    const char *cells[4];
    for (int i = 0; i < 4; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%" PRIu64, job->outcomes[i]);
        cells[i] = numbers[i];
    }
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    r = out_open(s->format, columns, WJZ_COUNT(columns), &table);
    if (r >= 0) r = out_row(table, cells);
    if (r >= 0) out_close(&table, "");
    return r;
}

int command_push(session *s, int argc, char **argv, wjz_err *err) {
    const char *batch = argument_option(&argc, argv, "batch"), *what = argument_option(&argc, argv, "what");
    const char *url = argument_option(&argc, argv, "url");
    push job = {.feed = argument_option(&argc, argv, "feed"),
                .key = getenv("WJZ_FEED_KEY"),
                .url = url ? url : "http://127.0.0.1:7312",
                .what = what ? what : "complaints",
                .batch = 256};
    int r = batch ? argument_number("--batch", batch, 1, 512, &job.batch, err) : 0;
    if (r >= 0) r = argument_end(argc, argv, 1, "push --feed NAME FILE.ndjson", err);
    if (r < 0) return r;
    if (!job.feed) return wjz_err_set(err, -EINVAL, "say which feed it is: --feed NAME (see wjz feeds list)");
    if (!job.key)
        return wjz_err_set(err, -EINVAL,
                           "put the feed's key into WJZ_FEED_KEY; `wjz feeds define %s --new-bearer-key` makes one",
                           job.feed);
    job.file = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "re");
    if (!job.file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", argv[0], strerror(errno));
    r = session_alone(s, run_push, &job, err);
    if (job.file != stdin) fclose(job.file);
    free(job.lines);
    return r;
}
