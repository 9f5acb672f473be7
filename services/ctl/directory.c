/* `wjz directory load`: organs, stations, people, duties and micro-grids from a YAML file into schema directory. The
 * file is checked whole before anything is written; loading it again changes only what differs. People who are not in
 * the file any more stay: they are made inactive by saying so. What waits for somebody is given to whom it brought. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "proto/assignment.pb-c.h"
#include "wjz/yaml.h"

typedef enum column_type { TEXT, INTEGER, REAL, BOOLEAN, DATE, TIME, TEXTS, INTEGERS, OUTLINE } column_type;

typedef struct column {
    const char *name;
    column_type type;
    const char *fallback; /* JSON; NULL: required; "null": may be absent */
} column;

typedef struct section {
    const char *key; /* in the file */
    const column *columns;
    wjz_stmt store; /* $1: a JSON array of rows */
} section;

static const column ORGAN[] = {{"code", TEXT, NULL},           {"name", TEXT, NULL},
                               {"region", INTEGER, NULL},      {"level", TEXT, NULL},
                               {"parent", TEXT, "null"},       {"effective_from", DATE, "\"2000-01-01\""},
                               {"effective_to", DATE, "null"}, {0}};
static const column STATION[] = {{"region", INTEGER, NULL},
                                 {"code", TEXT, NULL},
                                 {"organ", TEXT, NULL},
                                 {"name", TEXT, NULL},
                                 {"kind", TEXT, NULL},
                                 {"town", INTEGER, "0"},
                                 {"village", INTEGER, "0"},
                                 {"longitude", REAL, "null"},
                                 {"latitude", REAL, "null"},
                                 {"specialities", TEXTS, "[]"},
                                 {"serves", INTEGERS, "[]"},
                                 {"active", BOOLEAN, "true"},
                                 {0}};
static const column PERSON[] = {{"region", INTEGER, NULL},
                                {"code", TEXT, NULL},
                                {"organ", TEXT, NULL},
                                {"name", TEXT, NULL},
                                {"roles", TEXTS, NULL},
                                {"branches", TEXTS, "[]"},
                                {"specialities", TEXTS, "[]"},
                                {"stations", TEXTS, "[]"},
                                {"email", TEXT, "null"},
                                {"phone", TEXT, "null"},
                                {"webhook", TEXT, "null"},
                                {"webhook_secret", TEXT, "null"},
                                {"locale", TEXT, "\"zh-CN\""},
                                {"quiet_from", TIME, "null"},
                                {"quiet_to", TIME, "null"},
                                {"active", BOOLEAN, "true"},
                                {0}};
static const column RELATION[] = {{"region", INTEGER, NULL},
                                  {"person", TEXT, NULL},
                                  {"kind", TEXT, NULL},
                                  {"name", TEXT, NULL},
                                  {"since", DATE, "null"},
                                  {"until", DATE, "null"},
                                  {0}};
static const column DUTY[] = {{"region", INTEGER, NULL},
                              {"station", TEXT, NULL},
                              {"weekday", INTEGER, NULL},
                              {"from_time", TIME, NULL},
                              {"to_time", TIME, NULL},
                              {"prosecutor", TEXT, NULL},
                              {"substitute", TEXT, "null"},
                              {"every_weeks", INTEGER, "1"},
                              {"first_on", DATE, "\"2026-01-05\""},
                              {"effective_from", DATE, "\"2000-01-01\""},
                              {"effective_to", DATE, "null"},
                              {0}};
static const column GRID[] = {{"region", INTEGER, NULL},    {"code", TEXT, NULL},
                              {"name", TEXT, NULL},         {"kind", TEXT, NULL},
                              {"village", INTEGER, NULL},   {"households", INTEGER, "null"},
                              {"outline", OUTLINE, "null"}, {0}};
static const column HOLIDAY[] = {{"day", DATE, NULL}, {"working", BOOLEAN, NULL}, {"name", TEXT, NULL}, {0}};

#define LOAD(table, keys, sets)                                                                                        \
    {                                                                                                                  \
        "ctl_load_" #table,                                                                                            \
            "INSERT INTO directory." #table " SELECT * FROM jsonb_populate_recordset(NULL::directory." #table          \
            ", $1::text::jsonb) ON CONFLICT (" keys ") DO UPDATE SET " sets,                                           \
            0                                                                                                          \
    }

