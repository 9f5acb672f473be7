/* Where things are: the state folder, the folder of programs, the folder of data and scripts. */
#ifndef CTL_HOME_H
#define CTL_HOME_H

#include <limits.h>
#include <stdbool.h>

#include "wjz/err.h"

typedef struct home {
    char state[PATH_MAX];         /* WJZ_HOME; /var/lib/weijianzhi for root, else ~/.local/state/weijianzhi */
    char postgres[PATH_MAX];      /* state/postgres: data/ and socket/ of the embedded cluster */
    char run[PATH_MAX];           /* state/run: sockets, supervisor's pid */
    char log[PATH_MAX];           /* state/log */
    char keys[PATH_MAX];          /* state/keys: never in the database, never in a backup of it */
    char programs[PATH_MAX];      /* folder of this program and its siblings */
    char root[PATH_MAX];          /* folder that holds deploy/: WJZ_ROOT, else found from the programs' folder */
    char database[PATH_MAX + 64]; /* WJZ_DATABASE_URL, else the embedded cluster's */
    bool embedded;                /* the database is ours to start and stop */
} home;

/* Works the paths out; creates nothing. */
WJZ_MUST_CHECK int home_find(home *ret_home, wjz_err *err);
/* Makes the state folders, private to the user. */
WJZ_MUST_CHECK int home_make(const home *h, wjz_err *err);
/* mkdir -p with this mode for the last part. */
WJZ_MUST_CHECK int home_make_folder(const char *path, unsigned mode, wjz_err *err);
/* Removes a folder and all in it; 0 also when there is none. Does not follow symbolic links. */
WJZ_MUST_CHECK int home_remove_folder(const char *path, wjz_err *err);

#endif
