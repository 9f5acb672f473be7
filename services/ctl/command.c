/* The commands of wjz: the table, the help that is printed from it, and the parsing they share. */
#include "ctl/command.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/log.h"

/* To add a command: declare its function in command.h, write it in the file of its subject, add a row here. */
const command commands[] = {
    {"up", "[--scale SERVICE=N …] [--foreground]",
     "启动全部服务 — start PostgreSQL and all services, or change how many run",
     "  --scale scoring=4   how many instances (repeatable); remembered\n"
     "  --foreground        stay attached; end with Ctrl-C\n",
     command_up},
    {"down", "", "停止 — end everything in order; nothing is lost", NULL, command_down},
    {"reset", "--yes", "清空 — end everything and forget all data of this state folder", NULL, command_reset},
    {"scale", "SERVICE=N …", "调整实例数 — change how many instances run", NULL, command_scale},
    {"status", "", "状态 — what runs, and how it is", NULL, command_status},
    {"workers", "", "实例 — every running instance", NULL, command_workers},
    {"queues", "[--wait]", "队列 — what waits between services, and since when",
     "  --wait   come back when nothing waits\n", command_queues},
    {"summary", "", "概览 — stars, funnel, assignments, rota, notices", NULL, command_summary},
    {"doctor", "", "体检 — checks the installation and says what to mend", NULL, command_doctor},
    {"migrate", "[--check] [--passwords FILE]", "迁移 — bring the database to the newest schema",
     "  --check            change nothing; fails when files wait to be applied\n"
     "  --passwords FILE   for a server of your own: give the services' roles the passwords of FILE, and make\n"
     "                     and add those that are missing; FILE is a password file of libpq (see PGPASSFILE)\n",
     command_migrate},
    {"import", "--feed NAME FILE [--dry-run] [--wait] [--errors FILE.csv]",
     "导入 — read a CSV or XLSX file of a feed; safe to repeat",
     "  --dry-run         read and check, store nothing\n"
     "  --wait            come back when all of it is scored and assigned\n"
     "  --errors FILE     write rejected rows with reasons as CSV\n",
     command_import},
    {"push", "--feed NAME FILE.ndjson [--batch N] [--what complaints|enforcement-records|feedback] [--url URL]",
     "推送 — send complaints as a platform does, over HTTP",
     "  FILE has one complaint per line, JSON as for POST /v1/feeds/NAME/complaints; - reads standard input\n"
     "  --batch N   items per message, 1 to 512 (256)\n",
     command_push},
    {"feeds list", "", "数据源 — feeds, their health and gaps", NULL, command_feeds_list},
    {"feeds define",
     "NAME [--title T] [--profile P] [--region R] [--legal-basis L] [--clue-source S] [--curve-key K] "
     "[--new-bearer-key]"
     " [--rate N] [--silent-after HOURS] [--disable | --enable]",
     "设置数据源 — make or change a feed; prints a new key once",
     "  a new feed needs --title --profile --region --legal-basis --clue-source; of an old one only what is given "
     "changes\n"
     "  --profile P      a file of deploy/config/profiles: hotline-12345, government-mailbox, town-governance …\n"
     "  --clue-source S  complaint, own_case, enforcement_platform, state_organ_or_deputy, media or other\n",
     command_feeds_define},
    {"clues list", "[--stars N] [--domain D] [--branch B] [--organ O] [--limit N]",
     "线索 — clues, the most valuable first", NULL, command_clues_list},
    {"clues show", "CLUE [--lang zh|en] [--rules]", "线索详情 — one clue with its score card in words",
     "  --lang en   in English\n"
     "  --rules     name the rules behind each line\n",
     command_clues_show},
    {"clues rate", "CLUE STARS --as PERSON --reason TEXT", "评星 — a person's own star, kept beside the computed one",
     NULL, command_clues_rate},
    {"clues unrate", "CLUE --as PERSON --reason TEXT", "撤回评星 — withdraw it; it stays in the history", NULL,
     command_clues_unrate},
    {"clues similar", "CLUE [--limit N]", "类似线索 — earlier clues like it, and what became of them", NULL,
     command_clues_similar},
    {"watch list", "[--all]", "重点舆情 — watch lists: what is asked for, hits and alarms",
     "  --all   ended ones, too\n", command_watch_list},
    {"watch show", "WATCH [--limit N]", "重点舆情命中 — complaints that hit a watch", NULL, command_watch_show},
    {"watch add", "TITLE --as PERSON --tell PERSON [OPTION …]", "新建重点舆情 — watch for words, domains, towns",
     "  --word W, --domain D, --branch B, --town CODE   what a complaint must have: one of each that is given "
     "(repeatable)\n"
     "  --from DAY, --to DAY      reported in this period (today; until it is ended)\n"
     "  --count N, --days D       an alarm at N complaints within D days (3, 7); --clues counts clues instead\n"
     "  --tell PERSON             who is told, or operator (repeatable)\n"
     "  --region R                when there are several\n",
     command_watch_add},
    {"watch end", "WATCH --as PERSON", "结束重点舆情 — end a watch; its hits stay", NULL, command_watch_end},
    {"searches save", "TITLE --owner PERSON [OPTION …]",
     "保存订阅 — save a search, or change one; its digest comes as a notice",
     "  --digest none|daily|weekly   how often its new clues are told (none; weekly: on Mondays)\n"
     "  --stars N                    clues of N stars and more\n"
     "  --kind K, --branch B, --domain D, --town CODE, --village CODE   one of each that is given (repeatable)\n"
     "  --feed F, --subject PART, --watch WATCH   with a complaint of the feed, about such a subject, that hits the "
     "watch\n"
     "  --focus, --urgent, --mediation   only such ones\n"
     "  --search SEARCH              changes this one of the owner's instead\n"
     "  --region R                   when there are several\n",
     command_searches_save},
    {"searches drop", "SEARCH --owner PERSON", "取消订阅 — forget a saved search", NULL, command_searches_drop},
    {"searches", "[--owner PERSON]", "订阅 — saved searches and their digests", NULL, command_searches},
    {"warnings list", "[--state STATE] [--limit N]", "区域预警 — area warnings, the gravest first",
     "  --state   proposed, issued, acknowledged, cleared or all; when not given, all but cleared ones\n",
     command_warnings_list},
    {"warnings show", "WARNING", "区域预警详情 — one warning with its clues and events", NULL, command_warnings_show},
    {"warnings issue", "WARNING --as PERSON [--to DEPARTMENT] [--superior UNIT] [--note TEXT]",
     "签发预警 — issue a proposed warning to an agency and its superior", NULL, command_warnings_issue},
    {"warnings acknowledge", "WARNING --as PERSON [--note TEXT]", "登记签收 — record that the agency confirmed it",
     NULL, command_warnings_acknowledge},
    {"warnings clear", "WARNING --as PERSON --note TEXT",
     "解除预警 — end a warning; what was reported before does not raise it again", NULL, command_warnings_clear},
    {"warnings clusters", "", "时空聚集 — clusters in space and time of the last nightly scan", NULL,
     command_warnings_clusters},
    {"clues export", "--feed NAME", "导出 — one line per complaint of a feed (use with --tsv)", NULL,
     command_clues_export},
    {"clues merge", "CLUE CLUE … --as PERSON --reason TEXT",
     "合并线索 — say that clues are one matter; no later run undoes it", NULL, command_clues_merge},
    {"clues split", "CLUE --complaint ID … --as PERSON --reason TEXT",
     "拆分线索 — say that complaints of a clue are a matter of their own",
     "  --complaint ID   one that becomes part of the new clue (repeatable); see wjz clues show CLUE\n",
     command_clues_split},
    {"clues undo", "DECISION --as PERSON --reason TEXT", "撤销决定 — take back a merge, a split or an answer", NULL,
     command_clues_undo},
    {"clues decisions", "[--limit N]", "决定记录 — what people decided on what is one matter", NULL,
     command_clues_decisions},
    {"review list", "[--kind repeat|confidence|edge|star] [--all] [--limit N]",
     "待核问题 — what people are asked, the most valuable clues first",
     "  --kind   repeat: are two complaints one matter; confidence: is the class right; edge: near a cut of stars;\n"
     "           star: a person's own star\n"
     "  --all    the decided and obsolete ones, too\n",
     command_review_list},
    {"review show", "REVIEW", "问题详情 — one question with what speaks for and against", NULL, command_review_show},
    {"review accept", "REVIEW --as PERSON --reason TEXT", "认可 — they are one matter; or: the computed index is right",
     NULL, command_review_accept},
    {"review reject", "REVIEW --as PERSON --reason TEXT", "否定 — they are not one matter, and stay apart", NULL,
     command_review_reject},
    {"assignments", "[--state STATE] [--organ O] [--limit N]", "分派 — who has which clue", NULL, command_assignments},
    {"notices", "[--person CODE] [--state STATE] [--limit N]", "通知 — what was told to whom, and was it seen", NULL,
     command_notices},
    {"shifts", "[--days N]", "值班 — who is at which station in the next days", NULL, command_shifts},
    {"dead-letters list", "", "死信 — messages that were given up", NULL, command_dead_letters_list},
    {"dead-letters show", "ID", "死信详情 — one of them", NULL, command_dead_letters_show},
    {"dead-letters retry", "SERVICE [ID …]", "重发 — send them again (all of the service without ID)", NULL,
     command_dead_letters_retry},
    {"dead-letters drop", "SERVICE ID … --reason TEXT", "丢弃 — delete them, leaving a log line", NULL,
     command_dead_letters_drop},
    {"rules check", "[DIR]", "规则检查 — check a rule pack; errors name file and line", NULL, command_rules_check},
    {"rules list", "", "规则包 — versions, who answers for them, and what is being scored again", NULL,
     command_rules_list},
    {"rules explain", "TEXT|- [--title T] [--reply R] [--pack VERSION] [--lang zh|en] [--rules]",
     "解释 — what a text would be worth and why, in words; nothing is kept",
     "  TEXT              the message; - reads standard input\n"
     "  --title T         its title\n"
     "  --reply R         what the agency answered\n"
     "  --pack VERSION    by another version than the active one\n"
     "  --lang en         in English\n"
     "  --rules           name the rules behind each line\n",
     command_rules_explain},
    {"rules rehearse", "VERSION --on 30d --as PERSON [--changes N] [--lang zh|en]",
     "演练 — past clues by another version: which change their star, and why; nothing is changed",
     "  --on 30d      clues last reported in these days\n"
     "  --changes N   how many changes to list, 1 to 500 (50)\n",
     command_rules_rehearse},
    {"rules submit", "[DIR] --as PERSON [--note TEXT]",
     "提交规则包 — hand in the folder as a new version (pack.yaml names it)", NULL, command_rules_submit},
    {"rules approve", "VERSION --as PERSON [--note TEXT]", "批准规则包 — by another person than the author", NULL,
     command_rules_approve},
    {"rules activate", "VERSION --as PERSON [--note TEXT]",
     "启用规则包 — all workers use it from their next turn; what was scored before is scored again", NULL,
     command_rules_activate},
    {"rules rollback", "[VERSION] --as PERSON [--note TEXT]",
     "退回规则包 — an earlier version is active again; without VERSION the one before", NULL, command_rules_rollback},
    {"model train", "[TEXTS.tsv LABELS.tsv …] [--outcomes] [--out FILE]",
     "训练模型 — learn from labels and from what became of clues; the same input gives the same file",
     "  TEXTS.tsv    external_id, title, content and what else a complaint has, tab-separated\n"
     "  LABELS.tsv   external_id, kind, branch, domain, value 1 to 5, mediation; one row for each rater\n"
     "  --outcomes   the clues of the store that casework ended: filed, recommended, mediated, no action …\n"
     "  --out FILE   instead of deploy/rules/model.bin, which the next submitted version of the rules takes along\n",
     command_model_train},
    {"model evaluate", "[TEXTS.tsv LABELS.tsv …] [--outcomes] [--folds N]",
     "评估模型 — how well models that never saw a text agree with its raters",
     "  --folds N    parts, each of which is left out in turn (5)\n", command_model_evaluate},
    {"model calibration", "", "校准 — what share of the clues at each star became cases", NULL,
     command_model_calibration},
    {"routing check", "[FILE]", "分派规则检查 — check routing rules against their expectations", NULL,
     command_routing_check},
    {"accounts create", "LOGIN --person CODE [--region R] --role ROLE …",
     "建账号 — make a login of the console; its password is shown once",
     "  --role   prosecutor, station_staff, liaison, branch_head, chief_procurator, organ_administrator (repeatable);\n"
     "           or one alone of system_administrator, security_administrator, audit_administrator\n",
     command_accounts_create},
    {"accounts list", "", "账号 — logins of the console", NULL, command_accounts_list},
    {"accounts lock", "LOGIN", "锁定 — nobody logs in with it any more, and its sessions end", NULL,
     command_accounts_lock},
    {"accounts unlock", "LOGIN", "解锁 — it may log in again", NULL, command_accounts_unlock},
    {"accounts reset-password", "LOGIN", "重置密码 — a new password, shown once; its sessions end", NULL,
     command_accounts_reset_password},
    {"accounts demonstration", "",
     "演示账号 — a login for each role of the demonstration county, when there is none yet", NULL,
     command_accounts_demonstration},
    {"audit verify", "[--head DIGEST]", "校验审计 — whether the audit is as it was written", NULL,
     command_audit_verify},
    {"audit search", "[--person P] [--event E] [--object ID] [--limit N]", "审计 — who did what, the newest first",
     NULL, command_audit_search},
    {"directory load", "FILE.yaml", "名录 — load organs, stations, people, duties, micro-grids, holidays",
     "  grids:   - {region: 510184, code: 510184107201G001M001, name: 一组, kind: micro, village: 510184107201, "
     "households: 60,\n"
     "              outline: [[103.51, 30.75], [103.52, 30.75], [103.52, 30.76]]}   corners, longitude first\n"
     "  What else a file may hold: deploy/demo/county.yaml.\n",
     command_directory_load},
    {"demo load", "", "演示县 — load the demonstration county's directory and feeds", NULL, command_demo_load},
    {"demo feed", "[--complaints N] [--seed S] [--truth FILE.tsv] [--push]",
     "演示数据 — generate believable complaints with known truth",
     "  --complaints N    how many (1000)\n"
     "  --seed S          the same seed gives the same complaints (1)\n"
     "  --truth FILE      write external id, matter, domain, kind of each\n"
     "  --push            push them to the feed door of feed demo-hotline; else NDJSON is printed\n",
     command_demo_feed},
    {0},
};

