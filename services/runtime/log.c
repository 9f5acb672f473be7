/* The log: a line is built in one buffer and leaves in one write, so that lines of several processes on one
 * pipe do not mix. */
#include "wjz/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wjz/clock.h"
#include "wjz/trace.h"

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

static struct {
    char service[64], instance[128];
    wjz_log_level least;
} self = {.least = WJZ_LOG_INFO};

void wjz_log_open(const char *service, const char *instance, wjz_log_level least) {
    snprintf(self.service, sizeof self.service, "%s", service);
    snprintf(self.instance, sizeof self.instance, "%s", instance);
    self.least = least;
}

int wjz_log_level_parse(const char *text, wjz_log_level *ret_level) {
    for (size_t i = 0; i < WJZ_COUNT(LEVELS); i++)
        if (strcmp(text, LEVELS[i]) == 0) {
            *ret_level = (wjz_log_level)i;
            return 0;
        }
    return -EINVAL;
}

typedef struct line {
    char text[2048];
    size_t length;
} line;

static void add_args(line *l, const char *format, va_list args) WJZ_PRINTF(2, 0);
static void add_args(line *l, const char *format, va_list args) {
    size_t room = sizeof l->text - l->length;
    int length = vsnprintf(l->text + l->length, room, format, args);
    if (length < 0) return;
    l->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add(line *l, const char *format, ...) WJZ_PRINTF(2, 3);
static void add(line *l, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_args(l, format, args);
    va_end(args);
}

/* Whether a quotation mark here ends a value: the line ends, or the next pair begins. */
static bool ends_value(const char *after) {
    if (!*after) return true;
    if (*after != ' ') return false;
    size_t key = strspn(after + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return key > 0 && after[1 + key] == '=';
}

/* Whatever came in from outside stays on its line and cannot steer a terminal; quotation marks within a value, as
 * error texts have them, become single ones. */
static void disarm(line *l) {
    bool quoted = false;
    for (size_t i = 0; i < l->length; i++) {
        unsigned char c = (unsigned char)l->text[i];
        if (c < 0x20 || c == 0x7F) l->text[i] = '?';
        if (c != '"') continue;
        if (!quoted)
            quoted = i > 0 && l->text[i - 1] == '=';
        else if (ends_value(l->text + i + 1))
            quoted = false;
        else
            l->text[i] = '\'';
    }
}

void wjz_log_write(wjz_log_level level, const char *event, const char *fields, ...) {
    if (level < self.least) return;
    char time[WJZ_CLOCK_TEXT];
    line l = {.length = 0};
    add(&l, "time=%s level=%s", wjz_clock_format(wjz_clock_us(), time), LEVELS[level]);
    if (self.service[0]) add(&l, " service=%s instance=%s", self.service, self.instance);
    const char *trace = wjz_trace();
    if (trace[0]) add(&l, " trace=%.32s", trace + 3);
    add(&l, " event=\"%s\"", event);
    if (fields[0]) {
        add(&l, " ");
        va_list args;
        va_start(args, fields);
        add_args(&l, fields, args);
        va_end(args);
    }
    disarm(&l);
    l.text[l.length++] = '\n'; /* takes the place of the NUL at the latest */
    ssize_t ignored WJZ_UNUSED =
        write(STDERR_FILENO, l.text, l.length); /* a log that cannot be written has nobody to tell */
}
