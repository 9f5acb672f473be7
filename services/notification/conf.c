/* Options of notification. */
#include "notification/conf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "notification/mime.h"

#define AT(field) offsetof(struct notification_conf, field)
#define SECOND 1000
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

const wjz_option notification_options[] = {
    {"templates_dir", WJZ_CONF_TEXT, AT(templates_dir), "deploy/templates", 0, 0, "folder of the notices' templates"},
    {"notification_key_file", WJZ_CONF_TEXT, AT(key_file), NULL, 0, 0,
     "key of links and guests' addresses, made when absent; default keys/notification.key in the state folder"},
    {"notification_http", WJZ_CONF_TEXT, AT(http), "127.0.0.1:7313", 0, 0,
     "address on which links to acknowledge are served; empty for none"},
    {"notification_public_url", WJZ_CONF_TEXT, AT(public_url), "http://127.0.0.1:7313", 0, 0,
     "how people reach that address, the beginning of the links"},
    {"smtp_url", WJZ_CONF_TEXT, AT(smtp_url), NULL, 0, 0,
     "mail server, smtp://host:port or smtps://host:port; without it no mail is sent"},
    {"smtp_ca", WJZ_CONF_TEXT, AT(smtp_ca), NULL, 0, 0,
     "certificates that the mail server is trusted by; default the system's"},
    {"smtp_user", WJZ_CONF_TEXT, AT(smtp_user), NULL, 0, 0, "user at the mail server"},
    {"smtp_password", WJZ_CONF_SECRET, AT(smtp_password), NULL, 0, 0, "password at the mail server"},
    {"smtp_require_tls", WJZ_CONF_BOOL, AT(smtp_require_tls), "yes", 0, 0, "refuse to send mail in clear"},
    {"mail_from", WJZ_CONF_TEXT, AT(mail_from), NULL, 0, 0, "sender's address of mail"},
    {"mail_from_name", WJZ_CONF_TEXT, AT(mail_from_name), "微检治", 0, 0, "sender's name of mail"},
    {"mail_parallel", WJZ_CONF_INT, AT(mail_parallel), "4", 1, 64, "mails sent at once"},
    {"webhook_ca", WJZ_CONF_TEXT, AT(webhook_ca), NULL, 0, 0,
     "certificates that webhooks are trusted by; default the system's"},
    {"webhook_require_tls", WJZ_CONF_BOOL, AT(webhook_require_tls), "yes", 0, 0, "refuse webhooks that are not https"},
    {"webhook_parallel", WJZ_CONF_INT, AT(webhook_parallel), "8", 1, 64, "webhooks called at once"},
    {"send_timeout", WJZ_CONF_DURATION, AT(send_timeout), "30s", SECOND, 10 * 60 * SECOND,
     "longest time of one transfer"},
    {"send_lease", WJZ_CONF_DURATION, AT(send_lease), "10m", 2 * SECOND, DAY,
     "how long a dead instance's transfers wait for another; at least twice send_timeout"},
    {"send_sweep", WJZ_CONF_DURATION, AT(send_sweep), "5s", 10, HOUR, "how often retries that are due are looked for"},
    {"send_attempts", WJZ_CONF_INT, AT(send_attempts), "32", 1, 1000,
     "attempts until a notice counts as failed; a mail server that is away does not count"},
    {"backoff_first", WJZ_CONF_DURATION, AT(backoff_first), "30s", 10, HOUR,
     "wait after the first failed attempt; doubles"},
    {"backoff_most", WJZ_CONF_DURATION, AT(backoff_most), "1h", 10, DAY, "longest wait between attempts"},
    {"link_valid", WJZ_CONF_DURATION, AT(link_valid), "30d", SECOND, 365 * (int64_t)DAY,
     "how long links to acknowledge work"},
    {"chase_every", WJZ_CONF_DURATION, AT(chase_every), "30s", 10, HOUR,
     "how often notices that nobody acknowledged are looked for"},
    {"repeat_after", WJZ_CONF_DURATION, AT(repeat_after), "1h", 10, 30 * (int64_t)DAY,
     "time between the repetition of such a notice and its escalation"},
    {0},
};

int notification_conf_check(const struct notification_conf *conf, wjz_err *err) {
    if (conf->smtp_url != NULL && !mail_address_ok(conf->mail_from))
        return wjz_err_set(err, -EINVAL, "mail_from is \"%s\": with smtp_url it must be a mail address",
                           conf->mail_from == NULL ? "" : conf->mail_from);
    if (conf->send_lease < 2 * conf->send_timeout)
        return wjz_err_set(err, -EINVAL, "send_lease is shorter than twice send_timeout: raise it");
    if (conf->backoff_most < conf->backoff_first)
        return wjz_err_set(err, -EINVAL, "backoff_most is shorter than backoff_first: raise it");
    const char *url = conf->public_url;
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return wjz_err_set(err, -EINVAL, "notification_public_url is \"%s\": it must begin with http:// or https://",
                           url);
    return 0;
}
