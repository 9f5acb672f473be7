/* apply_migrations URL FOLDER: what `wjz migrate` does, for tests that need a database and no operator. */
#include <stdio.h>

#include "wjz/migrate.h"

int main(int argc, char **argv) {
    wjz_err err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: apply_migrations URL FOLDER\n");
        return 2;
    }
    if (wjz_migrate(argv[1], argv[2], NULL, NULL, &err) == 0) return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
