/* A platform that pushes over the feed door, and is not what limits it: complaints come packed from a file, batches of
 * them are packed and the connection is made before the clock starts; then one thread keeps several batches under way
 * and notes when each was acknowledged.
 *
 *     bench_push DOOR SERVER_KEY PUBLIC_KEY SECRET_KEY FEED FILE [NAME=VALUE…]
 *
 * FILE: packed wjz.intake.Complaint, each after its length (uint32, little endian). Options, as NAME=VALUE:
 *     from, count   which complaints of the file (all)
 *     batch         complaints in a FeedBatch (256)
 *     window        batches under way at most (8)
 *     sequence      of the first batch (1)
 *     lots          how often the file is pushed; later lots have other external ids (1)
 *     rate          batches a second, as a Poisson stream; 0: as fast as they are acknowledged (0)
 *     times         file for "EXTERNAL_ID <tab> PUSHED <tab> ACKNOWLEDGED", microseconds since 1970
 *
 * Platforms are other machines: here, too, they get a processor as soon as they have something to do.
 *
 * A batch that is told to wait is sent again after the delay. Prints one line of JSON; times in microseconds, from when
 * a batch was due to when its receipt was here; processor_us is what the processor spent while the clock ran. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>

#include "bench/arrivals.h"
#include "proto/envelope.pb-c.h"
#include "proto/intake.pb-c.h"
#include "runtime/haste.h"

enum { WINDOW_MOST = 64, BATCH_MOST = 512, REGION = 510184, QUIET_S = 60, CONNECT_S = 10 };

typedef struct settings {
    const char *feed, *times;
    size_t from, count, batch, window, lots;
    uint64_t sequence;
    double rate;
} settings;

/* A batch that has no receipt so far. */
typedef struct under_way {
    bool used, waiting; /* waiting: told to come again at again_us */
    size_t number;
    int64_t due_us, pushed_us, again_us;
} under_way;

typedef struct cover {
    uint8_t *data;
    size_t length;
} cover;

typedef struct pusher {
    settings set;
    Wjz__Intake__Complaint **complaints;
    size_t complaint_count;
    cover *covers; /* by the batch's number */
    void *socket;
    int fd;
    under_way slots[WINDOW_MOST];
    size_t used, next, batches;
    arrivals stream;
    int64_t *took, heard_us;
    size_t answered;
    uint64_t outcomes[5], items, told_to_wait;
    FILE *times;
} pusher;

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_push: %s: %s\n", what, why);
    exit(1);
}

/* --- complaints --- */

/* Those that are wanted; the others would only take memory. */
static void load(pusher *p, const char *path) {
    FILE *file = fopen(path, "rbe");
    uint32_t length;
    size_t room = 0, passed = 0;
    uint8_t buffer[65536];
    if (!file) stop(path, strerror(errno));
    while ((p->set.count == 0 || p->complaint_count < p->set.count) && fread(&length, sizeof length, 1, file) == 1) {
        if (length > sizeof buffer || fread(buffer, 1, length, file) != length) stop(path, "is cut off");
        if (passed++ < p->set.from) continue;
        if (p->complaint_count == room) {
            room = room ? room * 2 : 4096;
            p->complaints = realloc(p->complaints, room * sizeof(Wjz__Intake__Complaint *));
            if (!p->complaints) stop(path, "out of memory");
        }
        Wjz__Intake__Complaint *complaint = wjz__intake__complaint__unpack(NULL, length, buffer);
        if (!complaint) stop(path, "holds something else than complaints");
        p->complaints[p->complaint_count++] = complaint;
    }
    fclose(file);
}

static size_t per_lot(const pusher *p) {
    return (p->set.count + p->set.batch - 1) / p->set.batch;
}

/* The complaints of a batch: *ret_first in the file, and how many. */
static size_t batch_range(const pusher *p, size_t number, size_t *ret_first) {
    size_t first = number % per_lot(p) * p->set.batch;
    *ret_first = first;
    return p->set.count - first < p->set.batch ? p->set.count - first : p->set.batch;
}

static void name_of(const pusher *p, size_t number, const Wjz__Intake__Complaint *complaint, char name[64]) {
    size_t lot = number / per_lot(p);
    if (lot == 0)
        snprintf(name, 64, "%s", complaint->external_id);
    else
        snprintf(name, 64, "L%zu-%s", lot, complaint->external_id);
}

