/* Saved searches (订阅): what somebody wants to be told of, listed, saved and dropped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/watch.pb-c.h"

enum { LIST_MOST = 64 };

/* --- list --- */

static const wjz_stmt SEARCHES = {
    "ctl_searches",
    "SELECT id::text, owner, title, digest, concat_ws(' · ', CASE WHEN least_stars > 0 THEN least_stars || '★+' END,"
    " nullif(array_to_string(kinds, ' '), ''), nullif(array_to_string(branches, ' '), ''),"
    " nullif(array_to_string(domains, ' '), ''), nullif(array_to_string(towns, ' '), ''),"
    " nullif(array_to_string(villages, ' '), ''), nullif(feed, ''), nullif(subject, ''), CASE WHEN focus THEN 'focus'"
    " END, CASE WHEN urgent THEN 'urgent' END, CASE WHEN mediation THEN 'mediation' END, CASE WHEN watch <> 0 THEN"
    " 'watch ' || watch END), digested_on::text FROM scoring.saved_search WHERE $1::text IS NULL OR owner = $1"
    " ORDER BY owner, id",
    6};

static const out_column SEARCH_COLUMNS[] = {
    {"search", "编号 / search", false}, {"owner", "所有人 / owner", false}, {"title", "名称 / title", false},
    {"digest", "摘要 / digest", false}, {"asks", "条件 / asks for", false}, {"last", "上次 / last", false},
};

static int print_searches(session *s, void *arg, wjz_err *err) {
    wjz_rows *rows;
    wjz_param owner = wjz_text(arg);
    int r = session_read(s, &SEARCHES, &owner, 1, &rows, err);
    return r < 0 ? r : out_print(s->format, SEARCH_COLUMNS, WJZ_COUNT(SEARCH_COLUMNS), rows, "没有订阅 / no searches");
}

int command_searches(session *s, int argc, char **argv, wjz_err *err) {
    char *owner = (char *)argument_option(&argc, argv, "owner");
    int r = argument_end(argc, argv, 0, "searches [--owner PERSON]", err);
    return r < 0 ? r : session_connected(s, false, print_searches, owner, err);
}

/* --- save --- */

typedef struct search_wish {
    Wjz__Scoring__SaveSearch ask;
    char *kinds[LIST_MOST], *branches[LIST_MOST], *domains[LIST_MOST];
    uint32_t towns[LIST_MOST];
    uint64_t villages[LIST_MOST];
    int64_t region;
} search_wish;

static int read_digest(int *argc, char **argv, Wjz__Scoring__Digest *ret_digest, wjz_err *err) {
    static const char *const names[] = {"none", "daily", "weekly"};
    const char *text = argument_option(argc, argv, "digest");
    *ret_digest = WJZ__SCORING__DIGEST__DIGEST_NONE;
    if (!text) return 0;
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *ret_digest = (Wjz__Scoring__Digest)i;
        return 0;
    }
    return wjz_err_set(err, -EINVAL, "--digest is \"%s\": give none, daily or weekly", text);
}

static int read_classes(int *argc, char **argv, search_wish *w, wjz_err *err) {
    int r = argument_options(argc, argv, "kind", w->kinds, LIST_MOST, &w->ask.n_kind, err);
    if (r >= 0) r = argument_options(argc, argv, "branch", w->branches, LIST_MOST, &w->ask.n_branch, err);
    if (r >= 0) r = argument_options(argc, argv, "domain", w->domains, LIST_MOST, &w->ask.n_domain, err);
    w->ask.kind = w->kinds;
    w->ask.branch = w->branches;
    w->ask.domain = w->domains;
    return r;
}

static int read_places(int *argc, char **argv, search_wish *w, wjz_err *err) {
    char *towns[LIST_MOST], *villages[LIST_MOST];
    int64_t code = 0;
    int r = argument_options(argc, argv, "town", towns, LIST_MOST, &w->ask.n_town, err);
    if (r >= 0) r = argument_options(argc, argv, "village", villages, LIST_MOST, &w->ask.n_village, err);
    for (size_t i = 0; r >= 0 && i < w->ask.n_town; i++) {
        r = argument_number("--town", towns[i], 100000000, 999999999, &code, err);
        w->towns[i] = (uint32_t)code;
    }
    for (size_t i = 0; r >= 0 && i < w->ask.n_village; i++) {
        r = argument_number("--village", villages[i], 100000000000, 999999999999, &code, err);
        w->villages[i] = (uint64_t)code;
    }
    w->ask.town = w->towns;
    w->ask.village = w->villages;
    return r;
}

