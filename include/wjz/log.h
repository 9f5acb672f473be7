/* The log: one line per event on standard error, `key=value` pairs (logfmt), for people and collectors.
 *
 * Logged once, at the layer that gives up, with the identity of the object. Never complaint text, never
 * personal data. */
#ifndef WJZ_LOG_H
#define WJZ_LOG_H

#include "wjz/clean.h"

typedef enum wjz_log_level { WJZ_LOG_DEBUG, WJZ_LOG_INFO, WJZ_LOG_WARN, WJZ_LOG_ERROR } wjz_log_level;

/* service and instance stand on every line; both are copied. Before this call lines carry none. */
void wjz_log_open(const char *service, const char *instance, wjz_log_level least);
/* "debug", "info", "warn" or "error"; -EINVAL otherwise. */
WJZ_MUST_CHECK int wjz_log_level_parse(const char *text, wjz_log_level *ret_level);

/* event: a fixed word or two in lower case that can be counted ("message refused"). fields: a printf format
 * of logfmt pairs, e.g. "id=%" PRId64 " error=\"%s\"", or "" — the caller quotes; control characters are
 * replaced, and so are quotation marks within a quoted value. */
void wjz_log_write(wjz_log_level level, const char *event, const char *fields, ...) WJZ_PRINTF(3, 4);

#define wjz_log_debug(event, ...) wjz_log_write(WJZ_LOG_DEBUG, event, __VA_ARGS__)
#define wjz_log_info(event, ...) wjz_log_write(WJZ_LOG_INFO, event, __VA_ARGS__)
#define wjz_log_warn(event, ...) wjz_log_write(WJZ_LOG_WARN, event, __VA_ARGS__)
#define wjz_log_error(event, ...) wjz_log_write(WJZ_LOG_ERROR, event, __VA_ARGS__)

#endif
