/* Reads profiles from YAML, and says with file and line what is wrong in one. See profile.h. */
#include "intake/profile_load.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/cell.h"
#include "wjz/yaml.h"

enum {
    EXTENDS_DEPTH = 4,
    PROFILE_BYTES = 4 * 1024 * 1024, /* memory of one profile */
};

void profile_normalise(const char *text, char *out, size_t size) {
    char narrow[PROFILE_TITLE * 2];
    size_t length = cell_narrow(text, narrow, sizeof narrow);
    size_t kept = 0;
    for (size_t i = 0; i < length && kept + 1 < size; i++) {
        if (narrow[i] == ' ' || narrow[i] == '*' || narrow[i] == ':' || narrow[i] == '"') continue;
        out[kept++] = (char)tolower((unsigned char)narrow[i]);
    }
    out[kept] = '\0';
}

static const char *normalised(profile *p, const char *text) {
    char out[PROFILE_TITLE];
    profile_normalise(text, out, sizeof out);
    return wjz_arena_strdup(p->arena, out);
}

/* Room for one more item of an array in the profile's arena; the old array stays behind. */
static void *grow(profile *p, void *items, size_t count, size_t *room, size_t size) {
    if (count < *room) return items;
    size_t more = *room == 0 ? 64 : *room * 2;
    void *grown = wjz_arena_calloc(p->arena, more, size);
    if (grown == NULL) return NULL;
    if (count > 0) memcpy(grown, items, count * size);
    *room = more;
    return grown;
}

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* The map under a key; NULL in *ret_map when the key is absent. */
static int get_map(const wjz_yaml_node *root, const char *key, const wjz_yaml_node **ret_map, wjz_err *err) {
    *ret_map = wjz_yaml_get(root, key);
    if (*ret_map == NULL || wjz_yaml_kind_of(*ret_map) == WJZ_YAML_MAP) return 0;
    return wjz_yaml_error(*ret_map, err, "\"%s\" must be a map", key);
}

/* --- columns --- */

static int add_alias(profile *p, const item_field *field, int category, const char *title, wjz_err *err) {
    p->aliases = grow(p, p->aliases, p->alias_count, &p->alias_room, sizeof *p->aliases);
    const char *copy = p->aliases != NULL ? normalised(p, title) : NULL;
    if (copy == NULL) return out_of_memory(err);
    p->aliases[p->alias_count++] = (profile_alias){copy, field, category};
    return 0;
}

/* "category_2" is the second level of the list; everything else a field's own name. */
static const item_field *find_column(const profile *p, const char *name, int *ret_category) {
    *ret_category = 0;
    if (strncmp(name, "category_", 9) == 0 && name[9] >= '1' && name[9] <= '8' && name[10] == '\0') {
        *ret_category = name[9] - '0';
        return item_field_find(p->kind, "categories");
    }
    const item_field *field = item_field_find(p->kind, name);
    return field != NULL && field->shape != FIELD_LIST ? field : NULL;
}

static int load_columns(profile *p, const wjz_yaml_node *map, wjz_err *err) {
    for (size_t i = 0; map != NULL && i < wjz_yaml_count(map); i++) {
        const wjz_yaml_node *titles = wjz_yaml_value(map, i);
        int category = 0;
        const item_field *field = find_column(p, wjz_yaml_key(map, i), &category);
        if (field == NULL)
            return wjz_yaml_error(titles, err, "\"%s\" is no field of this kind of record", wjz_yaml_key(map, i));
        if (wjz_yaml_kind_of(titles) != WJZ_YAML_LIST || wjz_yaml_count(titles) == 0) {
            return wjz_yaml_error(titles, err, "\"%s\" needs a list of column titles", wjz_yaml_key(map, i));
        }
        for (size_t k = 0; k < wjz_yaml_count(titles); k++) {
            const char *title = wjz_yaml_text(wjz_yaml_item(titles, k));
            if (title == NULL || title[0] == '\0') return wjz_yaml_error(titles, err, "a column title is no text");
            int r = add_alias(p, field, category, title, err);
            if (r < 0) return r;
        }
    }
    return 0;
}

/* Titles that are passed over, though what is extended may know them. */
static int load_ignored(profile *p, const wjz_yaml_node *list, wjz_err *err) {
    for (size_t i = 0; i < (list != NULL ? wjz_yaml_count(list) : 0); i++) {
        const char *title = wjz_yaml_text(wjz_yaml_item(list, i));
        if (title == NULL || title[0] == '\0') return wjz_yaml_error(list, err, "a title in \"ignored\" is no text");
        int r = add_alias(p, NULL, 0, title, err);
        if (r < 0) return r;
    }
    return 0;
}

