/* Starting, ending, scaling and forgetting a whole installation. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/supervisor.h"
#include "wjz/clock.h"
#include "wjz/migrate.h"
#include "wjz/role_passwords.h"

enum { READY_MS = 60000, DOWN_MS = 120000 };

static const wjz_stmt COUNT_INSTANCES = {
    "ctl_count_instances",
    "SELECT (SELECT count(*) FROM bus.instance WHERE service = $1 AND heartbeat_at > now() - interval '3 seconds')", 1};

static int take_scales(scale *s, int *argc, char **argv, wjz_err *err) {
    const char *text;
    while ((text = argument_option(argc, argv, "scale"))) {
        int r = scale_parse(text, s, err);
        if (r < 0) return r;
    }
    return 0;
}

static int count_missing(session *s, const scale *wanted, char missing[256], int *ret_missing, wjz_err *err) {
    *ret_missing = 0;
    missing[0] = '\0';
    for (int i = 0; i < SUPERVISED_SERVICES; i++) {
        wjz_rows *rows;
        wjz_param service = wjz_text(supervised_services[i]);
        int r = session_read(s, &COUNT_INSTANCES, &service, 1, &rows, err);
        if (r < 0) return r;
        int lacking = wanted->instances[i] - (int)wjz_row_int(rows, 0, 0);
        if (lacking <= 0) continue;
        *ret_missing += lacking;
        size_t used = strlen(missing);
        snprintf(missing + used, 256 - used, " %s", supervised_services[i]);
    }
    return 0;
}

static int wait_ready(session *s, void *arg, wjz_err *err) {
    const scale *wanted = arg;
    int64_t until = wjz_clock_monotonic_us() + READY_MS * INT64_C(1000);
    char names[256];
    int missing = 1, total = 0;
    for (int i = 0; i < SUPERVISED_SERVICES; i++)
        total += wanted->instances[i];
    while (missing > 0) {
        int r = count_missing(s, wanted, names, &missing, err);
        if (r < 0) return r;
        out_progress("启动 / starting", (uint64_t)(total - missing), (uint64_t)total);
        if (missing > 0 && wjz_clock_monotonic_us() > until)
            return wjz_err_set(err, -ETIMEDOUT, "not ready after %d s:%s; see the logs in %s", READY_MS / 1000, names,
                               s->home.log);
        if (missing > 0) wjz_fiber_sleep(s->loop, 100);
    }
    out_progress_end();
    return 0;
}

int command_up(session *s, int argc, char **argv, wjz_err *err) {
    scale wanted;
    supervisor_read_scale(&s->home, &wanted);
    int r = take_scales(&wanted, &argc, argv, err);
    bool foreground = argument_flag(&argc, argv, "foreground");
    if (r >= 0) r = argument_end(argc, argv, 0, "up [--scale SERVICE=N …] [--foreground]", err);
    if (r >= 0) r = supervisor_up(&s->home, &wanted, foreground, err);
    if (r < 0 || foreground) return r;
    r = session_connected(s, false, wait_ready, &wanted, err);
    if (r < 0) return r;
    printf("已启动 / up: %s\n", s->home.state);
    return 0;
}

int command_down(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "down", err);
    return r < 0 ? r : supervisor_down(&s->home, DOWN_MS, err);
}

int command_reset(session *s, int argc, char **argv, wjz_err *err) {
    bool sure = argument_flag(&argc, argv, "yes");
    int r = argument_end(argc, argv, 0, "reset --yes", err);
    if (r < 0) return r;
    if (!s->home.embedded)
        return wjz_err_set(err, -EPERM, "WJZ_DATABASE_URL names a server that is not ours: nothing is deleted there");
    if (!sure)
        return wjz_err_set(err, -EINVAL, "this deletes all data and keys in \"%s\": say so with --yes", s->home.state);
    r = supervisor_down(&s->home, DOWN_MS, err);
    /* The named folders only: the state folder itself may hold what is not ours. */
    if (r >= 0) r = home_remove_folder(s->home.run, err);
    if (r >= 0) r = home_remove_folder(s->home.log, err);
    if (r >= 0) r = home_remove_folder(s->home.keys, err);
    return r < 0 ? r : home_remove_folder(s->home.postgres, err);
}

int command_scale(session *s, int argc, char **argv, wjz_err *err) {
    scale wanted;
    supervisor_read_scale(&s->home, &wanted);
    if (argc == 0) return argument_end(argc, argv, 1, "scale SERVICE=N …", err);
    for (int i = 0; i < argc; i++) {
        int r = scale_parse(argv[i], &wanted, err);
        if (r < 0) return r;
    }
    return supervisor_scale(&s->home, &wanted, err);
}

static void print_migration(const char *file, bool applied, void *arg) {
    (void)arg;
    printf("%s %s\n", applied ? "已执行 / applied " : "此前已执行 / was there", file);
}

static void print_role(const char *role, bool made, void *arg) {
    (void)arg;
    printf("%s %s\n", made ? "新密码 / new password" : "文件中的密码 / password of the file", role);
}

static int set_passwords(const session *s, const char *file, wjz_err *err) {
    static const char *const roles[] = {"wjz_intake",     "wjz_scoring",      "wjz_assignment",
                                        "wjz_scheduling", "wjz_notification", "wjz_console", "wjz_operator"};
    return wjz_role_passwords_set(s->home.database, file, roles, WJZ_COUNT(roles), print_role, NULL, err);
}

int command_migrate(session *s, int argc, char **argv, wjz_err *err) {
    bool check = argument_flag(&argc, argv, "check");
    const char *passwords = argument_option(&argc, argv, "passwords");
    int r = argument_end(argc, argv, 0, "migrate [--check] [--passwords FILE]", err);
    if (r < 0) return r;
    char dir[PATH_MAX + 32];
    snprintf(dir, sizeof dir, "%s/deploy/migrations", s->home.root);
    if (!check) {
        if (passwords) setenv("PGPASSFILE", passwords, 1); /* where the owner's stands too */
        r = wjz_migrate(s->home.database, dir, print_migration, NULL, err);
        return r < 0 || !passwords ? r : set_passwords(s, passwords, err);
    }
    int pending;
    r = wjz_migrate_check(s->home.database, dir, &pending, err);
    if (r < 0) return r;
    if (pending > 0) return wjz_err_set(err, -ENOENT, "%d migrations wait: run wjz migrate", pending);
    puts("数据库已是最新 / the database is up to date");
    return 0;
}
