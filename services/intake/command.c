/* See command.h. */
#include "intake/command.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intake/conf.h"
#include "intake/file_reader.h"
#include "intake/image.h"
#include "wjz/clock.h"

enum { ROW_MEMORY = 64 * 1024 * 1024, ISSUES_SHOWN = 50 };

static int usage(void) {
    fputs(
        "usage: weijianzhi-intake check-profile FILE\n"
        "       weijianzhi-intake dry-run PROFILE FILE     (PROFILE: a name in the profiles folder, or a .yaml file)\n",
        stderr);
    return 2;
}

/* "folder/name.yaml", or a name in the configured folder. */
static int open_profile(const intake_conf *conf, const char *word, profile **ret_profile, wjz_err *err) {
    char folder[4096];
    char name[256];
    const char *slash = strrchr(word, '/');
    const char *base = slash != NULL ? slash + 1 : word;
    size_t length = strlen(base);
    bool is_file = length > 5 && strcmp(base + length - 5, ".yaml") == 0;
    if (!is_file) return profile_load(&(profile_source){.folder = conf->profiles}, word, ret_profile, err);
    (void)snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - word) : 1, slash != NULL ? word : ".");
    (void)snprintf(name, sizeof name, "%.*s", (int)length - 5, base);
    return profile_load(&(profile_source){.folder = folder}, name, ret_profile, err);
}

static int check_profile(const intake_conf *conf, const char *file) {
    wjz_err err = {0};
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    if (open_profile(conf, file, &loaded, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%s 可用 / is good: %s\n", file, profile_title(loaded));
    return 0;
}

typedef struct trial {
    wjz_arena *arena;
    uint64_t taken, refused, shown;
} trial;

static int on_row(const file_row *row, void *arg, wjz_err *err) {
    (void)err;
    trial *it = arg;
    if (row->item != NULL)
        it->taken++;
    else
        it->refused++;
    for (size_t i = 0; i < row->issues->count && it->shown < ISSUES_SHOWN; i++, it->shown++) {
        const issue *told = &row->issues->items[i];
        printf("sheet %d row %lld %s: %s %s \"%s\": %s (%s)\n", row->sheet, (long long)row->line,
               told->taken ? "taken" : "refused", told->code, told->field, told->value, told->message, told->remedy);
    }
    wjz_arena_reset(it->arena);
    return 0;
}

static int map_file(const char *path, const void **ret_data, size_t *ret_length) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0) return -errno;
    int r = fstat(fd, &status) < 0 ? -errno : 0;
    static char nothing[1];
    void *data = nothing;
    if (r == 0 && status.st_size > 0) {
        data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) r = -errno;
    }
    (void)close(fd);
    if (r < 0) return r;
    *ret_data = data;
    *ret_length = (size_t)status.st_size;
    return 0;
}

static int dry_run(const intake_conf *conf, const char *word, const char *path) {
    wjz_err err = {0};
    WJZ_CLEANUP(profile_destroy) profile *loaded = NULL;
    if (open_profile(conf, word, &loaded, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const void *data = NULL;
    size_t length = 0;
    int r = map_file(path, &data, &length);
    if (r < 0) {
        fprintf(stderr, "could not read \"%s\": %s\n", path, strerror(-r));
        return 1;
    }
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(ROW_MEMORY);
    if (arena == NULL) return 1;
    trial it = {.arena = arena};
    check_rules rules = {.now_us = wjz_clock_us(), .region = 0};
    file_request request = {data, length, loaded, &rules, arena, on_row, &it, NULL, conf->old_workbooks};
    const char *encoding = "";
    r = file_read(&request, &encoding, &err);
    printf("%s: %s, 可收 / would be taken %llu, 拒收 / refused %llu\n", path, encoding, (unsigned long long)it.taken,
           (unsigned long long)it.refused);
    if (r < 0) fprintf(stderr, "%s\n", err.text);
    return r < 0 ? 1 : 0;
}

int intake_command(const void *conf, int argc, char **argv) {
    if (argc == 2 && strcmp(argv[0], "check-profile") == 0) return check_profile(conf, argv[1]);
    if (argc == 3 && strcmp(argv[0], "dry-run") == 0) return dry_run(conf, argv[1], argv[2]);
    if (argc == 1 && strcmp(argv[0], "examine-image") == 0) image_command();
    return usage();
}
