/* The commands of wjz, as rows. To add one: a function in the file of its subject, a row in command.c. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "ctl/session.h"
#include "ctl/wording.h"

typedef struct command {
    const char *name;      /* "clues export" */
    const char *arguments; /* as --help shows them */
    const char *help;      /* 中文 — English, one line */
    const char *details;   /* options and examples; NULL when there are none */
    /* argv after the name. 0, or a negative error with err filled. */
    int (*run)(session *s, int argc, char **argv, wjz_err *err);
} command;

extern const command commands[]; /* ended by name NULL */

/* Runs argv[1…] of the program; the process's exit status: 0, 1 for a failure, 2 for bad usage. */
int command_main(int argc, char **argv);

/* --- helpers for commands --- */

/* Takes "--name value" or "--name=value" out of argv; NULL when it is not there. */
const char *argument_option(int *argc, char **argv, const char *name);
/* Takes "--name" out of argv. */
bool argument_flag(int *argc, char **argv, const char *name);
/* A whole number between least and most. */
WJZ_MUST_CHECK int argument_number(const char *name, const char *text, int64_t least, int64_t most, int64_t *ret_number,
                                   wjz_err *err);
/* The same of "--name N"; the fallback when it is not there. */
WJZ_MUST_CHECK int argument_number_option(int *argc, char **argv, const char *name, int64_t least, int64_t most,
                                          int64_t fallback, int64_t *ret_number, wjz_err *err);
/* "--name WORD" of a list that NULL ends; NULL when it is not there. */
WJZ_MUST_CHECK int argument_choice(int *argc, char **argv, const char *name, const char *const *words,
                                   const char **ret_word, wjz_err *err);
/* Every "--name value", at most `most` of them. */
WJZ_MUST_CHECK int argument_options(int *argc, char **argv, const char *name, char **list, size_t most,
                                    size_t *ret_count, wjz_err *err);
/* Refuses what is left in argv beyond `wanted` words: -EINVAL naming the first, or saying what is missing. */
WJZ_MUST_CHECK int argument_end(int argc, char **argv, int wanted, const char *usage, wjz_err *err);

/* What demo load and directory load share. */
WJZ_MUST_CHECK int directory_load(session *s, const char *path, wjz_err *err);

/* Runs that score again, for rules list and status. */
enum { RESCORE_COLUMNS = 9 };
extern const wjz_stmt rescores_stmt;
extern const out_column rescore_columns[RESCORE_COLUMNS];

/* Takes --lang out of argv. */
WJZ_MUST_CHECK int wording_language_option(int *argc, char **argv, wording_language *ret_language, wjz_err *err);

