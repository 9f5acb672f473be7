/* Routing: which organ, station and branch a clue belongs to, by ordered rules that are data.
 *
 * The rules are tried from the first to the last. One that matches settles each of its results that no rule before
 * it has settled; a branch it sets is what the rules after it see. So special cases stand above general ones, and
 * every step can be told ("rule 7 matched because ..."). The file is described in deploy/config/routing.yaml. */
#ifndef WJZ_ASSIGNMENT_ROUTING_H
#define WJZ_ASSIGNMENT_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assignment/clue.h"
#include "assignment/directory.h"
#include "assignment/trace.h"
#include "wjz/err.h"
#include "wjz/yaml.h"

typedef struct routing routing;

typedef struct route {
    const char *organ;   /* NULL: no rule has one; the texts live as long as the rules and the directory */
    const char *consult; /* special organ to be asked; NULL when none */
    const char *station; /* set by a rule; NULL: chosen by kind and place */
    const char *branch;  /* never NULL: the clue's own unless a rule overrides it */
    int rule;            /* number of the rule that set the organ, from 1; 0 when none */
} route;

/* Reads rules, county table and expectations. Errors are "file:line: what, and what is allowed". */
WJZ_MUST_CHECK int routing_load(const char *path, routing **ret_rules, wjz_err *err);
WJZ_MUST_CHECK int routing_parse(const wjz_yaml_node *root, routing **ret_rules, wjz_err *err);
void routing_destroy(routing **rules);
size_t routing_count(const routing *rules);

/* dir may be NULL (then nothing is known of feeds, and codes are believed). An organ or station that the directory does
 * not have is told in the trace and not taken: the next rule is tried. steps may be NULL. */
void routing_decide(const routing *rules, const directory *dir, const clue *told, trace *steps, route *ret_route);

/* Runs the file's expectations without a directory. Each failure is handed to tell as one line of text that begins with
 * "line N: ". Returns the number of failures; *ret_checked how many there were. -ENOMEM. */
typedef void routing_tell_fn(void *arg, const char *text);
int routing_check(const routing *rules, routing_tell_fn *tell, void *arg, size_t *ret_checked);

#endif
