/* See wjz/role_passwords.h. What the file says is asked of libpq, by the beginning of a connection: so it is found here
 * if and only if it is found when the service connects. */
#include "wjz/role_passwords.h"

#include <errno.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWORD_BYTES = 24, PASSWORD_TEXT = 64 };

typedef struct job {
    const char *url, *file;
    PGconn *owner;
} job;

/* The server's words, on one line. */
static int refused(int code, const PGconn *connection, const char *what, wjz_err *err) {
    char said[512];
    snprintf(said, sizeof said, "%s", connection ? PQerrorMessage(connection) : "out of memory");
    said[strcspn(said, "\n")] = '\0';
    return wjz_err_set(err, code, "could not %s: %s", what, said);
}

static void close_connection(PGconn **connection) {
    PQfinish(*connection);
    *connection = NULL;
}

/* --- the file --- */

static int check_file(const char *path, wjz_err *err) {
    struct stat status;
    if (stat(path, &status) < 0)
        return errno == ENOENT ? 0 : wjz_err_set(err, -errno, "could not read \"%s\": %s", path, strerror(errno));
    if (status.st_mode & 077)
        return wjz_err_set(err, -EACCES, "others may read \"%s\", so nobody would use it: chmod 600", path);
    return 0;
}

/* As libpq wants it: a colon and a backslash with a backslash before them. */
static void put_field(FILE *file, const char *text) {
    for (; *text; text++) {
        if (*text == ':' || *text == '\\') putc('\\', file);
        putc(*text, file);
    }
    putc(':', file);
}

static void end_last_line(FILE *file) {
    if (fseek(file, -1, SEEK_END) == 0 && getc(file) != '\n') putc('\n', file);
    fseek(file, 0, SEEK_END);
}

static int add_line(const job *j, const char *role, const char *password, wjz_err *err) {
    mode_t mask = umask(077);
    FILE *file = fopen(j->file, "a+e");
    umask(mask);
    if (!file) return wjz_err_set(err, -errno, "could not write \"%s\": %s", j->file, strerror(errno));
    end_last_line(file);
    put_field(file, PQhost(j->owner));
    put_field(file, PQport(j->owner));
    put_field(file, PQdb(j->owner));
    put_field(file, role);
    fprintf(file, "%s\n", password);
    bool whole = !ferror(file);
    if (fclose(file) != 0 || !whole)
        return wjz_err_set(err, -EIO, "could not write \"%s\": %s", j->file, strerror(errno));
    return 0;
}

/* --- the server --- */

static int find_password(const job *j, const char *role, char password[PASSWORD_TEXT], wjz_err *err) {
    /* Later keywords win over what the url says. */
    const char *const keywords[] = {"dbname", "passfile", "user", NULL};
    const char *const values[] = {j->url, j->file, role, NULL};
    WJZ_CLEANUP(close_connection) PGconn *begun = PQconnectStartParams(keywords, values, 1);
    if (!begun || PQstatus(begun) == CONNECTION_BAD)
        return refused(-ECONNREFUSED, begun, "connect to the database", err);
    int length = snprintf(password, PASSWORD_TEXT, "%s", PQpass(begun));
    if (length >= PASSWORD_TEXT)
        return wjz_err_set(err, -EINVAL, "\"%s\": the password of %s is longer than %d bytes", j->file, role,
                           PASSWORD_TEXT - 1);
    return 0;
}

static int alter_role(PGconn *owner, const char *role, const char *password, wjz_err *err) {
    char *name = PQescapeIdentifier(owner, role, strlen(role)), sql[1024] = "";
    char *verifier = PQencryptPasswordConn(owner, password, role, NULL);
    char *literal = verifier ? PQescapeLiteral(owner, verifier, strlen(verifier)) : NULL;
    if (name && literal) snprintf(sql, sizeof sql, "ALTER ROLE %s PASSWORD %s", name, literal);
    PQfreemem(literal);
    PQfreemem(verifier);
    PQfreemem(name);
    PGresult *result = *sql ? PQexec(owner, sql) : NULL;
    char what[128];
    snprintf(what, sizeof what, "set the password of %.64s", role);
    int r = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : refused(-EIO, owner, what, err);
    PQclear(result);
    return r;
}

static int set_one(const job *j, const char *role, bool *ret_made, wjz_err *err) {
    char password[PASSWORD_TEXT];
    unsigned char bytes[PASSWORD_BYTES];
    int r = find_password(j, role, password, err);
    if (r < 0) return r;
    *ret_made = !password[0];
    if (!password[0]) {
        randombytes_buf(bytes, sizeof bytes);
        sodium_bin2base64(password, sizeof password, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        r = add_line(j, role, password, err);
    }
    if (r == 0) r = alter_role(j->owner, role, password, err);
    sodium_memzero(password, sizeof password);
    return r;
}

static int check_url(const char *url, wjz_err *err) {
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    if (!options) {
        wjz_err_set(err, -EINVAL, "cannot read the database url: %s", message ? message : "out of memory");
        PQfreemem(message);
        return -EINVAL;
    }
    int r = 0;
    for (const PQconninfoOption *option = options; option->keyword; option++)
        if (strcmp(option->keyword, "password") == 0 && option->val && *option->val)
            r = wjz_err_set(err, -EINVAL,
                            "the database url has a password in it, which every role would use: put it into the "
                            "password file");
    PQconninfoFree(options);
    return r;
}

static int connect_owner(const job *j, PGconn **ret_owner, wjz_err *err) {
    const char *const keywords[] = {"dbname", "passfile", NULL}, *const values[] = {j->url, j->file, NULL};
    WJZ_CLEANUP(close_connection) PGconn *owner = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(owner) != CONNECTION_OK) return refused(-ECONNREFUSED, owner, "connect to the database", err);
    *ret_owner = WJZ_STEAL(owner);
    return 0;
}

int wjz_role_passwords_set(const char *url, const char *file, const char *const *roles, size_t count,
                           wjz_role_password_fn *tell, void *arg, wjz_err *err) {
    if (sodium_init() < 0) return wjz_err_set(err, -EIO, "could not initialise libsodium");
    job j = {.url = url, .file = file};
    int r = check_url(url, err);
    if (r == 0) r = check_file(file, err);
    WJZ_CLEANUP(close_connection) PGconn *owner = NULL;
    if (r == 0) r = connect_owner(&j, &owner, err);
    j.owner = owner;
    for (size_t i = 0; i < count && r == 0; i++) {
        bool made = false;
        r = set_one(&j, roles[i], &made, err);
        if (r == 0 && tell) tell(roles[i], made, arg);
    }
    return r;
}
