/* `wjz rules rehearse`: past clues by a version beside the active one — which change their star and why, how many of
 * each before and after, and what it takes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/wording.h"
#include "proto/rules.pb-c.h"

enum { POLL_MS = 300, STARS = 5, PUSHED_FROM = 3 };

typedef struct asked {
    const char *version, *person;
    int64_t days, changes;
    wording_language language;
    const Wjz__Scoring__PackOutline *outline; /* of the version; NULL: it is not known */
} asked;

static const out_column CHANGE_COLUMNS[] = {
    {"clue", "线索 / clue", false},          {"before", "原星级 / before", true},
    {"after", "新星级 / after", true},       {"index_before", "原指数 / index", true},
    {"index_after", "新指数 / index", true}, {"why", "原因 / why", false},
};

/* The differences that matter, in words. */
static const char *reasons(session *s, const asked *a, const Wjz__Scoring__ChangeReasons *why) {
    const char *text = "";
    for (size_t i = 0; text && i < why->n_factors && i < 5; i++)
        text = wjz_arena_printf(s->arena, "%s%s%s %+.1f", text, *text ? "; " : "",
                                wording_title(a->language, why->factors[i]->id),
                                why->factors[i]->after - why->factors[i]->before);
    if (text && *why->class_after) {
        const char *was = wording_class(a->language, a->outline, why->class_before, s->arena);
        const char *is = wording_class(a->language, a->outline, why->class_after, s->arena);
        text = was && is ? wjz_arena_printf(s->arena, "%s%s%s → %s", text, *text ? "; " : "", was, is) : NULL;
    }
    for (size_t i = 0; text && i < why->n_gates_after; i++) {
        bool had = false;
        for (size_t k = 0; k < why->n_gates_before; k++)
            had = had || strcmp(why->gates_before[k], why->gates_after[i]) == 0;
        const wording_named *gate = wording_find(wording_gates, why->gates_after[i]);
        if (!had)
            text = wjz_arena_printf(s->arena, "%s%s%s", text, *text ? "; " : "",
                                    gate ? gate->text.in[a->language] : why->gates_after[i]);
    }
    return text;
}

static int print_changes(session *s, const asked *a, const Wjz__Scoring__Rehearsal *done) {
    WJZ_CLEANUP(out_drop) out_table *table = NULL;
    int r = out_open(s->format, CHANGE_COLUMNS, WJZ_COUNT(CHANGE_COLUMNS), &table);
    for (size_t i = 0; r >= 0 && i < done->n_changes; i++) {
        const Wjz__Scoring__StarChange *c = done->changes[i];
        const char *cells[WJZ_COUNT(CHANGE_COLUMNS)] = {
            wjz_arena_printf(s->arena, "%" PRIu64, c->clue),    wjz_arena_printf(s->arena, "%u", c->stars_before),
            wjz_arena_printf(s->arena, "%u", c->stars_after),   wjz_arena_printf(s->arena, "%.1f", c->index_before),
            wjz_arena_printf(s->arena, "%.1f", c->index_after), c->why ? reasons(s, a, c->why) : ""};
        r = out_row(table, cells);
    }
    if (r >= 0) out_close(&table, "没有线索改变星级 / no clue changes its star");
    return r;
}

static uint64_t pushed(const uint64_t *stars) {
    uint64_t sum = 0;
    for (int i = PUSHED_FROM - 1; i < STARS; i++)
        sum += stars[i];
    return sum;
}

static void print_summary(const Wjz__Scoring__Rehearsal *done) {
    double seconds = (double)done->busy_us / 1e6;
    printf("演练 / rehearsal %s → %s：最近 %u 天，线索 %" PRIu64 " 条，诉求 %" PRIu64 " 件 / %u days, %" PRIu64
           " clues, %" PRIu64 " complaints\n",
           done->beside, done->version, done->days, done->done, done->complaints, done->days, done->done,
           done->complaints);
    printf("用时 / took %.1f s（两个版本合计每件 %.0f 微秒 / µs a complaint with both）\n\n", seconds,
           done->complaints ? (double)done->busy_us / (double)done->complaints : 0);
    printf("  %-12s %12s %12s %10s\n", "星级/stars", "原/before", "新/after", "增减/diff");
    for (size_t i = STARS; i-- > 0;)
        printf("  %zu★ %18" PRIu64 " %12" PRIu64 " %+10" PRId64 "\n", i + 1, done->before[i], done->after[i],
               (int64_t)(done->after[i] - done->before[i]));
    printf("  推送/pushed %10" PRIu64 " %12" PRIu64 " %+10" PRId64 "\n\n", pushed(done->before), pushed(done->after),
           (int64_t)(pushed(done->after) - pushed(done->before)));
    printf("改变星级的线索 / clues that change their star: %" PRIu64 "\n", done->changed);
}