static const section SECTIONS[] = {
    {"organs", ORGAN,
     LOAD(organ, "code",
          "name = excluded.name, region = excluded.region, level = excluded.level, parent = excluded.parent,"
          " effective_from = excluded.effective_from, effective_to = excluded.effective_to")},
    {"stations", STATION,
     LOAD(station, "region, code",
          "organ = excluded.organ, name = excluded.name, kind = excluded.kind, town = excluded.town,"
          " village = excluded.village, longitude = excluded.longitude, latitude = excluded.latitude,"
          " specialities = excluded.specialities, serves = excluded.serves, active = excluded.active")},
    {"people", PERSON,
     LOAD(person, "region, code",
          "organ = excluded.organ, name = excluded.name, roles = excluded.roles, branches = excluded.branches,"
          " specialities = excluded.specialities, stations = excluded.stations, email = excluded.email,"
          " phone = excluded.phone, webhook = excluded.webhook, webhook_secret = excluded.webhook_secret,"
          " locale = excluded.locale, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,"
          " active = excluded.active")},
    {"relations", RELATION,
     LOAD(relation, "region, person, kind, name", "since = excluded.since, until = excluded.until")},
    {"duty_patterns", DUTY,
     LOAD(duty_pattern, "region, station, weekday, from_time, prosecutor",
          "to_time = excluded.to_time, substitute = excluded.substitute, every_weeks = excluded.every_weeks,"
          " first_on = excluded.first_on, effective_from = excluded.effective_from, effective_to = "
          "excluded.effective_to")},
    {"grids", GRID,
     LOAD(grid, "region, code",
          "name = excluded.name, kind = excluded.kind, village = excluded.village, households = excluded.households,"
          " outline = excluded.outline")},
    {"holidays", HOLIDAY, LOAD(holiday, "day", "working = excluded.working, name = excluded.name")},
};

static json_t *scalar_to_json(const wjz_yaml_node *node, const column *c, wjz_err *err) {
    const char *text = wjz_yaml_text(node);
    if (!text) {
        wjz_yaml_error(node, err, "\"%s\" must be a single value", c->name);
        return NULL;
    }
    char *end = NULL;
    json_t *value = NULL;
    if (c->type == INTEGER || c->type == INTEGERS) {
        long long number = strtoll(text, &end, 10);
        value = *text && !*end ? json_integer(number) : NULL;
    } else if (c->type == REAL) {
        double number = strtod(text, &end);
        value = *text && !*end ? json_real(number) : NULL;
    } else if (c->type == BOOLEAN) {
        value = strcmp(text, "true") == 0 ? json_true() : strcmp(text, "false") == 0 ? json_false() : NULL;
    } else if (c->type == DATE) {
        int y, m, d, used = 0;
        value = sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) == 3 && !text[used] ? json_string(text) : NULL;
    } else if (c->type == TIME) {
        int h, m, used = 0;
        value =
            sscanf(text, "%2d:%2d%n", &h, &m, &used) == 2 && !text[used] && h < 24 && m < 60 ? json_string(text) : NULL;
    } else {
        value = json_string(text);
    }
    if (!value)
        wjz_yaml_error(node, err, "%s is \"%s\": give a %s", c->name, text,
                       c->type == DATE      ? "date as 2026-01-31"
                       : c->type == TIME    ? "time as 09:00"
                       : c->type == BOOLEAN ? "true or false"
                                            : "number");
    return value;
}

