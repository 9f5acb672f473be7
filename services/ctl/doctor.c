/* `wjz doctor`: looks at everything that has to be right, and says of what is not how to mend it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/supervisor.h"
#include "wjz/migrate.h"

enum { FREE_GB_LEAST = 2 };

typedef struct report {
    out_table *table;
    int bad;
} report;

static void tell(report *p, const char *what, bool good, const char *detail, const char *remedy) {
    int r =
        out_row(p->table, (const char *[]){what, good ? "正常 / ok" : "问题 / problem", detail, good ? NULL : remedy});
    if (r < 0) fprintf(stderr, "could not print: %s\n", strerror(-r));
    p->bad += !good;
}

static void check_programs(const session *s, report *p) {
    for (int i = 0; i < SUPERVISED_SERVICES; i++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof path, "%s/weijianzhi-%s", s->home.programs, supervised_services[i]);
        if (access(path, X_OK) < 0) tell(p, "程序 / programs", false, path, "build again: cmake --build build");
    }
    tell(p, "程序 / programs", true, s->home.programs, NULL);
}

static void check_folders(const session *s, report *p) {
    const char *const private[] = {s->home.run, s->home.log, s->home.keys};
    for (size_t i = 0; i < WJZ_COUNT(private); i++) {
        struct stat status;
        bool there = stat(private[i], &status) == 0;
        bool closed = there && (status.st_mode & 077) == 0;
        tell(p, "文件夹 / folder", closed, private[i],
             there ? "others may read it: chmod 700" : "run wjz up, which makes it");
    }
    struct statvfs disk;
    if (statvfs(s->home.state, &disk) < 0) return;
    char detail[64];
    double gigabytes = (double)disk.f_bavail * (double)disk.f_frsize / 1e9;
    snprintf(detail, sizeof detail, "%.1f GB", gigabytes);
    tell(p, "磁盘空间 / free disk", gigabytes >= FREE_GB_LEAST, detail,
         "free some: PostgreSQL stops when the disk is full");
}

static void check_migrations(const session *s, report *p) {
    char dir[PATH_MAX + 32], detail[64];
    wjz_err err;
    int pending = 0;
    snprintf(dir, sizeof dir, "%s/deploy/migrations", s->home.root);
    if (wjz_migrate_check(s->home.database, dir, &pending, &err) < 0) {
        tell(p, "数据库 / database", false, err.text, "start it (wjz up), or mend WJZ_DATABASE_URL");
        return;
    }
    snprintf(detail, sizeof detail, "%d", pending);
    tell(p, "待迁移 / migrations waiting", pending == 0, detail, "run wjz migrate");
}

static const wjz_stmt HEALTH = {
    "ctl_health",
    "WITH alive AS (SELECT service, count(*) AS n FROM bus.instance WHERE heartbeat_at > now() - interval '3 seconds' "
    "GROUP BY 1)"
    " SELECT '服务 ' || s || ' / service', coalesce(n, 0) > 0, coalesce(n, 0)::text || ' 个实例 / instances',"
    "  'see log/' || s || '-1.log, then wjz up' FROM "
    "unnest(ARRAY['intake','scoring','assignment','scheduling','notification','console']) s"
    "  LEFT JOIN alive ON alive.service = s"
    " UNION ALL SELECT '死信 / dead letters', n = 0, n::text, 'wjz dead-letters list, then retry or drop' FROM (SELECT"
    "  (SELECT count(*) FROM intake.dead_letter) + (SELECT count(*) FROM scoring.dead_letter) +"
    "  (SELECT count(*) FROM assignment.dead_letter) + (SELECT count(*) FROM scheduling.dead_letter) +"
    "  (SELECT count(*) FROM notification.dead_letter) AS n) d"
    " UNION ALL SELECT '队列最久(秒) / oldest message s', coalesce(max(age), 0) < 300, coalesce(round(max(age)), "
    "0)::text,"
    "  'wjz queues says where; scale the receiver up' FROM (SELECT extract(epoch FROM now() - min(created_at)) AS age "
    "FROM intake.outbox"
    "  UNION ALL SELECT extract(epoch FROM now() - min(created_at)) FROM scoring.outbox"
    "  UNION ALL SELECT extract(epoch FROM now() - min(created_at)) FROM assignment.outbox"
    "  UNION ALL SELECT extract(epoch FROM now() - min(created_at)) FROM scheduling.outbox) o"
    " UNION ALL SELECT '值班人员 / operators', n > 0, n::text, 'give somebody the role operator and an address: alerts "
    "reach nobody'"
    "  FROM (SELECT count(*) AS n FROM directory.person WHERE active AND 'operator' = ANY (roles)) p"
    " UNION ALL SELECT '无人承办 / clues that nobody has', n = 0, n::text, 'wjz assignments --state "
    "assigned shows them: wjz directory load with their organ, and people for it'"
    "  FROM (SELECT count(*) AS n FROM assignment.assignment WHERE state = 'assigned' AND prosecutor = ''"
    "  AND (organ = '' OR station = '' OR stars >= 3)) u"
    " UNION ALL SELECT '节假日历 / holiday calendar', coalesce(max(extract(year FROM day)), 0) >= extract(year FROM "
    "now()),"
    "  coalesce(max(day)::text, '-'), 'wjz directory load with the holidays of this year' FROM directory.holiday",
    4};

static int check_running(session *s, void *arg, wjz_err *err) {
    report *p = arg;
    wjz_rows *rows;
    int r = session_read(s, &HEALTH, NULL, 0, &rows, err);
    for (int row = 0; r >= 0 && row < wjz_rows_count(rows); row++)
        tell(p, wjz_row_text(rows, row, 0), wjz_row_bool(rows, row, 1), wjz_row_text(rows, row, 2),
             wjz_row_text(rows, row, 3));
    return r;
}

int command_doctor(session *s, int argc, char **argv, wjz_err *err) {
    static const out_column columns[] = {{"check", "检查 / check", false},
                                         {"result", "结果 / result", false},
                                         {"detail", "现状 / found", false},
                                         {"remedy", "办法 / remedy", false}};
    int r = argument_end(argc, argv, 0, "doctor", err);
    if (r < 0) return r;
    report p = {0};
    r = out_open(s->format, columns, WJZ_COUNT(columns), &p.table);
    if (r < 0) return r;
    check_programs(s, &p);
    bool running = true; /* by others, where the database is not ours */
    if (s->home.embedded) {
        check_folders(s, &p);
        running = supervisor_running(&s->home) > 0;
        tell(&p, "监护进程 / supervisor", running, running ? "yes" : "no", "run wjz up");
    }
    if (running) check_migrations(s, &p);
    if (running && session_connected(s, false, check_running, &p, err) < 0)
        tell(&p, "存储 / store", false, err->text, "see log/postgres.log");
    out_close(&p.table, "");
    return p.bad == 0 ? 0 : wjz_err_set(err, -EIO, "%d checks found a problem", p.bad);
}
