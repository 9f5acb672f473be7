/* The service's state: what its handlers and doors share. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "intake/conf.h"
#include "intake/feeds.h"
#include "intake/photo.h"
#include "intake/writer.h"
#include "wjz/bus.h"
#include "wjz/http.h"
#include "wjz/seal.h"
#include "wjz/service.h"

struct open311_conf;
struct feed_watch;
struct importer;
struct upkeep;

enum { INTAKE_ROUTES = 10 };

typedef struct intake {
    const intake_conf *conf;
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    wjz_seal *seal;
    feeds feeds;
    int32_t *regions; /* counties known, ascending */
    size_t region_count;
    writer *writer;
    photo_desk photos;
    wjz_door *door;
    wjz_http *http;
    wjz_route routes[INTAKE_ROUTES]; /* http's */
    struct open311_conf *open311;    /* NULL without HTTP */
    struct importer *importer;
    struct upkeep *upkeep;
    struct feed_watch *feed_watch;
} intake;

extern const wjz_service_spec INTAKE_SERVICE;

/* Reads feeds and regions from the store again. Waits. */
WJZ_MUST_CHECK int intake_refresh(intake *it, wjz_err *err);
/* Whether the county had an organ when the regions were read. */
bool intake_has_organ(const intake *it, int32_t region);

#endif
