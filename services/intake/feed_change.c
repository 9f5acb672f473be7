/* See feed_change.h. */
#include "intake/feed_change.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "intake/announce.h"
#include "intake/feeds_file.h"
#include "intake/identity.h"
#include "intake/intake.h"
#include "intake/refusal.h"
#include "intake/store_profiles.h"
#include "proto/intake.pb-c.h"
#include "wjz/log.h"

static void take_text(const char **to, const char *text) {
    if (text[0] != '\0') *to = text;
}

/* What is said changes what is there. */
static void merge(feed_definition *to, const Wjz__Intake__DefineFeed *said) {
    take_text(&to->title, said->title);
    take_text(&to->profile, said->profile);
    take_text(&to->legal_basis, said->legal_basis);
    take_text(&to->clue_source, said->clue_source);
    take_text(&to->source_kind, said->source_kind);
    take_text(&to->organ, said->organ);
    if (said->region != 0) to->region = (int32_t)said->region;
    if (said->rate_per_second != 0) to->rate = (int32_t)said->rate_per_second;
    if (said->silent_after_s != 0) to->silent_after_s = (int32_t)said->silent_after_s;
    to->disabled = said->disabled;
    if (said->curve_key[0] != '\0') to->curve_key = said->curve_key;
    if (to->source_kind[0] == '\0') {
        bool enforcement = strcmp(to->clue_source, "enforcement_platform") == 0;
        bool media = strcmp(to->clue_source, "media") == 0;
        to->source_kind = enforcement ? "enforcement" : media ? "media" : "hotline";
    }
}

/* As ZeroMQ prints one: 32 bytes in Z85 (ZeroMQ RFC 32). */
static bool is_curve_key(const char *text) {
    return strlen(text) == 40 && strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              ".-:+=^!/*?&<>()[]{}@%$#") == 40;
}

/* What is told back of a field that a definition was refused for; NULL where nothing was said or it is long. */
static const char *value_of(const feed_definition *definition, const char *field) {
    const struct {
        const char *field, *value;
    } VALUES[] = {{"name", definition->name},
                  {"profile", definition->profile},
                  {"clue_source", definition->clue_source},
                  {"source_kind", definition->source_kind}};
    for (size_t i = 0; i < WJZ_COUNT(VALUES); i++) {
        const char *value = VALUES[i].value;
        if (strcmp(VALUES[i].field, field) == 0) return value[0] != '\0' && strlen(value) <= 64 ? value : NULL;
    }
    return NULL;
}

/* The field that keeps the definition from being stored; NULL when it is good. */
static const char *find_fault(const profile_source *profiles, const feed_definition *definition,
                              const Wjz__Intake__DefineFeed *said) {
    const char *fault = feed_definition_fault(definition);
    if (fault != NULL) return fault;
    if (said->curve_key[0] != '\0' && !is_curve_key(said->curve_key)) return "curve_key";
    if (said->rate_per_second > 10000000) return "rate_per_second";
    if (said->silent_after_s > 366 * 86400) return "silent_after_s";
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    wjz_err err;
    return profile_load(profiles, definition->profile, &loaded, &err) < 0 ? "profile" : NULL;
}

static int store_definition(intake *it, wjz_tx **tx, feed_definition *definition, char *new_key, wjz_err *err) {
    uint8_t hash[WJZ_SEAL_MAC];
    if (new_key != NULL) {
        identity_new_key(new_key);
        identity_hash_key(it->seal, new_key, hash);
        definition->bearer_hash = hash;
    }
    int r = store_define_feed(*tx, definition);
    if (r == 0) r = wjz_tx_commit(tx, err);
    return r == 0 ? intake_refresh(it, err) : r;
}

/* --- the county --- */

static const char directory_empty[] = "名录中还没有检察院，载入之前收到的事项无处可分派：wjz directory load FILE / the "
                                      "directory has no organ yet, until one "
                                      "is loaded what comes can be given to nobody: wjz directory load FILE";

