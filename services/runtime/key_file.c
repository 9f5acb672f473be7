/* Key files, made once and then only read. */
#include "runtime/key_file.h"

#include <czmq.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_TEXT = 4000 };

/* Writes a new key beside the file and links it to its name, so that of two processes that start at once one key wins.
 */
static int make_key(const char *path, wjz_err *err) {
    char made[PATH_TEXT + 32], made_secret[PATH_TEXT + 48], secret[PATH_TEXT + 16];
    snprintf(made, sizeof made, "%s.%d.new", path, (int)getpid());
    snprintf(made_secret, sizeof made_secret, "%s_secret", made);
    snprintf(secret, sizeof secret, "%s_secret", path);
    WJZ_CLEANUP(zcert_destroy) zcert_t *cert = zcert_new();
    if (!cert || zcert_save(cert, made) != 0) return wjz_err_set(err, -EIO, "could not write key file \"%s\"", made);
    int r = 0;
    if (link(made_secret, secret) == 0)
        r = rename(made, path) == 0 ? 0 : -errno;
    else if (errno != EEXIST)
        r = -errno;
    unlink(made_secret);
    unlink(made);
    return r == 0 ? 0 : wjz_err_set(err, r, "could not write key file \"%s\": %s", secret, strerror(-r));
}

int wjz_key_file_load(const char *path, char ret_public[WJZ_KEY_TEXT], char ret_secret[WJZ_KEY_TEXT], wjz_err *err) {
    char secret[PATH_TEXT + 16];
    if (strlen(path) > PATH_TEXT) return wjz_err_set(err, -ENAMETOOLONG, "cannot use key file: its path is too long");
    snprintf(secret, sizeof secret, "%s_secret", path);
    if (access(secret, F_OK) != 0) {
        int r = make_key(path, err);
        if (r < 0) return r;
    }
    WJZ_CLEANUP(zcert_destroy) zcert_t *cert = zcert_load(secret);
    if (!cert || strcmp(zcert_secret_txt(cert), "0000000000000000000000000000000000000000") == 0)
        return wjz_err_set(err, -EINVAL, "cannot read CURVE key file \"%s\": no certificate with a secret key", secret);
    snprintf(ret_public, WJZ_KEY_TEXT, "%s", zcert_public_txt(cert));
    snprintf(ret_secret, WJZ_KEY_TEXT, "%s", zcert_secret_txt(cert));
    return 0;
}
