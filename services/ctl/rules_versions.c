/* Versions of the rule pack: what there is, and the steps of one from its author's desk to every worker. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "proto/rules.pb-c.h"

enum { FILES_LIMIT = 200, FILE_LIMIT = 12 << 20 };

typedef struct step {
    const char *version, *person, *note, *dir;
    const ProtobufCMessage *question;
    const char *done;
} step;

/* --- list --- */

static const wjz_stmt LIST = {"ctl_rules",
                              "SELECT version, state, author, approver, to_char(submitted_at, 'YYYY-MM-DD HH24:MI'),"
                              " to_char(activated_at, 'YYYY-MM-DD HH24:MI'), left(checksum, 12), nullif(note, '')"
                              " FROM scoring.pack ORDER BY submitted_at DESC, version DESC",
                              8};

static const out_column LIST_COLUMNS[] = {
    {"version", "版本 / version", false},        {"state", "状态 / state", false},
    {"author", "作者 / author", false},          {"approver", "批准人 / approver", false},
    {"submitted_at", "提交 / submitted", false}, {"activated_at", "启用 / activated", false},
    {"checksum", "校验 / checksum", false},      {"note", "说明 / note", false},
};

const wjz_stmt rescores_stmt = {
    "ctl_rescores",
    "SELECT version, region::text, state, done::text, total::text, CASE WHEN total > 0 THEN"
    " to_char(100.0 * least(done, total) / total, 'FM990.0') END, to_char(began_at, 'YYYY-MM-DD HH24:MI:SS'),"
    " round(extract(epoch FROM coalesce(ended_at, now()) - began_at))::text, round(busy_us / 1e6, 1)::text"
    " FROM scoring.rescore WHERE state = 'running' OR NOT $1 ORDER BY began_at DESC, region LIMIT 20",
    9};

const out_column rescore_columns[RESCORE_COLUMNS] = {
    {"version", "规则包 / pack", false},   {"region", "区划 / region", false},
    {"state", "状态 / state", false},      {"done", "已重评 / done", true},
    {"total", "诉求 / complaints", true},  {"percent", "% ", true},
    {"began_at", "开始 / began", false},   {"elapsed_s", "历时(秒) / elapsed s", true},
    {"busy_s", "占用(秒) / busy s", true},
};

static int print_list(session *s, void *arg, wjz_err *err) {
    (void)arg;
    wjz_rows *rows;
    int r = session_read(s, &LIST, NULL, 0, &rows, err);
    if (r >= 0) r = out_print(s->format, LIST_COLUMNS, WJZ_COUNT(LIST_COLUMNS), rows, "没有规则包 / no rule packs");
    if (r < 0 || s->format != OUT_TABLE) return r;
    wjz_param running = wjz_bool(false);
    r = session_read(s, &rescores_stmt, &running, 1, &rows, err);
    if (r < 0 || wjz_rows_count(rows) == 0) return r;
    puts("\n— 重新评分 / scored again —");
    return out_print(s->format, rescore_columns, RESCORE_COLUMNS, rows, "");
}

int command_rules_list(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "rules list", err);
    return r < 0 ? r : session_connected(s, false, print_list, NULL, err);
}

/* --- steps --- */

static int ask_scoring(session *s, const ProtobufCMessage *question, const Wjz__Scoring__RulePackState **ret_state,
                       wjz_err *err) {
    const ProtobufCMessage *answer;
    int r = session_ask(s, "scoring", question, &wjz__scoring__rule_pack_state__descriptor, &answer, err);
    if (r >= 0) *ret_state = (const Wjz__Scoring__RulePackState *)answer;
    return r;
}

static int ask_step(session *s, const step *asked, wjz_err *err) {
    const Wjz__Scoring__RulePackState *state;
    int r = ask_scoring(s, asked->question, &state, err);
    if (r >= 0) printf("%s: %s (%s)\n", asked->done, state->version, state->state);
    return r;
}

/* Takes --as and --note; a step is somebody's. */
static int read_step(int *argc, char **argv, step *ret, wjz_err *err) {
    ret->person = argument_option(argc, argv, "as");
    ret->note = argument_option(argc, argv, "note");
    if (!ret->note) ret->note = "";
    return ret->person ? 0
                       : wjz_err_set(err, -EINVAL,
                                     "请用 --as PERSON 写明是谁，会记入历史 / say who you are with --as PERSON: it is "
                                     "kept in the history");
}

static void close_file(FILE **file) {
    if (*file) fclose(*file);
}

static int read_file(session *s, const char *dir, const char *name, Wjz__Scoring__PackFile *ret, wjz_err *err) {
    const char *path = wjz_arena_printf(s->arena, "%s/%s", dir, name);
    if (!path) return wjz_err_set(err, -ENOMEM, "out of memory");
    WJZ_CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    if (length < 0 || length > FILE_LIMIT)
        return wjz_err_set(err, -EINVAL, "\"%s\" has more than %d bytes", path, FILE_LIMIT);
    wjz__scoring__pack_file__init(ret);
    ret->name = wjz_arena_strdup(s->arena, name);
    ret->content.data = wjz_arena_alloc(s->arena, (size_t)length);
    ret->content.len = (size_t)length;
    if (!ret->name || !ret->content.data) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (fread(ret->content.data, 1, ret->content.len, file) == ret->content.len) return 0;
    return wjz_err_set(err, -EIO, "could not read \"%s\"", path);
}

/* What a pack is made of; scoring refuses what does not belong there. */
static int pack_entry(const struct dirent *entry) {
    const char *end = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && end && (strcmp(end, ".yaml") == 0 || strcmp(entry->d_name, "model.bin") == 0);
}

