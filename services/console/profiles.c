/* Mapping profiles: files that operators edit, and what administrators changed over them. All changes are intake's. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/console.h"
#include "console/sql.h"
#include "proto/intake.pb-c.h"
#include "wjz/yaml.h"

enum {
    EXTENDS_MOST = 5,       /* a profile and those behind it */
    DOCUMENT_BYTES = 65536, /* of a file that is shown */
};

static const wjz_stmt EDITS = {
    "console_profile_edits",
    "SELECT p.name, p.document, json_build_object('revision', p.revision, 'by', " SQL_PERSON(
        "p.changed_by") ", 'at', p.changed_at, 'reason', p.reason)::text FROM console.profile p ORDER BY p.name",
    3};

/* --- reading: from index 1 of the transaction's rows, what administrators changed --- */

static int edits_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send(x->tx, &EDITS, NULL, 0);
}

static bool is_name(const char *name) {
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

/* The row of the name; -1 when nobody changed it. */
static int find_edit(const wjz_rows *edits, const char *name) {
    for (int i = 0; i < wjz_rows_count(edits); i++)
        if (strcmp(wjz_row_text(edits, i, 0), name) == 0) return i;
    return -1;
}

static int load(const char *folder, const wjz_rows *edits, const char *name, wjz_yaml **ret_yaml) {
    wjz_err err;
    char path[4400];
    int row = find_edit(edits, name);
    if (row < 0) {
        snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
        return wjz_yaml_load(path, ret_yaml, &err);
    }
    const char *text = wjz_row_text(edits, row, 1);
    return wjz_yaml_parse(name, text, strlen(text), ret_yaml, &err);
}

static bool lists(const wjz_yaml_node *list, const char *word) {
    for (size_t i = 0; list && wjz_yaml_kind_of(list) == WJZ_YAML_LIST && i < wjz_yaml_count(list); i++) {
        const char *text = wjz_yaml_text(wjz_yaml_item(list, i));
        if (text && strcmp(text, word) == 0) return true;
    }
    return false;
}

/* Adds each text of the list that is not taken so far to the column; without a column it is only taken. */
static void take_headers(json_t *taken, const wjz_yaml_node *headers, json_t *column) {
    for (size_t i = 0; headers && wjz_yaml_kind_of(headers) == WJZ_YAML_LIST && i < wjz_yaml_count(headers); i++) {
        const char *header = wjz_yaml_text(wjz_yaml_item(headers, i));
        if (!header || json_object_get(taken, header)) continue;
        (void)json_object_set_new(taken, header, json_true());
        if (column) (void)json_array_append_new(json_object_get(column, "headers"), json_string(header));
    }
}

/* Adds the headers of each field to those that profiles before it gave: the first profile that names a header has it.
 */
static void add_columns(json_t *columns, json_t *taken, const wjz_yaml_node *fields, const wjz_yaml_node *required) {
    for (size_t i = 0; fields && i < wjz_yaml_count(fields); i++) {
        const char *field = wjz_yaml_key(fields, i);
        json_t *column = json_object_get(columns, field);
        if (!column) {
            column = json_pack("{s:s, s:[], s:b}", "field", field, "headers", "required", (int)lists(required, field));
            (void)json_object_set_new(columns, field, column);
        }
        take_headers(taken, wjz_yaml_value(fields, i), column);
    }
}

/* A profile as it counts: with the columns of the one that it extends. */
static json_t *profile_json(const char *folder, const wjz_rows *edits, const char *name) {
    wjz_yaml *chain[EXTENDS_MOST] = {NULL};
    const wjz_yaml_node *required = NULL;
    const char *kind = NULL, *next = name;
    json_t *columns = json_object(), *taken = json_object(), *list = json_array(), *column;
    for (int depth = 0; next && is_name(next) && depth < EXTENDS_MOST; depth++) {
        if (load(folder, edits, next, &chain[depth]) < 0) break;
        const wjz_yaml_node *root = wjz_yaml_root(chain[depth]);
        if (!required) required = wjz_yaml_get(root, "required");
        if (!kind) kind = wjz_yaml_text(wjz_yaml_get(root, "record"));
        take_headers(taken, wjz_yaml_get(root, "ignored"), NULL);
        add_columns(columns, taken, wjz_yaml_get(root, "columns"), required);
        next = wjz_yaml_text(wjz_yaml_get(root, "extends"));
    }
    const char *field;
    json_object_foreach(columns, field, column) {
        /* "required" may stand in a profile behind the one that names the column first. */
        if (lists(required, field)) (void)json_object_set_new(column, "required", json_true());
        (void)json_array_append(list, column);
    }
    json_t *profile = json_pack("{s:s, s:s, s:o}", "name", name, "kind", kind ? kind : "complaint", "columns", list);
    json_decref(columns);
    json_decref(taken);
    for (int depth = 0; depth < EXTENDS_MOST; depth++)
        wjz_yaml_destroy(&chain[depth]);
    return profile;
}

static int list_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const char *folder = x->console->conf->profiles;
    const wjz_rows *edits = wjz_tx_rows(x->tx, 1);
    char pattern[4200];
    glob_t found;
    json_t *items = json_array(), *files = json_object();
    snprintf(pattern, sizeof pattern, "%s/*.yaml", folder);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *file = strrchr(found.gl_pathv[i], '/') + 1;
            char *name = wjz_arena_printf(x->arena, "%.*s", (int)strcspn(file, "."), file);
            if (!name) continue;
            (void)json_object_set_new(files, name, json_true());
            (void)json_array_append_new(items, profile_json(folder, edits, name));
        }
    globfree(&found);
    for (int i = 0; i < wjz_rows_count(edits); i++)
        if (!json_object_get(files, wjz_row_text(edits, i, 0)))
            (void)json_array_append_new(items, profile_json(folder, edits, wjz_row_text(edits, i, 0)));
    json_decref(files);
    return answer_json(x, 200, json_pack("{s:o}", "items", items));
}