/* --- values --- */

/* What word stands for in field: a number of its enum, a flag, or a text. */
static int meaning(const wjz_yaml_node *at, const item_field *field, const char *word, profile_word *out,
                   wjz_err *err) {
    if (field->shape == FIELD_FLAG) {
        if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) {
            return wjz_yaml_error(at, err, "\"%s\" is yes or no, not \"%s\"", field->name, word);
        }
        out->number = strcmp(word, "yes") == 0;
        return 0;
    }
    const char *const *words = field->shape == FIELD_CHOICE         ? field->words
                               : strcmp(field->name, "status") == 0 ? ITEM_STATUSES
                                                                    : NULL;
    out->text = word;
    for (int i = 0; words != NULL; i++) {
        if (words[i] == NULL) return wjz_yaml_error(at, err, "\"%s\" is no value of \"%s\"", word, field->name);
        out->number = i;
        if (strcmp(words[i], word) == 0) break;
    }
    return 0;
}

static int load_words(profile *p, const item_field *field, const char *value, const wjz_yaml_node *words,
                      wjz_err *err) {
    if (wjz_yaml_kind_of(words) != WJZ_YAML_LIST)
        return wjz_yaml_error(words, err, "\"%s\" needs a list of words", value);
    profile_word made = {.field = field};
    const char *copy = wjz_arena_strdup(p->arena, value);
    if (copy == NULL) return out_of_memory(err);
    int r = meaning(words, field, copy, &made, err);
    for (size_t i = 0; r == 0 && i < wjz_yaml_count(words); i++) {
        const char *word = wjz_yaml_text(wjz_yaml_item(words, i));
        if (word == NULL) return wjz_yaml_error(words, err, "a word is no text");
        p->words = grow(p, p->words, p->word_count, &p->word_room, sizeof *p->words);
        made.word = p->words != NULL ? normalised(p, word) : NULL;
        if (made.word == NULL) return out_of_memory(err);
        p->words[p->word_count++] = made;
    }
    return r;
}

static int load_values(profile *p, const wjz_yaml_node *map, wjz_err *err) {
    for (size_t i = 0; map != NULL && i < wjz_yaml_count(map); i++) {
        const wjz_yaml_node *values = wjz_yaml_value(map, i);
        const item_field *field = item_field_find(p->kind, wjz_yaml_key(map, i));
        bool fits =
            field != NULL && (field->shape == FIELD_CHOICE || field->shape == FIELD_FLAG || field->shape == FIELD_TEXT);
        if (!fits) return wjz_yaml_error(values, err, "\"%s\" is no field with words for values", wjz_yaml_key(map, i));
        if (wjz_yaml_kind_of(values) != WJZ_YAML_MAP) {
            return wjz_yaml_error(values, err, "\"%s\" needs a map of values to words", field->name);
        }
        for (size_t k = 0; k < wjz_yaml_count(values); k++) {
            int r = load_words(p, field, wjz_yaml_key(values, k), wjz_yaml_value(values, k), err);
            if (r < 0) return r;
        }
    }
    return 0;
}

/* --- the rest --- */

static int load_required(profile *p, const wjz_yaml_node *list, wjz_err *err) {
    if (list != NULL) p->required_count = 0;
    for (size_t i = 0; i < (list != NULL ? wjz_yaml_count(list) : 0); i++) {
        const char *name = wjz_yaml_text(wjz_yaml_item(list, i));
        const item_field *field = name != NULL ? item_field_find(p->kind, name) : NULL;
        if (field == NULL) return wjz_yaml_error(list, err, "\"%s\" is no field", name != NULL ? name : "");
        if (p->required_count == WJZ_COUNT(p->required))
            return wjz_yaml_error(list, err, "at most 8 columns can be required");
        p->required[p->required_count++] = field;
    }
    return 0;
}

static int load_totals(profile *p, const wjz_yaml_node *list, wjz_err *err) {
    for (size_t i = 0; i < (list != NULL ? wjz_yaml_count(list) : 0); i++) {
        const char *word = wjz_yaml_text(wjz_yaml_item(list, i));
        if (word == NULL || word[0] == '\0') return wjz_yaml_error(list, err, "a total row's word is no text");
        if (p->total_count == WJZ_COUNT(p->totals)) return wjz_yaml_error(list, err, "at most 16 words for total rows");
        p->totals[p->total_count] = normalised(p, word);
        if (p->totals[p->total_count++] == NULL) return out_of_memory(err);
    }
    return 0;
}