static int read_folder(session *s, const char *dir, Wjz__Scoring__SubmitRulePack *question, wjz_err *err) {
    struct dirent **entries;
    int count = scandir(dir, &entries, pack_entry, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "cannot read the folder \"%s\": %s", dir, strerror(errno));
    Wjz__Scoring__PackFile *files = wjz_arena_calloc(s->arena, (size_t)count, sizeof *files);
    question->files = wjz_arena_calloc(s->arena, (size_t)count, sizeof *question->files);
    int r = files && question->files ? 0 : wjz_err_set(err, -ENOMEM, "out of memory");
    if (r == 0 && count > FILES_LIMIT) r = wjz_err_set(err, -EINVAL, "\"%s\" has more than %d files", dir, FILES_LIMIT);
    for (int i = 0; i < count; i++) {
        if (r == 0) r = read_file(s, dir, entries[i]->d_name, &files[i], err);
        if (r == 0) question->files[question->n_files++] = &files[i];
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int submit(session *s, void *arg, wjz_err *err) {
    step *asked = arg;
    Wjz__Scoring__SubmitRulePack question = WJZ__SCORING__SUBMIT_RULE_PACK__INIT;
    char dir[PATH_MAX + 32];
    snprintf(dir, sizeof dir, "%s/deploy/rules", s->home.root);
    question.author = (char *)asked->person;
    question.note = (char *)asked->note;
    int r = read_folder(s, asked->dir ? asked->dir : dir, &question, err);
    asked->question = &question.base;
    asked->done = "已提交 / submitted";
    return r < 0 ? r : ask_step(s, asked, err);
}

int command_rules_submit(session *s, int argc, char **argv, wjz_err *err) {
    step asked = {0};
    int r = read_step(&argc, argv, &asked, err);
    if (r >= 0 && argc) asked.dir = argv[0];
    if (r >= 0) r = argument_end(argc, argv, argc ? 1 : 0, "rules submit [DIR] --as PERSON [--note TEXT]", err);
    return r < 0 ? r : session_connected(s, true, submit, &asked, err);
}

static int approve(session *s, void *arg, wjz_err *err) {
    step *asked = arg;
    Wjz__Scoring__ApproveRulePack question = WJZ__SCORING__APPROVE_RULE_PACK__INIT;
    question.version = (char *)asked->version;
    question.approver = (char *)asked->person;
    question.note = (char *)asked->note;
    asked->question = &question.base;
    asked->done = "已批准 / approved";
    return ask_step(s, asked, err);
}

static int activate(session *s, void *arg, wjz_err *err) {
    step *asked = arg;
    Wjz__Scoring__ActivateRulePack question = WJZ__SCORING__ACTIVATE_RULE_PACK__INIT;
    question.version = (char *)asked->version;
    question.actor = (char *)asked->person;
    question.note = (char *)asked->note;
    asked->question = &question.base;
    asked->done =
        "已启用，正在后台重新评分，进度见 wjz rules list / active; everything is scored again, see wjz rules list";
    return ask_step(s, asked, err);
}

/* The version that was active until now. */
static const wjz_stmt RETIRED_LAST = {
    "ctl_rules_retired_last",
    "SELECT version FROM scoring.pack WHERE state = 'retired' ORDER BY retired_at DESC LIMIT 1", 1};

static int roll_back(session *s, void *arg, wjz_err *err) {
    const step *asked = arg;
    const Wjz__Scoring__RulePackState *state;
    wjz_rows *rows;
    Wjz__Scoring__RollBackRulePack question = WJZ__SCORING__ROLL_BACK_RULE_PACK__INIT;
    question.version = (char *)asked->version;
    question.actor = (char *)asked->person;
    question.note = (char *)asked->note;
    int r = ask_scoring(s, &question.base, &state, err);
    if (r < 0) return r;
    printf("已退回，在用的是 %s，正在后台重新评分，进度见 wjz rules list / rolled back, %s is active; everything is "
           "scored "
           "again, see wjz rules list\n",
           state->version, state->version);
    r = session_read(s, &RETIRED_LAST, NULL, 0, &rows, err);
    if (r < 0 || wjz_rows_count(rows) == 0) return r;
    const char *left = wjz_row_text(rows, 0, 0);
    printf("%s 已停用，要换回它：wjz rules rollback %s --as PERSON / %s is retired, to have it back: wjz rules "
           "rollback %s "
           "--as PERSON\n",
           left, left, left, left);
    return 0;
}

static int run_step(session *s, int argc, char **argv, const char *usage, int (*fn)(session *, void *, wjz_err *),
                    wjz_err *err) {
    step asked = {.version = ""};
    int r = read_step(&argc, argv, &asked, err);
    if (r >= 0) r = argument_end(argc, argv, 1, usage, err);
    if (r >= 0) asked.version = argv[0];
    return r < 0 ? r : session_connected(s, true, fn, &asked, err);
}

int command_rules_approve(session *s, int argc, char **argv, wjz_err *err) {
    return run_step(s, argc, argv, "rules approve VERSION --as PERSON [--note TEXT]", approve, err);
}

int command_rules_activate(session *s, int argc, char **argv, wjz_err *err) {
    return run_step(s, argc, argv, "rules activate VERSION --as PERSON [--note TEXT]", activate, err);
}

int command_rules_rollback(session *s, int argc, char **argv, wjz_err *err) {
    step asked = {.version = ""};
    int r = read_step(&argc, argv, &asked, err);
    if (r >= 0 && argc) asked.version = argv[0];
    if (r >= 0) r = argument_end(argc, argv, argc ? 1 : 0, "rules rollback [VERSION] --as PERSON [--note TEXT]", err);
    return r < 0 ? r : session_connected(s, true, roll_back, &asked, err);
}