static void print_help(void) {
    printf("wjz — 微检治 / weijianzhi, the operators' command line\n\n"
           "用法 / usage: wjz [--json | --tsv] COMMAND …    wjz COMMAND --help\n\n");
    int width = 0;
    for (const command *c = commands; c->name; c++) {
        int length = out_width(c->name);
        if (length > width) width = length;
    }
    for (const command *c = commands; c->name; c++)
        printf("  %-*s  %s\n", width, c->name, c->help);
    printf("\nWJZ_HOME  state folder (default /var/lib/weijianzhi for root, else ~/.local/state/weijianzhi)\n"
           "WJZ_DATABASE_URL  use this PostgreSQL instead of the embedded one\n");
}

static void print_command_help(const command *c) {
    printf("wjz %s %s\n%s\n", c->name, c->arguments, c->help);
    if (c->details) printf("\n%s", c->details);
}

const char *argument_option(int *argc, char **argv, const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < *argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || strncmp(argv[i] + 2, name, length) != 0) continue;
        char *value = NULL;
        int taken = 1;
        if (argv[i][2 + length] == '=') value = argv[i] + 3 + length;
        if (argv[i][2 + length] == '\0' && i + 1 < *argc) value = argv[i + 1], taken = 2;
        if (!value) continue;
        memmove(argv + i, argv + i + taken, (size_t)(*argc - i - taken) * sizeof *argv);
        *argc -= taken;
        return value;
    }
    return NULL;
}

