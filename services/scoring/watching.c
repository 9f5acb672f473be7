/* A watch takes effect with the region's lock: batches before have been committed and are swept, batches after know it.
 */
#include "scoring/watching.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "proto/watch.pb-c.h"
#include "scoring/refuse.h"
#include "scoring/rescore.h"
#include "scoring/rules_data.h"
#include "scoring/store.h"
#include "scoring/store_lists.h"
#include "wjz/clock.h"
#include "wjz/id.h"

typedef Wjz__Scoring__DefineWatch define_watch;
typedef Wjz__Scoring__SaveSearch save_search;

enum { TITLE_BYTES = 300, TOWNS_MOST = 200, TELL_MOST = 50, ALERT_COUNT_MOST = 1000000, ALERT_DAYS_MOST = 366 };

/* --- checks: each refuses the call itself and gives false --- */

/* Nothing that would break a list or a line: no control characters. */
static bool clean_text(wjz_call *call, const char *field, const char *text, size_t most) {
    bool clean = strlen(text) <= most;
    for (const char *at = text; clean && *at; at++)
        clean = (unsigned char)*at >= 0x20 && *at != 0x7f;
    if (!clean) refuse_invalid(call, field, text, "过长或含控制字符 / too long, or with control characters", NULL);
    return clean && text_given(call, field, text);
}

static bool number_between(wjz_call *call, const char *field, int64_t number, int64_t least, int64_t most) {
    if (number >= least && number <= most) return true;
    char value[24], remedy[64];
    snprintf(value, sizeof value, "%" PRId64, number);
    snprintf(remedy, sizeof remedy, "%" PRId64 "–%" PRId64, least, most);
    refuse_invalid(call, field, value, "超出范围 / out of range", remedy);
    return false;
}

static bool known_domains(wjz_call *call, const rule_pack *pack, char **domains, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (rules_domain(pack, domains[i]) > DOMAIN_NONE) continue;
        refuse_invalid(call, "domain", domains[i], "没有这个领域 / no such domain", "deploy/rules/pack.yaml");
        return false;
    }
    return true;
}

static bool among(wjz_call *call, const char *field, const char *const *names, size_t name_count, char **given,
                  size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < name_count && strcmp(names[at], given[i]) != 0)
            at++;
        if (at < name_count) continue;
        refuse_invalid(call, field, given[i], "没有这个取值 / no such value", names[name_count - 1]);
        return false;
    }
    return true;
}

static bool known_towns(wjz_call *call, const gazetteer *places, const uint32_t *towns, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const place_entry *place = gazetteer_by_code(places, towns[i]);
        if (place && place->level == PLACE_TOWN) continue;
        char value[16];
        snprintf(value, sizeof value, "%" PRIu32, towns[i]);
        refuse_invalid(call, "town", value, "地名表没有这个镇街 / the gazetteer has no such town", "deploy/gazetteer");
        return false;
    }
    return true;
}

static bool watch_is_sound(wjz_call *call, const define_watch *w) {
    if (!clean_text(call, "title", w->title, TITLE_BYTES) || !text_given(call, "actor", w->actor) ||
        !number_between(call, "words", (int64_t)w->n_words, 0, WATCH_WORDS) ||
        !number_between(call, "town", (int64_t)w->n_town, 0, TOWNS_MOST) ||
        !number_between(call, "from_day", w->from_day, 1, INT32_MAX / 2) ||
        !number_between(call, "to_day", w->to_day ? w->to_day : w->from_day, w->from_day, INT32_MAX / 2) ||
        !number_between(call, "alert_count", w->alert_count, 1, ALERT_COUNT_MOST) ||
        !number_between(call, "alert_days", w->alert_days, 1, ALERT_DAYS_MOST) ||
        !number_between(call, "tell", (int64_t)w->n_tell, 1, TELL_MOST))
        return false;
    for (size_t i = 0; i < w->n_words; i++)
        if (!clean_text(call, "words", w->words[i], WATCH_WORD_BYTES)) return false;
    for (size_t i = 0; i < w->n_tell; i++)
        if (!clean_text(call, "tell", w->tell[i], TITLE_BYTES)) return false;
    if (w->n_words + w->n_branch + w->n_domain + w->n_town > 0) return true;
    refuse_invalid(call, "words", NULL,
                   "须至少有词语、检察职能、领域或镇街之一 / give words, a branch, a domain or a town", NULL);
    return false;
}

