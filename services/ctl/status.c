/* What runs, and what waits. */
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/supervisor.h"

enum { WAIT_POLL_MS = 200 };

static const wjz_stmt WORKERS = {
    "ctl_workers",
    "SELECT number::text, service, name, host, pid::text, to_char(started_at, 'YYYY-MM-DD HH24:MI:SS'),"
    " round(extract(epoch FROM now() - heartbeat_at), 1)::text, admin,"
    " CASE WHEN heartbeat_at > now() - interval '3 seconds' THEN 'alive' ELSE 'silent' END"
    " FROM bus.instance WHERE service <> 'operator' ORDER BY service, name",
    9};

static const out_column WORKER_COLUMNS[] = {
    {"number", "编号 / number", true},
    {"service", "服务 / service", false},
    {"name", "实例 / name", false},
    {"host", "主机 / host", false},
    {"pid", "进程 / pid", true},
    {"started_at", "启动 / started", false},
    {"heartbeat_s", "心跳 / heartbeat s", true},
    {"admin", "管理地址 / admin", false},
    {"state", "状态 / state", false},
};

static const wjz_stmt QUEUES = {
    "ctl_queues",
    "WITH waiting AS ("
    " SELECT 'intake' AS service, destination, type, attempts, created_at FROM intake.outbox"
    " UNION ALL SELECT 'scoring', destination, type, attempts, created_at FROM scoring.outbox"
    " UNION ALL SELECT 'assignment', destination, type, attempts, created_at FROM assignment.outbox"
    " UNION ALL SELECT 'scheduling', destination, type, attempts, created_at FROM scheduling.outbox"
    " UNION ALL SELECT 'notification', destination, type, attempts, created_at FROM notification.outbox"
    "), dead AS ("
    " SELECT 'intake' AS service, destination FROM intake.dead_letter"
    " UNION ALL SELECT 'scoring', destination FROM scoring.dead_letter"
    " UNION ALL SELECT 'assignment', destination FROM assignment.dead_letter"
    " UNION ALL SELECT 'scheduling', destination FROM scheduling.dead_letter"
    " UNION ALL SELECT 'notification', destination FROM notification.dead_letter"
    "), w AS (SELECT service, destination, count(*) AS messages, sum((attempts > 0)::int) AS retried,"
    "   extract(epoch FROM now() - min(created_at)) AS oldest FROM waiting GROUP BY 1, 2),"
    " d AS (SELECT service, destination, count(*) AS dead FROM dead GROUP BY 1, 2)"
    " SELECT service, destination, coalesce(messages, 0)::text, coalesce(retried, 0)::text,"
    "  coalesce(round(oldest, 1), 0)::text, coalesce(dead, 0)::text"
    " FROM w FULL JOIN d USING (service, destination) ORDER BY 1, 2",
    6};

static const out_column QUEUE_COLUMNS[] = {
    {"from", "来源 / from", false},
    {"to", "去向 / to", false},
    {"messages", "待送 / waiting", true},
    {"retried", "重试中 / retried", true},
    {"oldest_s", "最久(秒) / oldest s", true},
    {"dead", "死信 / dead", true},
};

static int print(session *s, const wjz_stmt *stmt, const out_column *columns, size_t count, const char *empty,
                 wjz_err *err) {
    wjz_rows *rows;
    int r = session_read(s, stmt, NULL, 0, &rows, err);
    if (r < 0) return r;
    return out_print(s->format, columns, count, rows, empty);
}

static int print_workers(session *s, void *arg, wjz_err *err) {
    (void)arg;
    return print(s, &WORKERS, WORKER_COLUMNS, WJZ_COUNT(WORKER_COLUMNS), "没有实例 / nothing runs", err);
}

static int print_queues(session *s, void *arg, wjz_err *err) {
    (void)arg;
    return print(s, &QUEUES, QUEUE_COLUMNS, WJZ_COUNT(QUEUE_COLUMNS), "队列为空 / nothing waits", err);
}

int command_workers(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "workers", err);
    return r < 0 ? r : session_connected(s, false, print_workers, NULL, err);
}

static const wjz_stmt WAITING = {
    "ctl_waiting",
    "SELECT (SELECT count(*) FROM intake.outbox) + (SELECT count(*) FROM scoring.outbox)"
    " + (SELECT count(*) FROM assignment.outbox) + (SELECT count(*) FROM scheduling.outbox)"
    " + (SELECT count(*) FROM notification.outbox)",
    1};

/* A message leaves its outbox when it was handled, and what it led to was written before: nothing waits anywhere when
 * all are empty at once. */
static int wait_empty(session *s, void *arg, wjz_err *err) {
    (void)arg;
    for (;;) {
        wjz_rows *rows;
        int r = session_read(s, &WAITING, NULL, 0, &rows, err);
        if (r < 0) return r;
        int64_t waiting = wjz_row_int(rows, 0, 0);
        if (waiting == 0) break;
        out_progress("待处理消息 / messages waiting", (uint64_t)waiting, 0);
        wjz_fiber_sleep(s->loop, WAIT_POLL_MS);
    }
    out_progress_end();
    return 0;
}

int command_queues(session *s, int argc, char **argv, wjz_err *err) {
    bool wait = argument_flag(&argc, argv, "wait");
    int r = argument_end(argc, argv, 0, "queues [--wait]", err);
    return r < 0 ? r : session_connected(s, false, wait ? wait_empty : print_queues, NULL, err);
}

/* What is being scored again; nothing when nothing is. */
static int print_rescores(session *s, wjz_err *err) {
    wjz_rows *rows;
    wjz_param running = wjz_bool(true);
    int r = session_read(s, &rescores_stmt, &running, 1, &rows, err);
    if (r < 0 || wjz_rows_count(rows) == 0 || s->format != OUT_TABLE) return r;
    puts("\n正在重新评分 / being scored again");
    return out_print(s->format, rescore_columns, RESCORE_COLUMNS, rows, "");
}

static int print_status(session *s, void *arg, wjz_err *err) {
    int r = print_workers(s, arg, err);
    if (r >= 0 && s->format == OUT_TABLE) putchar('\n');
    if (r >= 0) r = print_queues(s, arg, err);
    return r < 0 ? r : print_rescores(s, err);
}

int command_status(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "status", err);
    if (r < 0) return r;
    if (s->format == OUT_TABLE && s->home.embedded) {
        pid_t pid = supervisor_running(&s->home);
        if (pid == 0) {
            puts("未启动：请运行 wjz up / not running: wjz up starts it");
            return 0;
        }
        printf("%s  %s  (supervisor %d)\n\n", "运行中 / running", s->home.state, (int)pid);
    }
    return session_connected(s, false, print_status, NULL, err);
}
