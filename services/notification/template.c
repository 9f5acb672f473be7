/* Templates are taken to pieces when they are loaded, so that a mistake shows at start and filling in is copying. */
#include "notification/template.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/yaml.h"

enum { VALUE_LIMIT = 500, FILE_LIMIT = 1 << 20 };

/* A stretch of fixed text, or the name of a value. */
struct piece {
    bool value;
    const char *text;
    size_t length;
};

struct pattern {
    struct piece *pieces;
    size_t count;
};

struct template {
    const char *name;
    struct pattern title[LOCALES], body[LOCALES];
};

struct label {
    const char *value, *code;
    const char *text[LOCALES];
};

struct templates {
    wjz_arena *arena;
    struct template *items;
    size_t count;
    struct label *labels; /* by value and code */
    size_t label_count;
};

static const char *const locale_names[LOCALES] = {[LOCALE_ZH_CN] = "zh-CN", [LOCALE_EN] = "en"};

enum locale locale_parse(const char *text) {
    return text != NULL && strcmp(text, "en") == 0 ? LOCALE_EN : LOCALE_ZH_CN;
}

const char *locale_name(enum locale locale) {
    return locale_names[locale];
}

int templates_new(struct templates **ret_templates, wjz_err *err) {
    struct templates *made = calloc(1, sizeof *made);
    if (made != NULL) made->arena = wjz_arena_new(0);
    if (made == NULL || made->arena == NULL) {
        free(made);
        return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    *ret_templates = made;
    return 0;
}

void templates_destroy(struct templates **templates) {
    if (templates == NULL || *templates == NULL) return;
    free((*templates)->items);
    free((*templates)->labels);
    wjz_arena_destroy(&(*templates)->arena);
    free(*templates);
    *templates = NULL;
}

/* --- loading --- */

/* The names that a file's placeholders may use. */
struct declared {
    const wjz_yaml_node *values;
};

static bool is_declared(const struct declared *declared, const char *name, size_t length) {
    static const char always[] = "recipient";
    if (length == sizeof always - 1 && memcmp(name, always, length) == 0) return true;
    for (size_t i = 0; i < wjz_yaml_count(declared->values); i++) {
        const char *value = wjz_yaml_text(wjz_yaml_item(declared->values, i));
        if (strlen(value) == length && memcmp(value, name, length) == 0) return true;
    }
    return false;
}

static size_t count_placeholders(const char *text) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "{{")) != NULL; at += 2)
        count++;
    return count;
}