static bool classes_known(wjz_call *call, const scoring_service *self, const rule_pack *pack, char **branches,
                          size_t branch_count, char **domains, size_t domain_count, const uint32_t *towns,
                          size_t town_count) {
    return among(call, "branch", branch_names + 1, BRANCH_COUNT - 1, branches, branch_count) &&
           known_domains(call, pack, domains, domain_count) && known_towns(call, self->places, towns, town_count);
}

/* The words as a batch would have them: words that cannot be compiled must not get into the store. */
static bool compiles(wjz_call *call, const define_watch *w) {
    WJZ_CLEANUP(watch_set_destroy) watch_set *set = NULL;
    wjz_err err = {0};
    const watch probe = {.id = 1, .words = {(const char *const *)w->words, w->n_words}};
    if (watch_set_new(&probe, 1, &set, &err) == 0) return true;
    refuse_invalid(call, "words", NULL, err.text, NULL);
    return false;
}

static bool people_known(wjz_call *call, wjz_tx *tx, char **people, size_t count, wjz_err *err, int *ret_error) {
    const char *unknown = NULL;
    *ret_error = store_unknown_person(tx, wjz_call_message(call)->region, (const char *const *)people, count,
                                      wjz_call_arena(call), &unknown, err);
    if (*ret_error || !unknown) return *ret_error == 0;
    refuse_invalid(call, "tell", unknown, "名录中没有此人 / the directory has no such person", "wjz directory load");
    return false;
}

/* --- watches --- */

static int failed(wjz_call *call, int r) {
    return store_is_away(r) ? refuse_busy(call) : r;
}

static int answer_watch(wjz_call *call, int64_t id) {
    Wjz__Scoring__WatchDefined told = WJZ__SCORING__WATCH_DEFINED__INIT;
    told.watch = (uint64_t)id;
    return wjz_call_reply(call, &told.base);
}

static int put_watch(wjz_call *call, wjz_tx **tx, const define_watch *w, wjz_err *err) {
    int32_t region = wjz_call_message(call)->region;
    int64_t id = w->watch ? (int64_t)w->watch : wjz_id_next();
    bool found = false;
    const watch_row row = {.id = id,
                           .title = w->title,
                           .words = {(const char *const *)w->words, w->n_words},
                           .branches = {(const char *const *)w->branch, w->n_branch},
                           .domains = {(const char *const *)w->domain, w->n_domain},
                           .tell = {(const char *const *)w->tell, w->n_tell},
                           .towns = (const int32_t *)w->town,
                           .town_count = w->n_town,
                           .from_day = w->from_day,
                           .to_day = w->to_day,
                           .alert_count = (int32_t)w->alert_count,
                           .alert_days = (int32_t)w->alert_days,
                           .alert_clues = w->alert_clues,
                           .actor = w->actor};
    int r = store_ask_lock(*tx, region);
    if (!r) r = store_put_watch(*tx, region, &row, w->watch != 0, &found, err);
    if (r) return failed(call, r);
    if (!found) return refuse_not_found(call, "watch", (int64_t)w->watch, "wjz watch list");
    r = store_raise_watch_version(*tx, region);
    if (!r) r = wjz_tx_commit(tx, err);
    return r ? failed(call, r) : answer_watch(call, id);
}

int on_define_watch(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const define_watch *w = (const define_watch *)wjz_call_message(call)->body;
    if (!region_given(call) || !watch_is_sound(call, w) || !compiles(call, w)) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    const rule_pack *pack = NULL;
    int asked = 0, r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = versions_ask(tx, &asked);
    if (!r && !people_known(call, tx, w->tell, w->n_tell, err, &r)) return r ? failed(call, r) : 0;
    if (!r) r = versions_answer(self->packs, tx, asked, &pack, err);
    if (r) return failed(call, r);
    if (!classes_known(call, self, pack, w->branch, w->n_branch, w->domain, w->n_domain, w->town, w->n_town)) return 0;
    return put_watch(call, &tx, w, err);
}

int on_end_watch(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__EndWatch *body = (const Wjz__Scoring__EndWatch *)wjz_call_message(call)->body;
    int32_t region = wjz_call_message(call)->region;
    if (!region_given(call) || !text_given(call, "actor", body->actor)) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    bool found = false;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = store_ask_lock(tx, region);
    if (!r) r = store_end_watch(tx, region, (int64_t)body->watch, body->actor, &found, err);
    if (r) return failed(call, r);
    if (!found) return refuse_not_found(call, "watch", (int64_t)body->watch, "wjz watch list");
    r = store_raise_watch_version(tx, region);
    if (!r) r = wjz_tx_commit(&tx, err);
    return r ? failed(call, r) : answer_watch(call, (int64_t)body->watch);
}

