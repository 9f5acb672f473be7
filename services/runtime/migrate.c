/* Migrations: a script is many statements, which the pipelined pool cannot send, so this file speaks to libpq itself.
 */
#include "wjz/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_KEY = 0x776a7a, HEX = crypto_hash_sha256_BYTES * 2 + 1, SCRIPT_LIMIT = 16 << 20 };

typedef struct script {
    char *text;
    char checksum[HEX];
} script;

static void close_connection(PGconn **connection) {
    PQfinish(*connection);
    *connection = NULL;
}

static void clear_result(PGresult **result) {
    PQclear(*result);
    *result = NULL;
}

static void free_script(script *s) {
    free(s->text);
    s->text = NULL;
}

static int is_migration(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 9 && strspn(entry->d_name, "0123456789") == 4 && entry->d_name[4] == '_' &&
           strcmp(entry->d_name + length - 4, ".sql") == 0;
}

static int read_script(const char *dir, const char *name, script *ret_script, wjz_err *err) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    char *text = malloc(SCRIPT_LIMIT + 1);
    size_t length = text ? fread(text, 1, SCRIPT_LIMIT, file) : 0;
    bool whole = text && feof(file) && !ferror(file);
    fclose(file);
    if (!whole) {
        free(text);
        return wjz_err_set(err, -EIO, "could not read \"%s\" whole", path);
    }
    text[length] = '\0';
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)text, length);
    ret_script->text = text;
    sodium_bin2hex(ret_script->checksum, HEX, digest, sizeof digest);
    return 0;
}

/* 1-based line of a character position in a UTF-8 text, as PostgreSQL counts positions. */
static int line_of(const char *text, long position) {
    int line = 1;
    for (long at = 1; *text && at < position; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80) at++;
        if (*text == '\n') line++;
    }
    return line;
}

static int sql_error(PGconn *connection, const PGresult *result, const char *what, const char *text, wjz_err *err) {
    if (PQstatus(connection) == CONNECTION_BAD)
        return wjz_err_set(err, -ECONNRESET, "could not apply %s: connection lost", what);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    int line = text && position ? line_of(text, strtol(position, NULL, 10)) : 0;
    return wjz_err_set(err, -EINVAL, "%s:%d: %s%s%s", what, line, primary ? primary : PQerrorMessage(connection),
                       context ? " — " : "", context ? context : "");
}

static int run(PGconn *connection, const char *sql, wjz_err *err) {
    WJZ_CLEANUP(clear_result) PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return 0;
    return sql_error(connection, result, "migration table", NULL, err);
}

static int open_connection(const char *url, PGconn **ret_connection, wjz_err *err) {
    if (sodium_init() < 0) return wjz_err_set(err, -EIO, "could not initialise libsodium");
    WJZ_CLEANUP(close_connection) PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK)
        return wjz_err_set(err, -ECONNREFUSED, "could not connect to the database: %s", PQerrorMessage(connection));
    *ret_connection = WJZ_STEAL(connection);
    return 0;
}

/* 1 when it was applied with the same content, 0 when it was not, -EINVAL when the file has changed since. */
static int applied_before(PGconn *connection, const char *name, const script *s, wjz_err *err) {
    const char *values[] = {name};
    WJZ_CLEANUP(clear_result)
    PGresult *result =
        PQexecParams(connection, "SELECT checksum FROM wjz_migration WHERE file = $1", 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return sql_error(connection, result, "migration table", NULL, err);
    if (PQntuples(result) == 0) return 0;
    if (strcmp(PQgetvalue(result, 0, 0), s->checksum) == 0) return 1;
    return wjz_err_set(err, -EINVAL,
                       "\"%s\" was applied with checksum %.12s… and now has %.12s…: put the change into a new file",
                       name, PQgetvalue(result, 0, 0), s->checksum);
}

static int apply(PGconn *connection, const char *name, const script *s, wjz_err *err) {
    int r = run(connection, "BEGIN", err);
    if (r < 0) return r;
    {
        WJZ_CLEANUP(clear_result) PGresult *result = PQexec(connection, s->text);
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            r = sql_error(connection, result, name, s->text, err);
            PQclear(PQexec(connection, "ROLLBACK"));
            return r;
        }
    }
    const char *values[] = {name, s->checksum};
    WJZ_CLEANUP(clear_result)
    PGresult *result = PQexecParams(connection, "INSERT INTO wjz_migration (file, checksum) VALUES ($1, $2)", 2, NULL,
                                    values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) return sql_error(connection, result, "migration table", NULL, err);
    return run(connection, "COMMIT", err);
}

static int migrate_file(PGconn *connection, const char *dir, const char *name, bool only_check, wjz_err *err) {
    WJZ_CLEANUP(free_script) script s = {0};
    int r = read_script(dir, name, &s, err);
    if (r < 0) return r;
    r = applied_before(connection, name, &s, err);
    if (r != 0 || only_check) return r;
    return apply(connection, name, &s, err);
}

typedef struct walk {
    bool only_check;
    int pending;
    wjz_migrate_fn *tell;
    void *arg;
} walk;

static int walk_files(PGconn *connection, const char *dir, walk *w, wjz_err *err) {
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_migration, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "could not list migrations in \"%s\": %s", dir, strerror(errno));
    int r = count == 0 ? wjz_err_set(err, -ENOENT, "no migrations (NNNN_name.sql) in \"%s\"", dir) : 0;
    for (int i = 0; i < count; i++) {
        if (r >= 0) {
            r = migrate_file(connection, dir, entries[i]->d_name, w->only_check, err);
            if (r == 0) w->pending++;
            if (r >= 0 && w->tell) w->tell(entries[i]->d_name, r == 0, w->arg);
        }
        free(entries[i]);
    }
    free(entries);
    return r < 0 ? r : 0;
}

int wjz_migrate(const char *url, const char *dir, wjz_migrate_fn *tell, void *arg, wjz_err *err) {
    WJZ_CLEANUP(close_connection) PGconn *connection = NULL;
    int r = open_connection(url, &connection, err);
    if (r < 0) return r;
    char lock[80];
    snprintf(lock, sizeof lock, "SELECT pg_advisory_lock(%d)", LOCK_KEY);
    r = run(connection, lock, err);
    if (r < 0) return r;
    r = run(connection,
            "SET client_min_messages = warning;"
            "CREATE TABLE IF NOT EXISTS wjz_migration (file text PRIMARY KEY, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now());"
            "GRANT SELECT ON wjz_migration TO PUBLIC", /* whoever wonders whether it is up to date */
            err);
    if (r < 0) return r;
    return walk_files(connection, dir, &(walk){.tell = tell, .arg = arg}, err);
}

int wjz_migrate_check(const char *url, const char *dir, int *ret_pending, wjz_err *err) {
    WJZ_CLEANUP(close_connection) PGconn *connection = NULL;
    int r = open_connection(url, &connection, err);
    if (r < 0) return r;
    /* A database that was never migrated has no table yet: a temporary one stands in for it. */
    r = run(connection,
            "SET client_min_messages = warning;"
            "DO $$ BEGIN IF to_regclass('wjz_migration') IS NULL THEN"
            " CREATE TEMP TABLE wjz_migration (file text PRIMARY KEY, checksum text NOT NULL); END IF; END $$",
            err);
    if (r < 0) return r;
    walk w = {.only_check = true};
    r = walk_files(connection, dir, &w, err);
    if (r < 0) return r;
    *ret_pending = w.pending;
    return 0;
}