static int refuse_county(wjz_call *call, int32_t region, const char *others) {
    wjz_arena *arena = wjz_call_arena(call);
    const char *remedy =
        wjz_arena_printf(arena,
                         "先载入该区县的检察院（wjz directory load FILE），或改用已有检察院的区县：%s / "
                         "load its organ first (wjz directory load FILE), or give a county that has "
                         "one: %s",
                         others, others);
    return wjz_call_refuse(
        call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                             .field = "region",
                             .value = wjz_arena_printf(arena, "%d", region),
                             .message = "名录中该区县没有检察院，收到的事项无处可分派 / the county has no organ in the "
                                        "directory, what comes could be given to nobody",
                             .remedy = remedy});
}

/* --- DefineFeed --- */

/* 0 when the definition can be stored, with what its asker is to be told besides; 1 when it was refused. */
static int check(wjz_call *call, wjz_tx *tx, const profile_source *profiles, const feed_definition *definition,
                 bool found, const char **ret_warning, wjz_err *err) {
    const Wjz__Intake__DefineFeed *said = (const Wjz__Intake__DefineFeed *)wjz_call_message(call)->body;
    const char *fault = find_fault(profiles, definition, said);
    if (fault != NULL) {
        (void)wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                   .field = fault,
                                                   .value = value_of(definition, fault),
                                                   .message = found ? "the feed cannot be changed like this"
                                                                    : "the feed cannot be made like this",
                                                   .remedy = feed_definition_remedy(fault)});
        return 1;
    }
    county_organs organs = {.has_one = true};
    int r =
        definition->disabled /* whatever it is, it may be shut */
            ? 0
            : store_read_county_organs(tx, definition->region, definition->organ, wjz_call_arena(call), &organs, err);
    if (r < 0) return r;
    *ret_warning = organs.has_one ? "" : directory_empty;
    if (organs.has_one || organs.others[0] == '\0') return 0;
    (void)refuse_county(call, definition->region, organs.others);
    return 1;
}

static int reply_defined(const intake *it, wjz_call *call, const char *name, const char *key, const char *warning) {
    Wjz__Intake__FeedDefined reply = WJZ__INTAKE__FEED_DEFINED__INIT;
    reply.name = (char *)(uintptr_t)name; /* protobuf-c has no const; packing only reads */
    reply.bearer_key = (char *)(uintptr_t)key;
    reply.warning = (char *)(uintptr_t)warning;
    if (it->door != NULL) {
        const char *told = it->conf->door_public;
        reply.door_endpoint = (char *)(uintptr_t)(told != NULL ? told : wjz_door_endpoint(it->door));
        reply.door_public_key = (char *)(uintptr_t)wjz_door_public_key(it->door);
    }
    return wjz_call_reply(call, &reply.base);
}

int on_define_feed(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__DefineFeed *said = (const Wjz__Intake__DefineFeed *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    feed_definition definition;
    profile_source profiles;
    bool found = false;
    const char *warning = "";
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_definition(tx, said->name, wjz_call_arena(call), &definition, &found, err);
    if (r == 0) r = store_read_profiles(tx, it->conf->profiles, wjz_call_arena(call), &profiles, err);
    if (r < 0) return r;
    merge(&definition, said);
    r = check(call, tx, &profiles, &definition, found, &warning, err);
    if (r != 0) return r < 0 ? r : 0;
    char key[IDENTITY_KEY_TEXT] = "";
    r = store_definition(it, &tx, &definition, said->new_bearer_key ? key : NULL, err);
    if (r == -EEXIST) {
        return refuse(call, WJZ_REFUSAL_CONFLICT, "curve_key", "another feed has this key",
                      "make a key pair for each feed");
    }
    if (r < 0) return r;
    wjz_log_info("feed defined", "feed=%s", definition.name);
    announce_feed_changed(it->bus, definition.name, definition.region, true);
    return reply_defined(it, call, said->name, key, warning);
}