int watching_sweep(round_lease *round, bool *ret_more, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int64_t *complaints = NULL;
    size_t count = 0;
    *ret_more = false;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (!r) r = store_sweep_watch(tx, round->region, round->arena, &complaints, &count, ret_more, err);
    if (!r) r = rescore_emit(round->self->bus, tx, round->region, complaints, count, err);
    return r || !*ret_more ? r : wjz_tx_commit(&tx, err);
}

/* --- searches --- */

static bool search_is_sound(wjz_call *call, const save_search *s) {
    return clean_text(call, "title", s->title, TITLE_BYTES) && text_given(call, "owner", s->owner) &&
           number_between(call, "least_stars", s->least_stars, 0, 5) &&
           number_between(call, "digest", s->digest, 0, WJZ__SCORING__DIGEST__DIGEST_WEEKLY) &&
           number_between(call, "town", (int64_t)s->n_town, 0, TOWNS_MOST) &&
           number_between(call, "village", (int64_t)s->n_village, 0, TOWNS_MOST) &&
           among(call, "kind", kind_names, KIND_COUNT, s->kind, s->n_kind);
}

static int answer_search(wjz_call *call, int64_t id) {
    Wjz__Scoring__SearchAnswer told = WJZ__SCORING__SEARCH_ANSWER__INIT;
    told.search = (uint64_t)id;
    return wjz_call_reply(call, &told.base);
}

static int put_search(wjz_call *call, wjz_tx **tx, const save_search *s, wjz_err *err) {
    static const char *const digests[] = {"none", "daily", "weekly"};
    int64_t id = s->search ? (int64_t)s->search : wjz_id_next();
    bool found = false;
    const search_row row = {.id = id,
                            .owner = s->owner,
                            .title = s->title,
                            .digest = digests[s->digest],
                            .least_stars = (int16_t)s->least_stars,
                            .kinds = {(const char *const *)s->kind, s->n_kind},
                            .branches = {(const char *const *)s->branch, s->n_branch},
                            .domains = {(const char *const *)s->domain, s->n_domain},
                            .towns = (const int32_t *)s->town,
                            .town_count = s->n_town,
                            .villages = (const int64_t *)s->village,
                            .village_count = s->n_village,
                            .feed = s->feed,
                            .subject = s->subject,
                            .focus = s->focus,
                            .urgent = s->urgent,
                            .mediation = s->mediation,
                            .watch = (int64_t)s->watch};
    int r = store_put_search(*tx, wjz_call_message(call)->region, &row, s->search != 0, &found, err);
    if (r) return failed(call, r);
    if (!found) return refuse_not_found(call, "search", (int64_t)s->search, "wjz searches");
    r = wjz_tx_commit(tx, err);
    return r ? failed(call, r) : answer_search(call, id);
}

int on_save_search(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const save_search *s = (const save_search *)wjz_call_message(call)->body;
    if (!region_given(call) || !search_is_sound(call, s)) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    const rule_pack *pack = NULL;
    char *owner = s->owner;
    int asked = 0, r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = versions_ask(tx, &asked);
    if (!r && !people_known(call, tx, &owner, 1, err, &r)) return r ? failed(call, r) : 0;
    if (!r) r = versions_answer(self->packs, tx, asked, &pack, err);
    if (r) return failed(call, r);
    if (!classes_known(call, self, pack, s->branch, s->n_branch, s->domain, s->n_domain, s->town, s->n_town)) return 0;
    return put_search(call, &tx, s, err);
}

int on_drop_search(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__DropSearch *body = (const Wjz__Scoring__DropSearch *)wjz_call_message(call)->body;
    if (!region_given(call) || !text_given(call, "owner", body->owner)) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    bool found = false;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = store_drop_search(tx, wjz_call_message(call)->region, (int64_t)body->search, body->owner, &found, err);
    if (r) return failed(call, r);
    if (!found) return refuse_not_found(call, "search", (int64_t)body->search, "wjz searches");
    r = wjz_tx_commit(&tx, err);
    return r ? failed(call, r) : answer_search(call, (int64_t)body->search);
}