static int load_defaults(profile *p, const wjz_yaml_node *map, wjz_err *err) {
    for (size_t i = 0; map != NULL && i < wjz_yaml_count(map); i++) {
        const wjz_yaml_node *value = wjz_yaml_value(map, i);
        const item_field *field = item_field_find(p->kind, wjz_yaml_key(map, i));
        if (field == NULL || field->shape != FIELD_TEXT || wjz_yaml_text(value) == NULL) {
            return wjz_yaml_error(value, err, "\"%s\" is no text field that can have a default", wjz_yaml_key(map, i));
        }
        if (p->default_count == WJZ_COUNT(p->defaults)) return wjz_yaml_error(value, err, "at most 8 defaults");
        p->defaults[p->default_count].field = field;
        p->defaults[p->default_count].text = wjz_arena_strdup(p->arena, wjz_yaml_text(value));
        if (p->defaults[p->default_count++].text == NULL) return out_of_memory(err);
    }
    return 0;
}

/* The number of the word that a key has, of those allowed; -1 when the key is absent. */
static int load_word(const wjz_yaml_node *map, const char *key, const char *const *allowed, int *ret_number,
                     wjz_err *err) {
    const wjz_yaml_node *node = wjz_yaml_get(map, key);
    *ret_number = -1;
    if (node == NULL) return 0;
    const char *text = wjz_yaml_text(node);
    for (int i = 0; text != NULL && allowed[i] != NULL; i++) {
        if (strcmp(allowed[i], text) != 0) continue;
        *ret_number = i;
        return 0;
    }
    return wjz_yaml_error(node, err, "\"%s\" must be \"%s\" or \"%s\"", key, allowed[0], allowed[1]);
}

static int load_policies(profile *p, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const MISSING[] = {"refuse", "derive", NULL};
    static const char *const REPEATED[] = {"revise", "suffix", NULL};
    static const char *const MONEY[] = {"yuan", "wan_yuan", NULL};
    static const char *const ID_NUMBER[] = {"hash", "keep", NULL};
    int missing = -1;
    int repeated = -1;
    int money = -1;
    int id_number = -1;
    int r = load_word(root, "missing_id", MISSING, &missing, err);
    if (r == 0) r = load_word(root, "repeated_id", REPEATED, &repeated, err);
    if (r == 0) r = load_word(root, "money", MONEY, &money, err);
    if (r == 0) r = load_word(root, "id_number", ID_NUMBER, &id_number, err);
    if (missing >= 0) p->missing_id = (missing_id)missing;
    if (repeated >= 0) p->repeated_id = (repeated_id)repeated;
    if (money >= 0) p->money_scale = money == 0 ? 2 : 6;
    if (id_number >= 0) p->keep_id_number = id_number == 1;
    return r;
}

static int load_record(profile *p, const wjz_yaml_node *root, bool extended, wjz_err *err) {
    static const char *const KINDS[] = {"complaint", "enforcement_record", "feedback", NULL};
    const char *kind = NULL;
    int r = wjz_yaml_get_text(root, "record", &kind, err);
    if (r < 0) return r;
    int number = 0;
    while (KINDS[number] != NULL && strcmp(KINDS[number], kind) != 0)
        number++;
    if (KINDS[number] == NULL)
        return wjz_yaml_error(root, err, "record must be complaint, enforcement_record or feedback");
    if (extended && p->kind != (item_kind)number) {
        return wjz_yaml_error(root, err, "a profile of %ss cannot be extended by one of %ss", kind, KINDS[p->kind]);
    }
    p->kind = (item_kind)number;
    return 0;
}

static int load_named(profile *p, const profile_source *from, const char *name, int depth, wjz_err *err);

static int load_root(profile *p, const profile_source *from, const wjz_yaml_node *root, int depth, wjz_err *err) {
    static const char *const KEYS[] = {"title",    "extends",    "record",   "columns",    "values",
                                       "required", "total_rows", "defaults", "missing_id", "repeated_id",
                                       "money",    "id_number",  "ignored",  NULL};
    int r = wjz_yaml_only(root, KEYS, err);
    const char *base = wjz_yaml_text(wjz_yaml_get(root, "extends"));
    if (r == 0 && base != NULL && depth == EXTENDS_DEPTH)
        return wjz_yaml_error(root, err, "profiles extend each other too deeply");
    if (r == 0) r = load_record(p, root, depth > 0, err);
    /* The profile's own titles come first, so that they win over those of what it extends. */
    const wjz_yaml_node *map = NULL;
    const wjz_yaml_node *list = NULL;
    if (r == 0) r = wjz_yaml_get_list(root, "ignored", &list, err);
    if (r == 0) r = load_ignored(p, list, err);
    if (r == 0) r = get_map(root, "columns", &map, err);
    if (r == 0) r = load_columns(p, map, err);
    if (r == 0) r = get_map(root, "values", &map, err);
    if (r == 0) r = load_values(p, map, err);
    if (r == 0 && base != NULL) r = load_named(p, from, base, depth + 1, err);
    if (r == 0) r = wjz_yaml_get_list(root, "required", &list, err);
    if (r == 0) r = load_required(p, list, err);
    if (r == 0) r = wjz_yaml_get_list(root, "total_rows", &list, err);
    if (r == 0) r = load_totals(p, list, err);
    if (r == 0) r = get_map(root, "defaults", &map, err);
    if (r == 0) r = load_defaults(p, map, err);
    if (r == 0) r = load_policies(p, root, err);
    const char *title = NULL;
    if (r == 0) r = wjz_yaml_get_text(root, "title", &title, err);
    if (r < 0) return r;
    p->title = wjz_arena_strdup(p->arena, title);
    return p->title != NULL ? 0 : out_of_memory(err);
}

