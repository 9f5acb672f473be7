#include "console/pages.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "console/console.h"
#include "console/exchange.h"

enum { FILES_MOST = 2000, BYTES_MOST = 64 << 20 };

typedef enum encoding { PLAIN, GZIP, BROTLI, ENCODINGS } encoding;

typedef struct page {
    char *path; /* within the folder, without the encoding's ending */
    struct {
        char *data; /* NULL: not there */
        size_t length;
        char tag[24];
    } as[ENCODINGS];
} page;

struct pages {
    page *pages;
    size_t count, bytes;
};

static const struct { const char *ending, *name; } ENCODED[ENCODINGS] = {{"", NULL}, {".gz", "gzip"}, {".br", "br"}};

static const struct {
    const char *ending, *type;
} TYPES[] = {{".html", "text/html; charset=utf-8"},
             {".js", "text/javascript; charset=utf-8"},
             {".css", "text/css; charset=utf-8"},
             {".json", "application/json"},
             {".webmanifest", "application/manifest+json"},
             {".svg", "image/svg+xml"},
             {".png", "image/png"},
             {".ico", "image/x-icon"},
             {".jpg", "image/jpeg"},
             {".webp", "image/webp"},
             {".woff2", "font/woff2"},
             {".txt", "text/plain; charset=utf-8"},
             {".map", "application/json"}};

static bool ends_in(const char *text, const char *ending) {
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static const char *type_of(const char *path) {
    for (size_t i = 0; i < WJZ_COUNT(TYPES); i++)
        if (ends_in(path, TYPES[i].ending)) return TYPES[i].type;
    return "application/octet-stream";
}

/* --- loading --- */

static page *find_or_add(pages *p, const char *path, size_t length) {
    for (size_t i = 0; i < p->count; i++)
        if (strlen(p->pages[i].path) == length && memcmp(p->pages[i].path, path, length) == 0) return &p->pages[i];
    if (p->count == FILES_MOST) return NULL;
    p->pages[p->count].path = strndup(path, length);
    return p->pages[p->count].path ? &p->pages[p->count++] : NULL;
}

static int add_file(pages *p, const char *path, const char *file, size_t size, wjz_err *err) {
    encoding as = ends_in(path, ".br") ? BROTLI : ends_in(path, ".gz") ? GZIP : PLAIN;
    page *it = find_or_add(p, path, strlen(path) - strlen(ENCODED[as].ending));
    FILE *in = it ? fopen(file, "re") : NULL;
    char *data = in ? malloc(size + 1) : NULL;
    bool whole = data && fread(data, 1, size, in) == size;
    if (in) fclose(in);
    p->bytes += size;
    if (!whole || p->bytes > BYTES_MOST) {
        free(data);
        return wjz_err_set(err, -EIO, "could not read \"%s\": the pages may have %d files of %d MB together", file,
                           FILES_MOST, BYTES_MOST >> 20);
    }
    it->as[as].data = data;
    it->as[as].length = size;
    snprintf(it->as[as].tag, sizeof it->as[as].tag, "\"%016llx\"", (unsigned long long)XXH3_64bits(data, size));
    return 0;
}

int pages_load(const char *folder, pages **ret_pages, wjz_err *err) {
    WJZ_CLEANUP(pages_destroy) pages *p = calloc(1, sizeof *p);
    if (p) p->pages = calloc(FILES_MOST, sizeof *p->pages);
    if (!p || !p->pages) return wjz_err_set(err, -ENOMEM, "out of memory");
    char *const roots[] = {(char *)folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    int r = 0;
    for (FTSENT *entry; walk && r == 0 && (entry = fts_read(walk));)
        if (entry->fts_info == FTS_F)
            r = add_file(p, entry->fts_path + strlen(folder) + 1, entry->fts_path, (size_t)entry->fts_statp->st_size,
                         err);
    if (walk) fts_close(walk);
    if (r < 0) return r;
    *ret_pages = WJZ_STEAL(p);
    return 0;
}

void pages_destroy(pages **at) {
    pages *p = at ? WJZ_STEAL(*at) : NULL;
    if (!p) return;
    for (size_t i = 0; p->pages && i < p->count; i++) {
        free(p->pages[i].path);
        for (int as = 0; as < ENCODINGS; as++)
            free(p->pages[i].as[as].data);
    }
    free(p->pages);
    free(p);
}

/* --- serving --- */

static const page *find(const pages *p, const char *path) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->pages[i].path, path) == 0) return &p->pages[i];
    return NULL;
}

