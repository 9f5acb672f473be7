/* Options of scheduling. */
#include "scheduling/conf.h"

#include <errno.h>
#include <stddef.h>

#include "scheduling/slots.h"

#define AT(field) offsetof(struct scheduling_conf, field)
#define MINUTE (60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const wjz_option scheduling_options[] = {
    {"scheduling_key_file", WJZ_CONF_TEXT, AT(key_file), NULL, 0, 0,
     "key of what guests say about themselves, made when absent; default keys/scheduling.key in the state folder"},
    {"plan_days", WJZ_CONF_INT, AT(plan_days), "28", 1, 366, "days ahead for which shifts are planned"},
    {"plan_every", WJZ_CONF_DURATION, AT(plan_every), "10m", 10, DAY, "how often shifts are planned by themselves"},
    {"hold_for", WJZ_CONF_DURATION, AT(hold_for), "10m", 10, DAY,
     "how long an appointment is held until it is confirmed"},
    {"slot_length", WJZ_CONF_DURATION, AT(slot_length), "30m", 15 * MINUTE, 4 * HOUR,
     "length of the slots that are offered"},
    {"remind_before", WJZ_CONF_DURATION, AT(remind_before), "1d", MINUTE, 30 * (int64_t)DAY,
     "how long before an appointment people are reminded"},
    {"visit_length", WJZ_CONF_DURATION, AT(visit_length), "1h", 15 * MINUTE, 8 * HOUR, "time taken for a visit"},
    {"visit_days", WJZ_CONF_INT, AT(visit_days), "10", 1, 60, "working days within which visits are proposed"},
    {"visit_lead", WJZ_CONF_DURATION, AT(visit_lead), "4h", 0, 30 * (int64_t)DAY, "earliest time of a visit from now"},
    {"scheduling_sweep", WJZ_CONF_DURATION, AT(sweep), "30s", 10, HOUR,
     "how often holds that ran out, reminders and waiting visits are looked for"},
    {0},
};

int scheduling_conf_check(const struct scheduling_conf *conf, wjz_err *err) {
    int64_t grid_ms = SLOT_GRID_US / 1000;
    if (conf->slot_length % grid_ms != 0) return wjz_err_set(err, -EINVAL, "slot_length must be a multiple of 15m");
    if (conf->visit_length % grid_ms != 0) return wjz_err_set(err, -EINVAL, "visit_length must be a multiple of 15m");
    return 0;
}
