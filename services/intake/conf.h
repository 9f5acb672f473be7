/* Options of intake. */
#ifndef INTAKE_CONF_H
#define INTAKE_CONF_H

#include "wjz/service.h"

typedef struct intake_conf {
    wjz_service_conf service;
    char *feeds, *profiles, *open311; /* operators' files */
    char *identity_key_file;
    char *door, *door_public, *door_key_file;
    int64_t door_in_flight;
    char *http, *http_tls_certificate, *http_tls_key;
    int64_t http_connections, http_connections_per_address, http_body_limit, http_items;
    int64_t rate, burst_s;
    int64_t queue_items, writers, retry_after, gap_notice_after, health_every, reject_share, forget_every;
    int64_t import_bytes;
    bool old_workbooks;
} intake_conf;

extern const wjz_option INTAKE_OPTIONS[];

#endif
