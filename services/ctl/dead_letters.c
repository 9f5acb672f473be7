/* Dead letters: messages that were refused too often. They lie in the sender's schema; only the sender changes them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/supervisor.h"
#include "proto/bus.pb-c.h"

#define DEAD_COLUMNS "id, destination, type, attempts, error, created_at, died_at FROM "

static const wjz_stmt LIST = {"ctl_dead_letters",
                              "SELECT id::text, service, destination, type, attempts::text, to_char(died_at, "
                              "'YYYY-MM-DD HH24:MI:SS'), error FROM ("
                              " SELECT 'intake' AS service, " DEAD_COLUMNS "intake.dead_letter"
                              " UNION ALL SELECT 'scoring', " DEAD_COLUMNS "scoring.dead_letter"
                              " UNION ALL SELECT 'assignment', " DEAD_COLUMNS "assignment.dead_letter"
                              " UNION ALL SELECT 'scheduling', " DEAD_COLUMNS "scheduling.dead_letter"
                              " UNION ALL SELECT 'notification', " DEAD_COLUMNS "notification.dead_letter"
                              " UNION ALL SELECT 'console', " DEAD_COLUMNS "console.dead_letter"
                              ") dead WHERE $1::int8 = 0 OR id = $1 ORDER BY died_at",
                              7};

static const out_column COLUMNS[] = {
    {"id", "编号 / id", false},       {"from", "来源 / from", false},        {"to", "去向 / to", false},
    {"type", "类型 / type", false},   {"attempts", "次数 / attempts", true}, {"died_at", "时间 / died at", false},
    {"error", "原因 / error", false},
};

typedef struct selection {
    const char *service, *reason;
    uint64_t *ids;
    size_t count;
    int64_t only;
} selection;

static int parse_ids(session *s, int argc, char **argv, selection *chosen, wjz_err *err) {
    (void)s;
    chosen->ids = calloc((size_t)argc + 1, sizeof *chosen->ids);
    if (!chosen->ids) return -ENOMEM;
    for (int i = 0; i < argc; i++) {
        int64_t id;
        int r = argument_number("ID", argv[i], 1, INT64_MAX, &id, err);
        if (r < 0) return r;
        chosen->ids[chosen->count++] = (uint64_t)id;
    }
    return 0;
}

static int print_list(session *s, void *arg, wjz_err *err) {
    selection *chosen = arg;
    wjz_rows *rows;
    wjz_param only = wjz_i64(chosen->only);
    int r = session_read(s, &LIST, &only, 1, &rows, err);
    if (r < 0) return r;
    if (chosen->only && wjz_rows_count(rows) == 0)
        return wjz_err_set(err, -ENOENT, "cannot find dead letter %" PRId64 ": see wjz dead-letters list",
                           chosen->only);
    return out_print(s->format, COLUMNS, WJZ_COUNT(COLUMNS), rows, "没有死信 / no dead letters");
}

int command_dead_letters_list(session *s, int argc, char **argv, wjz_err *err) {
    selection all = {0};
    int r = argument_end(argc, argv, 0, "dead-letters list", err);
    return r < 0 ? r : session_connected(s, false, print_list, &all, err);
}

int command_dead_letters_show(session *s, int argc, char **argv, wjz_err *err) {
    selection one = {0};
    int r = argument_end(argc, argv, 1, "dead-letters show ID", err);
    if (r >= 0) r = argument_number("ID", argv[0], 1, INT64_MAX, &one.only, err);
    return r < 0 ? r : session_connected(s, false, print_list, &one, err);
}

static int ask_change(session *s, const selection *chosen, const ProtobufCMessage *question, const char *done,
                      wjz_err *err) {
    const ProtobufCMessage *answer;
    int r = session_ask(s, chosen->service, question, &wjz__bus__dead_letters_changed__descriptor, &answer, err);
    if (r < 0) return r;
    uint32_t changed = ((const Wjz__Bus__DeadLettersChanged *)answer)->count;
    printf("%s: %u\n", done, changed);
    if (changed >= chosen->count) return 0;
    return wjz_err_set(err, -ENOENT, "cannot find %zu of the %zu dead letters: see wjz dead-letters list",
                       chosen->count - changed, chosen->count);
}

static int ask_retry(session *s, void *arg, wjz_err *err) {
    const selection *chosen = arg;
    Wjz__Bus__RetryDeadLetters question = WJZ__BUS__RETRY_DEAD_LETTERS__INIT;
    question.id = chosen->ids;
    question.n_id = chosen->count;
    return ask_change(s, chosen, &question.base, "已重发 / sent again", err);
}

static int ask_drop(session *s, void *arg, wjz_err *err) {
    const selection *chosen = arg;
    Wjz__Bus__DropDeadLetters question = WJZ__BUS__DROP_DEAD_LETTERS__INIT;
    question.id = chosen->ids;
    question.n_id = chosen->count;
    question.reason = (char *)chosen->reason;
    return ask_change(s, chosen, &question.base, "已丢弃 / dropped", err);
}

static int check_service(const char *name, wjz_err *err) {
    for (int i = 0; i < SUPERVISED_SERVICES; i++)
        if (strcmp(name, supervised_services[i]) == 0) return 0;
    return wjz_err_set(err, -EINVAL, "SERVICE is \"%s\": give intake, scoring, assignment, scheduling or notification",
                       name);
}

int command_dead_letters_retry(session *s, int argc, char **argv, wjz_err *err) {
    if (argc < 1) return argument_end(argc, argv, 1, "dead-letters retry SERVICE [ID …]", err);
    selection chosen = {.service = argv[0]};
    int r = check_service(chosen.service, err);
    if (r >= 0) r = parse_ids(s, argc - 1, argv + 1, &chosen, err);
    if (r >= 0) r = session_connected(s, true, ask_retry, &chosen, err);
    free(chosen.ids);
    return r;
}

int command_dead_letters_drop(session *s, int argc, char **argv, wjz_err *err) {
    const char *reason = argument_option(&argc, argv, "reason");
    if (argc < 2) return argument_end(argc, argv, 2, "dead-letters drop SERVICE ID … --reason TEXT", err);
    if (!reason) return wjz_err_set(err, -EINVAL, "what is dropped is gone: say why with --reason TEXT");
    selection chosen = {.service = argv[0], .reason = reason};
    int r = check_service(chosen.service, err);
    if (r >= 0) r = parse_ids(s, argc - 1, argv + 1, &chosen, err);
    if (r >= 0) r = session_connected(s, true, ask_drop, &chosen, err);
    free(chosen.ids);
    return r;
}
