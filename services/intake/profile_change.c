/* See profile_change.h. */
#include "intake/profile_change.h"

#include <errno.h>
#include <string.h>

#include "intake/intake.h"
#include "intake/refusal.h"
#include "intake/store_profiles.h"
#include "proto/intake.pb-c.h"
#include "wjz/log.h"

enum { DOCUMENT_BYTES = 65535, REASON_BYTES = 2000, ACTOR_BYTES = 200 };

/* The field that is not as proto/intake.proto says; NULL when all are. */
static const char *find_fault(const Wjz__Intake__StoreProfile *said) {
    if (!profile_is_name(said->name)) return "name";
    if (said->document[0] == '\0' || strlen(said->document) > DOCUMENT_BYTES) return "document";
    if (said->expected_revision >= INT32_MAX) return "expected_revision";
    if (said->actor[0] == '\0' || strlen(said->actor) > ACTOR_BYTES) return "actor";
    return said->reason[0] == '\0' || strlen(said->reason) > REASON_BYTES ? "reason" : NULL;
}

/* The profiles with the change among them: found first, before what it replaces. */
static int add_edit(const profile_source *to, profile_edit edit, wjz_arena *arena, profile_source *ret_profiles) {
    profile_edit *edits = wjz_arena_calloc(arena, to->edit_count + 1, sizeof *edits);
    if (edits == NULL) return -ENOMEM;
    edits[0] = edit;
    for (size_t i = 0; i < to->edit_count; i++)
        edits[i + 1] = to->edits[i];
    *ret_profiles = (profile_source){to->folder, edits, to->edit_count + 1};
    return 0;
}

/* The first feed whose profile is one before and none after; err says why. NULL when there is none. */
static const feed *find_broken(const feeds *all, const profile_source *before, const profile_source *after,
                               wjz_err *err) {
    for (size_t i = 0; i < all->count; i++) {
        WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
        WJZ_CLEANUP(profile_destroy) profile *was = NULL;
        wjz_err ignored;
        if (profile_load(after, all->items[i]->profile, &loaded, err) == 0) continue;
        if (profile_load(before, all->items[i]->profile, &was, &ignored) == 0) return all->items[i];
    }
    return NULL;
}

/* What makes the document no profile, with its line; "" when it is good. In the call's arena. */
static int find_mistake(const intake *it, wjz_tx *tx, wjz_call *call, const Wjz__Intake__StoreProfile *said,
                        const char **ret_mistake, wjz_err *err) {
    wjz_arena *arena = wjz_call_arena(call);
    profile_source before;
    profile_source after;
    int r = store_read_profiles(tx, it->conf->profiles, arena, &before, err);
    if (r == 0 && add_edit(&before, (profile_edit){said->name, said->document}, arena, &after) < 0)
        r = wjz_err_set(err, -ENOMEM, "out of memory");
    if (r < 0) return r;
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    wjz_err why;
    *ret_mistake = "";
    const feed *broken = NULL;
    if (profile_load(&after, said->name, &loaded, &why) < 0)
        *ret_mistake = wjz_arena_strdup(arena, why.text);
    else if ((broken = find_broken(&it->feeds, &before, &after, &why)) != NULL)
        *ret_mistake = wjz_arena_printf(arena, "feed \"%s\" needs it: %s", broken->name, why.text);
    return *ret_mistake != NULL ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
}

int on_store_profile(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__StoreProfile *said = (const Wjz__Intake__StoreProfile *)wjz_call_message(call)->body;
    const char *fault = find_fault(said);
    if (fault != NULL)
        return refuse(call, WJZ_REFUSAL_INVALID, fault, "the profile cannot be stored like this",
                      "give the field a value that proto/intake.proto allows");
    profile_change change = {said->name, said->document, said->actor, said->reason, (int32_t)said->expected_revision};
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    const char *mistake = "";
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_lock_profiles(tx, err);
    if (r == 0) r = find_mistake(it, tx, call, said, &mistake, err);
    if (r < 0) return r;
    if (mistake[0] != '\0')
        return refuse(call, WJZ_REFUSAL_INVALID, "document", mistake,
                      "mend the line that is named; deploy/config/profiles/README.md says what a profile holds");
    r = store_add_profile(tx, &change, err);
    if (r == -ESTALE)
        return refuse(call, WJZ_REFUSAL_CONFLICT, "expected_revision", "somebody else has changed the profile since",
                      "read it again and make the change to what is there now");
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    wjz_log_info("profile stored", "profile=%s revision=%d", said->name, (int)said->expected_revision + 1);
    Wjz__Intake__StoredProfile reply = WJZ__INTAKE__STORED_PROFILE__INIT;
    reply.name = said->name;
    reply.revision = said->expected_revision + 1;
    return wjz_call_reply(call, &reply.base);
}
