/* Databases for unit tests. Migrating takes longer than most tests, so it is done once per state of the migration
 * files, into a template that each test's database is copied from. */
#include "support/test_db.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wjz/migrate.h"

struct test_db {
    PGconn *conn;
    char *name, *url, *text;
};

struct test_cluster {
    char *folder, *url;
};

static void stop_test(const char *what, const char *why) {
    fprintf(stderr, "test database: %s: %s\n", what, why);
    exit(1);
}

static char *print(const char *format, ...) WJZ_PRINTF(1, 2);

static char *print(const char *format, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) stop_test("print", "out of memory");
    va_end(args);
    return text;
}

/* --- connections --- */

static const char *cluster_url(void) {
    const char *url = getenv("WJZ_TEST_DATABASE_URL");
    if (!url || !*url)
        stop_test("WJZ_TEST_DATABASE_URL", "not set; run the test by ctest, or tests/support/cluster start");
    return url;
}

static void ignore_notice(WJZ_UNUSED void *arg, WJZ_UNUSED const PGresult *notice) {}

static PGconn *connect_to(const char *url) {
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK) stop_test("connect", PQerrorMessage(conn));
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    return conn;
}

static PGresult *execute(PGconn *conn, const char *sql) {
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) stop_test(sql, PQresultErrorMessage(result));
    return result;
}

static void run_free(PGconn *conn, char *sql) {
    PQclear(execute(conn, sql));
    free(sql);
}

static char *url_of(const char *database) {
    return print("%s dbname=%s", cluster_url(), database);
}

/* --- the template --- */

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint64_t hash_file(uint64_t hash, const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) stop_test(path, "cannot be read");
    for (int byte = getc(file); byte != EOF; byte = getc(file))
        hash = (hash ^ (uint64_t)byte) * UINT64_C(0x100000001b3);
    fclose(file);
    return hash;
}

/* FNV-1a over the migrations' names and contents, in order. */
static uint64_t hash_migrations(const char *folder) {
    char *names[1000];
    size_t count = 0;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    DIR *dir = opendir(folder);
    if (!dir) stop_test(folder, "cannot be opened");
    for (struct dirent *entry = readdir(dir); entry && count < WJZ_COUNT(names); entry = readdir(dir))
        if (strstr(entry->d_name, ".sql")) names[count++] = print("%s/%s", folder, entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++) {
        for (const char *at = names[i]; *at; at++)
            hash = (hash ^ (uint64_t)*at) * UINT64_C(0x100000001b3);
        hash = hash_file(hash, names[i]);
        free(names[i]);
    }
    return hash;
}

static bool exists(PGconn *conn, const char *database) {
    char *sql = print("SELECT 1 FROM pg_database WHERE datname = '%s'", database);
    PGresult *result = execute(conn, sql);
    bool found = PQntuples(result) > 0;
    PQclear(result);
    free(sql);
    return found;
}

/* A half-made template has another name, so that a test that died leaves none behind. */
static void make_template(PGconn *conn, const char *name, const char *migrations) {
    char *draft = print("%s_draft", name), *url = url_of(draft);
    run_free(conn, print("DROP DATABASE IF EXISTS %s", draft));
    run_free(conn, print("CREATE DATABASE %s", draft));
    wjz_err err = {0};
    if (wjz_migrate(url, migrations, NULL, NULL, &err) < 0) stop_test("migrate", err.text);
    run_free(conn, print("ALTER DATABASE %s RENAME TO %s", draft, name));
    free(draft);
    free(url);
}

/* --- a test's database --- */

test_db *test_db_new(void) {
    static const char MIGRATIONS[] = WJZ_SOURCE_DIR "/deploy/migrations";
    PGconn *conn = connect_to(cluster_url());
    char *template = print("template_%016" PRIx64, hash_migrations(MIGRATIONS));
    /* Tests run at the same time, and roles belong to the whole cluster. */
    PQclear(execute(conn, "SELECT pg_advisory_lock(9175)"));
    if (!exists(conn, template)) make_template(conn, template, MIGRATIONS);
    PQclear(execute(conn, "SELECT pg_advisory_unlock(9175)"));
    test_db *db = calloc(1, sizeof(*db));
    if (!db) stop_test("new", "out of memory");
    db->name = print("test_%d_%08x", getpid(), arc4random());
    run_free(conn, print("CREATE DATABASE %s TEMPLATE %s", db->name, template));
    PQfinish(conn);
    free(template);
    db->url = url_of(db->name);
    db->conn = connect_to(db->url);
    return db;
}

