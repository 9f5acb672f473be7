/* ZeroMQ on the loop: nothing gets stuck, whatever swallows the descriptor's sign. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/socket.h"
#include "wjz/clock.h"

static wjz_loop *loop;
static void *zmq;
static wjz_socket *near_end, *far_end;
static char dir[32], endpoint[64];
static int wanted, sent, echoed, returned, frames_seen;
static wjz_timer *limit;

static void finish(void) {
    wjz_timer_close(&limit);
    wjz_socket_close(&near_end);
    wjz_socket_close(&far_end);
}

static void on_limit(WJZ_UNUSED void *arg) {
    fprintf(stderr, "stuck: sent %d, echoed %d, returned %d of %d\n", sent, echoed, returned, wanted);
    finish();
}

static void open_pair(const wjz_socket_options *near_options, const wjz_socket_options *far_options) {
    wjz_err err = {0};
    char bound[256];
    assert_int_equal(wjz_timer_open(loop, 20000, 0, on_limit, NULL, &limit), 0);
    assert_int_equal(wjz_socket_open(loop, zmq, far_options, &far_end, &err), 0);
    assert_int_equal(wjz_socket_bind(far_end, endpoint, bound, &err), 0);
    assert_string_equal(bound, endpoint);
    assert_int_equal(wjz_socket_open(loop, zmq, near_options, &near_end, &err), 0);
    assert_int_equal(wjz_socket_connect(near_end, endpoint, "", &err), 0);
    wjz_socket_read(far_end, true);
    wjz_socket_read(near_end, true);
}

static int set_up(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    zmq = zmq_ctx_new();
    strcpy(dir, "/tmp/wjz-socket-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/far", dir);
    sent = echoed = returned = frames_seen = 0;
    return wjz_loop_new(&loop, &err);
}

static int tear_down(WJZ_UNUSED void **state) {
    wjz_loop_destroy(&loop);
    zmq_ctx_term(zmq);
    unlink(endpoint + strlen("ipc://"));
    return rmdir(dir);
}

/* --- a flood through narrow windows --- */

static void send_more(WJZ_UNUSED void *arg) {
    while (sent < wanted) {
        int r = wjz_socket_send(near_end, (const wjz_blob[]){{&sent, sizeof sent}}, 1);
        if (r == -EAGAIN) return; /* called again when there is room */
        assert_int_equal(r, 0);
        sent++;
    }
}

static void echo(WJZ_UNUSED void *arg, zmq_msg_t *frames, int count) {
    assert_int_equal(count, 2);
    const wjz_blob reply[] = {{zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0])},
                              {zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1])}};
    assert_int_equal(wjz_socket_send(far_end, reply, 2), 0);
    echoed++;
}

static void take_back(WJZ_UNUSED void *arg, zmq_msg_t *frames, int count) {
    int number;
    assert_int_equal(count, 1);
    assert_int_equal(zmq_msg_size(&frames[0]), sizeof number);
    memcpy(&number, zmq_msg_data(&frames[0]), sizeof number);
    assert_int_equal(number, returned);
    if (++returned == wanted) finish(); /* closes the socket that calls this */
}

static void test_flood(WJZ_UNUSED void **state) {
    wanted = 20000;
    open_pair(
        &(wjz_socket_options){.type = ZMQ_DEALER, .received = take_back, .writable = send_more, .send_window = 10},
        &(wjz_socket_options){.type = ZMQ_ROUTER, .received = echo, .receive_window = 10, .send_window = -1});
    send_more(NULL);
    wjz_loop_run(loop);
    assert_int_equal(returned, wanted);
}

/* One message at a time, each sent from inside the callback of the one before. */
static void next_one(WJZ_UNUSED void *arg, zmq_msg_t *frames, int count) {
    (void)frames;
    (void)count;
    if (++returned == wanted)
        finish();
    else
        assert_int_equal(wjz_socket_send(near_end, (const wjz_blob[]){{"x", 1}}, 1), 0);
}

static void test_ping_pong(WJZ_UNUSED void **state) {
    wanted = 2000;
    open_pair(&(wjz_socket_options){.type = ZMQ_DEALER, .received = next_one},
              &(wjz_socket_options){.type = ZMQ_ROUTER, .received = echo});
    assert_int_equal(wjz_socket_send(near_end, (const wjz_blob[]){{"x", 1}}, 1), 0);
    wjz_loop_run(loop);
    assert_int_equal(returned, wanted);
}

