/* What an SQLSTATE means to a caller: whose fault it was, and whether trying again helps. The server's detail and
 * hint are left out: they quote values, and values may be personal data. */
#include <errno.h>
#include <string.h>

#include "runtime/db.h"

typedef struct meaning {
    const char *sqlstate; /* or its first two characters, the class */
    int code;
} meaning;

/* The first that matches counts. */
static const meaning MEANINGS[] = {
    {"23505", -EEXIST},    /* unique violation */
    {"23P01", -EEXIST},    /* exclusion violation */
    {"22", -EINVAL},       /* data exception */
    {"23", -EINVAL},       /* other constraints */
    {"P0001", -EINVAL},    /* raised by a trigger or function of ours */
    {"40", -EAGAIN},       /* serialization failure, deadlock */
    {"55P03", -EAGAIN},    /* lock not available */
    {"53", -EAGAIN},       /* disk, memory or connections exhausted */
    {"25006", -EAGAIN},    /* the server has become a standby */
    {"26000", -EAGAIN},    /* a prepared statement was lost */
    {"42501", -EACCES},    /* insufficient privilege */
    {"57014", -ETIMEDOUT}, /* cancelled: statement timeout */
    {"08", -ECONNRESET},   /* connection exception */
};

static const char *field(const PGresult *result, int code) {
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

static bool is_fatal(const PGresult *result) {
    const char *severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0 || !*field(result, PG_DIAG_SQLSTATE);
}

/* The tables were migrated under a prepared statement. Its SQLSTATE, feature not supported, says too little. */
static bool is_outdated_plan(const PGresult *result) {
    return strcmp(field(result, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0;
}

static int code_of(const PGresult *result) {
    if (is_fatal(result)) return -ECONNRESET;
    if (is_outdated_plan(result)) return -EAGAIN;
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    for (size_t i = 0; i < WJZ_COUNT(MEANINGS); i++)
        if (strncmp(sqlstate, MEANINGS[i].sqlstate, strlen(MEANINGS[i].sqlstate)) == 0) return MEANINGS[i].code;
    return -EIO;
}

int wjz_db_error(const char *statement, const PGresult *result, wjz_err *err) {
    int code = code_of(result);
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (!*sqlstate) {
        const char *message = PQresultErrorMessage(result);
        return wjz_err_set(err, code, "could not run \"%s\": %.*s", statement, (int)strcspn(message, "\n"), message);
    }
    return wjz_err_set(err, code, "could not run \"%s\": %s (SQLSTATE %s)", statement,
                       field(result, PG_DIAG_MESSAGE_PRIMARY), sqlstate);
}

bool wjz_db_error_is_of_connection(const PGresult *result) {
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    return is_fatal(result) || is_outdated_plan(result) || strcmp(sqlstate, "25006") == 0 ||
           strcmp(sqlstate, "26000") == 0;
}
