/* See spool.h. */
#include "intake/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SPOOL_BUFFER = 64 * 1024 };

struct spool {
    int fd;
    size_t flushed;  /* bytes in the file */
    size_t buffered; /* bytes in buffer that belong behind them */
    void *map;
    size_t map_length;
    char buffer[SPOOL_BUFFER];
};

static int failed(wjz_err *err, const char *what) {
    int code = -errno;
    return wjz_err_set(err, code, "临时文件读写失败，请检查磁盘空间 / could not %s a temporary file: %s", what,
                       strerror(-code));
}

int spool_new(spool **ret_spool, wjz_err *err) {
    const char *folder = getenv("TMPDIR");
    char path[4096];
    if (folder == NULL || strlen(folder) + 16 > sizeof path) folder = "/tmp";
    strcpy(path, folder);
    strcat(path, "/wjz-XXXXXX");
    spool *made = malloc(sizeof *made);
    if (made == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    made->fd = mkostemp(path, 02000000 /* O_CLOEXEC */);
    if (made->fd < 0) {
        free(made);
        return failed(err, "make");
    }
    (void)unlink(path);
    made->flushed = made->buffered = made->map_length = 0;
    made->map = NULL;
    *ret_spool = made;
    return 0;
}

void spool_destroy(spool **spool_at) {
    if (spool_at == NULL || *spool_at == NULL) return;
    spool *it = *spool_at;
    if (it->map != NULL) (void)munmap(it->map, it->map_length);
    (void)close(it->fd);
    free(it);
    *spool_at = NULL;
}

static int write_all(spool *it, const char *data, size_t length, wjz_err *err) {
    while (length > 0) {
        ssize_t written = write(it->fd, data, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed(err, "write");
        data += written;
        length -= (size_t)written;
        it->flushed += (size_t)written;
    }
    return 0;
}

static int flush(spool *it, wjz_err *err) {
    size_t length = it->buffered;
    it->buffered = 0;
    return write_all(it, it->buffer, length, err);
}

int spool_write(spool *it, const void *data, size_t length, wjz_err *err) {
    if (length > SPOOL_BUFFER - it->buffered) {
        int r = flush(it, err);
        if (r < 0) return r;
        if (length >= SPOOL_BUFFER) return write_all(it, data, length, err);
    }
    memcpy(it->buffer + it->buffered, data, length);
    it->buffered += length;
    return 0;
}

size_t spool_size(const spool *it) {
    return it->flushed + it->buffered;
}

int spool_read(spool *it, size_t offset, void *out, size_t length, wjz_err *err) {
    if (it->buffered > 0) {
        int r = flush(it, err);
        if (r < 0) return r;
    }
    char *to = out;
    while (length > 0) {
        ssize_t got = pread(it->fd, to, length, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(err, "read");
        if (got == 0)
            return wjz_err_set(err, -EIO,
                               "临时文件读写失败，请检查磁盘空间 / could not read a temporary file: it ends early");
        to += got;
        offset += (size_t)got;
        length -= (size_t)got;
    }
    return 0;
}

int spool_map(spool *it, const void **ret_data, wjz_err *err) {
    int r = flush(it, err);
    if (r < 0) return r;
    if (it->map == NULL && it->flushed > 0) {
        void *map = mmap(NULL, it->flushed, PROT_READ, MAP_PRIVATE, it->fd, 0);
        if (map == MAP_FAILED) return failed(err, "map");
        it->map = map;
        it->map_length = it->flushed;
    }
    *ret_data = it->map != NULL ? it->map : "";
    return 0;
}

int spool_path(spool *it, char *out, size_t size, wjz_err *err) {
    int r = flush(it, err);
    if (r < 0) return r;
    (void)snprintf(out, size, "/proc/self/fd/%d", it->fd);
    return 0;
}
