/* A service's inside, shared by its life (service.c) and its administration address (service_admin.c). */
#ifndef RUNTIME_SERVICE_H
#define RUNTIME_SERVICE_H

#include "wjz/http.h"
#include "wjz/service.h"

struct wjz_service {
    const wjz_service_spec *spec;
    void *conf;
    wjz_loop *loop;
    wjz_db *db, *housekeeping;
    wjz_bus *bus;
    wjz_http *admin;
    wjz_timer *drain;
    void *state;
    bool started;
    const char *not_ready; /* what the service says; borrowed */
    wjz_event stop_asked, closed;
    int status; /* of the process */
    char admin_address[300];
};

/* Opens the administration server and notes its address as bound. */
WJZ_MUST_CHECK int wjz_service_admin_open(wjz_service *service, const char *address, wjz_err *err);

#endif
