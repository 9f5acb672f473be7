/* See feeds_file.h. */
#include "intake/feeds_file.h"

#include <errno.h>
#include <string.h>

#include "intake/profile.h"
#include "wjz/yaml.h"

static bool is_one_of(const char *word, const char *const *allowed) {
    for (; *allowed != NULL; allowed++) {
        if (strcmp(*allowed, word) == 0) return true;
    }
    return false;
}

static bool is_name(const char *text) {
    size_t length = strlen(text);
    return length > 0 && length < 64 && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

const char *feed_definition_fault(const feed_definition *it) {
    static const char *const CLUE_SOURCES[] = {
        "complaint", "own_case", "enforcement_platform", "state_organ_or_deputy", "media", "other", NULL};
    static const char *const SOURCE_KINDS[] = {"hotline", "enforcement", "state_organ", "grid",
                                               "photo",   "media",       "anonymous",   NULL};
    if (!is_name(it->name)) return "name";
    if (it->title[0] == '\0') return "title";
    if (!is_name(it->profile)) return "profile";
    if (it->region < 110000 || it->region > 999999) return "region";
    if (it->legal_basis[0] == '\0') return "legal_basis";
    if (!is_one_of(it->clue_source, CLUE_SOURCES)) return "clue_source";
    if (!is_one_of(it->source_kind, SOURCE_KINDS)) return "source_kind";
    return NULL;
}

const char *feed_definition_remedy(const char *field) {
    static const struct {
        const char *field, *remedy;
    } REMEDIES[] = {
        {"name", "give 1 to 63 small letters, digits and hyphens, a hyphen not first"},
        {"title", "say what people call the platform"},
        {"profile", "name one of the mapping profiles"},
        {"region", "give the county's code of six digits"},
        {"legal_basis", "say which rule or agreement lets the platform send"},
        {"clue_source", "give complaint, own_case, enforcement_platform, state_organ_or_deputy, media or other"},
        {"source_kind", "give hotline, enforcement, state_organ, grid, photo, media or anonymous"},
        {"curve_key", "give the platform's public key, 40 characters of Z85"},
        {"rate_per_second", "give at most 10000000 items a second"},
        {"silent_after_s", "give at most 366 days"},
    };
    for (size_t i = 0; i < WJZ_COUNT(REMEDIES); i++) {
        if (strcmp(REMEDIES[i].field, field) == 0) return REMEDIES[i].remedy;
    }
    return "give what proto/intake.proto names";
}

static int load_feed(const wjz_yaml_node *node, const profile_source *profiles, wjz_arena *arena, feed_definition *to,
                     wjz_err *err) {
    static const char *const KEYS[] = {"name",        "title",       "profile", "region",          "legal_basis",
                                       "clue_source", "source_kind", "organ",   "rate_per_second", "silent_after_hours",
                                       NULL};
    const char *const *keys = KEYS;
    const char **texts[] = {&to->name, &to->title, &to->profile, &to->legal_basis, &to->clue_source, &to->source_kind};
    const char *const names[] = {"name", "title", "profile", "legal_basis", "clue_source", "source_kind"};
    int64_t region = 0;
    int64_t rate = 0;
    int64_t silent_hours = 0;
    int r = wjz_yaml_only(node, keys, err);
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(texts); i++)
        r = wjz_yaml_get_text(node, names[i], texts[i], err);
    if (r == 0) r = wjz_yaml_get_text_or(node, "organ", "", &to->organ, err);
    if (r == 0) r = wjz_yaml_get_int(node, "region", 110000, 999999, &region, err);
    if (r == 0) r = wjz_yaml_get_int_or(node, "rate_per_second", 0, 10000000, 0, &rate, err);
    if (r == 0) r = wjz_yaml_get_int_or(node, "silent_after_hours", 0, 24 * 366, 0, &silent_hours, err);
    if (r < 0) return r;
    to->region = (int32_t)region;
    to->rate = (int32_t)rate;
    to->silent_after_s = (int32_t)silent_hours * 3600;
    const char *fault = feed_definition_fault(to);
    if (fault != NULL)
        return wjz_yaml_error(node, err, "feed \"%s\": \"%s\" has no value that is known; %s", to->name, fault,
                              feed_definition_remedy(fault));
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    r = profile_load(profiles, to->profile, &loaded, err);
    if (r < 0) return wjz_err_prefix(err, "feed \"%s\"", to->name);
    const char **all[] = {&to->name,        &to->title,       &to->profile, &to->legal_basis,
                          &to->clue_source, &to->source_kind, &to->organ};
    for (size_t i = 0; i < WJZ_COUNT(all); i++) { /* the YAML's texts end with it */
        *all[i] = wjz_arena_strdup(arena, *all[i]);
        if (*all[i] == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

int feeds_file_load(const char *path, const profile_source *profiles, wjz_arena *arena, feeds_file *ret_file,
                    wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    const wjz_yaml_node *list = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    if (r == 0) r = wjz_yaml_get_list(wjz_yaml_root(yaml), "feeds", &list, err);
    if (r < 0) return r;
    size_t count = list != NULL ? wjz_yaml_count(list) : 0;
    feed_definition *items = wjz_arena_calloc(arena, count + 1, sizeof *items);
    if (items == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const wjz_yaml_node *node = wjz_yaml_item(list, i);
        r = load_feed(node, profiles, arena, &items[i], err);
        if (r < 0) return r;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(items[k].name, items[i].name) == 0)
                return wjz_yaml_error(node, err, "feed \"%s\" is there twice", items[i].name);
        }
    }
    *ret_file = (feeds_file){items, count};
    return 0;
}
