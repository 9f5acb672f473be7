/* See known.h. */
#include "ctl/known.h"

#include <errno.h>
#include <string.h>

#include "proto/rules.pb-c.h"

/* The likest first; as many as one message holds. */
static const wjz_stmt ORGANS = {
    "ctl_known_organ",
    "SELECT EXISTS (SELECT FROM directory.organ WHERE code = $1), (SELECT string_agg(code, ', ') FROM"
    " (SELECT code FROM directory.organ ORDER BY similarity(code, $1) DESC, code LIMIT 24) o)",
    2};
static const wjz_stmt PEOPLE = {
    "ctl_known_person",
    "SELECT EXISTS (SELECT FROM directory.person WHERE code = $1)"
    " OR EXISTS (SELECT FROM notification.notice WHERE recipient = $1), (SELECT string_agg(code, ', ') FROM"
    " (SELECT DISTINCT code, similarity(code, $1) FROM directory.person ORDER BY 2 DESC, 1 LIMIT 12) p)",
    2};
/* The audit names people by code and by login, and outlives both. A login that has done nothing yet is known by its making. */
static const wjz_stmt AUDITED = {
    "ctl_known_audited",
    "SELECT EXISTS (SELECT FROM directory.person WHERE code = $1)"
    " OR EXISTS (SELECT FROM console.audit WHERE person = $1)"
    " OR EXISTS (SELECT FROM console.audit WHERE object = $1 AND object_kind = 'account' AND event = 'account_create')"
    " OR EXISTS (SELECT FROM console.audit WHERE login = $1), (SELECT string_agg(code, ', ') FROM"
    " (SELECT code, similarity(code, $1) FROM (SELECT code FROM directory.person UNION SELECT object FROM console.audit"
    "   WHERE event = 'account_create' AND result = 'done') k ORDER BY 2 DESC, 1 LIMIT 12) p)",
    2};

static int known_code(session *s, const wjz_stmt *stmt, const char *option, const char *code, wjz_err *err) {
    wjz_rows *rows;
    wjz_param said = wjz_text(code);
    if (code == NULL) return 0;
    int r = session_read(s, stmt, &said, 1, &rows, err);
    if (r < 0 || wjz_row_bool(rows, 0, 0)) return r;
    if (wjz_row_null(rows, 0, 1))
        return wjz_err_set(err, -EINVAL, "--%s is \"%s\", but nobody is known yet: see wjz directory load", option,
                           code);
    return wjz_err_set(err, -EINVAL, "--%s is \"%s\", which is not known: give one like %s", option, code,
                       wjz_row_text(rows, 0, 1));
}

int known_organ(session *s, const char *code, wjz_err *err) {
    return known_code(s, &ORGANS, "organ", code, err);
}

int known_person(session *s, const char *code, wjz_err *err) {
    return known_code(s, &PEOPLE, "person", code, err);
}

int known_audited(session *s, const char *code, wjz_err *err) {
    return known_code(s, &AUDITED, "person", code, err);
}

static const wjz_stmt DOMAINS = {
    "ctl_known_domain",
    "SELECT EXISTS (SELECT FROM scoring.clue WHERE domain = $1), (SELECT outline FROM scoring.pack WHERE state = "
    "'active')",
    2};

/* "none, eco_env, food_drug, …"; NULL when out of memory. */
static const char *list_domains(wjz_arena *arena, const Wjz__Scoring__PackOutline *outline) {
    const char *all = "";
    for (size_t i = 0; all != NULL && i < outline->n_domains; i++)
        all = wjz_arena_printf(arena, "%s%s%s", all, i > 0 ? ", " : "", outline->domains[i]->id);
    return all;
}

int known_domain(session *s, const char *id, wjz_err *err) {
    wjz_rows *rows;
    wjz_param said = wjz_text(id);
    if (id == NULL || strcmp(id, "none") == 0) return 0;
    int r = session_read(s, &DOMAINS, &said, 1, &rows, err);
    if (r < 0 || wjz_row_bool(rows, 0, 0)) return r;
    if (wjz_row_null(rows, 0, 1))
        return wjz_err_set(err, -EINVAL, "--domain is \"%s\", but no rule pack is active yet: see wjz rules list", id);
    wjz_blob packed = wjz_row_bytes(rows, 0, 1);
    const ProtobufCMessage *message;
    r = wjz_message_unpack(&wjz__scoring__pack_outline__descriptor, packed.data, packed.length, s->arena, &message,
                           err);
    if (r < 0) return r;
    const Wjz__Scoring__PackOutline *outline = (const Wjz__Scoring__PackOutline *)message;
    for (size_t i = 0; i < outline->n_domains; i++)
        if (strcmp(outline->domains[i]->id, id) == 0) return 0;
    const char *all = list_domains(s->arena, outline);
    return wjz_err_set(err, -EINVAL, "--domain is \"%s\": give %s", id, all != NULL ? all : "a domain's id");
}