/* --- covers --- */

static cover pack_cover(uint64_t id, const Wjz__Intake__FeedBatch *batch) {
    size_t length = wjz__intake__feed_batch__get_packed_size(batch);
    uint8_t *body = malloc(length);
    if (!body) stop("batch", "out of memory");
    wjz__intake__feed_batch__pack(batch, body);
    Wjz__Envelope envelope = WJZ__ENVELOPE__INIT;
    envelope.id = id;
    envelope.type = (char *)"wjz.intake.FeedBatch";
    envelope.schema = 1;
    envelope.region = REGION;
    envelope.created_at_us = bench_clock_us();
    envelope.attempt = 1;
    envelope.body = (ProtobufCBinaryData){length, body};
    cover packed = {.length = wjz__envelope__get_packed_size(&envelope)};
    packed.data = malloc(packed.length);
    if (!packed.data) stop("batch", "out of memory");
    wjz__envelope__pack(&envelope, packed.data);
    free(body);
    return packed;
}

static cover make_cover(const pusher *p, size_t number) {
    static char names[BATCH_MOST][64];
    static Wjz__Intake__Complaint complaints[BATCH_MOST];
    static Wjz__Intake__FeedItem items[BATCH_MOST], *list[BATCH_MOST];
    size_t first, count = batch_range(p, number, &first);
    for (size_t i = 0; i < count; i++) {
        complaints[i] = *p->complaints[first + i];
        name_of(p, number, &complaints[i], names[i]);
        complaints[i].external_id = names[i];
        wjz__intake__feed_item__init(&items[i]);
        items[i].item_case = WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT;
        items[i].complaint = &complaints[i];
        list[i] = &items[i];
    }
    Wjz__Intake__FeedBatch batch = WJZ__INTAKE__FEED_BATCH__INIT;
    batch.feed = (char *)(uintptr_t)p->set.feed; /* protobuf-c has no const; packing does not write */
    batch.sequence = p->set.sequence + number;
    batch.items = list;
    batch.n_items = count;
    return pack_cover(number, &batch);
}

static void make_covers(pusher *p) {
    p->covers = calloc(p->batches, sizeof *p->covers);
    if (!p->covers) stop("batches", "out of memory");
    for (size_t i = 0; i < p->batches; i++)
        p->covers[i] = make_cover(p, i);
}

/* --- there and back --- */

/* Without a copy: covers outlive the socket. */
static void send_cover(pusher *p, under_way *slot) {
    const cover *sent = &p->covers[slot->number];
    zmq_msg_t frame;
    zmq_msg_init_data(&frame, sent->data, sent->length, NULL, NULL);
    if (zmq_msg_send(&frame, p->socket, 0) < 0) stop("send", zmq_strerror(errno));
    slot->waiting = false;
}

static void push(pusher *p, int64_t due_us) {
    size_t at = 0;
    while (p->slots[at].used)
        at++;
    under_way *slot = &p->slots[at];
    *slot = (under_way){.used = true, .number = p->next++, .due_us = due_us};
    p->used++;
    slot->pushed_us = bench_clock_us();
    send_cover(p, slot);
}

static void note_times(pusher *p, const under_way *slot) {
    size_t first, count = batch_range(p, slot->number, &first);
    int64_t now = bench_clock_us();
    char name[64];
    for (size_t i = 0; p->times && i < count; i++) {
        name_of(p, slot->number, p->complaints[first + i], name);
        fprintf(p->times, "%s\t%" PRId64 "\t%" PRId64 "\n", name, slot->pushed_us, now);
    }
}

static void take_receipt(pusher *p, under_way *slot, const Wjz__Envelope *answer) {
    Wjz__Intake__FeedReceipt *receipt = wjz__intake__feed_receipt__unpack(NULL, answer->body.len, answer->body.data);
    if (!receipt) stop("receipt", "cannot be read");
    for (size_t i = 0; i < receipt->n_items; i++)
        p->outcomes[receipt->items[i]->outcome < 5 ? receipt->items[i]->outcome : 0]++;
    p->items += receipt->n_items;
    p->took[p->answered++] = bench_now_us() - slot->due_us;
    note_times(p, slot);
    wjz__intake__feed_receipt__free_unpacked(receipt, NULL);
    slot->used = false;
    p->used--;
}

