/* The scheduling service: state and lifetime. */
#include "scheduling/scheduling.h"

#include <errno.h>
#include <stdlib.h>

#include "scheduling/handlers.h"

static void stop(void *state) {
    struct scheduling *self = state;
    if (self == NULL) return;
    sweep_close(&self->sweep);
    wjz_seal_destroy(&self->seal);
    free(self);
}

static int start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    struct scheduling *self = calloc(1, sizeof *self);
    if (self == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    self->conf = conf;
    self->loop = wjz_service_loop(service);
    self->db = wjz_service_db(service);
    self->bus = wjz_service_bus(service);

    int r = scheduling_conf_check(self->conf, err);
    if (r == 0) r = wjz_seal_open_named(self->conf->key_file, "scheduling.key", &self->seal, err);
    if (r == 0) r = sweep_open(self, &self->sweep, err);
    if (r < 0) {
        stop(self);
        return r;
    }
    *ret_state = self;
    return 0;
}

const wjz_service_spec scheduling_service = {
    .name = "scheduling",
    .purpose = "plans who is at which station when: shifts, leave, appointments, visits",
    .options = scheduling_options,
    .conf_size = sizeof(struct scheduling_conf),
    .queues = scheduling_queues,
    .emits = scheduling_emits,
    .requests = scheduling_requests,
    .start = start,
    .stop = stop,
};
