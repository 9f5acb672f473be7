/* Options of scheduling. */
#ifndef SCHEDULING_CONF_H
#define SCHEDULING_CONF_H

#include "wjz/service.h"

struct scheduling_conf {
    wjz_service_conf service;
    char *key_file;
    int64_t plan_days, plan_every;
    int64_t hold_for, slot_length, remind_before;
    int64_t visit_length, visit_days, visit_lead;
    int64_t sweep;
};

extern const wjz_option scheduling_options[];

/* What a single row cannot check: -EINVAL naming the option. */
WJZ_MUST_CHECK int scheduling_conf_check(const struct scheduling_conf *conf, wjz_err *err);

#endif
