/* `wjz model`: the learned part. Files in and out are worked on by the scoring service's program, so that what is
 * learned is what the service sees; only it may read texts in the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/command.h"

enum { WORDS_LIMIT = 40 };

/* Runs weijianzhi-scoring with the words, a list that NULL ends. */
static int run_scoring(const session *s, const char *const *words, wjz_err *err) {
    char program[PATH_MAX + 64], rules[PATH_MAX + 64], places[PATH_MAX + 64];
    snprintf(program, sizeof program, "%s/weijianzhi-scoring", s->home.programs);
    snprintf(rules, sizeof rules, "--rules_dir=%s/deploy/rules", s->home.root);
    snprintf(places, sizeof places, "--gazetteer_dir=%s/deploy/gazetteer", s->home.root);
    const char *argv[WORDS_LIMIT + 4] = {program, rules, places};
    for (int i = 0; words[i]; i++)
        argv[i + 3] = words[i];
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("WJZ_DATABASE_URL", s->home.database, 1);
        execv(program, (char **)argv);
        fprintf(stderr, "could not run %s: %s\n", program, strerror(errno));
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return wjz_err_set(err, -errno, "could not run %s: %s", program, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return wjz_err_set(err, -EBADMSG, "%s failed, see above", words[0]);
}

/* A folder of our own for texts from the store, which nobody else may read. */
typedef struct private_folder {
    char path[PATH_MAX + 32], texts[PATH_MAX + 64], labels[PATH_MAX + 64];
} private_folder;

static void private_folder_close(private_folder *folder) {
    if (!*folder->path) return;
    unlink(folder->texts);
    unlink(folder->labels);
    rmdir(folder->path);
}

static int open_private_folder(const session *s, private_folder *folder, wjz_err *err) {
    snprintf(folder->path, sizeof folder->path, "%s/learn-XXXXXX", s->home.run);
    if (!mkdtemp(folder->path)) {
        int r = wjz_err_set(err, -errno, "could not make a folder in \"%s\": %s", s->home.run, strerror(errno));
        *folder->path = '\0';
        return r;
    }
    snprintf(folder->texts, sizeof folder->texts, "%s/texts.tsv", folder->path);
    snprintf(folder->labels, sizeof folder->labels, "%s/labels.tsv", folder->path);
    return 0;
}

/* Pairs of files, then those of the outcomes when they are asked for. */
typedef struct lessons {
    const char *words[WORDS_LIMIT + 1];
    int count;
    bool outcomes;
    private_folder folder;
} lessons;

static void lessons_close(lessons *l) {
    private_folder_close(&l->folder);
}

static int take_files(const session *s, int argc, char **argv, const char *usage, lessons *l, wjz_err *err) {
    if (argc % 2 != 0 || (argc == 0 && !l->outcomes))
        return wjz_err_set(err, -EINVAL, "give pairs of a texts and a labels file: wjz %s", usage);
    if (argc > WORDS_LIMIT - 4) return wjz_err_set(err, -E2BIG, "more than %d files", WORDS_LIMIT - 4);
    for (int i = 0; i < argc; i++)
        l->words[l->count++] = argv[i];
    if (!l->outcomes) return 0;
    int r = open_private_folder(s, &l->folder, err);
    const char *const export[] = {"outcomes", l->folder.path, NULL};
    if (r == 0) r = run_scoring(s, export, err);
    l->words[l->count++] = l->folder.texts;
    l->words[l->count++] = l->folder.labels;
    return r;
}

int command_model_train(session *s, int argc, char **argv, wjz_err *err) {
    static const char usage[] = "model train [TEXTS.tsv LABELS.tsv …] [--outcomes] [--out FILE]";
    char fallback[PATH_MAX + 64];
    snprintf(fallback, sizeof fallback, "%s/deploy/rules/model.bin", s->home.root);
    const char *out = argument_option(&argc, argv, "out");
    WJZ_CLEANUP(lessons_close) lessons l = {.words = {"train", out ? out : fallback}, .count = 2};
    l.outcomes = argument_flag(&argc, argv, "outcomes");
    int r = take_files(s, argc, argv, usage, &l, err);
    return r < 0 ? r : run_scoring(s, l.words, err);
}

int command_model_evaluate(session *s, int argc, char **argv, wjz_err *err) {
    static const char usage[] = "model evaluate [TEXTS.tsv LABELS.tsv …] [--outcomes] [--folds N]";
    const char *folds = argument_option(&argc, argv, "folds");
    int64_t number = 5;
    int r = folds ? argument_number("folds", folds, 2, 100, &number, err) : 0;
    if (r < 0) return r;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    WJZ_CLEANUP(lessons_close) lessons l = {.words = {"evaluate", text}, .count = 2};
    l.outcomes = argument_flag(&argc, argv, "outcomes");
    r = take_files(s, argc, argv, usage, &l, err);
    return r < 0 ? r : run_scoring(s, l.words, err);
}

/* --- calibration --- */

static const out_column CALIBRATION[] = {{"stars", "星级 / stars", true},
                                         {"outcomes", "有结果 / outcomes", true},
                                         {"cases", "成案 / cases", true},
                                         {"share", "成案率 / share %", true},
                                         {"least", "下限 / at least %", true},
                                         {"most", "上限 / at most %", true},
                                         {"settled", "调解救助 / settled", true},
                                         {"passed_on", "移送上报 / passed on", true},
                                         {"no_action", "不予处理 / no action", true}};

/* By the stars that the prosecutor saw. The bounds are Wilson's for 95 %: few outcomes say little. */
static const wjz_stmt CALIBRATE = {
    "ctl_model_calibration",
    "SELECT stars::text, n::text, k::text, CASE WHEN n > 0 THEN round(100.0 * k / n, 1)::text END,"
    " CASE WHEN n > 0 THEN round((100 * greatest(0, (p + z2 / (2 * n) - half) / (1 + z2 / n)))::numeric, 1)::text END,"
    " CASE WHEN n > 0 THEN round((100 * least(1, (p + z2 / (2 * n) + half) / (1 + z2 / n)))::numeric, 1)::text END,"
    " settled::text, passed_on::text, no_action::text FROM ("
    " SELECT *, 1.96 * sqrt(p * (1 - p) / nullif(n, 0) + z2 / (4 * nullif(n, 0)::float8 * n)) AS half FROM ("
    " SELECT s.stars, count(o.outcome) AS n, 3.8416::float8 AS z2,"
    " count(*) FILTER (WHERE o.outcome IN ('filed', 'recommended')) AS k,"
    " count(*) FILTER (WHERE o.outcome IN ('filed', 'recommended'))::float8 / nullif(count(o.outcome), 0) AS p,"
    " count(*) FILTER (WHERE o.outcome IN ('mediated', 'aided')) AS settled,"
    " count(*) FILTER (WHERE o.outcome IN ('transferred', 'reported_up')) AS passed_on,"
    " count(*) FILTER (WHERE o.outcome = 'no_action') AS no_action"
    " FROM generate_series(1, 5) AS s (stars) LEFT JOIN (SELECT a.stars, o.outcome FROM assignment.outcome o"
    " JOIN assignment.assignment a ON a.region = o.region AND a.id = o.assignment) o ON o.stars = s.stars"
    " GROUP BY s.stars) counted) bounded ORDER BY stars DESC",
    9};

static int print_calibration(session *s, void *arg, wjz_err *err) {
    (void)arg;
    wjz_rows *rows;
    int r = session_read(s, &CALIBRATE, NULL, 0, &rows, err);
    return r < 0 ? r : out_print(s->format, CALIBRATION, WJZ_COUNT(CALIBRATION), rows, "");
}

int command_model_calibration(session *s, int argc, char **argv, wjz_err *err) {
    int r = argument_end(argc, argv, 0, "model calibration", err);
    return r < 0 ? r : session_connected(s, false, print_calibration, NULL, err);
}