static int load_document(profile *p, const profile_source *from, const char *path, const wjz_yaml *yaml, int depth,
                         wjz_err *err) {
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (root == NULL || wjz_yaml_kind_of(root) != WJZ_YAML_MAP) return wjz_err_set(err, -EINVAL, "%s: is no map", path);
    return load_root(p, from, root, depth, err);
}

bool profile_is_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length < 64 && name[length] == '\0';
}

static const char *find_edit(const profile_source *from, const char *name) {
    for (size_t i = 0; i < from->edit_count; i++)
        if (strcmp(from->edits[i].name, name) == 0) return from->edits[i].document;
    return NULL;
}

static int load_text(profile *p, const profile_source *from, const char *name, const char *text, size_t length,
                     int depth, wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_parse(name, text, length, &yaml, err);
    return r < 0 ? r : load_document(p, from, name, yaml, depth, err);
}

static int load_named(profile *p, const profile_source *from, const char *name, int depth, wjz_err *err) {
    if (!profile_is_name(name)) {
        return wjz_err_set(err, -ENOENT, "\"%.60s\" is no name of a profile: small letters, digits and hyphens", name);
    }
    const char *edit = find_edit(from, name);
    if (edit != NULL) return load_text(p, from, name, edit, strlen(edit), depth, err);
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s.yaml", from->folder, name) >= (int)sizeof path) {
        return wjz_err_set(err, -ENAMETOOLONG, "the path of profile \"%s\" is too long", name);
    }
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_load(path, &yaml, err);
    return r < 0 ? r : load_document(p, from, path, yaml, depth, err);
}

static int check_whole(const profile *p, const char *name, wjz_err *err) {
    if (p->required_count == 0) {
        return wjz_err_set(err, -EINVAL,
                           "profile \"%s\": required is missing: name the columns that make a row the header", name);
    }
    for (size_t i = 0; i < p->required_count; i++) {
        bool found = false;
        for (size_t k = 0; k < p->alias_count && !found; k++)
            found = p->aliases[k].field == p->required[i];
        if (found) continue;
        return wjz_err_set(err, -EINVAL, "profile \"%s\": \"%s\" is required and has no column", name,
                           p->required[i]->name);
    }
    return 0;
}

static profile *new_profile(const char *name) {
    profile *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->arena = wjz_arena_new(PROFILE_BYTES);
    p->name = p->arena != NULL ? wjz_arena_strdup(p->arena, name) : NULL;
    p->money_scale = 2;
    if (p->name == NULL) profile_destroy(&p);
    return p;
}

int profile_load(const profile_source *from, const char *name, profile **ret_profile, wjz_err *err) {
    WJZ_CLEANUP(profile_destroy) profile *p = new_profile(name);
    if (p == NULL) return out_of_memory(err);
    int r = load_named(p, from, name, 0, err);
    if (r == 0) r = check_whole(p, name, err);
    if (r < 0) return r;
    *ret_profile = WJZ_STEAL(p);
    return 0;
}

int profile_parse(const profile_source *from, const char *name, const char *text, size_t length, profile **ret_profile,
                  wjz_err *err) {
    WJZ_CLEANUP(profile_destroy) profile *p = new_profile(name);
    if (p == NULL) return out_of_memory(err);
    int r = load_text(p, from, name, text, length, 0, err);
    if (r == 0) r = check_whole(p, name, err);
    if (r < 0) return r;
    *ret_profile = WJZ_STEAL(p);
    return 0;
}

void profile_destroy(profile **p) {
    if (p == NULL || *p == NULL) return;
    wjz_arena_destroy(&(*p)->arena);
    free(*p);
    *p = NULL;
}
