/* See web.h. */
#include "intake/web.h"

#include <string.h>

#include "intake/feed_http.h"
#include "intake/open311.h"
#include "intake/openapi.h"
#include "intake/push_http.h"

/* Of a report with photos, together; one photo may have PHOTO_BYTES. */
enum { OPEN311_BYTES = 30 * 1000 * 1000 };

static void openapi(wjz_request *request, void *arg) {
    (void)arg;
    wjz_respond(request, 200, "application/json", OPENAPI_DOCUMENT, OPENAPI_DOCUMENT_LENGTH);
}

static void tell_refusal(wjz_request *request, int status, const wjz_problem *problem) {
    if (open311_serves(request))
        open311_refusal(request, status, problem);
    else
        wjz_respond_problem(request, status, problem);
}

int web_open(intake *it, wjz_err *err) {
    if (it->conf->http == NULL || it->conf->http[0] == '\0') return 0;
    size_t limit = (size_t)it->conf->http_body_limit;
    const wjz_route routes[INTAKE_ROUTES] = {
        {"POST", "/v1/feeds/{feed}/complaints", push_complaints, limit},
        {"POST", "/v1/feeds/{feed}/enforcement-records", push_records, limit},
        {"POST", "/v1/feeds/{feed}/feedback", push_feedback, limit},
        {"GET", "/v1/feeds/{feed}/status", feed_status, 0},
        {"GET", "/v1/feeds/{feed}/imports/{import}/errors", feed_import_errors, 0},
        {"GET", "/openapi.json", openapi, 0},
        {"GET", "/open311/v2/{resource}", open311_get, 0},
        {"POST", "/open311/v2/{resource}", open311_post, OPEN311_BYTES},
        {"GET", "/open311/v2/{resource}/{item}", open311_get_item, 0},
        {NULL, NULL, NULL, 0},
    };
    memcpy(it->routes, routes, sizeof routes);
    wjz_http_options options = {.address = it->conf->http,
                                .routes = it->routes,
                                .arg = it,
                                .refusal = tell_refusal,
                                .connections = (int)it->conf->http_connections,
                                .connections_per_address = (int)it->conf->http_connections_per_address,
                                .tls_certificate = it->conf->http_tls_certificate,
                                .tls_key = it->conf->http_tls_key};
    int r = open311_open(it, err);
    return r < 0 ? r : wjz_http_open(it->loop, &options, &it->http, err);
}
