/* `weijianzhi-assignment check-routing FILE`: an operator's test of the routing rules, without a running service. */
#ifndef WJZ_ASSIGNMENT_CHECK_H
#define WJZ_ASSIGNMENT_CHECK_H

/* 0 when the rules can be read and all expectations hold, 1 when not, 2 for a wrong command. */
int check_command(const void *conf, int argc, char **argv);

#endif
