/* See door.h. */
#include "intake/door.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/refusal.h"
#include "intake/taking.h"

enum { BATCH_ITEMS = 512 };

/* NULL when the batch must be refused, which has been done then. A connection outlives the key that it was made with:
 * so the key is asked about again. */
static feed *admit_batch(const intake *it, wjz_call *call, const Wjz__Intake__FeedBatch *batch) {
    const char *sender = wjz_call_sender(call);
    bool local = strcmp(sender, "local") == 0;
    feed *of = local ? feeds_find(&it->feeds, batch->feed) : feeds_find_curve(&it->feeds, sender);
    const char *message = NULL;
    if (of == NULL && !local) {
        message = "the connection's key has been replaced";
        (void)refuse(call, WJZ_REFUSAL_FORBIDDEN, "feed", message, "connect with the feed's present key");
    } else if (of == NULL || strcmp(of->name, batch->feed) != 0) {
        message = "the connection's key belongs to another feed";
        (void)refuse(call, WJZ_REFUSAL_FORBIDDEN, "feed", message,
                     "send the name of the feed that the key was made for");
    } else if (of->disabled) {
        message = "the feed is disabled";
        (void)refuse(call, WJZ_REFUSAL_FORBIDDEN, "feed", message, "ask the procuratorate's operator");
    } else if (batch->sequence == 0 || batch->sequence > INT64_MAX) {
        message = "the batch has no sequence number";
        (void)refuse(call, WJZ_REFUSAL_INVALID, "sequence", message, "number the batches 1, 2, 3 …");
    } else if (batch->n_items > BATCH_ITEMS) {
        message = "the batch has more than 512 items";
        (void)refuse(call, WJZ_REFUSAL_TOO_LARGE, "items", message, "divide the batch");
    }
    return message == NULL ? of : NULL;
}

static int on_batch(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__FeedBatch *batch = (const Wjz__Intake__FeedBatch *)wjz_call_message(call)->body;
    feed *of = admit_batch(it, call, batch);
    if (of == NULL) return 0;
    taking what = {.feed = of,
                   .items = batch->items,
                   .count = batch->n_items,
                   .sequence = batch->sequence,
                   .arena = wjz_call_arena(call)};
    Wjz__Intake__FeedReceipt *receipt = NULL;
    uint32_t retry_ms = 0;
    int r = taking_store(it, &what, &receipt, &retry_ms, err);
    if (r == -EAGAIN || r == -EDQUOT) {
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                                                    .message = err->text,
                                                    .remedy = "send the same batch again after the delay",
                                                    .retry_after_ms = retry_ms});
    }
    return r < 0 ? r : wjz_call_reply(call, &receipt->base);
}

const wjz_request_route DOOR_ROUTES[] = {
    {.type = &wjz__intake__feed_batch__descriptor, .handler = on_batch, .lax_strings = true},
    {.type = NULL},
};

static bool admit(const char *public_key, char sender[64], void *state) {
    const intake *it = state;
    if (feeds_find_curve(&it->feeds, public_key) == NULL) return false; /* a disabled feed is admitted and told */
    (void)snprintf(sender, 64, "%s", public_key);
    return true;
}

/* The configured file, else keys/feed-door.key in the state folder. */
static const char *key_file(const intake *it, char path[4096]) {
    const char *home = getenv("WJZ_HOME");
    if (it->conf->door_key_file != NULL) return it->conf->door_key_file;
    if (home == NULL || snprintf(path, 4096, "%s/keys/feed-door.key", home) >= 4096) return NULL;
    return path;
}

int door_open(intake *it, wjz_err *err) {
    char path[4096];
    const char *endpoint = it->conf->door;
    if (endpoint == NULL || endpoint[0] == '\0') return 0;
    bool local = strncmp(endpoint, "ipc://", 6) == 0;
    const char *key = key_file(it, path);
    if (!local && key == NULL) {
        return wjz_err_set(err, -EINVAL, "door \"%s\" needs a key: set door_key_file, or WJZ_HOME", endpoint);
    }
    wjz_door_options options = {.endpoint = endpoint,
                                .key_file = local ? NULL : key,
                                .admit = admit,
                                .routes = DOOR_ROUTES,
                                .state = it,
                                .in_flight = (int)it->conf->door_in_flight};
    return wjz_door_open(it->bus, &options, &it->door, err);
}
