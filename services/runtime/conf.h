/* The configuration file's inside, for its fuzz driver. */
#ifndef RUNTIME_CONF_H
#define RUNTIME_CONF_H

#include "wjz/conf.h"

/* Sets what the lines of a configuration file say; text is written to while it is read. name stands for the path
 * in errors. */
int wjz_conf_read_text(void *conf, const wjz_option *const *tables, const char *name, char *text, wjz_err *err);

#endif