static void take_refusal(pusher *p, under_way *slot, const Wjz__Envelope *answer) {
    Wjz__Refusal *refusal = wjz__refusal__unpack(NULL, answer->body.len, answer->body.data);
    if (!refusal || refusal->code != WJZ__REFUSAL__CODE__RETRY_LATER)
        stop("refused", refusal ? refusal->message : "cannot be read");
    slot->again_us = bench_now_us() + (int64_t)refusal->retry_after_ms * 1000;
    slot->waiting = true;
    p->told_to_wait++;
    wjz__refusal__free_unpacked(refusal, NULL);
}

static under_way *slot_of(pusher *p, uint64_t number) {
    for (size_t i = 0; i < p->set.window; i++)
        if (p->slots[i].used && p->slots[i].number == number) return &p->slots[i];
    return NULL;
}

static void take_answer(pusher *p, const void *data, size_t length) {
    Wjz__Envelope *answer = length ? wjz__envelope__unpack(NULL, length, data) : NULL;
    if (!answer) return; /* a probe tells that the connection is there */
    under_way *slot = slot_of(p, answer->id);
    if (!slot) stop("answer", "to no question of ours");
    if (strcmp(answer->type, "wjz.Refusal") == 0)
        take_refusal(p, slot, answer);
    else
        take_receipt(p, slot, answer);
    wjz__envelope__free_unpacked(answer, NULL);
    p->heard_us = bench_now_us();
}

/* Until there is none: the descriptor tells of new ones only after that. */
static void receive(pusher *p) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, p->socket, ZMQ_DONTWAIT) >= 0)
        take_answer(p, zmq_msg_data(&frame), zmq_msg_size(&frame));
    zmq_msg_close(&frame);
}

static int64_t send_again(pusher *p, int64_t now) {
    int64_t wait = 1000000;
    for (size_t i = 0; i < p->set.window; i++) {
        under_way *slot = &p->slots[i];
        if (!slot->used || !slot->waiting) continue;
        if (slot->again_us <= now)
            send_cover(p, slot);
        else if (slot->again_us - now < wait)
            wait = slot->again_us - now;
    }
    return wait;
}

static void push_all(pusher *p) {
    while (p->answered < p->batches) {
        int64_t now = bench_now_us(), due;
        while (p->next < p->batches && p->used < p->set.window && arrivals_take(&p->stream, now, &due))
            push(p, due);
        int64_t wait = send_again(p, now);
        receive(p);
        now = bench_now_us();
        if (now - p->heard_us > QUIET_S * INT64_C(1000000)) stop("door", "does not answer");
        if (p->next < p->batches && p->used < p->set.window && arrivals_wait_us(&p->stream, now) < wait)
            wait = arrivals_wait_us(&p->stream, now);
        if (wait > 0 && p->answered < p->batches)
            ppoll(&(struct pollfd){.fd = p->fd, .events = POLLIN}, 1,
                  &(struct timespec){.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000}, NULL);
    }
}

/* --- beginning and end --- */

/* Until the door has admitted the key. */
static void await_handshake(void *zmq, void *socket, const char *door) {
    static const char MONITOR[] = "inproc://handshake";
    int within_ms = CONNECT_S * 1000;
    uint16_t event = 0;
    void *monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (!monitor || zmq_connect(monitor, MONITOR) < 0 ||
        zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &within_ms, sizeof within_ms) < 0)
        stop(door, zmq_strerror(errno));
    while (event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, monitor, 0) < 0) stop(door, "admits nobody of this key");
        if (zmq_msg_more(&frame)) memcpy(&event, zmq_msg_data(&frame), sizeof event); /* the address follows */
        zmq_msg_close(&frame);
    }
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
}

static void *connect_door(void *zmq, char **argv, int *ret_fd) {
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    size_t size = sizeof *ret_fd;
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, argv[2], strlen(argv[2]) + 1) < 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, argv[3], strlen(argv[3]) + 1) < 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, argv[4], strlen(argv[4]) + 1) < 0 ||
        zmq_setsockopt(socket, ZMQ_LINGER, &(int){0}, sizeof(int)) < 0 ||
        zmq_socket_monitor(socket, "inproc://handshake", ZMQ_EVENT_HANDSHAKE_SUCCEEDED) < 0 ||
        zmq_connect(socket, argv[1]) < 0 || zmq_getsockopt(socket, ZMQ_FD, ret_fd, &size) < 0)
        stop(argv[1], zmq_strerror(errno));
    await_handshake(zmq, socket, argv[1]);
    return socket;
}