bool argument_flag(int *argc, char **argv, const char *name) {
    for (int i = 0; i < *argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, name) != 0) continue;
        memmove(argv + i, argv + i + 1, (size_t)(*argc - i - 1) * sizeof *argv);
        *argc -= 1;
        return true;
    }
    return false;
}

int argument_number(const char *name, const char *text, int64_t least, int64_t most, int64_t *ret_number,
                    wjz_err *err) {
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most)
        return wjz_err_set(err, -EINVAL, "%s is \"%s\": give a whole number from %lld to %lld", name, text,
                           (long long)least, (long long)most);
    *ret_number = number;
    return 0;
}

int argument_number_option(int *argc, char **argv, const char *name, int64_t least, int64_t most, int64_t fallback,
                           int64_t *ret_number, wjz_err *err) {
    char label[32];
    const char *text = argument_option(argc, argv, name);
    snprintf(label, sizeof label, "--%s", name);
    *ret_number = fallback;
    return text ? argument_number(label, text, least, most, ret_number, err) : 0;
}

int argument_choice(int *argc, char **argv, const char *name, const char *const *words, const char **ret_word,
                    wjz_err *err) {
    const char *said = argument_option(argc, argv, name);
    *ret_word = said;
    if (said == NULL) return 0;
    char all[200];
    size_t length = 0;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(said, words[i]) == 0) return 0;
        const char *divider = i == 0 ? "" : words[i + 1] != NULL ? ", " : " or ";
        int added = snprintf(all + length, sizeof all - length, "%s%s", divider, words[i]);
        if (added > 0 && length + (size_t)added < sizeof all) length += (size_t)added;
    }
    return wjz_err_set(err, -EINVAL, "--%s is \"%s\": give %s", name, said, all);
}

