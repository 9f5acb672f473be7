/* Options of the console. */
#ifndef CONSOLE_CONF_H
#define CONSOLE_CONF_H

#include "wjz/service.h"

typedef struct console_conf {
    wjz_service_conf service;
    char *http, *http_tls_certificate, *http_tls_key;
    int64_t http_connections, http_connections_per_address;
    char *key_file, *pages, *names, *gazetteer, *outlines, *rules, *routing, *profiles, *tile_url, *tile_attribution,
        *privacy_notice;
    bool behind_proxy, totp_required;
    int64_t session_idle, session_length, lock_after, lock_for, login_rate, request_rate, ask_timeout, follow_every,
        citizen_rate, guard_every, views_alarm;
} console_conf;

extern const wjz_option CONSOLE_OPTIONS[];

#endif
