/* The administration address: is it alive, can it take work, what has it done. Answers as long as the loop turns,
 * whatever the database does. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/service.h"
#include "wjz/metrics.h"

static void on_health(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_respond(request, 200, "text/plain; charset=utf-8", "ok\n", 3);
}

static void on_ready(wjz_request *request, void *arg) {
    wjz_service *service = arg;
    json_t *reasons = json_array();
    if (!service->db || !wjz_db_ready(service->db)) json_array_append_new(reasons, json_string("database"));
    if (!service->bus || !wjz_bus_ready(service->bus)) json_array_append_new(reasons, json_string("bus"));
    if (service->stop_asked.set)
        json_array_append_new(reasons, json_string("stopping"));
    else if (!service->started)
        json_array_append_new(reasons, json_string("starting"));
    if (service->not_ready) json_array_append_new(reasons, json_string(service->not_ready));
    bool ready = json_array_size(reasons) == 0;
    json_t *answer = json_pack("{s:b, s:o}", "ready", ready, "reasons", reasons);
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    if (text) wjz_respond(request, ready ? 200 : 503, "application/json", text, strlen(text));
    free(text);
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* What is only known when somebody asks. */
static void refresh(const wjz_service *service) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    wjz_set(wjz_gauge("wjz_process_cpu_seconds", "", "user and system time"),
            seconds(used.ru_utime) + seconds(used.ru_stime));
    wjz_set(wjz_gauge("wjz_process_resident_max_bytes", "", "largest resident size so far"),
            (double)used.ru_maxrss * 1024);
    if (service->db)
        wjz_set(wjz_gauge("wjz_database_busy_seconds", "", "time with a statement on the wire, over all connections"),
                (double)wjz_db_busy_us(service->db) / 1e6);
}

static void on_metrics(wjz_request *request, void *arg) {
    refresh(arg);
    char *text = wjz_metrics_text();
    if (text) wjz_respond(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text));
    free(text);
}

int wjz_service_admin_open(wjz_service *service, const char *address, wjz_err *err) {
    static const wjz_route routes[] = {
        {"GET", "/healthz", on_health, 0},
        {"GET", "/readyz", on_ready, 0},
        {"GET", "/metrics", on_metrics, 0},
        {0},
    };
    wjz_http_options options = {.address = address, .routes = routes, .arg = service, .connections = 32};
    int e = wjz_http_open(service->loop, &options, &service->admin, err);
    if (e < 0) return e;
    int port = wjz_http_port(service->admin);
    int host = port ? (int)(strrchr(address, ':') - address) : (int)strlen(address);
    snprintf(service->admin_address, sizeof(service->admin_address), port ? "%.*s:%d" : "%.*s", host, address, port);
    return 0;
}
