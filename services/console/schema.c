#include "console/schema.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

enum { DEEPEST = 32 };

typedef struct check {
    const json_t *root;
    schema_fault *fault;
    char path[200];
    int depth;
} check;

static int at_fault(check *c, const char *format, ...) WJZ_PRINTF(2, 3);
static int at_fault(check *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(c->fault->detail, sizeof c->fault->detail, format, args);
    va_end(args);
    snprintf(c->fault->field, sizeof c->fault->field, "%s", c->path[0] == '.' ? c->path + 1 : c->path);
    return -EINVAL;
}

static int check_value(check *c, const json_t *schema, const json_t *value);

const json_t *schema_resolve(const json_t *root, const char *reference) {
    const json_t *at = root;
    if (strncmp(reference, "#/", 2) != 0) return NULL;
    for (const char *part = reference + 2; at && *part;) {
        size_t length = strcspn(part, "/");
        char name[128];
        if (length >= sizeof name) return NULL;
        memcpy(name, part, length);
        name[length] = '\0';
        at = json_object_get(at, name);
        part += length + (part[length] == '/');
    }
    return at;
}

/* --- types --- */

static bool is_type(const json_t *value, const char *type) {
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "integer") == 0) return json_is_integer(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    if (strcmp(type, "boolean") == 0) return json_is_boolean(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    if (strcmp(type, "object") == 0) return json_is_object(value);
    return strcmp(type, "null") == 0 && json_is_null(value);
}

static int check_type(check *c, const json_t *type, const json_t *value) {
    if (!type) return 0;
    if (json_is_string(type))
        return is_type(value, json_string_value(type)) ? 0 : at_fault(c, "must be of type %s", json_string_value(type));
    size_t i;
    const json_t *one;
    json_array_foreach(type, i, one) {
        if (is_type(value, json_string_value(one))) return 0;
    }
    return at_fault(c, "has a wrong type");
}

static int check_enum(check *c, const json_t *values, const json_t *value) {
    size_t i;
    const json_t *one;
    if (!values) return 0;
    json_array_foreach(values, i, one) {
        if (json_equal(one, value)) return 0;
    }
    char *allowed = json_dumps(values, JSON_COMPACT | JSON_ENCODE_ANY);
    int r = at_fault(c, "must be one of %s", allowed ? allowed : "the values of the document");
    free(allowed);
    return r;
}

/* --- texts and numbers --- */

static size_t characters(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static bool is_date(const char *text) {
    int year, month, day, used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10 || text[10]) return false;
    wjz_day back = wjz_day_from_number(wjz_day_number((wjz_day){year, month, day}));
    return back.year == year && back.month == month && back.day == day;
}

static int check_pattern(check *c, const char *pattern, const char *text) {
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) return at_fault(c, "cannot be checked");
    int miss = regexec(&compiled, text, 0, NULL, 0);
    regfree(&compiled);
    return miss ? at_fault(c, "must match %s", pattern) : 0;
}

static int check_text(check *c, const json_t *schema, const json_t *value) {
    const char *text = json_string_value(value);
    size_t length = characters(text);
    const json_t *least = json_object_get(schema, "minLength"), *most = json_object_get(schema, "maxLength");
    if (strlen(text) != json_string_length(value)) return at_fault(c, "holds a NUL");
    if (least && (json_int_t)length < json_integer_value(least))
        return at_fault(c, "must have at least %d characters", (int)json_integer_value(least));
    if (most && (json_int_t)length > json_integer_value(most))
        return at_fault(c, "must have at most %d characters", (int)json_integer_value(most));
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    const char *format = json_string_value(json_object_get(schema, "format"));
    int64_t us;
    if (format && strcmp(format, "date") == 0 && !is_date(text)) return at_fault(c, "must be a date as 2026-01-31");
    if (format && strcmp(format, "date-time") == 0 && wjz_clock_parse(text, &us) < 0)
        return at_fault(c, "must be a time as 2026-01-31T09:00:00+08:00");
    return pattern ? check_pattern(c, pattern, text) : 0;
}

static int check_number(check *c, const json_t *schema, const json_t *value) {
    const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
    if (least && json_number_value(value) < json_number_value(least))
        return at_fault(c, "must be at least %g", json_number_value(least));
    if (most && json_number_value(value) > json_number_value(most))
        return at_fault(c, "must be at most %g", json_number_value(most));
    return 0;
}

/* --- lists and objects --- */

