/* The built pages: read once at start, served from memory. */
#ifndef CONSOLE_PAGES_H
#define CONSOLE_PAGES_H

#include <stddef.h>

#include "wjz/err.h"
#include "wjz/http.h"

typedef struct pages pages;

/* A folder that is not there serves a page that says so. */
WJZ_MUST_CHECK int pages_load(const char *folder, pages **ret_pages, wjz_err *err);
void pages_destroy(pages **pages);

/* Their routes; whoever fills in the table gives pages_route_count() more rows. */
size_t pages_route_count(void);
void pages_lay(wjz_route *routes);

#endif
