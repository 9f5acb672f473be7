/* Where things are. Everything else takes paths from here, so that one variable moves the whole product. */
#include "ctl/home.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int put(char *into, size_t size, wjz_err *err, const char *format, ...) WJZ_PRINTF(4, 5);
static int put(char *into, size_t size, wjz_err *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(into, size, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= size)
        return wjz_err_set(err, -ENAMETOOLONG, "path \"%.100s…\" is too long", into);
    return 0;
}

static int find_programs(home *h, wjz_err *err) {
    ssize_t length = readlink("/proc/self/exe", h->programs, sizeof h->programs - 1);
    if (length < 0) return wjz_err_set(err, -errno, "could not find this program's folder: %s", strerror(errno));
    h->programs[length] = '\0';
    *strrchr(h->programs, '/') = '\0';
    return 0;
}

/* The nearest folder above the programs, or an installation's, that holds deploy/migrations. */
static int find_root(home *h, wjz_err *err) {
    const char *named = getenv("WJZ_ROOT");
    if (named) return put(h->root, sizeof h->root, err, "%s", named);
    static const char *const places[] = {"/../..", "/..", "/../share/weijianzhi", "/../../.."};
    for (size_t i = 0; i < WJZ_COUNT(places); i++) {
        char candidate[PATH_MAX * 2], probe[PATH_MAX * 2 + 32];
        snprintf(candidate, sizeof candidate, "%s%s", h->programs, places[i]);
        snprintf(probe, sizeof probe, "%s/deploy/migrations", candidate);
        if (access(probe, R_OK) == 0 && realpath(candidate, h->root)) return 0;
    }
    return wjz_err_set(err, -ENOENT, "cannot find the folder deploy near \"%s\": name its parent in WJZ_ROOT",
                       h->programs);
}

static int find_state(home *h, wjz_err *err) {
    const char *named = getenv("WJZ_HOME");
    if (named && named[0] != '/') return wjz_err_set(err, -EINVAL, "WJZ_HOME is \"%s\": give an absolute path", named);
    if (named) return put(h->state, sizeof h->state, err, "%s", named);
    if (geteuid() == 0) return put(h->state, sizeof h->state, err, "/var/lib/weijianzhi");
    const char *state = getenv("XDG_STATE_HOME"), *user = getenv("HOME");
    if (state && state[0] == '/') return put(h->state, sizeof h->state, err, "%s/weijianzhi", state);
    if (!user) return wjz_err_set(err, -ENOENT, "cannot choose a state folder: set WJZ_HOME");
    return put(h->state, sizeof h->state, err, "%s/.local/state/weijianzhi", user);
}

int home_find(home *ret_home, wjz_err *err) {
    home h = {0};
    int r = find_programs(&h, err);
    if (r >= 0) r = find_root(&h, err);
    if (r >= 0) r = find_state(&h, err);
    if (r >= 0) r = put(h.postgres, sizeof h.postgres, err, "%s/postgres", h.state);
    if (r >= 0) r = put(h.run, sizeof h.run, err, "%s/run", h.state);
    if (r >= 0) r = put(h.log, sizeof h.log, err, "%s/log", h.state);
    if (r >= 0) r = put(h.keys, sizeof h.keys, err, "%s/keys", h.state);
    if (r < 0) return r;
    const char *url = getenv("WJZ_DATABASE_URL");
    h.embedded = !url || !*url;
    r = h.embedded
            ? put(h.database, sizeof h.database, err, "host=%s/socket dbname=weijianzhi user=wjz_owner", h.postgres)
            : put(h.database, sizeof h.database, err, "%s", url);
    if (r < 0) return r;
    *ret_home = h;
    return 0;
}

int home_make_folder(const char *path, unsigned mode, wjz_err *err) {
    char part[PATH_MAX];
    int r = put(part, sizeof part, err, "%s", path);
    if (r < 0) return r;
    for (char *at = part + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return wjz_err_set(err, -errno, "could not make folder \"%s\": %s", part, strerror(errno));
        *at = '/';
    }
    if (mkdir(part, mode) < 0 && errno != EEXIST)
        return wjz_err_set(err, -errno, "could not make folder \"%s\": %s", part, strerror(errno));
    return 0;
}

int home_make(const home *h, wjz_err *err) {
    int r = home_make_folder(h->state, 0755, err);
    if (r >= 0) r = home_make_folder(h->run, 0700, err);
    if (r >= 0) r = home_make_folder(h->log, 0700, err);
    if (r >= 0) r = home_make_folder(h->keys, 0700, err);
    return r;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

int home_remove_folder(const char *path, wjz_err *err) {
    if (access(path, F_OK) < 0 && errno == ENOENT) return 0;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0) return 0;
    return wjz_err_set(err, -errno, "could not remove \"%s\": %s", path, strerror(errno));
}