static int check_within(check *c, const json_t *schema, const json_t *value, const char *format, ...) WJZ_PRINTF(4, 5);
static int check_within(check *c, const json_t *schema, const json_t *value, const char *format, ...) {
    size_t used = strlen(c->path);
    va_list args;
    va_start(args, format);
    vsnprintf(c->path + used, sizeof c->path - used, format, args);
    va_end(args);
    int r = check_value(c, schema, value);
    c->path[used] = '\0';
    return r;
}

static int check_array(check *c, const json_t *schema, const json_t *value) {
    const json_t *least = json_object_get(schema, "minItems"), *most = json_object_get(schema, "maxItems");
    const json_t *items = json_object_get(schema, "items"), *item;
    json_int_t count = (json_int_t)json_array_size(value);
    if (least && count < json_integer_value(least))
        return at_fault(c, "must have at least %d items", (int)json_integer_value(least));
    if (most && count > json_integer_value(most))
        return at_fault(c, "must have at most %d items", (int)json_integer_value(most));
    size_t i;
    int r = 0;
    json_array_foreach(value, i, item) {
        if (r == 0 && items) r = check_within(c, items, item, "[%zu]", i);
    }
    return r;
}

static int check_object(check *c, const json_t *schema, const json_t *value) {
    const json_t *properties = json_object_get(schema, "properties"), *item, *one;
    const json_t *others = json_object_get(schema, "additionalProperties"),
                 *most = json_object_get(schema, "maxProperties");
    size_t i;
    const char *name;
    json_array_foreach(json_object_get(schema, "required"), i, one) {
        if (!json_object_get(value, json_string_value(one)))
            return at_fault(c, "\"%s\" is missing", json_string_value(one));
    }
    if (most && (json_int_t)json_object_size(value) > json_integer_value(most))
        return at_fault(c, "must have at most %d members", (int)json_integer_value(most));
    json_object_foreach((json_t *)value, name, item) {
        const json_t *property = json_object_get(properties, name);
        if (!property && json_is_false(others)) return at_fault(c, "\"%.60s\" is not known here", name);
        if (!property && json_is_object(others)) property = others;
        int r = property ? check_within(c, property, item, ".%.60s", name) : 0;
        if (r < 0) return r;
    }
    return 0;
}

static int check_one_of(check *c, const json_t *choices, const json_t *value) {
    size_t i;
    const json_t *choice;
    int r = 0;
    if (!choices) return 0;
    json_array_foreach(choices, i, choice) {
        r = check_value(c, choice, value);
        if (r == 0) return 0;
        if (!json_is_null(value)) return r; /* the only other choice in the document is null */
    }
    return r;
}

static int check_value(check *c, const json_t *schema, const json_t *value) {
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    if (++c->depth > DEEPEST) return at_fault(c, "is nested too deep");
    int r = 0;
    if (reference) {
        schema = schema_resolve(c->root, reference);
        r = schema ? check_value(c, schema, value) : at_fault(c, "cannot be checked");
    } else {
        r = check_type(c, json_object_get(schema, "type"), value);
        if (r == 0) r = check_enum(c, json_object_get(schema, "enum"), value);
        if (r == 0) r = check_one_of(c, json_object_get(schema, "oneOf"), value);
        if (r == 0 && json_is_string(value)) r = check_text(c, schema, value);
        if (r == 0 && json_is_number(value)) r = check_number(c, schema, value);
        if (r == 0 && json_is_array(value)) r = check_array(c, schema, value);
        if (r == 0 && json_is_object(value)) r = check_object(c, schema, value);
    }
    c->depth--;
    return r;
}

int schema_check(const json_t *root, const json_t *schema, const json_t *value, schema_fault *ret_fault) {
    check c = {.root = root, .fault = ret_fault};
    return check_value(&c, schema, value);
}

json_t *schema_take_text(const json_t *schema, const char *text) {
    const char *type = json_string_value(json_object_get(schema, "type"));
    char *end = NULL;
    errno = 0;
    if (type && strcmp(type, "integer") == 0) {
        long long number = strtoll(text, &end, 10);
        return *text && strspn(text, "-0123456789") == strlen(text) && !*end && errno == 0 ? json_integer(number)
                                                                                           : NULL;
    }
    if (type && strcmp(type, "boolean") == 0)
        return strcmp(text, "true") == 0 ? json_true() : strcmp(text, "false") == 0 ? json_false() : NULL;
    return json_string(text);
}