int argument_options(int *argc, char **argv, const char *name, char **list, size_t most, size_t *ret_count,
                     wjz_err *err) {
    const char *value;
    for (*ret_count = 0; (value = argument_option(argc, argv, name)) != NULL; list[(*ret_count)++] = (char *)value)
        if (*ret_count == most) return wjz_err_set(err, -EINVAL, "--%s more than %zu times", name, most);
    return 0;
}

int argument_end(int argc, char **argv, int wanted, const char *usage, wjz_err *err) {
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) continue;
        const char *guess = i == argc - 1 ? ", or its value is missing" : "";
        return wjz_err_set(err, -EINVAL, "cannot understand \"%s\"%s; usage: wjz %s", argv[i], guess, usage);
    }
    if (argc > wanted) return wjz_err_set(err, -EINVAL, "cannot understand \"%s\"; usage: wjz %s", argv[wanted], usage);
    if (argc < wanted) return wjz_err_set(err, -EINVAL, "something is missing; usage: wjz %s", usage);
    return 0;
}

/* The command that the words name; *ret_words is how many they are. */
static const command *find(int argc, char **argv, int *ret_words) {
    for (const command *c = commands; c->name; c++) {
        const char *space = strchr(c->name, ' ');
        size_t first = space ? (size_t)(space - c->name) : strlen(c->name);
        if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], c->name, first) != 0) continue;
        if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0)) continue;
        *ret_words = space ? 2 : 1;
        return c;
    }
    return NULL;
}

