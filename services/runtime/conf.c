/* Options: rows of a table, set one after the other from defaults, file, environment and command line. A bad
 * value is an error even where a later source would cover it: it is there to be mended. */
#include "runtime/conf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TEXT = 64, LARGEST_FILE = 1 << 20 };

static const char *const TYPE_NAMES[] = {"TEXT", "NUMBER", "yes|no", "DURATION", "SIZE", "SECRET"};

/* Where a value came from, for errors. */
typedef struct place {
    const char *file; /* NULL: text says it */
    int line;
    char text[96];
} place;

static int refuse(wjz_err *err, const place *from, const char *key, const char *why) {
    if (from->file) return wjz_err_set(err, -EINVAL, "%s:%d: option \"%s\" %s", from->file, from->line, key, why);
    return wjz_err_set(err, -EINVAL, "%s: option \"%s\" %s", from->text, key, why);
}

/* --- values --- */

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

/* A whole number and one of the units. */
static int parse_with_unit(const char *text, const unit *units, size_t count, int64_t *ret_value) {
    char *end;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    if (errno != 0 || !isdigit((unsigned char)text[0])) return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(end, units[i].name) == 0)
            return __builtin_mul_overflow(value, units[i].factor, ret_value) ? -EINVAL : 0;
    return -EINVAL;
}

int wjz_conf_parse_duration(const char *text, int64_t *ret_ms) {
    static const unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t value;
    int e = strcmp(text, "0") == 0 ? (value = 0) : parse_with_unit(text, units, WJZ_COUNT(units), &value);
    if (e == 0) *ret_ms = value;
    return e;
}

int wjz_conf_parse_size(const char *text, int64_t *ret_bytes) {
    static const unit units[] = {{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}};
    int64_t value;
    int e = parse_with_unit(text, units, WJZ_COUNT(units), &value);
    if (e == 0) *ret_bytes = value;
    return e;
}

static int parse_int(const char *text, int64_t *ret_value) {
    char *end;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    bool begins = isdigit((unsigned char)text[0]) || (text[0] == '-' && isdigit((unsigned char)text[1]));
    if (errno != 0 || !begins || *end) return -EINVAL;
    *ret_value = value;
    return 0;
}

static int parse_bool(const char *text, bool *ret_value) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < WJZ_COUNT(words); i++)
        if (strcasecmp(text, words[i]) == 0) {
            *ret_value = i % 2;
            return 0;
        }
    return -EINVAL;
}

static void *field(void *conf, const wjz_option *option) {
    return (char *)conf + option->offset;
}

static int set_number(void *conf, const wjz_option *option, const char *text, const place *from, wjz_err *err) {
    static const char *const needs[] = {
        [WJZ_CONF_INT] = "a whole number",
        [WJZ_CONF_DURATION] = "a duration such as 250ms, 5s, 10m, 2h or 3d",
        [WJZ_CONF_SIZE] = "a size such as 4096, 64k, 8M or 1G",
    };
    int64_t value;
    int e = option->type == WJZ_CONF_INT        ? parse_int(text, &value)
            : option->type == WJZ_CONF_DURATION ? wjz_conf_parse_duration(text, &value)
                                                : wjz_conf_parse_size(text, &value);
    bool limited = option->least || option->most;
    if (e == 0 && (!limited || (value >= option->least && value <= option->most))) {
        *(int64_t *)field(conf, option) = value;
        return 0;
    }
    char why[300];
    int length = snprintf(why, sizeof(why), "is \"%.100s\"; it must be %s", text, needs[option->type]);
    if (limited)
        snprintf(why + length, sizeof(why) - (size_t)length, " from %" PRId64 " to %" PRId64 "%s", option->least,
                 option->most, option->type == WJZ_CONF_DURATION ? " (ms)" : "");
    return refuse(err, from, option->key, why);
}

static int set_text(void *conf, const wjz_option *option, const char *text, wjz_err *err) {
    char *copy = strdup(text);
    if (!copy) return wjz_err_set(err, -ENOMEM, "could not keep option \"%s\": out of memory", option->key);
    char **at = field(conf, option);
    free(*at);
    *at = copy;
    return 0;
}

/* "file:PATH": the first line of the file, so that a secret need not stand in a configuration or a process list. */
static int set_secret(void *conf, const wjz_option *option, const char *text, const place *from, wjz_err *err) {
    if (strncmp(text, "file:", 5) != 0) return set_text(conf, option, text, err);
    FILE *file = fopen(text + 5, "re");
    char line[4096];
    bool read = file && fgets(line, sizeof(line), file);
    int reason = errno;
    if (file) fclose(file);
    if (!read) {
        char why[400];
        snprintf(why, sizeof(why), "names \"%.200s\", which could not be read: %s", text + 5,
                 file ? "it is empty" : strerror(reason));
        return refuse(err, from, option->key, why);
    }
    line[strcspn(line, "\r\n")] = '\0';
    int e = set_text(conf, option, line, err);
    explicit_bzero(line, sizeof(line));
    return e;
}

