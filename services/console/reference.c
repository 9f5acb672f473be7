#include "console/reference.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/exchange.h"
#include "console/yaml_json.h"
#include "wjz/log.h"
#include "wjz/yaml.h"

struct reference {
    json_t *fixed; /* {domains, branches, collisions, kinds, …}: what does not come from the store */
    json_t *law;   /* domain → {domain, agencies, laws} */
    json_t *towns; /* [{code, region, name}] */
    char *outlines;
};

static const wjz_stmt STORE_TOWNS = {
    "console_towns",
    "INSERT INTO console.town (code, region, name, longitude, latitude) SELECT * FROM "
    "jsonb_to_recordset($1::text::jsonb)"
    " AS t(code int4, region int4, name text, longitude float8, latitude float8) ON CONFLICT (code) DO UPDATE"
    " SET name = excluded.name, longitude = excluded.longitude, latitude = excluded.latitude",
    0};
static const wjz_stmt READ = {"console_reference",
                              "SELECT json_build_object("
                              "'organs', (SELECT COALESCE(json_agg(json_build_object('code', o.code, 'name', o.name, "
                              "'region', o.region, 'level', o.level, 'parent', o.parent)"
                              "  ORDER BY o.code), '[]') FROM directory.organ o),"
                              "'towns', (SELECT COALESCE(json_agg(json_build_object('code', t.code, 'name', t.name, "
                              "'region', t.region, 'longitude', t.longitude, 'latitude', t.latitude)"
                              "  ORDER BY t.code), '[]') FROM console.town t),"
                              "'stations', (SELECT COALESCE(json_agg(json_build_object('code', s.code, 'name', s.name, "
                              "'organ', s.organ, 'kind', s.kind, 'town', s.town, 'position',"
                              "  CASE WHEN s.longitude IS NULL THEN NULL ELSE json_build_object('longitude', "
                              "s.longitude, 'latitude', s.latitude) END, 'active', s.active)"
                              "  ORDER BY s.code), '[]') FROM console.station s),"
                              "'people', (SELECT COALESCE(json_agg(json_build_object('code', p.code, 'name', p.name, "
                              "'roles', p.roles, 'branches', p.branches, 'stations', p.stations)"
                              "  ORDER BY p.code), '[]') FROM console.colleague p),"
                              "'feeds', (SELECT COALESCE(json_agg(json_build_object('name', f.name, 'title', f.title) "
                              "ORDER BY f.name), '[]') FROM console.feed f))::text",
                              1};

/* --- files --- */

/* Calls fn with the content of each YAML file of the folder. */
static int each_file(const char *folder, int (*fn)(reference *r, const json_t *content), reference *r, wjz_err *err) {
    char pattern[4200];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.yaml", folder);
    int e = glob(pattern, 0, NULL, &found) == 0 ? 0 : wjz_err_set(err, -ENOENT, "no YAML file in \"%s\"", folder);
    for (size_t i = 0; e == 0 && i < found.gl_pathc; i++) {
        WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
        e = wjz_yaml_load(found.gl_pathv[i], &yaml, err);
        json_t *content = e == 0 ? yaml_json(wjz_yaml_root(yaml)) : NULL;
        if (content) e = fn(r, content);
        json_decref(content);
    }
    globfree(&found);
    return e;
}

static json_t *or_empty(const json_t *list) {
    return list ? json_deep_copy(list) : json_array();
}

static json_t *or_null(const json_t *value) {
    return value ? json_deep_copy(value) : json_null();
}

static json_t *text_or_null(const char *text) {
    return text ? json_string(text) : json_null();
}

static json_t *laws_json(const json_t *laws) {
    json_t *list = json_array();
    size_t i;
    const json_t *law;
    json_array_foreach(laws, i, law) {
        const char *articles = json_string_value(json_object_get(law, "articles"));
        (void)json_array_append_new(list, json_pack("{s:O, s:s, s:o, s:o}", "name", json_object_get(law, "name"),
                                                    "articles", articles ? articles : "", "effective_from",
                                                    or_null(json_object_get(law, "effective_from")), "effective_to",
                                                    or_null(json_object_get(law, "effective_to"))));
    }
    return list;
}

/* Names of the rules by which records collide. */
static void add_collisions(reference *r, const json_t *rules) {
    size_t i;
    const json_t *rule;
    json_array_foreach(rules, i, rule) {
        (void)json_array_append_new(json_object_get(r->fixed, "collisions"),
                                    json_pack("{s:O, s:O, s:O}", "id", json_object_get(rule, "id"), "zh",
                                              json_object_get(rule, "zh"), "en", json_object_get(rule, "en")));
    }
}

static int add_rules(reference *r, const json_t *content) {
    static const char *const sections[][2] = {{"domain", "domains"}, {"branch", "branches"}};
    for (size_t i = 0; i < WJZ_COUNT(sections); i++) {
        const json_t *id = json_object_get(content, sections[i][0]), *zh = json_object_get(content, "zh"),
                     *en = json_object_get(content, "en");
        if (!id || !zh || !en) continue;
        (void)json_array_append_new(json_object_get(r->fixed, sections[i][1]),
                                    json_pack("{s:O, s:O, s:O}", "id", id, "zh", zh, "en", en));
        if (i == 0)
            (void)json_object_set_new(r->law, json_string_value(id),
                                      json_pack("{s:O, s:o, s:o}", "domain", id, "agencies",
                                                or_empty(json_object_get(content, "agencies")), "laws",
                                                laws_json(json_object_get(content, "laws"))));
    }
    add_collisions(r, json_object_get(content, "collisions"));
    return 0;
}

