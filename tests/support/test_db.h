/* A fresh database for a unit test, with all migrations applied, on the cluster that CTest starts. A test that includes
 * this file gets WJZ_TEST_DATABASE_URL and is linked with what it needs (tests/unit/CMakeLists.txt). Everything here
 * blocks, and ends the test when it fails. */
#ifndef TEST_DB_H
#define TEST_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/clean.h"
#include "wjz/db.h"
#include "wjz/loop.h"

typedef struct test_db test_db;

/* With the migrations of deploy/migrations, as the owner. Never NULL. */
test_db *test_db_new(void);
/* Drops the database, also when somebody is still connected. */
void test_db_destroy(test_db **db);
/* Connection string of the cluster's superuser on this database. */
const char *test_db_url(const test_db *db);

/* Runs SQL, perhaps many statements. */
void test_db_run(test_db *db, const char *format, ...) WJZ_PRINTF(2, 3);
/* The first column of the first row; 0 and "" for NULL and for no row. The text lives until the next call. */
int64_t test_db_int(test_db *db, const char *format, ...) WJZ_PRINTF(2, 3);
const char *test_db_text(test_db *db, const char *format, ...) WJZ_PRINTF(2, 3);

/* Runs body in a fiber with a pool: *loop and *db are there while it runs, and gone afterwards. */
void test_db_in_fiber(const wjz_db_options *options, wjz_call_fn *body, wjz_loop **loop, wjz_db **db);

/* --- a cluster of one's own, for tests that stop the server --- */

typedef struct test_cluster test_cluster;

test_cluster *test_cluster_new(void);
/* Stops it and removes its folder. */
void test_cluster_destroy(test_cluster **cluster);
const char *test_cluster_url(const test_cluster *cluster);
void test_cluster_stop(test_cluster *cluster);
void test_cluster_start(test_cluster *cluster);
/* As if the machine had crashed and come back. */
void test_cluster_crash(test_cluster *cluster);

#endif