static int set(void *conf, const wjz_option *option, const char *text, const place *from, wjz_err *err) {
    switch (option->type) {
    case WJZ_CONF_TEXT:
        return set_text(conf, option, text, err);
    case WJZ_CONF_SECRET:
        return set_secret(conf, option, text, from, err);
    case WJZ_CONF_BOOL:
        if (parse_bool(text, field(conf, option)) == 0) return 0;
        char why[160];
        snprintf(why, sizeof(why), "is \"%.100s\"; it must be yes or no", text);
        return refuse(err, from, option->key, why);
    default:
        return set_number(conf, option, text, from, err);
    }
}

/* --- sources --- */

#define EACH_OPTION(tables, option)                                                                                    \
    for (const wjz_option *const *table_ = (tables); *table_; table_++)                                                \
        for (const wjz_option *option = *table_; option->key; option++)

static const wjz_option *find(const wjz_option *const *tables, const char *key) {
    EACH_OPTION(tables, option)
    if (strcmp(option->key, key) == 0) return option;
    return NULL;
}

static int set_by_key(void *conf, const wjz_option *const *tables, const char *key, const char *text, const place *from,
                      wjz_err *err) {
    const wjz_option *option = find(tables, key);
    if (!option) return refuse(err, from, key, "is not known; see --help");
    return set(conf, option, text, from, err);
}

static int read_defaults(void *conf, const wjz_option *const *tables, wjz_err *err) {
    place from = {.text = "default"};
    EACH_OPTION(tables, option) {
        int e = option->fallback ? set(conf, option, option->fallback, &from, err) : 0;
        if (e < 0) return e;
    }
    return 0;
}