static int ask(session *s, const ProtobufCMessage *question, const Wjz__Scoring__Rehearsal **ret, wjz_err *err) {
    const ProtobufCMessage *answer;
    int r = session_ask(s, "scoring", question, &wjz__scoring__rehearsal__descriptor, &answer, err);
    if (r < 0) return r;
    const Wjz__Scoring__Rehearsal *rehearsal = (const Wjz__Scoring__Rehearsal *)answer;
    if (rehearsal->n_before != STARS || rehearsal->n_after != STARS)
        return wjz_err_set(err, -EBADMSG, "the answer has %zu kinds of stars, not %d", rehearsal->n_before, STARS);
    *ret = rehearsal;
    return 0;
}

static const wjz_stmt OUTLINE = {"ctl_pack_outline", "SELECT outline FROM scoring.pack WHERE version = $1", 1};

static int read_outline(session *s, asked *a, wjz_err *err) {
    wjz_param version = wjz_text(a->version);
    wjz_rows *rows;
    const ProtobufCMessage *outline = NULL;
    int r = session_read(s, &OUTLINE, &version, 1, &rows, err);
    if (r < 0 || wjz_rows_count(rows) == 0 || wjz_row_null(rows, 0, 0)) return r;
    wjz_blob packed = wjz_row_bytes(rows, 0, 0);
    r = wjz_message_unpack(&wjz__scoring__pack_outline__descriptor, packed.data, packed.length, s->arena, &outline,
                           err);
    a->outline = (const Wjz__Scoring__PackOutline *)outline;
    return r;
}

static int rehearse(session *s, void *arg, wjz_err *err) {
    asked *a = arg;
    const Wjz__Scoring__Rehearsal *state = NULL;
    Wjz__Scoring__RehearseRules question = WJZ__SCORING__REHEARSE_RULES__INIT;
    Wjz__Scoring__DescribeRehearsal again = WJZ__SCORING__DESCRIBE_REHEARSAL__INIT;
    question.version = (char *)a->version;
    question.days = (uint32_t)a->days;
    question.actor = (char *)a->person;
    int r = ask(s, &question.base, &state, err);
    while (r >= 0 && strcmp(state->state, "running") == 0) {
        again.rehearsal = state->rehearsal;
        out_progress("演练 / rehearsing", state->done, state->total);
        wjz_fiber_sleep(s->loop, POLL_MS);
        r = ask(s, &again.base, &state, err);
    }
    out_progress_end();
    if (r < 0) return r;
    if (strcmp(state->state, "done") != 0) return wjz_err_set(err, -EBADMSG, "the rehearsal failed: %s", state->error);
    again.changes = (uint32_t)a->changes;
    r = ask(s, &again.base, &state, err);
    if (r < 0) return r;
    if (s->format == OUT_TABLE) print_summary(state);
    r = read_outline(s, a, err);
    if (r < 0) return r;
    return print_changes(s, a, state);
}

/* "30d" or "30". */
static int read_days(const char *text, int64_t *ret_days, wjz_err *err) {
    char digits[16];
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length >= sizeof digits)
        return wjz_err_set(err, -EINVAL, "say which past clues with --on DAYS, e.g. --on 30d");
    memcpy(digits, text, length + 1);
    if (digits[length - 1] == 'd') digits[length - 1] = '\0';
    return argument_number("--on", digits, 1, 3650, ret_days, err);
}

int command_rules_rehearse(session *s, int argc, char **argv, wjz_err *err) {
    asked a = {.changes = 50};
    const char *days = argument_option(&argc, argv, "on"), *changes = argument_option(&argc, argv, "changes");
    a.person = argument_option(&argc, argv, "as");
    int r = wording_language_option(&argc, argv, &a.language, err);
    if (r >= 0) r = read_days(days, &a.days, err);
    if (r >= 0 && changes) r = argument_number("--changes", changes, 1, 500, &a.changes, err);
    if (r >= 0 && !a.person) r = wjz_err_set(err, -EINVAL, "say who you are with --as PERSON");
    if (r >= 0)
        r = argument_end(argc, argv, 1, "rules rehearse VERSION --on 30d --as PERSON [--changes N] [--lang zh|en]",
                         err);
    if (r < 0) return r;
    a.version = argv[0];
    return session_connected(s, true, rehearse, &a, err);
}