static void read_settings(settings *s, char **words) {
    for (; *words; words++) {
        char *equals = strchr(*words, '=');
        if (!equals) stop(*words, "is not NAME=VALUE");
        *equals = '\0';
        const struct {
            const char *name;
            size_t *into;
        } numbers[] = {{"from", &s->from},     {"count", &s->count}, {"batch", &s->batch},
                       {"window", &s->window}, {"lots", &s->lots},   {"sequence", &s->sequence}};
        bool known = false;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (strcmp(*words, numbers[i].name) == 0) *numbers[i].into = strtoul(equals + 1, NULL, 10), known = true;
        if (strcmp(*words, "rate") == 0) s->rate = strtod(equals + 1, NULL), known = true;
        if (strcmp(*words, "times") == 0) s->times = equals + 1, known = true;
        if (!known) stop(*words, "is no option");
    }
}

static void check_settings(pusher *p) {
    settings *s = &p->set;
    if (p->complaint_count == 0) stop("from", "lies behind the file's end");
    s->count = p->complaint_count;
    if (s->batch < 1 || s->batch > BATCH_MOST || s->window < 1 || s->window > WINDOW_MOST || s->lots < 1)
        stop("options", "batch 1–512, window 1–64, lots from 1");
    p->batches = per_lot(p) * s->lots;
    p->took = calloc(p->batches, sizeof *p->took);
    if (!p->took) stop("times", "out of memory");
    if (s->times && !(p->times = fopen(s->times, "we"))) stop(s->times, strerror(errno));
}

/* Of all threads. */
static int64_t processor_us(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

static void print_result(pusher *p, int64_t clock_us, int64_t us, int64_t worked_us) {
    printf("{\"items\": %" PRIu64 ", \"accepted\": %" PRIu64 ", \"duplicate\": %" PRIu64 ", \"revised\": %" PRIu64
           ", \"rejected\": %" PRIu64 ", \"told_to_wait\": %" PRIu64 ", \"batches\": %zu, \"begun_us\": %" PRId64
           ", \"seconds\": %.6f, \"processor_us\": %" PRId64 ", \"per_second\": %.1f, \"p50\": %" PRId64
           ", \"p99\": %" PRId64 "}\n",
           p->items, p->outcomes[1], p->outcomes[2], p->outcomes[3], p->outcomes[4], p->told_to_wait, p->batches,
           clock_us, (double)us / 1e6, worked_us, (double)p->items * 1e6 / (double)us,
           bench_quantile(p->took, p->answered, 0.5), bench_quantile(p->took, p->answered, 0.99));
}

int main(int argc, char **argv) {
    static pusher p = {.set = {.batch = 256, .window = 8, .sequence = 1, .lots = 1}};
    if (argc < 7) {
        fprintf(stderr, "usage: bench_push DOOR SERVER_KEY PUBLIC_KEY SECRET_KEY FEED FILE [NAME=VALUE…]\n");
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    p.set.feed = argv[5];
    read_settings(&p.set, argv + 7);
    load(&p, argv[6]);
    check_settings(&p);
    make_covers(&p);
    (void)wjz_haste_own(); /* before zmq makes threads */
    void *zmq = zmq_ctx_new();
    p.socket = connect_door(zmq, argv, &p.fd);
    int64_t clock_us = bench_clock_us(), start = p.heard_us = bench_now_us(), worked_us = processor_us();
    arrivals_begin(&p.stream, p.set.rate);
    push_all(&p);
    print_result(&p, clock_us, bench_now_us() - start, processor_us() - worked_us);
    if (p.times) fclose(p.times);
    zmq_close(p.socket);
    zmq_ctx_term(zmq);
    for (size_t i = 0; i < p.complaint_count; i++)
        wjz__intake__complaint__free_unpacked(p.complaints[i], NULL);
    for (size_t i = 0; i < p.batches; i++)
        free(p.covers[i].data);
    free(p.covers);
    free(p.complaints);
    free(p.took);
    return 0;
}
