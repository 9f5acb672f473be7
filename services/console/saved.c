/* Saved searches and watch lists: scoring keeps both. */
#include <errno.h>
#include <string.h>

#include "console/ask.h"
#include "console/read.h"
#include "console/sql.h"
#include "proto/watch.pb-c.h"

static const read_spec SEARCHES = {
    {"console_searches",
     "SELECT json_build_object('items', COALESCE(json_agg(json_build_object('id', s.id::text, 'saved_at', s.saved_at, "
     "'title', s.title, 'digest', s.digest, 'least_stars', s.least_stars,"
     " 'kind', s.kinds, 'branch', s.branches, 'domain', s.domains, 'town', s.towns, 'feed', s.feed, 'subject', "
     "s.subject, 'focus', s.focus, 'urgent', s.urgent,"
     " 'mediation', s.mediation, 'watch', CASE WHEN s.watch <> 0 THEN s.watch::text END) ORDER BY s.id), '[]'))::text "
     "FROM console.saved_search s",
     1},
    {{0}}};

static const read_spec WATCHES = {
    {"console_watches",
     "SELECT json_build_object('items', COALESCE(json_agg(json_build_object('id', w.id::text, 'title', w.title, "
     "'words', w.words, 'branch', w.branches, 'domain', w.domains, 'town', w.towns,"
     " 'from_day', w.from_day, 'to_day', w.to_day, 'alert_count', w.alert_count, 'alert_days', w.alert_days, "
     "'alert_clues', w.alert_clues, 'tell', w.tell,"
     " 'defined_by', " SQL_PERSON(
         "w.defined_by") ", 'defined_at', w.defined_at, 'ended_at', w.ended_at, 'hits', COALESCE(h.hits, 0), "
                         "'last_hit_at', h.last_at,"
                         " 'last_alert_at', (SELECT max(a.raised_at) FROM console.watch_alert a WHERE a.region = "
                         "w.region AND a.watch = w.id)) ORDER BY w.id), '[]'))::text"
                         " FROM console.watch w LEFT JOIN console.watch_hits h ON h.region = w.region AND h.watch = "
                         "w.id",
     1},
    {{0}}};

static const wjz_stmt SEARCH_TARGET = {"console_search_target",
                                       "SELECT region, '', 0::int8 FROM console.saved_search WHERE id = $1", 3};
static const wjz_stmt WATCH_TARGET = {"console_watch_target",
                                      "SELECT region, '', 0::int8 FROM console.watch WHERE id = $1", 3};

static json_t *show_search(WJZ_UNUSED exchange *x, WJZ_UNUSED const target *t, const ProtobufCMessage *answer) {
    return json_pack(
        "{s:o}", "id",
        json_sprintf("%llu", (unsigned long long)((const Wjz__Scoring__SearchAnswer *)(const void *)answer)->search));
}

static json_t *show_watch(WJZ_UNUSED exchange *x, WJZ_UNUSED const target *t, const ProtobufCMessage *answer) {
    return json_pack(
        "{s:o}", "id",
        json_sprintf("%llu", (unsigned long long)((const Wjz__Scoring__WatchDefined *)(const void *)answer)->watch));
}

static json_t *show_nothing(WJZ_UNUSED exchange *x, WJZ_UNUSED const target *t,
                            WJZ_UNUSED const ProtobufCMessage *answer) {
    return NULL;
}

static const question SAVE = {.service = "scoring",
                              .asks = &wjz__scoring__save_search__descriptor,
                              .answers = &wjz__scoring__search_answer__descriptor,
                              .actor = "owner",
                              .show = show_search,
                              .status = 201};
static const question CHANGE = {.service = "scoring",
                                .asks = &wjz__scoring__save_search__descriptor,
                                .answers = &wjz__scoring__search_answer__descriptor,
                                .about = "search",
                                .target = &SEARCH_TARGET,
                                .actor = "owner",
                                .show = show_search};
static const question FORGET = {.service = "scoring",
                                .asks = &wjz__scoring__drop_search__descriptor,
                                .answers = &wjz__scoring__search_answer__descriptor,
                                .about = "search",
                                .target = &SEARCH_TARGET,
                                .actor = "owner",
                                .show = show_nothing};

static const field_name ITEM[] = {{"watch", "item"}, {0}};
static const question DEFINE = {.service = "scoring",
                                .asks = &wjz__scoring__define_watch__descriptor,
                                .answers = &wjz__scoring__watch_defined__descriptor,
                                .actor = "actor",
                                .show = show_watch,
                                .status = 201};
static const question REDEFINE = {.service = "scoring",
                                  .asks = &wjz__scoring__define_watch__descriptor,
                                  .answers = &wjz__scoring__watch_defined__descriptor,
                                  .about = "item",
                                  .target = &WATCH_TARGET,
                                  .actor = "actor",
                                  .names = ITEM,
                                  .show = show_watch};
static const question END = {.service = "scoring",
                             .asks = &wjz__scoring__end_watch__descriptor,
                             .answers = &wjz__scoring__watch_defined__descriptor,
                             .about = "item",
                             .target = &WATCH_TARGET,
                             .actor = "actor",
                             .names = ITEM,
                             .show = show_nothing};

/* Digests are an enumeration in the message and a word in JSON. */
static int search_run(exchange *x, wjz_err *err) {
    static const char *const digests[] = {"none", "daily", "weekly"};
    for (size_t i = 0; i < WJZ_COUNT(digests); i++)
        if (strcmp(digests[i], exchange_text(x, "digest")) == 0) {
            (void)json_object_set_new(x->body, "digest", json_integer((json_int_t)i));
            break;
        }
    x->detail = json_deep_copy(x->body);
    return ask_run(x, err);
}

#define WATCHERS (CASEWORKERS | ORGAN_ADMIN)

const endpoint SAVED_ENDPOINTS[] = {
    READ_ONE("listSearches", READERS, &SEARCHES),
    {"saveSearch", READERS, ask_prepare, search_run, &SAVE, "search_save", "search"},
    {"changeSearch", READERS, ask_prepare, search_run, &CHANGE, "search_save", "search"},
    ASK("deleteSearch", READERS, &FORGET, "search_drop", "search"),
    READ_ONE("listWatch", WATCHERS, &WATCHES),
    ASK("addWatch", WATCHERS, &DEFINE, "watch_define", "watch"),
    ASK("changeWatch", WATCHERS, &REDEFINE, "watch_define", "watch"),
    ASK("removeWatch", WATCHERS, &END, "watch_end", "watch"),
    {0},
};