/* --- odd messages --- */

static void count_frames(WJZ_UNUSED void *arg, WJZ_UNUSED zmq_msg_t *frames, int count) {
    frames_seen = frames_seen * 100 + count;
    if (count == 2) finish();
}

static void test_frames(WJZ_UNUSED void **state) {
    wjz_blob many[40];
    for (size_t i = 0; i < WJZ_COUNT(many); i++)
        many[i] = (wjz_blob){"x", 1};
    open_pair(&(wjz_socket_options){.type = ZMQ_DEALER, .received = take_back},
              &(wjz_socket_options){.type = ZMQ_ROUTER, .received = count_frames});
    assert_int_equal(wjz_socket_send(near_end, many, 9), 0);
    assert_int_equal(wjz_socket_send(near_end, many, 40), 0);
    assert_int_equal(wjz_socket_send(near_end, many, 1), 0);
    wjz_loop_run(loop);
    assert_int_equal(frames_seen, 104102); /* with the identity: 10, then 41 of which the first are kept, then 2 */
}

static void test_unknown_peer(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    wjz_socket_options options = {.type = ZMQ_ROUTER, .received = echo};
    assert_int_equal(wjz_socket_open(loop, zmq, &options, &far_end, &err), 0);
    assert_int_equal(wjz_socket_send(far_end, (const wjz_blob[]){{"nobody", 6}, {"x", 1}}, 2), -EHOSTUNREACH);
    wjz_socket_close(&far_end);
    assert_null(far_end);
    wjz_socket_close(&far_end);
    wjz_loop_run(loop);
}

/* --- binding --- */

static void test_bind(WJZ_UNUSED void **state) {
    static const struct {
        const char *endpoint;
        const char *error;
    } CASES[] = {
        {"ipc:///nowhere/at/all", "could not bind \"ipc:///nowhere/at/all\": No such file or directory"},
        {"tcp://192.0.2.1:1", "could not bind \"tcp://192.0.2.1:1\": Cannot assign requested address"},
        {"http://x", "could not bind \"http://x\": Protocol not supported"},
        {"nonsense", "could not bind \"nonsense\": Invalid argument"},
    };
    wjz_err err = {0};
    char bound[256];
    wjz_socket_options options = {.type = ZMQ_ROUTER, .received = echo};
    assert_int_equal(wjz_socket_open(loop, zmq, &options, &far_end, &err), 0);
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        assert_true(wjz_socket_bind(far_end, CASES[i].endpoint, bound, &err) < 0);
        assert_string_equal(err.text, CASES[i].error);
    }
    assert_int_equal(wjz_socket_bind(far_end, endpoint, bound, &err), 0);
    struct stat status;
    assert_int_equal(stat(endpoint + strlen("ipc://"), &status), 0);
    assert_int_equal(status.st_mode & 077, 0);
    assert_int_equal(wjz_socket_connect(far_end, endpoint, "too short", &err), -EINVAL);
    wjz_socket_close(&far_end);
    wjz_loop_run(loop);
}

/* What it tells must be what every peer can connect to. */
static void test_bound_as_told(WJZ_UNUSED void **state) {
    static const struct {
        const char *endpoint, *told;
    } CASES[] = {
        {"tcp://127.0.0.1:*", "tcp://127.0.0.1:"},
        {"tcp://0.0.0.0:*", "tcp://0.0.0.0:"},
    };
    wjz_err err = {0};
    char bound[256];
    wjz_socket_options options = {.type = ZMQ_ROUTER, .received = echo};
    assert_int_equal(wjz_socket_open(loop, zmq, &options, &far_end, &err), 0);
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        assert_int_equal(wjz_socket_bind(far_end, CASES[i].endpoint, bound, &err), 0);
        assert_int_equal(strncmp(bound, CASES[i].told, strlen(CASES[i].told)), 0);
        assert_true(atoi(bound + strlen(CASES[i].told)) > 0);
    }
    wjz_socket_close(&far_end);
    wjz_loop_run(loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_flood),        TEST(test_ping_pong), TEST(test_frames),
        TEST(test_unknown_peer), TEST(test_bind),      TEST(test_bound_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
