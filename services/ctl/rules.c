/* Checks of what operators edit. The service that uses a file checks it: its program is run, so that the answer is the
 * one the service itself would give. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/command.h"

static int run_sibling(const session *s, const char *program, const char *word, const char *path, wjz_err *err) {
    char full[PATH_MAX + 64];
    snprintf(full, sizeof full, "%s/%s", s->home.programs, program);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl(full, full, word, path, (char *)NULL);
        fprintf(stderr, "could not run %s: %s\n", full, strerror(errno));
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return wjz_err_set(err, -errno, "could not run %s: %s", full, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return wjz_err_set(err, -EBADMSG, "\"%s\" has errors, see above", path);
}

static int check(session *s, int argc, char **argv, const char *usage, const char *fallback, const char *program,
                 const char *word, wjz_err *err) {
    char path[PATH_MAX + 64];
    int r = argc > 1 ? argument_end(argc, argv, 1, usage, err) : 0;
    if (r < 0) return r;
    if (argc == 1)
        snprintf(path, sizeof path, "%s", argv[0]);
    else
        snprintf(path, sizeof path, "%s/deploy/%s", s->home.root, fallback);
    return run_sibling(s, program, word, path, err);
}

int command_rules_check(session *s, int argc, char **argv, wjz_err *err) {
    return check(s, argc, argv, "rules check [DIR]", "rules", "weijianzhi-scoring", "check-rules", err);
}

int command_routing_check(session *s, int argc, char **argv, wjz_err *err) {
    return check(s, argc, argv, "routing check [FILE]", "config/routing.yaml", "weijianzhi-assignment", "check-routing",
                 err);
}