static json_t *list_to_json(const wjz_yaml_node *node, const column *c, wjz_err *err) {
    if (wjz_yaml_kind_of(node) != WJZ_YAML_LIST) {
        wjz_yaml_error(node, err, "\"%s\" must be a list, as [a, b]", c->name);
        return NULL;
    }
    json_t *list = json_array();
    for (size_t i = 0; list && i < wjz_yaml_count(node); i++) {
        json_t *item = scalar_to_json(wjz_yaml_item(node, i), c, err);
        if (!item || json_array_append_new(list, item) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static bool coordinate(const wjz_yaml_node *pair, size_t which, double bound, double *ret) {
    const char *text = wjz_yaml_text(wjz_yaml_item(pair, which));
    char *end = NULL;
    *ret = text ? strtod(text, &end) : NAN;
    return text && *text && !*end && *ret >= -bound && *ret <= bound;
}

static bool write_corner(FILE *out, const wjz_yaml_node *pair, bool first) {
    double longitude, latitude;
    if (wjz_yaml_kind_of(pair) != WJZ_YAML_LIST || wjz_yaml_count(pair) != 2) return false;
    if (!coordinate(pair, 0, 180, &longitude) || !coordinate(pair, 1, 90, &latitude)) return false;
    return fprintf(out, "%s(%.9g,%.9g)", first ? "(" : ",", longitude, latitude) > 0;
}

/* Corners as [[103.51, 30.75], …], longitude first; as PostgreSQL reads a polygon. */
static json_t *outline_to_json(const wjz_yaml_node *node, const column *c, wjz_err *err) {
    enum { CORNERS_LEAST = 3, CORNERS_MOST = 10000 };
    size_t count = wjz_yaml_kind_of(node) == WJZ_YAML_LIST ? wjz_yaml_count(node) : 0, length = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);
    bool good = out && count >= CORNERS_LEAST && count <= CORNERS_MOST;
    for (size_t i = 0; good && i < count; i++)
        good = write_corner(out, wjz_yaml_item(node, i), i == 0);
    if (good) fputc(')', out);
    if (out) fclose(out);
    json_t *value = good ? json_string(text) : NULL;
    free(text);
    if (!value)
        wjz_yaml_error(node, err, "%s must be %d to %d corners as [[103.51, 30.75], …], longitude first", c->name,
                       CORNERS_LEAST, CORNERS_MOST);
    return value;
}

static json_t *field_to_json(const wjz_yaml_node *node, const column *c, wjz_err *err) {
    if (c->type == OUTLINE) return outline_to_json(node, c, err);
    return c->type == TEXTS || c->type == INTEGERS ? list_to_json(node, c, err) : scalar_to_json(node, c, err);
}

static json_t *row_to_json(const wjz_yaml_node *node, const column *columns, wjz_err *err) {
    const char *allowed[24] = {0};
    for (int i = 0; columns[i].name; i++)
        allowed[i] = columns[i].name;
    if (wjz_yaml_kind_of(node) != WJZ_YAML_MAP) {
        wjz_yaml_error(node, err, "must be a map of columns");
        return NULL;
    }
    if (wjz_yaml_only(node, allowed, err) < 0) return NULL;
    json_t *row = json_object();
    for (const column *c = columns; row && c->name; c++) {
        const wjz_yaml_node *field = wjz_yaml_get(node, c->name);
        json_t *value = NULL;
        if (field)
            value = field_to_json(field, c, err);
        else if (c->fallback)
            value = json_loads(c->fallback, JSON_DECODE_ANY, NULL);
        else
            wjz_yaml_error(node, err, "\"%s\" is missing", c->name);
        if (!value || json_object_set_new(row, c->name, value) < 0) {
            json_decref(row);
            return NULL;
        }
    }
    return row;
}

/* The section's rows as one JSON text in the arena; NULL with ret 0 when the file has no such section. */
static int section_to_json(session *s, const wjz_yaml_node *root, const section *part, const char **ret_text,
                           size_t *ret_rows, wjz_err *err) {
    const wjz_yaml_node *list;
    *ret_text = NULL;
    *ret_rows = 0;
    int r = wjz_yaml_get_list(root, part->key, &list, err);
    if (r < 0 || !list) return r;
    json_t *rows = json_array();
    for (size_t i = 0; rows && i < wjz_yaml_count(list); i++) {
        json_t *row = row_to_json(wjz_yaml_item(list, i), part->columns, err);
        if (!row || json_array_append_new(rows, row) < 0) {
            json_decref(rows);
            return -EINVAL;
        }
    }
    char *text = rows ? json_dumps(rows, JSON_COMPACT) : NULL;
    *ret_text = text ? wjz_arena_strdup(s->arena, text) : NULL;
    *ret_rows = wjz_yaml_count(list);
    free(text);
    json_decref(rows);
    return *ret_text ? 0 : -ENOMEM;
}

static int store(session *s, void *arg, wjz_err *err) {
    const wjz_yaml_node *root = arg;
    const char *texts[WJZ_COUNT(SECTIONS)];
    size_t counts[WJZ_COUNT(SECTIONS)];
    for (size_t i = 0; i < WJZ_COUNT(SECTIONS); i++) {
        int r = section_to_json(s, root, &SECTIONS[i], &texts[i], &counts[i], err);
        if (r < 0) return r;
    }
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(s->db, &tx, err);
    for (size_t i = 0; r >= 0 && i < WJZ_COUNT(SECTIONS); i++) {
        if (!texts[i]) continue;
        r = wjz_tx_query_v(tx, &SECTIONS[i].store, NULL, err, wjz_text(texts[i]));
        if (r < 0) wjz_err_prefix(err, "%s", SECTIONS[i].key);
    }
    if (r >= 0) r = wjz_tx_commit(&tx, err);
    for (size_t i = 0; r >= 0 && i < WJZ_COUNT(SECTIONS); i++)
        if (texts[i] && s->format == OUT_TABLE) printf("%-14s %zu\n", SECTIONS[i].key, counts[i]);
    return r;
}

enum { TELL_MS = 5000 };

static int tell_assignment(session *s, void *arg, wjz_err *err) {
    (void)arg;
    Wjz__Assignment__RenewDirectory question = WJZ__ASSIGNMENT__RENEW_DIRECTORY__INIT;
    const ProtobufCMessage *answer;
    return wjz_bus_request(s->bus, "assignment", 0, &question.base, TELL_MS,
                           &wjz__assignment__directory_renewed__descriptor, s->arena, &answer, NULL, err);
}

/* So that no clue waits for the next reading. Where assignment does not run, or does not answer, it reads by itself. */
static void tell(session *s) {
    wjz_err err = {0};
    int r = session_connected(s, true, tell_assignment, NULL, &err);
    if (r < 0 && r != -EHOSTUNREACH)
        fprintf(stderr, "已装入；分派服务未应答，稍后自会读取 / loaded; assignment will read it a little later: %s\n",
                err.text);
}

int directory_load(session *s, const char *path, wjz_err *err) {
    const char *allowed[WJZ_COUNT(SECTIONS) + 1] = {0};
    for (size_t i = 0; i < WJZ_COUNT(SECTIONS); i++)
        allowed[i] = SECTIONS[i].key;
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (!root) return wjz_err_set(err, -EINVAL, "%s:1: the file is empty", path);
    r = wjz_yaml_only(root, allowed, err);
    if (r == 0) r = session_connected(s, false, store, (void *)root, err);
    if (r == 0) tell(s);
    return r;
}

int command_directory_load(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 1, "directory load FILE.yaml", err);
    return r < 0 ? r : directory_load(s, argv[0], err);
}
