/* Every service has the same three queue tables in its own schema, so these are the only statements that are made from
 * a template: "@" stands for the schema, which is checked to be a plain name; values go by $n as everywhere. */
#include "runtime/queue_sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/bus.h"

enum { NAME_LIMIT = 40 };

typedef struct template {
    const char *name, *sql;
    int columns;
}
template;

const wjz_stmt WJZ_BUS_ERA = {"bus_era", "SELECT bus.current_era()", 1};

#define KEYS "unnest($1::int4[], $2::int8[], $3::text[]) AS k(region, id, destination)"
/* Which rows of the outbox a statement is about is never a join on their keys: the planner has mostly seen the table
 * empty, and would compare each row with each key. They are found by their places; here from keys, one by one by the
 * primary key, for the order leaves it no other index. One that is moved meanwhile may be missed: it is in the hands of
 * who moved it. */
#define FOUND                                                                                                          \
    "ctid = ANY (ARRAY(SELECT found.ctid FROM " KEYS " CROSS JOIN LATERAL (SELECT ctid FROM @.outbox"                  \
    " WHERE region = k.region AND id >= k.id AND id <= k.id AND destination = k.destination ORDER BY id LIMIT 1) "     \
    "found))"

static const template TEMPLATES[WJZ_QUEUE_STMTS] = {
    [WJZ_OUTBOX_INSERT] = {"outbox_insert",
                           "INSERT INTO @.outbox " WJZ_OUTBOX_ROW("$1", "$2", "$3", "$4", "$5", "$6", "$7"), 0},
    [WJZ_OUTBOX_DELETE] = {"outbox_delete", "DELETE FROM @.outbox WHERE " FOUND, 0},
    [WJZ_OUTBOX_RENEW] = {"outbox_renew",
                          "UPDATE @.outbox SET due_at = now() + make_interval(secs => $5) WHERE " FOUND
                          " AND owner = $4 RETURNING id, destination",
                          2},
    /* The running sum keeps a batch of large messages within the memory that is free; the first one always comes. */
    [WJZ_OUTBOX_CLAIM] = {"outbox_claim",
                          "WITH due AS ("
                          "  SELECT ctid AS at, region, id, due_at, octet_length(envelope) AS bytes FROM @.outbox"
                          "   WHERE destination = $1 AND due_at <= now()"
                          "   ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED),"
                          " k AS ("
                          "  SELECT at, row_number() OVER w AS place, sum(bytes) OVER w AS total"
                          "    FROM due WINDOW w AS (ORDER BY due_at, region, id)) "
                          "UPDATE @.outbox o SET owner = $3, due_at = now() + make_interval(secs => $4) FROM k"
                          " WHERE o.ctid = k.at AND (k.place = 1 OR k.total <= $5)"
                          " RETURNING o.region, o.id, o.envelope, o.attempts",
                          4},
    [WJZ_OUTBOX_NEXT] = {"outbox_next",
                         "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM @.outbox"
                         " WHERE destination = $1 AND due_at > now() AND owner = 0",
                         1},
    /* A lease is looked at only while it runs (due_at > now()); when it has ended the row is free anyway. An instance
     * is in bus.instance before it writes its first row. */
    [WJZ_OUTBOX_ORPHANS] = {"outbox_orphans",
                            "UPDATE @.outbox SET owner = 0, due_at = now() WHERE ctid = ANY (ARRAY("
                            "  SELECT ctid FROM @.outbox"
                            "   WHERE destination = ANY($1) AND due_at > now() AND owner <> 0 AND owner NOT IN"
                            "         (SELECT number FROM bus.instance WHERE service = $2 AND number <> ALL($3))"
                            "     FOR UPDATE SKIP LOCKED))",
                            0},
    [WJZ_OUTBOX_RELEASE] = {"outbox_release",
                            "UPDATE @.outbox SET owner = 0, due_at = now()"
                            " WHERE destination = ANY($1) AND due_at > now() AND owner = $2",
                            0},
    [WJZ_OUTBOX_REJECT] = {"outbox_reject",
                           "UPDATE @.outbox SET attempts = attempts + 1, owner = 0,"
                           "       due_at = now() + make_interval(secs => $4), error = $5"
                           " WHERE region = $1 AND id = $2 AND destination = $3",
                           0},
    [WJZ_OUTBOX_BURY] =
        {"outbox_bury",
         "WITH dead AS (DELETE FROM @.outbox WHERE region = $1 AND id = $2 AND destination = $3"
         "              RETURNING *) "
         "INSERT INTO @.dead_letter (region, id, destination, type, envelope, created_at, attempts, error) "
         "SELECT region, id, destination, type, envelope, created_at, attempts + 1, $4 FROM dead "
         "ON CONFLICT (region, id, destination) DO UPDATE SET error = excluded.error, died_at = now() "
         "RETURNING attempts",
         1},
    [WJZ_OUTBOX_STATS] =
        {"outbox_stats",
         "SELECT d, count(created_at), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8"
         "  FROM unnest($1::text[]) AS d LEFT JOIN LATERAL ("
         "       SELECT created_at FROM @.outbox WHERE destination = d ORDER BY due_at LIMIT 10000) o"
         "       ON true GROUP BY d",
         3},
    [WJZ_DEAD_RETRY] =
        {"dead_retry",
         "WITH back AS (DELETE FROM @.dead_letter WHERE cardinality($1::int8[]) = 0 OR id = ANY($1)"
         "              RETURNING *) "
         "INSERT INTO @.outbox (region, id, destination, type, envelope, created_at, owner, due_at, error) "
         "SELECT region, id, destination, type, envelope, created_at, 0, now(), error FROM back "
         "ON CONFLICT DO NOTHING",
         0},
    [WJZ_DEAD_DROP] = {"dead_drop",
                       "DELETE FROM @.dead_letter WHERE id = ANY($1::int8[]) RETURNING id, destination, type", 3},
    /* In one order everywhere: two consumers with the same messages wait for each other, they do not deadlock. */
    [WJZ_INBOX_INSERT] = {"inbox_insert",
                          "INSERT INTO @.inbox (region, id) "
                          "SELECT region, id FROM unnest($1::int4[], $2::int8[]) AS k(region, id) ORDER BY region, id "
                          "ON CONFLICT DO NOTHING RETURNING id",
                          1},
    [WJZ_INBOX_NEW] = {"inbox_new",
                       "INSERT INTO @.inbox (region, id) "
                       "SELECT region, id FROM unnest($1::int4[], $2::int8[]) AS k(region, id) ORDER BY region, id",
                       0},
    /* One alone: to take apart and sort arrays of one costs more than the insertion. */
    [WJZ_INBOX_NEW_ONE] = {"inbox_new_one", "INSERT INTO @.inbox (region, id) VALUES ($1, $2)", 0},
    [WJZ_INBOX_PURGE] = {"inbox_purge",
                         "DELETE FROM @.inbox WHERE ctid = ANY (ARRAY("
                         "  SELECT ctid FROM @.inbox WHERE handled_at < now() - make_interval(days => $1) LIMIT 5000))",
                         0},
};