static int read_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const char *name = exchange_path(x, "profile");
    const wjz_rows *edits = wjz_tx_rows(x->tx, 1);
    int row = find_edit(edits, name);
    if (row >= 0)
        return answer_json(x, 200,
                           json_pack("{s:s, s:s, s:o}", "name", name, "yaml", wjz_row_text(edits, row, 1), "change",
                                     json_loads(wjz_row_text(edits, row, 2), 0, NULL)));
    char path[4400], text[DOCUMENT_BYTES];
    snprintf(path, sizeof path, "%s/%s.yaml", x->console->conf->profiles, name);
    FILE *file = is_name(name) ? fopen(path, "re") : NULL;
    if (!file) return refuse(x, 404, "not_found", "没有此方案 / no such profile");
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return answer_json(x, 200, json_pack("{s:s, s:s, s:n}", "name", name, "yaml", text, "change"));
}

/* --- changing --- */

static const wjz_stmt REVISION = {
    "console_profile_revision",
    "SELECT 0, COALESCE((SELECT p.revision FROM console.profile p WHERE p.name = $1), 0)::text, 0::int8", 3};
static const question STORE = {
    .service = "intake", .answers = &wjz__intake__stored_profile__descriptor, .about = "profile"};

static int store_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &REVISION, wjz_text(exchange_path(x, "profile")));
}

static int store_run(exchange *x, wjz_err *err) {
    target t;
    const ProtobufCMessage *answer;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    t.region = x->who.region; /* a profile is of no county: intake of the asker's */
    Wjz__Intake__StoreProfile message = WJZ__INTAKE__STORE_PROFILE__INIT;
    message.name = wjz_arena_strdup(x->arena, exchange_path(x, "profile"));
    message.document = exchange_copy(x, "document");
    message.reason = exchange_copy(x, "reason");
    message.expected_revision = (uint32_t)strtoul(t.version, NULL, 10);
    message.actor = wjz_arena_strdup(x->arena, x->who.person);
    if (!message.name || !message.document || !message.reason || !message.actor)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    r = ask_send(x, &STORE, &t, &message.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Intake__StoredProfile *stored = (const void *)answer;
    x->detail = json_pack("{s:s, s:I}", "reason", message.reason, "revision", (json_int_t)stored->revision);
    return ask_done(x, &t, NULL, 0,
                    json_pack("{s:s, s:I}", "name", stored->name, "revision", (json_int_t)stored->revision), err);
}

const endpoint PROFILE_ENDPOINTS[] = {
    {"listProfiles", FEED_PEOPLE, edits_prepare, list_run, NULL, NULL, NULL},
    {"readProfile", FEED_PEOPLE, edits_prepare, read_run, NULL, NULL, NULL},
    {"storeProfile", ORGAN_ADMIN | SYSTEM_ADMIN, store_prepare, store_run, &STORE, "profile_store", "profile"},
    {0},
};
