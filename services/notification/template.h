/* Templates: what a notice says, as data that an administrator edits. Pure once loaded.
 *
 * A folder holds NAME.yaml files, each with the values it takes and a title and a body in zh-CN and en, and
 * labels.yaml, which gives codes their names in both languages. Placeholders are {{value}}; {{recipient}} is always
 * there. */
#ifndef NOTIFICATION_TEMPLATE_H
#define NOTIFICATION_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "wjz/arena.h"
#include "wjz/err.h"

struct templates;

enum locale { LOCALE_ZH_CN, LOCALE_EN, LOCALES };

/* "zh-CN" or "en"; anything else is zh-CN. */
enum locale locale_parse(const char *text);
const char *locale_name(enum locale locale);

struct template_value {
    const char *name, *text;
};

struct rendered {
    const char *title, *body;
};

WJZ_MUST_CHECK int templates_new(struct templates **ret_templates, wjz_err *err);
void templates_destroy(struct templates **templates);

/* Adds one file's text. "labels" is the name of the labels. A placeholder that is not declared, a missing language, an
 * unknown key: -EINVAL with file and line. path is for errors. */
WJZ_MUST_CHECK int templates_add(struct templates *templates, const char *name, const char *path, const char *text,
                                 size_t length, wjz_err *err);
/* All *.yaml files of a folder, and a check that the templates in needed (NULL-terminated) are among them. */
WJZ_MUST_CHECK int templates_load(const char *folder, const char *const *needed, struct templates **ret_templates,
                                  wjz_err *err);

size_t templates_count(const struct templates *templates);
bool templates_have(const struct templates *templates, const char *name);

/* Fills in the values: a code that has a label is shown by it, an RFC 3339 moment as day and minute in Asia/Shanghai, a
 * value that was not given as a dash. Each value is cut at 500 bytes; its text must not be NULL. -ENOENT for an unknown
 * template, -ENOMEM. */
WJZ_MUST_CHECK int templates_render(const struct templates *templates, const char *name, enum locale locale,
                                    const struct template_value *values, size_t count, wjz_arena *arena,
                                    struct rendered *ret_rendered);

#endif