typedef struct schema {
    struct schema *next;
    char name[NAME_LIMIT + 1];
    wjz_queue_sql sql;
} schema;

static schema *schemas; /* kept until the process ends, because connections remember statements */

static bool plain_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    return length > 0 && length <= NAME_LIMIT && name[length] == '\0';
}

/* The template with every "@" replaced; NULL when out of memory. */
static char *expand(const char *text, const char *name) {
    size_t places = 0;
    for (const char *at = text; (at = strchr(at, '@')); at++)
        places++;
    char *whole = malloc(strlen(text) + places * strlen(name) + 1), *to = whole;
    if (!whole) return NULL;
    for (const char *at = text; *at; at++) {
        if (*at == '@')
            to = stpcpy(to, name);
        else
            *to++ = *at;
    }
    *to = '\0';
    return whole;
}

static char *joined(const char *schema_name, const char *name) {
    char *whole = malloc(strlen(schema_name) + strlen(name) + 2);
    if (whole) stpcpy(stpcpy(stpcpy(whole, schema_name), "_"), name);
    return whole;
}

static void schema_free(schema *made) {
    for (int i = 0; i < WJZ_QUEUE_STMTS; i++) {
        free((char *)(uintptr_t)made->sql.stmts[i].name);
        free((char *)(uintptr_t)made->sql.stmts[i].sql);
    }
    free(made);
}

int wjz_queue_sql_for(const char *service, const wjz_queue_sql **ret_sql, wjz_err *err) {
    for (schema *known = schemas; known; known = known->next) {
        if (strcmp(known->name, service) != 0) continue;
        *ret_sql = &known->sql;
        return 0;
    }
    if (!plain_name(service))
        return wjz_err_set(err, -EINVAL, "service name \"%s\" cannot be a schema: lower-case letters and \"_\" only",
                           service);
    schema *made = calloc(1, sizeof *made);
    if (!made) return wjz_err_set(err, -ENOMEM, "could not prepare queue statements: out of memory");
    strcpy(made->name, service);
    for (int i = 0; i < WJZ_QUEUE_STMTS; i++) {
        wjz_stmt *stmt = &made->sql.stmts[i];
        stmt->name = joined(service, TEMPLATES[i].name);
        stmt->sql = expand(TEMPLATES[i].sql, service);
        stmt->columns = TEMPLATES[i].columns;
        if (stmt->name && stmt->sql) continue;
        schema_free(made);
        return wjz_err_set(err, -ENOMEM, "could not prepare queue statements: out of memory");
    }
    made->next = schemas;
    schemas = made;
    *ret_sql = &made->sql;
    return 0;
}