/* "wjz clues" alone: what there is of it. */
static bool print_group(const char *word) {
    bool any = false;
    size_t length = strlen(word);
    for (const command *c = commands; c->name; c++) {
        if (strncmp(c->name, word, length) != 0 || c->name[length] != ' ') continue;
        fprintf(stderr, "  wjz %s %s\n      %s\n", c->name, c->arguments, c->help);
        any = true;
    }
    return any;
}

static int usage_error(int argc, char **argv) {
    if (argc < 1) {
        print_help();
        return 2;
    }
    if (!print_group(argv[0])) fprintf(stderr, "wjz: unknown command \"%s\"; see wjz --help\n", argv[0]);
    return 2;
}

/* Whether nobody reads the pipe that the output is: head has seen enough, which is no failure. */
static bool output_unread(void) {
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && output.revents & POLLERR;
}

static int finish_output(wjz_err *err) {
    errno = EIO;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || output_unread()) return 0;
    return wjz_err_set(err, -EIO, "could not write the output: %s", strerror(errno));
}

int command_main(int argc, char **argv) {
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    wjz_log_open("wjz", "wjz", WJZ_LOG_ERROR);
    argc--, argv++;
    session s = {0};
    if (argument_flag(&argc, argv, "json")) s.format = OUT_JSON;
    if (argument_flag(&argc, argv, "tsv")) s.format = OUT_TSV;
    bool help = argument_flag(&argc, argv, "help");
    if (argc == 0 && help) {
        print_help();
        return 0;
    }
    int words;
    const command *c = find(argc, argv, &words);
    if (!c) return usage_error(argc, argv);
    if (help) {
        print_command_help(c);
        return 0;
    }
    wjz_err err = {0};
    int r = home_find(&s.home, &err);
    if (r >= 0) r = c->run(&s, argc - words, argv + words, &err);
    if (r >= 0) r = finish_output(&err);
    if (r >= 0) return 0;
    fprintf(stderr, "wjz %s: %s\n", c->name, err.text[0] ? err.text : strerror(-r));
    return r == -EINVAL ? 2 : 1;
}