static char *or_empty(const char *text) {
    return (char *)(text ? text : "");
}

static int read_wish(int *argc, char **argv, search_wish *w, wjz_err *err) {
    Wjz__Scoring__SaveSearch *ask = &w->ask;
    int64_t stars = 0, watch = 0, search = 0;
    ask->owner = (char *)argument_option(argc, argv, "owner");
    ask->feed = or_empty(argument_option(argc, argv, "feed"));
    ask->subject = or_empty(argument_option(argc, argv, "subject"));
    ask->focus = argument_flag(argc, argv, "focus");
    ask->urgent = argument_flag(argc, argv, "urgent");
    ask->mediation = argument_flag(argc, argv, "mediation");
    int r = read_digest(argc, argv, &ask->digest, err);
    if (r >= 0) r = read_classes(argc, argv, w, err);
    if (r >= 0) r = read_places(argc, argv, w, err);
    if (r >= 0) r = argument_number_option(argc, argv, "stars", 1, 5, 0, &stars, err);
    if (r >= 0) r = argument_number_option(argc, argv, "watch", 1, INT64_MAX, 0, &watch, err);
    if (r >= 0) r = argument_number_option(argc, argv, "search", 1, INT64_MAX, 0, &search, err);
    if (r >= 0) r = argument_number_option(argc, argv, "region", 100000, 999999, 0, &w->region, err);
    ask->least_stars = (uint32_t)stars;
    ask->watch = (uint64_t)watch;
    ask->search = (uint64_t)search;
    return r;
}

static int ask_search(session *s, int32_t region, const ProtobufCMessage *ask, const char *done, wjz_err *err) {
    const ProtobufCMessage *reply;
    int r = session_ask_in(s, "scoring", region, ask, &wjz__scoring__search_answer__descriptor, &reply, err);
    if (r >= 0) printf("%s %" PRIu64 "\n", done, ((const Wjz__Scoring__SearchAnswer *)reply)->search);
    return r;
}

static int save(session *s, void *arg, wjz_err *err) {
    search_wish *w = arg;
    int32_t region;
    int r = session_region(s, w->region, &region, err);
    return r < 0 ? r : ask_search(s, region, &w->ask.base, "已保存订阅 / search saved:", err);
}

int command_searches_save(session *s, int argc, char **argv, wjz_err *err) {
    search_wish w = {.ask = WJZ__SCORING__SAVE_SEARCH__INIT};
    int r = read_wish(&argc, argv, &w, err);
    if (r >= 0) r = argument_end(argc, argv, 1, "searches save TITLE --owner PERSON [OPTION …]", err);
    if (r < 0) return r;
    if (!w.ask.owner) return wjz_err_set(err, -EINVAL, "say whose it is: --owner PERSON");
    w.ask.title = argv[0];
    return session_connected(s, true, save, &w, err);
}

/* --- drop --- */

static const wjz_stmt REGION_OF_SEARCH = {"ctl_region_of_search",
                                          "SELECT region FROM scoring.saved_search WHERE id = $1", 1};

static int drop(session *s, void *arg, wjz_err *err) {
    Wjz__Scoring__DropSearch *ask = arg;
    int32_t region;
    int r = decide_region(s, &REGION_OF_SEARCH, "search", (int64_t)ask->search, "wjz searches", &region, err);
    return r < 0 ? r : ask_search(s, region, &ask->base, "已取消订阅 / search dropped:", err);
}

int command_searches_drop(session *s, int argc, char **argv, wjz_err *err) {
    Wjz__Scoring__DropSearch ask = WJZ__SCORING__DROP_SEARCH__INIT;
    int64_t search = 0;
    ask.owner = (char *)argument_option(&argc, argv, "owner");
    int r = argument_end(argc, argv, 1, "searches drop SEARCH --owner PERSON", err);
    if (r >= 0) r = argument_number("SEARCH", argv[0], 1, INT64_MAX, &search, err);
    if (r >= 0 && !ask.owner) r = wjz_err_set(err, -EINVAL, "say whose it is: --owner PERSON");
    ask.search = (uint64_t)search;
    return r < 0 ? r : session_connected(s, true, drop, &ask, err);
}