/* Takes text to pieces: fixed text before each placeholder, the placeholder, the rest. */
static int compile(struct templates *templates, const wjz_yaml_node *node, const struct declared *declared,
                   struct pattern *ret_pattern, wjz_err *err) {
    const char *text = wjz_arena_strdup(templates->arena, wjz_yaml_text(node));
    if (text == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    struct piece *pieces = wjz_arena_calloc(templates->arena, 2 * count_placeholders(text) + 1, sizeof *pieces);
    if (pieces == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");

    size_t count = 0;
    for (;;) {
        const char *open = strstr(text, "{{");
        pieces[count++] = (struct piece){.text = text, .length = open == NULL ? strlen(text) : (size_t)(open - text)};
        if (open == NULL) break;
        const char *close = strstr(open, "}}");
        if (close == NULL) return wjz_yaml_error(node, err, "placeholder \"%.40s\" is not closed by }}", open);
        const char *name = open + 2;
        size_t length = (size_t)(close - name);
        if (!is_declared(declared, name, length))
            return wjz_yaml_error(node, err, "unknown placeholder \"{{%.*s}}\": list it under values, or correct it",
                                  (int)(length < 60 ? length : 60), name);
        pieces[count++] = (struct piece){.value = true, .text = name, .length = length};
        text = close + 2;
    }
    *ret_pattern = (struct pattern){pieces, count};
    return 0;
}

static int compile_language(struct templates *templates, const wjz_yaml_node *root, enum locale locale,
                            const struct declared *declared, struct template *template, wjz_err *err) {
    static const char *const allowed[] = {"title", "body", NULL};
    const wjz_yaml_node *texts = wjz_yaml_get(root, locale_names[locale]);
    if (texts == NULL || wjz_yaml_kind_of(texts) != WJZ_YAML_MAP)
        return wjz_yaml_error(root, err, "the texts in %s are missing: add \"%s:\" with title and body",
                              locale_names[locale], locale_names[locale]);
    const char *title = NULL, *body = NULL;
    int r = wjz_yaml_only(texts, allowed, err);
    if (r == 0) r = wjz_yaml_get_text(texts, "title", &title, err);
    if (r == 0) r = wjz_yaml_get_text(texts, "body", &body, err);
    if (r < 0) return r;
    const wjz_yaml_node *title_node = wjz_yaml_get(texts, "title");
    if (strpbrk(title, "\r\n") != NULL) return wjz_yaml_error(title_node, err, "a title must be one line");
    r = compile(templates, title_node, declared, &template->title[locale], err);
    return r < 0 ? r : compile(templates, wjz_yaml_get(texts, "body"), declared, &template->body[locale], err);
}

static int read_declared(const wjz_yaml_node *root, struct declared *ret_declared, wjz_err *err) {
    int r = wjz_yaml_get_list(root, "values", &ret_declared->values, err);
    if (r < 0) return r;
    for (size_t i = 0; i < wjz_yaml_count(ret_declared->values); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(ret_declared->values, i);
        const char *name = wjz_yaml_text(item);
        if (name == NULL || *name == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
            return wjz_yaml_error(item, err, "a value's name must be of lower case letters, digits and underscores");
    }
    return 0;
}

static int add_template(struct templates *templates, const char *name, const wjz_yaml_node *root, wjz_err *err) {
    static const char *const allowed[] = {"about", "values", "zh-CN", "en", NULL};
    struct declared declared = {0};
    int r = wjz_yaml_only(root, allowed, err);
    if (r == 0) r = read_declared(root, &declared, err);
    if (r < 0) return r;
    if (templates_have(templates, name)) return wjz_err_set(err, -EINVAL, "template \"%s\" is there twice", name);

    struct template *grown = realloc(templates->items, (templates->count + 1) * sizeof *grown);
    if (grown == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    templates->items = grown;
    struct template *template = &grown[templates->count];
    *template = (struct template){.name = wjz_arena_strdup(templates->arena, name)};
    if (template->name == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (enum locale locale = 0; locale < LOCALES; locale++) {
        r = compile_language(templates, root, locale, &declared, template, err);
        if (r < 0) return r;
    }
    templates->count++;
    return 0;
}

static int add_label(struct templates *templates, const char *value, const char *code, const wjz_yaml_node *node,
                     wjz_err *err) {
    static const char *const allowed[] = {"zh-CN", "en", NULL};
    if (wjz_yaml_kind_of(node) != WJZ_YAML_MAP)
        return wjz_yaml_error(node, err, "the label of \"%s\" must be {zh-CN: ..., en: ...}", code);
    const char *text[LOCALES] = {0};
    int r = wjz_yaml_only(node, allowed, err);
    for (enum locale locale = 0; r == 0 && locale < LOCALES; locale++)
        r = wjz_yaml_get_text(node, locale_names[locale], &text[locale], err);
    if (r < 0) return r;

    struct label *grown = realloc(templates->labels, (templates->label_count + 1) * sizeof *grown);
    if (grown == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    templates->labels = grown;
    struct label *label = &grown[templates->label_count];
    label->value = wjz_arena_strdup(templates->arena, value);
    label->code = wjz_arena_strdup(templates->arena, code);
    bool whole = label->value != NULL && label->code != NULL;
    for (enum locale locale = 0; locale < LOCALES; locale++) {
        label->text[locale] = wjz_arena_strdup(templates->arena, text[locale]);
        whole = whole && label->text[locale] != NULL;
    }
    if (!whole) return wjz_err_set(err, -ENOMEM, "out of memory");
    templates->label_count++;
    return 0;
}

static int by_value_and_code(const void *left, const void *right) {
    const struct label *a = left, *b = right;
    int r = strcmp(a->value, b->value);
    return r != 0 ? r : strcmp(a->code, b->code);
}

static int add_labels(struct templates *templates, const wjz_yaml_node *root, wjz_err *err) {
    for (size_t i = 0; i < wjz_yaml_count(root); i++) {
        const wjz_yaml_node *codes = wjz_yaml_value(root, i);
        if (wjz_yaml_kind_of(codes) != WJZ_YAML_MAP)
            return wjz_yaml_error(codes, err, "\"%s\" must list its codes and their labels", wjz_yaml_key(root, i));
        for (size_t j = 0; j < wjz_yaml_count(codes); j++) {
            int r = add_label(templates, wjz_yaml_key(root, i), wjz_yaml_key(codes, j), wjz_yaml_value(codes, j), err);
            if (r < 0) return r;
        }
    }
    if (templates->label_count > 0)
        qsort(templates->labels, templates->label_count, sizeof *templates->labels, by_value_and_code);
    return 0;
}

int templates_add(struct templates *templates, const char *name, const char *path, const char *text, size_t length,
                  wjz_err *err) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    int r = wjz_yaml_parse(path, text, length, &yaml, err);
    if (r < 0) return r;
    const wjz_yaml_node *root = wjz_yaml_root(yaml);
    if (root == NULL || wjz_yaml_kind_of(root) != WJZ_YAML_MAP)
        return wjz_err_set(err, -EINVAL, "%s: a template must be a map of values and texts", path);
    return strcmp(name, "labels") == 0 ? add_labels(templates, root, err) : add_template(templates, name, root, err);
}

static int read_whole(const char *path, wjz_arena *arena, char **ret_text, size_t *ret_length, wjz_err *err) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return wjz_err_set(err, -errno, "could not open template \"%s\": %m", path);
    char *text = wjz_arena_alloc(arena, FILE_LIMIT);
    size_t length = text == NULL ? 0 : fread(text, 1, FILE_LIMIT, file);
    int failed = ferror(file);
    fclose(file);
    if (text == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (failed != 0) return wjz_err_set(err, -EIO, "could not read template \"%s\"", path);
    if (length == FILE_LIMIT) return wjz_err_set(err, -EFBIG, "template \"%s\" is larger than 1 MB", path);
    *ret_text = text;
    *ret_length = length;
    return 0;
}

static int is_yaml(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static int add_file(struct templates *templates, const char *folder, const char *file, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *scratch = wjz_arena_new(0);
    char *text = NULL;
    size_t length = 0;
    const char *path = scratch == NULL ? NULL : wjz_arena_printf(scratch, "%s/%s", folder, file);
    const char *name = path == NULL ? NULL : wjz_arena_strndup(scratch, file, strlen(file) - strlen(".yaml"));
    if (name == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = read_whole(path, scratch, &text, &length, err);
    return r < 0 ? r : templates_add(templates, name, path, text, length, err);
}

int templates_load(const char *folder, const char *const *needed, struct templates **ret_templates, wjz_err *err) {
    WJZ_CLEANUP(templates_destroy) struct templates *loaded = NULL;
    int r = templates_new(&loaded, err);
    if (r < 0) return r;
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "could not read folder of templates \"%s\": %m", folder);
    for (int i = 0; i < count; i++) {
        if (r == 0) r = add_file(loaded, folder, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    for (; r == 0 && *needed != NULL; needed++)
        if (!templates_have(loaded, *needed))
            r = wjz_err_set(err, -ENOENT, "template \"%s\" is missing in folder \"%s\"", *needed, folder);
    if (r == 0) *ret_templates = WJZ_STEAL(loaded);
    return r;
}

/* --- use --- */

static const struct template *find(const struct templates *templates, const char *name) {
    for (size_t i = 0; i < templates->count; i++)
        if (strcmp(templates->items[i].name, name) == 0) return &templates->items[i];
    return NULL;
}

size_t templates_count(const struct templates *templates) {
    return templates->count;
}

bool templates_have(const struct templates *templates, const char *name) {
    return find(templates, name) != NULL;
}

/* At most VALUE_LIMIT bytes, cut at a character boundary. */
static size_t shortened(const char *text) {
    size_t length = strnlen(text, VALUE_LIMIT + 1);
    if (length <= VALUE_LIMIT) return length;
    length = VALUE_LIMIT;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static const struct label *label_of(const struct templates *templates, const struct template_value *value) {
    if (templates->label_count == 0) return NULL;
    const struct label asked = {.value = value->name, .code = value->text};
    return bsearch(&asked, templates->labels, templates->label_count, sizeof asked, by_value_and_code);
}

/* A code by its label, a moment as day and minute, anything else as it is, shortened. NULL when out of memory. */
static const char *readable(const struct templates *templates, const struct template_value *value, enum locale locale,
                            wjz_arena *arena) {
    const struct label *label = label_of(templates, value);
    if (label != NULL) return label->text[locale];
    int64_t moment_us = 0;
    if (strlen(value->text) >= 20 && value->text[10] == 'T' && wjz_clock_parse(value->text, &moment_us) == 0) {
        char local[WJZ_CLOCK_TEXT];
        wjz_clock_format(moment_us, local);
        return wjz_arena_printf(arena, "%.10s %.5s", local, local + 11);
    }
    return wjz_arena_strndup(arena, value->text, shortened(value->text));
}

/* What stands in a piece's place; text NULL when out of memory. */
static struct piece filled_in(const struct templates *templates, const struct piece *piece,
                              const struct template_value *values, size_t count, enum locale locale, wjz_arena *arena) {
    if (!piece->value) return *piece;
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        const char *name = values[i].name;
        if (name[0] != piece->text[0] || strncmp(name, piece->text, piece->length) != 0 || name[piece->length] != '\0')
            continue;
        text = readable(templates, &values[i], locale, arena);
        break;
    }
    if (text != NULL && text[0] == '\0') text = "—";
    return (struct piece){.text = text, .length = text != NULL ? strlen(text) : 0};
}

/* NULL when out of memory. */
static const char *fill(const struct templates *templates, const struct pattern *pattern,
                        const struct template_value *values, size_t count, enum locale locale, wjz_arena *arena) {
    struct piece *pieces = wjz_arena_alloc(arena, pattern->count * sizeof *pieces);
    if (pieces == NULL) return NULL;
    size_t whole = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        pieces[i] = filled_in(templates, &pattern->pieces[i], values, count, locale, arena);
        if (pieces[i].text == NULL) return NULL;
        whole += pieces[i].length;
    }
    char *filled = wjz_arena_alloc(arena, whole + 1), *at = filled;
    if (filled == NULL) return NULL;
    for (size_t i = 0; i < pattern->count; i++) {
        memcpy(at, pieces[i].text, pieces[i].length);
        at += pieces[i].length;
    }
    *at = '\0';
    return filled;
}

int templates_render(const struct templates *templates, const char *name, enum locale locale,
                     const struct template_value *values, size_t count, wjz_arena *arena,
                     struct rendered *ret_rendered) {
    const struct template *template = find(templates, name);
    if (template == NULL) return -ENOENT;
    struct rendered rendered = {
        .title = fill(templates, &template->title[locale], values, count, locale, arena),
        .body = fill(templates, &template->body[locale], values, count, locale, arena),
    };
    if (rendered.title == NULL || rendered.body == NULL) return -ENOMEM;
    *ret_rendered = rendered;
    return 0;
}
