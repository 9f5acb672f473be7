/* See pack_files.h. */
#include "scoring/pack_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rules.pb-c.h"
#include "wjz/bus.h"

static bool ends_in_yaml(const char *name) {
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static bool is_pack_file(const char *name) {
    return name[0] != '.' && (ends_in_yaml(name) || strcmp(name, PACK_MODEL_FILE) == 0);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const pack_file *)a)->name, ((const pack_file *)b)->name);
}

int pack_files_check(pack_files *files, wjz_err *err) {
    size_t bytes = 0;
    if (files->count > PACK_FILES_LIMIT)
        return wjz_err_set(err, -EINVAL, "a rule pack has at most %d files, this one has %zu", PACK_FILES_LIMIT,
                           files->count);
    qsort(files->list, files->count, sizeof *files->list, by_name);
    for (size_t i = 0; i < files->count; i++) {
        const char *name = files->list[i].name;
        if (!is_pack_file(name) || strchr(name, '/') || strlen(name) > PACK_FILE_NAME)
            return wjz_err_set(err, -EINVAL, "\"%s\" is no file of a rule pack: give .yaml files and model.bin", name);
        if (i && strcmp(files->list[i - 1].name, name) == 0)
            return wjz_err_set(err, -EINVAL, "the file \"%s\" comes twice", name);
        bytes += files->list[i].data.length;
    }
    if (bytes > PACK_BYTES_LIMIT)
        return wjz_err_set(err, -EINVAL, "a rule pack has at most %d bytes, this one has %zu", PACK_BYTES_LIMIT, bytes);
    return 0;
}

const pack_file *pack_files_find(const pack_files *files, const char *name) {
    pack_file key = {.name = name};
    return files->count ? bsearch(&key, files->list, files->count, sizeof key, by_name) : NULL;
}

/* --- a folder --- */

static void close_file(FILE **file) {
    if (*file) fclose(*file);
}

static int read_file(const char *path, wjz_arena *arena, wjz_blob *ret_data, wjz_err *err) {
    WJZ_CLEANUP(close_file) FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    if (fseek(file, 0, SEEK_END) < 0)
        return wjz_err_set(err, -errno, "could not read \"%s\": %s", path, strerror(errno));
    long length = ftell(file);
    if (length < 0 || length > PACK_BYTES_LIMIT)
        return wjz_err_set(err, -EINVAL, "\"%s\" has more than %d bytes", path, PACK_BYTES_LIMIT);
    rewind(file);
    void *data = wjz_arena_alloc(arena, (size_t)length);
    if (!data) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", path);
    if (fread(data, 1, (size_t)length, file) != (size_t)length)
        return wjz_err_set(err, -EIO, "could not read \"%s\"", path);
    *ret_data = (wjz_blob){data, (size_t)length};
    return 0;
}

static int wanted_entry(const struct dirent *entry) {
    return is_pack_file(entry->d_name);
}

static int read_entry(const char *dir, const char *name, wjz_arena *arena, pack_file *ret_file, wjz_err *err) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    ret_file->name = wjz_arena_strdup(arena, name);
    if (!ret_file->name) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", path);
    return read_file(path, arena, &ret_file->data, err);
}

int pack_files_read(const char *dir, wjz_arena *arena, pack_files *ret_files, wjz_err *err) {
    struct dirent **entries;
    int count = scandir(dir, &entries, wanted_entry, alphasort);
    if (count < 0) return wjz_err_set(err, -errno, "cannot read the folder \"%s\": %s", dir, strerror(errno));
    pack_files files = {.list = wjz_arena_calloc(arena, (size_t)count, sizeof *files.list)};
    int r = files.list ? 0 : wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", dir);
    for (int i = 0; i < count; i++) {
        if (r == 0) r = read_entry(dir, entries[i]->d_name, arena, &files.list[files.count++], err);
        free(entries[i]);
    }
    free(entries);
    if (r == 0) r = pack_files_check(&files, err);
    if (r == 0) *ret_files = files;
    return r;
}

/* --- one piece --- */

int pack_files_pack(const pack_files *files, wjz_arena *arena, wjz_blob *ret_content) {
    Wjz__Scoring__PackContent content = WJZ__SCORING__PACK_CONTENT__INIT;
    Wjz__Scoring__PackFile *items = wjz_arena_alloc(arena, files->count * sizeof *items);
    content.files = wjz_arena_alloc(arena, files->count * sizeof *content.files);
    if (!items || !content.files) return -ENOMEM;
    for (size_t i = 0; i < files->count; i++) {
        wjz__scoring__pack_file__init(&items[i]);
        items[i].name = (char *)files->list[i].name;
        items[i].content.data = (uint8_t *)files->list[i].data.data;
        items[i].content.len = files->list[i].data.length;
        content.files[content.n_files++] = &items[i];
    }
    size_t length = wjz__scoring__pack_content__get_packed_size(&content);
    uint8_t *packed = wjz_arena_alloc(arena, length);
    if (!packed) return -ENOMEM;
    wjz__scoring__pack_content__pack(&content, packed);
    *ret_content = (wjz_blob){packed, length};
    return 0;
}

int pack_files_unpack(wjz_blob content, wjz_arena *arena, pack_files *ret_files, wjz_err *err) {
    const ProtobufCMessage *message = NULL;
    int r =
        wjz_message_unpack(&wjz__scoring__pack_content__descriptor, content.data, content.length, arena, &message, err);
    if (r < 0) return r;
    const Wjz__Scoring__PackContent *body = (const Wjz__Scoring__PackContent *)message;
    pack_files files = {.list = wjz_arena_calloc(arena, body->n_files, sizeof *files.list), .count = body->n_files};
    if (!files.list) return wjz_err_set(err, -ENOMEM, "could not read a rule pack: no memory");
    for (size_t i = 0; i < body->n_files; i++)
        files.list[i] = (pack_file){body->files[i]->name, {body->files[i]->content.data, body->files[i]->content.len}};
    r = pack_files_check(&files, err);
    if (r == 0) *ret_files = files;
    return r;
}

void pack_files_checksum(wjz_blob content, char ret_checksum[PACK_CHECKSUM]) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, content.data, content.length);
    sodium_bin2hex(ret_checksum, PACK_CHECKSUM, digest, sizeof digest);
}
