/* Options of notification. */
#ifndef NOTIFICATION_CONF_H
#define NOTIFICATION_CONF_H

#include "wjz/service.h"

struct notification_conf {
    wjz_service_conf service;
    char *templates_dir, *key_file;
    char *http, *public_url;
    char *smtp_url, *smtp_ca, *smtp_user, *smtp_password, *mail_from, *mail_from_name;
    bool smtp_require_tls;
    int64_t mail_parallel;
    char *webhook_ca;
    bool webhook_require_tls;
    int64_t webhook_parallel;
    int64_t send_timeout, send_lease, send_sweep, send_attempts, backoff_first, backoff_most;
    int64_t link_valid, chase_every, repeat_after;
};

extern const wjz_option notification_options[];

/* What a single row cannot check: -EINVAL naming the option. */
WJZ_MUST_CHECK int notification_conf_check(const struct notification_conf *conf, wjz_err *err);

#endif