static int add_places(reference *r, const json_t *content) {
    size_t i;
    const json_t *place;
    json_array_foreach(json_object_get(content, "places"), i, place) {
        const char *code = json_string_value(json_object_get(place, "code"));
        if (!code || strlen(code) != 9) continue;
        (void)json_array_append_new(r->towns, json_pack("{s:i, s:i, s:O}", "code", atoi(code), "region",
                                                        atoi(code) / 1000, "name", json_object_get(place, "name")));
    }
    return 0;
}

static int add_names(reference *r, const char *path, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int e = wjz_yaml_load(path, &yaml, err);
    json_t *content = e == 0 ? yaml_json(wjz_yaml_root(yaml)) : NULL;
    if (content) (void)json_object_update(r->fixed, content);
    json_decref(content);
    return e;
}

/* Polygons of the towns; each also says where its middle is. */
static void add_outlines(reference *r, const char *path) {
    json_error_t where;
    json_t *outlines = json_load_file(path, 0, &where);
    if (!outlines) {
        wjz_log_warn("no outlines of towns", "file=\"%s\" error=\"%s\"", path, where.text);
        return;
    }
    size_t i, j;
    json_t *feature, *town;
    json_array_foreach(json_object_get(outlines, "features"), i, feature) {
        const json_t *properties = json_object_get(feature, "properties");
        json_array_foreach(r->towns, j, town) {
            if (!json_equal(json_object_get(town, "code"), json_object_get(properties, "code"))) continue;
            (void)json_object_set(town, "longitude", json_object_get(properties, "longitude"));
            (void)json_object_set(town, "latitude", json_object_get(properties, "latitude"));
        }
    }
    json_t *shown =
        json_pack("{s:s, s:O}", "type", "FeatureCollection", "features", json_object_get(outlines, "features"));
    r->outlines = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
    json_decref(shown);
    json_decref(outlines);
}

int reference_load(console *c, reference **ret_reference, wjz_err *err) {
    WJZ_CLEANUP(reference_destroy) reference *r = calloc(1, sizeof *r);
    if (!r) return wjz_err_set(err, -ENOMEM, "out of memory");
    r->fixed = json_pack("{s:[], s:[], s:[]}", "domains", "branches", "collisions");
    r->law = json_object();
    r->towns = json_array();
    int e = add_names(r, c->conf->names, err);
    if (e == 0) e = each_file(c->conf->rules, add_rules, r, err);
    if (e == 0) e = each_file(c->conf->gazetteer, add_places, r, err);
    if (e < 0) return e;
    add_outlines(r, c->conf->outlines);
    (void)json_object_set_new(r->fixed, "tile_url", text_or_null(c->conf->tile_url));
    (void)json_object_set_new(r->fixed, "tile_attribution", text_or_null(c->conf->tile_attribution));
    *ret_reference = WJZ_STEAL(r);
    return 0;
}

void reference_destroy(reference **at) {
    reference *r = at ? WJZ_STEAL(*at) : NULL;
    if (!r) return;
    json_decref(r->fixed);
    json_decref(r->law);
    json_decref(r->towns);
    free(r->outlines);
    free(r);
}

int reference_store(const reference *r, wjz_db *db, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    char *text = json_dumps(r->towns, JSON_COMPACT);
    int e = text ? wjz_tx_begin(db, &tx, err) : wjz_err_set(err, -ENOMEM, "out of memory");
    if (e == 0) e = wjz_tx_query_v(tx, &STORE_TOWNS, NULL, err, wjz_text(text));
    free(text);
    return e == 0 ? wjz_tx_commit(&tx, err) : e;
}

int reference_answer(exchange *x, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query(x->tx, &READ, NULL, 0, &rows, err);
    if (r < 0) return r;
    json_t *all = json_loads(wjz_row_text(rows, 0, 0), 0, NULL);
    (void)json_object_update(all, x->console->reference->fixed);
    return all ? answer_json(x, 200, all) : -ENOMEM;
}

json_t *reference_domains(const reference *r) {
    return json_incref(json_object_get(r->fixed, "domains"));
}

const char *reference_town(const reference *r, int32_t code) {
    size_t i;
    const json_t *town;
    json_array_foreach(r->towns, i, town) {
        if (json_integer_value(json_object_get(town, "code")) == code)
            return json_string_value(json_object_get(town, "name"));
    }
    return "";
}

json_t *reference_law(const reference *r, const char *domain) {
    json_t *law = json_object_get(r->law, domain);
    return law ? json_incref(law) : json_pack("{s:s, s:[], s:[]}", "domain", domain, "agencies", "laws");
}

const char *reference_outlines(const reference *r) {
    return r->outlines;
}
