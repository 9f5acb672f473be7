/* See outcomes.h. One complaint stands for its clue, the first: reminders that came later name few facts. */
#include "scoring/outcomes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scoring/rules_data.h"
#include "scoring/store.h"
#include "wjz/loop.h"

enum { AT_ONCE = 256 };

static const wjz_stmt OUTCOMES = {
    "scoring_outcomes",
    "SELECT o.region, o.complaint, o.outcome FROM (SELECT DISTINCT ON (o.region, o.clue) o.region, o.clue, f.complaint,"
    " o.outcome FROM assignment.outcome o JOIN scoring.finding f ON f.region = o.region AND f.clue = o.clue"
    " ORDER BY o.region, o.clue, o.at DESC, o.assignment DESC, f.complaint) o"
    " WHERE (o.region, o.complaint) > ($1, $2) ORDER BY o.region, o.complaint LIMIT $3",
    3};

typedef struct outcomes {
    wjz_loop *loop;
    wjz_db *db;
    rule_pack *pack;
    wjz_arena *arena;
    FILE *texts, *labels;
    int32_t region; /* the last that was written */
    int64_t complaint;
    size_t written;
    int result;
    wjz_err err;
} outcomes;

double outcome_value(const rule_pack *pack, const char *outcome) {
    const struct {
        const char *outcome;
        double value;
    } values[] = {
        {"filed", pack->outcomes.filed},
        {"recommended", pack->outcomes.recommended},
        {"reported_up", pack->outcomes.reported_up},
        {"transferred", pack->outcomes.transferred},
        {"mediated", pack->outcomes.mediated},
        {"aided", pack->outcomes.aided},
        {"no_action", pack->outcomes.no_action},
    };
    for (size_t i = 0; i < WJZ_COUNT(values); i++)
        if (strcmp(values[i].outcome, outcome) == 0) return values[i].value;
    return 0;
}

static void write_cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '\t' || *text == '\n' || *text == '\\') fputc('\\', out);
        if (*text != '\r') fputc(*text == '\t' ? 't' : *text == '\n' ? 'n' : *text, out);
    }
}

static void write_row(outcomes *o, const complaint *c, const char *outcome) {
    double value = outcome_value(o->pack, outcome);
    if (value < 1) return; /* nothing to learn from it */
    const char *const cells[] = {c->title, c->content, c->order_type,   c->categories, c->incident_address,
                                 c->town,  c->village, c->handle_result};
    fprintf(o->texts, "%d-%lld", c->region, (long long)c->id);
    for (size_t i = 0; i < WJZ_COUNT(cells); i++) {
        fputc('\t', o->texts);
        write_cell(o->texts, cells[i]);
    }
    fprintf(o->texts, "\t%d\n", c->votes_for > 0 ? c->votes_for : 0);
    fprintf(o->labels, "%d-%lld\t\t\t\t%g\t\n", c->region, (long long)c->id, value);
    o->written++;
}

static const complaint *find(const complaint *complaints, size_t count, int64_t id) {
    for (size_t i = 0; i < count; i++)
        if (complaints[i].id == id) return &complaints[i];
    return NULL;
}

/* Writes the next outcomes, of one region; the number of rows seen, 0 at the end. */
static int write_some(outcomes *o, wjz_tx *tx) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &OUTCOMES, &rows, &o->err, wjz_i32(o->region), wjz_i64(o->complaint), wjz_i32(AT_ONCE));
    if (r < 0) return r;
    int count = wjz_rows_count(rows), taken = 0;
    if (count == 0) return 0;
    int64_t ids[AT_ONCE];
    char *said[AT_ONCE];
    int32_t region = (int32_t)wjz_row_int(rows, 0, 0);
    for (; taken < count && wjz_row_int(rows, taken, 0) == region; taken++) {
        ids[taken] = wjz_row_int(rows, taken, 1);
        said[taken] = wjz_arena_strdup(o->arena, wjz_row_text(rows, taken, 2));
        if (!said[taken]) return wjz_err_set(&o->err, -ENOMEM, "out of memory");
    }
    complaint *complaints;
    size_t found;
    r = store_load_complaints(tx, region, ids, NULL, (size_t)taken, o->arena, &complaints, &found, &o->err);
    for (int i = 0; r == 0 && i < taken; i++) {
        const complaint *c = find(complaints, found, ids[i]);
        if (c) write_row(o, c, said[i]);
    }
    o->region = region;
    o->complaint = ids[taken - 1];
    return r < 0 ? r : taken;
}

static void closed(void *arg) {
    outcomes *o = arg;
    (void)o;
}

static void in_fiber(void *arg) {
    outcomes *o = arg;
    wjz_tx *tx = NULL;
    int r = wjz_tx_begin(o->db, &tx, &o->err);
    while (r == 0) {
        r = write_some(o, tx);
        wjz_arena_reset(o->arena);
        if (r <= 0) break;
        r = 0;
    }
    wjz_tx_abort(&tx);
    o->result = r;
    wjz_db_close(&o->db, closed, o);
}

static FILE *create(const char *folder, const char *name, const char *head, wjz_err *err) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (!out) {
        wjz_err_set(err, -errno, "could not write \"%s\": %s", path, strerror(errno));
        if (file >= 0) close(file);
        return NULL;
    }
    fputs(head, out);
    return out;
}

static int close_written(FILE **file, wjz_err *err) {
    if (!*file) return 0;
    int failed = ferror(*file) | fclose(*file);
    *file = NULL;
    return failed ? wjz_err_set(err, -EIO, "could not write what was learned from: is the disk full?") : 0;
}

static int write_outcomes(outcomes *o, const char *url) {
    o->arena = wjz_arena_new(0);
    int r = o->arena ? wjz_loop_new(&o->loop, &o->err) : wjz_err_set(&o->err, -ENOMEM, "out of memory");
    if (r < 0) return r;
    const wjz_db_options options = {.url = url, .role = "wjz_scoring", .application = "wjz-outcomes", .connections = 1};
    r = wjz_db_open(o->loop, &options, &o->db, &o->err);
    if (r == 0) r = wjz_fiber_spawn(o->loop, in_fiber, o);
    if (r == 0) wjz_loop_run(o->loop);
    wjz_loop_destroy(&o->loop);
    return r < 0 ? r : o->result;
}

int outcomes_command(const char *folder, const char *rules_dir) {
    outcomes o = {.region = INT32_MIN, .complaint = INT64_MIN};
    const char *url = getenv("WJZ_DATABASE_URL");
    int r = url ? 0 : wjz_err_set(&o.err, -EINVAL, "WJZ_DATABASE_URL is not set");
    if (r == 0) r = rules_load(rules_dir, false, &o.pack, &o.err);
    if (r == 0) {
        o.texts = create(folder, "texts.tsv",
                         "external_id\ttitle\tcontent\torder_type\tcategories\taddress\ttown\tvillage\thandle_result"
                         "\tvotes_for\n",
                         &o.err);
        o.labels = create(folder, "labels.tsv", "external_id\tkind\tbranch\tdomain\tvalue\tmediation\n", &o.err);
        r = o.texts && o.labels ? write_outcomes(&o, url) : -EIO;
    }
    wjz_arena_destroy(&o.arena);
    rule_pack_destroy(&o.pack);
    int closed_texts = close_written(&o.texts, &o.err), closed_labels = close_written(&o.labels, &o.err);
    if (r < 0 || closed_texts < 0 || closed_labels < 0) {
        fprintf(stderr, "%s\n", o.err.text);
        return 1;
    }
    printf("%zu outcomes\n", o.written);
    return 0;
}
