/* A view is made whole and then only read, so a fiber that has lost the region's lock may still look at its own. */
#include "scoring/standing.h"

#include <errno.h>
#include <stdlib.h>

#include "scoring/store_watching.h"

struct standing {
    int32_t region;
    standing_view *view; /* held */
    standing *next;
};

void standing_release(standing_view **view) {
    if (!view || !*view) return;
    standing_view *v = *view;
    *view = NULL;
    if (--v->holders) return;
    watch_set_destroy(&v->watches);
    wjz_arena_destroy(&v->arena);
    free(v);
}

void standing_destroy(standing **list) {
    while (list && *list) {
        standing *region = *list;
        *list = region->next;
        standing_release(&region->view);
        free(region);
    }
}

static standing_view *new_view(void) {
    standing_view *view = calloc(1, sizeof *view);
    if (view) view->holders = 1;
    return view;
}

static standing *find_region(standing **list, int32_t region) {
    for (standing *at = *list; at; at = at->next) {
        if (at->region == region) return at;
    }
    standing *new = calloc(1, sizeof *new);
    if (!new || !(new->view = new_view())) {
        free(new);
        return NULL;
    }
    new->region = region;
    new->next = *list;
    return *list = new;
}

standing_view *standing_hold(standing **list, int32_t region) {
    standing *found = find_region(list, region);
    if (!found) return NULL;
    found->view->holders++;
    return found->view;
}

static int read_view(wjz_tx *tx, int32_t region, const region_versions *versions, standing_view *view, wjz_err *err) {
    watch *watches = NULL;
    size_t count = 0;
    view->versions = *versions;
    view->arena = wjz_arena_new(0);
    if (!view->arena) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = store_load_watches(tx, region, view->arena, &watches, &count, err);
    if (!r && count) r = watch_set_new(watches, count, &view->watches, err);
    if (!r) r = store_load_warned(tx, region, view->arena, &view->warned, err);
    return r;
}

int standing_renew(standing **list, wjz_tx *tx, int32_t region, const region_versions *versions, standing_view **view,
                   wjz_err *err) {
    const region_versions *had = &(*view)->versions;
    if (had->watches == versions->watches && had->warnings == versions->warnings) return 0;
    standing *found = find_region(list, region);
    WJZ_CLEANUP(standing_release) standing_view *new = new_view();
    if (!found || !new) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = read_view(tx, region, versions, new, err);
    if (r) return wjz_err_prefix(err, "watches and warnings of region %d", (int)region);
    standing_release(&found->view);
    new->holders++;
    found->view = new;
    standing_release(view);
    *view = WJZ_STEAL(new);
    return 0;
}