static char *trim(char *text) {
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

int wjz_conf_read_text(void *conf, const wjz_option *const *tables, const char *name, char *text, wjz_err *err) {
    place from = {.file = name, .line = 1};
    for (char *line; (line = strsep(&text, "\n")); from.line++) {
        line = trim(line);
        if (!*line || *line == '#') continue;
        char *equals = strchr(line, '=');
        if (!equals) return wjz_err_set(err, -EINVAL, "%s:%d: \"%.100s\" is no \"key = value\"", name, from.line, line);
        *equals = '\0';
        int e = set_by_key(conf, tables, trim(line), trim(equals + 1), &from, err);
        if (e < 0) return e;
    }
    return 0;
}

static int read_file(void *conf, const wjz_option *const *tables, const char *path, wjz_err *err) {
    FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    char *text = malloc(LARGEST_FILE + 1);
    size_t length = text ? fread(text, 1, LARGEST_FILE + 1, file) : 0;
    int e = 0;
    if (!text)
        e = wjz_err_set(err, -ENOMEM, "could not read \"%s\": out of memory", path);
    else if (ferror(file))
        e = wjz_err_set(err, -EIO, "could not read \"%s\": %s", path, strerror(errno));
    else if (length > LARGEST_FILE)
        e = wjz_err_set(err, -EFBIG, "\"%s\" is larger than 1 MB", path);
    fclose(file);
    if (e == 0) {
        text[length] = '\0';
        e = wjz_conf_read_text(conf, tables, path, text, err);
    }
    free(text);
    return e;
}

static const char *environment_name(const char *key, char name[KEY_TEXT]) {
    size_t at = (size_t)snprintf(name, KEY_TEXT, "WJZ_");
    for (; *key && at < KEY_TEXT - 1; key++)
        name[at++] = (char)toupper((unsigned char)*key);
    name[at] = '\0';
    return name;
}

/* An empty variable counts as not set: that is how compose files and unit files pass on what nobody gave. */
static int read_environment(void *conf, const wjz_option *const *tables, wjz_err *err) {
    EACH_OPTION(tables, option) {
        char name[KEY_TEXT];
        const char *text = getenv(environment_name(option->key, name));
        if (!text || !*text) continue;
        place from = {.text = ""};
        snprintf(from.text, sizeof(from.text), "environment %s", name);
        int e = set(conf, option, text, &from, err);
        if (e < 0) return e;
    }
    return 0;
}

/* "--log-level=debug" or "--log-level" "debug" at argv[*at]: the key in its written form and the value; moves *at to
 * the last word read. */
static int take_option(char **argv, int argc, int *at, char key[KEY_TEXT], const char **ret_value, wjz_err *err) {
    const char *word = argv[*at] + 2;
    size_t length = strcspn(word, "=");
    if (length >= KEY_TEXT) return wjz_err_set(err, -EINVAL, "command line: option \"--%.100s\" is not known", word);
    for (size_t i = 0; i < length; i++)
        key[i] = word[i] == '-' ? '_' : word[i];
    key[length] = '\0';
    if (word[length] == '=') {
        *ret_value = word + length + 1;
    } else {
        if (*at + 1 >= argc) return wjz_err_set(err, -EINVAL, "command line: option \"--%s\" lacks its value", word);
        *ret_value = argv[++*at];
    }
    return 0;
}

/* Sets the options of the command line, except that with a NULL conf only the configuration file's path is looked
 * for. Leaves the other words in front when conf is given. */
static int read_command_line(void *conf, const wjz_option *const *tables, int *argc, char **argv,
                             const char **ret_config, wjz_err *err) {
    place from = {.text = "command line"};
    int words = 0, at = 0;
    for (; at < *argc; at++) {
        if (strcmp(argv[at], "--") == 0 && at > 0) {
            at++;
            break;
        }
        if (at == 0 || strncmp(argv[at], "--", 2) != 0) {
            if (conf) argv[words++] = argv[at];
            continue;
        }
        char key[KEY_TEXT];
        const char *value = NULL;
        int e = take_option(argv, *argc, &at, key, &value, err);
        if (e < 0) return e;
        if (strcmp(key, "config") == 0)
            *ret_config = value;
        else if (conf && (e = set_by_key(conf, tables, key, value, &from, err)) < 0)
            return e;
    }
    if (!conf) return 0;
    while (at < *argc)
        argv[words++] = argv[at++];
    argv[words] = NULL;
    *argc = words;
    return 0;
}

/* --- what the table prints --- */

static void print_help(const wjz_option *const *tables, const char *program, const char *purpose) {
    printf("%s: %s\n\n用法 usage: %s [--option=value ...]\n\n", program, purpose, program);
    printf("  --config=FILE\n      \"key = value\" lines; # begins a comment line (WJZ_CONFIG)\n");
    EACH_OPTION(tables, option) {
        char name[KEY_TEXT];
        printf("  --%s=%s\n      %s (", option->key, TYPE_NAMES[option->type], option->help);
        if (option->fallback && option->type != WJZ_CONF_SECRET) printf("default %s; ", option->fallback);
        printf("%s)\n", environment_name(option->key, name));
    }
    printf("  --help\n      this text\n  --sample-config\n      a configuration file with all options and their "
           "defaults\n");
    printf("\n先后 precedence: default < file < environment < command line\n");
}

static void print_sample(const wjz_option *const *tables, const char *program) {
    printf("# %s\n", program);
    EACH_OPTION(tables, option) {
        const char *shown = option->fallback && option->type != WJZ_CONF_SECRET ? option->fallback : "";
        printf("\n# %s\n# %s = %s\n", option->help, option->key, shown);
    }
}

/* Whether a word of the command line, before "--", is this one. */
static bool asked(int argc, char **argv, const char *word) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], word) == 0) return true;
    return false;
}

/* --- the whole --- */

static int load(void *conf, const wjz_option *const *tables, int *argc, char **argv, wjz_err *err) {
    const char *config = getenv("WJZ_CONFIG");
    int e = read_defaults(conf, tables, err);
    if (e == 0) e = read_command_line(NULL, tables, argc, argv, &config, err);
    if (e == 0 && config && *config) e = read_file(conf, tables, config, err);
    if (e == 0) e = read_environment(conf, tables, err);
    if (e == 0) e = read_command_line(conf, tables, argc, argv, &config, err);
    return e;
}

int wjz_conf_load(void *conf, const wjz_option *const *tables, const char *program, const char *purpose, int *argc,
                  char **argv, wjz_err *err) {
    if (asked(*argc, argv, "--help")) {
        print_help(tables, program, purpose);
        return 1;
    }
    if (asked(*argc, argv, "--sample-config")) {
        print_sample(tables, program);
        return 1;
    }
    int e = load(conf, tables, argc, argv, err);
    if (e < 0) wjz_conf_free(conf, tables);
    return e;
}

void wjz_conf_free(void *conf, const wjz_option *const *tables) {
    EACH_OPTION(tables, option) {
        if (option->type == WJZ_CONF_TEXT || option->type == WJZ_CONF_SECRET) {
            char **text = field(conf, option);
            if (*text && option->type == WJZ_CONF_SECRET) explicit_bzero(*text, strlen(*text));
            free(WJZ_STEAL(*text));
        } else if (option->type == WJZ_CONF_BOOL) {
            *(bool *)field(conf, option) = false;
        } else {
            *(int64_t *)field(conf, option) = 0;
        }
    }
}