/* A path without an ending is one of a page's own views: the page itself finds out. */
static const page *find_for(const pages *p, const char *path) {
    char with[600];
    while (*path == '/')
        path++;
    const page *found = find(p, *path ? path : "index.html");
    if (found || strlen(path) > 500) return found;
    snprintf(with, sizeof with, "%s.html", path);
    found = find(p, with);
    if (found || strrchr(path, '.')) return found;
    snprintf(with, sizeof with, "%.*s.html", (int)strcspn(path, "/"), path);
    found = find(p, with);
    return found ? found : find(p, "index.html");
}

static void set_headers(exchange *x, const page *it, const char *tag) {
    const char *tiles = x->console->conf->tile_url;
    char policy[500];
    snprintf(policy, sizeof policy,
             "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: "
             "blob:%s%.*s; connect-src 'self'; "
             "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
             tiles ? " " : "", tiles ? (int)(strcspn(tiles, "{") > 200 ? 0 : strcspn(tiles, "{")) : 0,
             tiles ? tiles : "");
    bool hashed = strncmp(it->path, "assets/", 7) == 0; /* the name changes with what is in it */
    const struct {
        const char *name, *value;
    } headers[] = {{"Content-Security-Policy", policy},
                   {"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                   {"ETag", tag},
                   {"Vary", "Accept-Encoding"}};
    exchange_headers(x, true);
    for (size_t i = 0; i < WJZ_COUNT(headers); i++) {
        int e = wjz_respond_header(x->request, headers[i].name, headers[i].value);
        (void)e; /* ours are well-formed, but for a strange address of tiles: then the page shows none */
    }
}

static void not_built(wjz_request *request) {
    static const char text[] =
        "<!doctype html><meta charset=utf-8><title>微检治</title><p>页面尚未构建：services/console/web"
        "<p>The pages are not built; the interface is at /api/v1";
    wjz_respond(request, 404, "text/html; charset=utf-8", text, sizeof text - 1);
}

static void serve_page(wjz_request *request, void *arg) {
    console *c = arg;
    exchange x = {.console = c, .request = request};
    const page *it = find_for(c->pages, wjz_request_path(request));
    if (!it) {
        not_built(request);
        return;
    }
    const char *accepted = wjz_request_header(request, "Accept-Encoding"),
               *known = wjz_request_header(request, "If-None-Match");
    encoding as = PLAIN;
    for (int e = GZIP; e < ENCODINGS; e++)
        if (it->as[e].data && accepted && strstr(accepted, ENCODED[e].name)) as = (encoding)e;
    if (!it->as[as].data) {
        not_built(request);
        return;
    }
    set_headers(&x, it, it->as[as].tag);
    if (known && strstr(known, it->as[as].tag)) {
        wjz_respond(request, 304, NULL, NULL, 0);
        return;
    }
    int e = as == PLAIN ? 0 : wjz_respond_header(request, "Content-Encoding", ENCODED[as].name);
    if (e == 0) wjz_respond(request, 200, type_of(it->path), it->as[as].data, it->as[as].length);
}

static void serve_document(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_respond(request, 200, "application/json", CONSOLE_OPENAPI, CONSOLE_OPENAPI_LENGTH);
}

static const wjz_route ROUTES[] = {
    {"GET", "/api/openapi.json", serve_document, 0},
    {"GET", "/", serve_page, 0},
    {"GET", "/{a}", serve_page, 0},
    {"GET", "/{a}/{b}", serve_page, 0},
    {"GET", "/{a}/{b}/{c}", serve_page, 0},
    {"GET", "/{a}/{b}/{c}/{d}", serve_page, 0},
};

size_t pages_route_count(void) {
    return WJZ_COUNT(ROUTES);
}

void pages_lay(wjz_route *routes) {
    memcpy(routes, ROUTES, sizeof ROUTES);
}
