#include "console/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/exchange.h"
#include "proto/console.pb-c.h"
#include "proto/intake.pb-c.h"
#include "proto/notification.pb-c.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

/* A stream ends after a while, and the browser opens another one: then it is looked again whether its session still
 * lives. That a page was left is found out by the next beat: who goes quickly from page to page has many open. */
enum { BEAT_MS = 15000, LIFE_US = 300 * 1000000, LISTENERS_MOST = 4000, OF_ONE_PERSON = 64 };

typedef struct listener {
    struct listener *next, **at;
    events *of;
    wjz_stream *stream;
    int32_t region;
    int64_t until_us; /* monotonic */
    char person[64];
} listener;

struct events {
    wjz_loop *loop;
    wjz_bus *bus;
    wjz_timer *beat;
    listener *first;
    size_t count;
    wjz_metric *open, *sent;
};

static void on_closed(void *arg) {
    listener *l = arg;
    if (l->next) l->next->at = l->at;
    *l->at = l->next;
    l->of->count--;
    wjz_set(l->of->open, (double)l->of->count);
    free(l);
}

static void send_text(listener *l, const char *text, size_t length) {
    if (wjz_stream_send(l->stream, text, length) < 0) wjz_stream_end(l->stream); /* too slow: it begins anew */
    wjz_count(l->of->sent, 1);
}

static void beat(void *arg) {
    events *e = arg;
    int64_t now_us = wjz_clock_monotonic_us();
    for (listener *l = e->first; l; l = l->next) {
        send_text(l, ": \n\n", 4);
        if (l->until_us < now_us) wjz_stream_end(l->stream);
    }
}

static size_t write_event(char text[256], const char *type, int64_t subject) {
    char at[WJZ_CLOCK_TEXT], id[32];
    snprintf(id, sizeof id, subject ? "\"%" PRId64 "\"" : "null", subject);
    return (size_t)snprintf(text, 256, "data: {\"type\":\"%.20s\",\"subject\":%s,\"at\":\"%s\"}\n\n", type, id,
                            wjz_clock_format(wjz_clock_us(), at));
}

/* To those of the region; person not NULL: to that one alone. */
static void tell_here(events *e, const char *type, int32_t region, int64_t subject, const char *person) {
    char text[256];
    size_t length = write_event(text, type, subject);
    for (listener *l = e->first; l; l = l->next)
        if ((region == 0 || l->region == region) && (!person || strcmp(l->person, person) == 0))
            send_text(l, text, length);
}

void events_tell(events *e, const char *type, int32_t region, int64_t subject) {
    Wjz__Console__ViewChanged message = WJZ__CONSOLE__VIEW_CHANGED__INIT;
    message.type = (char *)type;
    message.subject = (uint64_t)subject;
    message.instance = wjz_bus_instance_number(e->bus);
    tell_here(e, type, region, subject, NULL);
    wjz_bus_publish(e->bus, region, &message.base);
}

static void on_view_changed(const wjz_message *message, void *arg) {
    events *e = arg;
    const Wjz__Console__ViewChanged *changed = (const void *)message->body;
    if (changed->instance != wjz_bus_instance_number(e->bus))
        tell_here(e, changed->type, message->region, (int64_t)changed->subject, NULL);
}

static void on_inbox_changed(const wjz_message *message, void *arg) {
    const Wjz__Notification__InboxChanged *changed = (const void *)message->body;
    tell_here(arg, "inbox", 0, (int64_t)changed->notice, changed->person);
}

static void on_feed_changed(const wjz_message *message, void *arg) {
    tell_here(arg, "feed", message->region, 0, NULL);
}

int events_new(wjz_loop *loop, wjz_bus *bus, events **ret_events, wjz_err *err) {
    WJZ_CLEANUP(events_destroy) events *e = calloc(1, sizeof *e);
    if (!e) return wjz_err_set(err, -ENOMEM, "out of memory");
    *e = (events){.loop = loop,
                  .bus = bus,
                  .open = wjz_gauge("wjz_console_streams", "", "open streams of events"),
                  .sent = wjz_counter("wjz_console_events_total", "", "events sent to browsers, beats included")};
    int r = wjz_timer_open(loop, BEAT_MS, BEAT_MS, beat, e, &e->beat);
    if (r == 0) r = wjz_bus_subscribe(bus, &wjz__console__view_changed__descriptor, on_view_changed, e, err);
    if (r == 0) r = wjz_bus_subscribe(bus, &wjz__notification__inbox_changed__descriptor, on_inbox_changed, e, err);
    if (r == 0) r = wjz_bus_subscribe(bus, &wjz__intake__feed_changed__descriptor, on_feed_changed, e, err);
    if (r < 0) return r;
    *ret_events = WJZ_STEAL(e);
    return 0;
}

void events_destroy(events **at) {
    events *e = at ? WJZ_STEAL(*at) : NULL;
    if (!e) return;
    wjz_bus_unsubscribe(e->bus, e);
    wjz_timer_close(&e->beat);
    free(e);
}

static int count_of(const events *e, const char *person) {
    int count = 0;
    for (const listener *l = e->first; l; l = l->next)
        count += strcmp(l->person, person) == 0;
    return count;
}

int events_open_stream(exchange *x, wjz_err *err) {
    events *e = x->console->events;
    if (e->count >= LISTENERS_MOST || count_of(e, x->who.person) >= OF_ONE_PERSON)
        return refuse(x, 429, "too_many", "打开的页面过多 / too many pages are open");
    int r = exchange_commit(x, err);
    listener *l = r == 0 ? calloc(1, sizeof *l) : NULL;
    if (!l) return r < 0 ? r : -ENOMEM;
    *l = (listener){.next = e->first,
                    .at = &e->first,
                    .of = e,
                    .region = x->who.region,
                    .until_us = wjz_clock_monotonic_us() + LIFE_US};
    snprintf(l->person, sizeof l->person, "%s", x->who.person);
    r = wjz_respond_stream(x->request, "text/event-stream", on_closed, l, &l->stream);
    if (r < 0) {
        free(l);
        return r;
    }
    if (l->next) l->next->at = &l->next;
    e->first = l;
    wjz_set(e->open, (double)++e->count);
    x->answered = x->streaming = true;
    char text[256];
    send_text(l, "retry: 3000\n\n", 13);
    send_text(l, text, write_event(text, "hello", 0));
    return 0;
}