void test_db_destroy(test_db **db_at) {
    test_db *db = WJZ_STEAL(*db_at);
    if (!db) return;
    PQfinish(db->conn);
    PGconn *conn = connect_to(cluster_url());
    run_free(conn, print("DROP DATABASE %s WITH (FORCE)", db->name));
    PQfinish(conn);
    free(db->name);
    free(db->url);
    free(db->text);
    free(db);
}

const char *test_db_url(const test_db *db) {
    return db->url;
}

static const char *query(test_db *db, const char *format, va_list args) WJZ_PRINTF(2, 0);

static const char *query(test_db *db, const char *format, va_list args) {
    char *sql = NULL;
    if (vasprintf(&sql, format, args) < 0) stop_test("query", "out of memory");
    PGresult *result = execute(db->conn, sql);
    free(sql);
    free(db->text);
    db->text = print("%s", PQntuples(result) && PQnfields(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return db->text;
}

void test_db_run(test_db *db, const char *format, ...) {
    va_list args;
    va_start(args, format);
    query(db, format, args);
    va_end(args);
}

int64_t test_db_int(test_db *db, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int64_t value = strtoll(query(db, format, args), NULL, 10);
    va_end(args);
    return value;
}

const char *test_db_text(test_db *db, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = query(db, format, args);
    va_end(args);
    return text;
}

/* --- a test's body in a fiber --- */

typedef struct fiber_run {
    wjz_call_fn *body;
    wjz_db **db;
    bool closed;
} fiber_run;

static void note_closed(void *arg) {
    ((fiber_run *)arg)->closed = true;
}

static void run_body(void *arg) {
    fiber_run *run = arg;
    run->body(NULL);
    wjz_db_close(run->db, note_closed, run);
}

void test_db_in_fiber(const wjz_db_options *options, wjz_call_fn *body, wjz_loop **loop, wjz_db **db) {
    wjz_err err = {0};
    fiber_run run = {.body = body, .db = db};
    int r = wjz_loop_new(loop, &err);
    if (r == 0) r = wjz_db_open(*loop, options, db, &err);
    if (r == 0) r = wjz_fiber_spawn(*loop, run_body, &run);
    if (r < 0) stop_test("fiber", err.text);
    wjz_loop_run(*loop);
    if (!run.closed) stop_test("fiber", "the loop ended before the pool was closed");
    wjz_loop_destroy(loop);
}

/* --- a cluster of one's own --- */

static const char CLUSTERS[] = "/tmp/wjz-cluster-"; /* short: a socket lies in it */

static void call_script(const char *folder, const char *command, const char *mode) {
    char *line = print("'%s/tests/support/cluster' %s '%s' %s", WJZ_SOURCE_DIR, command, folder, mode);
    if (system(line) != 0) stop_test(line, "failed");
    free(line);
}

static void remove_cluster(const char *folder) {
    call_script(folder, "stop", "");
    char *line = print("rm -rf '%s' '%s.lock'", folder, folder);
    if (system(line) != 0) stop_test(line, "failed");
    free(line);
}

/* What tests left that were killed: a folder's name says whose it was. */
static void remove_orphans(void) {
    char *pattern = print("%s*.*", CLUSTERS);
    glob_t found = {0};
    if (glob(pattern, GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            pid_t owner = atoi(found.gl_pathv[i] + strlen(CLUSTERS));
            if (owner > 0 && kill(owner, 0) < 0 && errno == ESRCH) remove_cluster(found.gl_pathv[i]);
        }
    globfree(&found);
    free(pattern);
}

test_cluster *test_cluster_new(void) {
    test_cluster *cluster = calloc(1, sizeof(*cluster));
    if (!cluster) stop_test("new cluster", "out of memory");
    remove_orphans();
    cluster->folder = print("%s%d.XXXXXX", CLUSTERS, getpid());
    if (!mkdtemp(cluster->folder)) stop_test(cluster->folder, "cannot be made");
    chmod(cluster->folder, 0755);
    call_script(cluster->folder, "start", "");
    const struct passwd *user = getpwuid(getuid());
    cluster->url =
        print("host=%s dbname=postgres user=%s", cluster->folder, getuid() == 0 || !user ? "postgres" : user->pw_name);
    return cluster;
}

void test_cluster_destroy(test_cluster **cluster_at) {
    test_cluster *cluster = WJZ_STEAL(*cluster_at);
    if (!cluster) return;
    remove_cluster(cluster->folder);
    free(cluster->folder);
    free(cluster->url);
    free(cluster);
}

const char *test_cluster_url(const test_cluster *cluster) {
    return cluster->url;
}

void test_cluster_stop(test_cluster *cluster) {
    call_script(cluster->folder, "stop", "");
}

void test_cluster_start(test_cluster *cluster) {
    call_script(cluster->folder, "start", "");
}

void test_cluster_crash(test_cluster *cluster) {
    call_script(cluster->folder, "restart", "immediate");
}