/* The commands' functions, by file. */
int command_up(session *s, int argc, char **argv, wjz_err *err); /* up.c */
int command_down(session *s, int argc, char **argv, wjz_err *err);
int command_reset(session *s, int argc, char **argv, wjz_err *err);
int command_scale(session *s, int argc, char **argv, wjz_err *err);
int command_migrate(session *s, int argc, char **argv, wjz_err *err);
int command_status(session *s, int argc, char **argv, wjz_err *err); /* status.c */
int command_workers(session *s, int argc, char **argv, wjz_err *err);
int command_queues(session *s, int argc, char **argv, wjz_err *err);
int command_doctor(session *s, int argc, char **argv, wjz_err *err);            /* doctor.c */
int command_dead_letters_list(session *s, int argc, char **argv, wjz_err *err); /* dead_letters.c */
int command_dead_letters_show(session *s, int argc, char **argv, wjz_err *err);
int command_dead_letters_retry(session *s, int argc, char **argv, wjz_err *err);
int command_dead_letters_drop(session *s, int argc, char **argv, wjz_err *err);
int command_import(session *s, int argc, char **argv, wjz_err *err);     /* import.c */
int command_push(session *s, int argc, char **argv, wjz_err *err);       /* push.c */
int command_feeds_list(session *s, int argc, char **argv, wjz_err *err); /* feeds.c */
int command_feeds_define(session *s, int argc, char **argv, wjz_err *err);
int command_clues_list(session *s, int argc, char **argv, wjz_err *err); /* clues.c */
int command_clues_show(session *s, int argc, char **argv, wjz_err *err);
int command_clues_rate(session *s, int argc, char **argv, wjz_err *err); /* rate.c */
int command_clues_unrate(session *s, int argc, char **argv, wjz_err *err);
int command_clues_export(session *s, int argc, char **argv, wjz_err *err);
int command_clues_merge(session *s, int argc, char **argv, wjz_err *err); /* decide.c */
int command_clues_split(session *s, int argc, char **argv, wjz_err *err);
int command_clues_undo(session *s, int argc, char **argv, wjz_err *err);
int command_clues_decisions(session *s, int argc, char **argv, wjz_err *err);
int command_review_list(session *s, int argc, char **argv, wjz_err *err); /* review.c */
int command_review_show(session *s, int argc, char **argv, wjz_err *err);
int command_review_accept(session *s, int argc, char **argv, wjz_err *err);
int command_review_reject(session *s, int argc, char **argv, wjz_err *err);
int command_clues_similar(session *s, int argc, char **argv, wjz_err *err); /* similar.c */
int command_watch_list(session *s, int argc, char **argv, wjz_err *err);    /* watch.c */
int command_watch_show(session *s, int argc, char **argv, wjz_err *err);
int command_watch_add(session *s, int argc, char **argv, wjz_err *err);
int command_watch_end(session *s, int argc, char **argv, wjz_err *err);
int command_searches(session *s, int argc, char **argv, wjz_err *err);
int command_searches_save(session *s, int argc, char **argv, wjz_err *err);
int command_searches_drop(session *s, int argc, char **argv, wjz_err *err);
int command_warnings_list(session *s, int argc, char **argv, wjz_err *err); /* warnings.c */
int command_warnings_show(session *s, int argc, char **argv, wjz_err *err);
int command_warnings_issue(session *s, int argc, char **argv, wjz_err *err);
int command_warnings_acknowledge(session *s, int argc, char **argv, wjz_err *err);
int command_warnings_clear(session *s, int argc, char **argv, wjz_err *err);
int command_warnings_clusters(session *s, int argc, char **argv, wjz_err *err);
int command_assignments(session *s, int argc, char **argv, wjz_err *err); /* lists.c */
int command_notices(session *s, int argc, char **argv, wjz_err *err);
int command_shifts(session *s, int argc, char **argv, wjz_err *err);
int command_summary(session *s, int argc, char **argv, wjz_err *err);     /* summary.c */
int command_rules_check(session *s, int argc, char **argv, wjz_err *err); /* rules.c */
int command_rules_list(session *s, int argc, char **argv, wjz_err *err);  /* rules_versions.c */
int command_rules_submit(session *s, int argc, char **argv, wjz_err *err);
int command_rules_approve(session *s, int argc, char **argv, wjz_err *err);
int command_rules_activate(session *s, int argc, char **argv, wjz_err *err);
int command_rules_rollback(session *s, int argc, char **argv, wjz_err *err);
int command_rules_explain(session *s, int argc, char **argv, wjz_err *err);  /* rules_explain.c */
int command_rules_rehearse(session *s, int argc, char **argv, wjz_err *err); /* rules_rehearse.c */
int command_routing_check(session *s, int argc, char **argv, wjz_err *err);
int command_accounts_create(session *s, int argc, char **argv, wjz_err *err); /* accounts.c */
int command_accounts_list(session *s, int argc, char **argv, wjz_err *err);
int command_accounts_lock(session *s, int argc, char **argv, wjz_err *err);
int command_accounts_unlock(session *s, int argc, char **argv, wjz_err *err);
int command_accounts_reset_password(session *s, int argc, char **argv, wjz_err *err);
int command_accounts_demonstration(session *s, int argc, char **argv, wjz_err *err);
int command_audit_verify(session *s, int argc, char **argv, wjz_err *err);
int command_audit_search(session *s, int argc, char **argv, wjz_err *err);
int command_model_train(session *s, int argc, char **argv, wjz_err *err); /* model.c */
int command_model_evaluate(session *s, int argc, char **argv, wjz_err *err);
int command_model_calibration(session *s, int argc, char **argv, wjz_err *err);
int command_directory_load(session *s, int argc, char **argv, wjz_err *err); /* directory.c */
int command_demo_load(session *s, int argc, char **argv, wjz_err *err);      /* demo.c */
int command_demo_feed(session *s, int argc, char **argv, wjz_err *err);

#endif
