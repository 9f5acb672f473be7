/* Helper processes by libuv: a pipe in, a pipe out, and their end. The fiber that asks keeps all of it on its stack and
 * sleeps until every handle is closed. */
#include "wjz/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/loop.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

enum { FIRST_OUTPUT = 64 << 10 };

typedef struct child {
    uv_process_t process;
    uv_pipe_t in, out;
    uv_timer_t timer;
    uv_write_t write;
    int open; /* handles that are not closed yet */
    wjz_loop *loop;
    wjz_event closed;
    const wjz_child_work *work;
    wjz_arena *arena;
    uint8_t *output;
    size_t length, size;
    bool ended, out_ended, killed;
    int result, status;
} child;

static void on_closed(uv_handle_t *handle) {
    child *c = handle->data;
    if (--c->open == 0) wjz_event_set(c->loop, &c->closed);
}

static void close_handle(void *handle) {
    if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

/* The first reason counts. The process's end closes the rest. */
static void give_up(child *c, int result) {
    if (c->result == 0) c->result = result;
    if (!c->ended && !c->killed) c->killed = uv_process_kill(&c->process, SIGKILL) == 0;
}

/* All has been heard: the process has ended, and nothing more comes out of the pipe. */
static void finish_if_over(child *c) {
    if (!c->ended || !c->out_ended) return;
    close_handle(&c->in);
    close_handle(&c->out);
    close_handle(&c->timer);
    close_handle(&c->process);
}

static void on_process_end(uv_process_t *process, int64_t status, int signal) {
    child *c = process->data;
    c->ended = true;
    c->status = signal ? 128 + signal : (int)status;
    finish_if_over(c);
}

static void on_time(uv_timer_t *timer) {
    give_up(timer->data, -ETIMEDOUT);
}

/* A child that reads no further ends by itself, and says by its status what it thinks of the input. */
static void on_written(uv_write_t *write, WJZ_UNUSED int status) {
    child *c = write->data;
    close_handle(&c->in);
}

static void on_room(uv_handle_t *handle, WJZ_UNUSED size_t suggested, uv_buf_t *ret_buffer) {
    child *c = handle->data;
    if (c->length == c->size) {
        size_t size = c->size ? c->size * 2 : FIRST_OUTPUT;
        uint8_t *grown = wjz_arena_alloc(c->arena, size);
        if (grown == NULL) {
            *ret_buffer = uv_buf_init(NULL, 0);
            return;
        }
        if (c->length > 0) memcpy(grown, c->output, c->length);
        c->output = grown;
        c->size = size;
    }
    *ret_buffer = uv_buf_init((char *)c->output + c->length, (unsigned)(c->size - c->length));
}

static void on_output(uv_stream_t *stream, ssize_t count, WJZ_UNUSED const uv_buf_t *buffer) {
    child *c = stream->data;
    if (count > 0) c->length += (size_t)count;
    if (count == UV_ENOBUFS) give_up(c, -ENOMEM);
    if (c->length > c->work->output_limit) give_up(c, -EMSGSIZE);
    if (count >= 0 && c->result == 0) return;
    c->out_ended = true;
    uv_read_stop(stream);
    finish_if_over(c);
}

static int start(child *c) {
    /* What runs, not what lies there by now: an upgrade puts another file in its place. */
    char program[] = "/proc/self/exe";
    char **arguments = NULL;
    size_t count = 0;
    while (c->work->arguments[count] != NULL)
        count++;
    arguments = wjz_arena_alloc(c->arena, (count + 2) * sizeof *arguments);
    if (arguments == NULL) return UV_ENOMEM;
    arguments[0] = program;
    memcpy(arguments + 1, c->work->arguments, (count + 1) * sizeof *arguments);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
        {.flags = UV_IGNORE},
    };
    char *environment[] = {NULL};
    uv_process_options_t options = {.file = program,
                                    .args = arguments,
                                    .env = environment,
                                    .stdio = stdio,
                                    .stdio_count = 3,
                                    .exit_cb = on_process_end};
    return uv_spawn(wjz_loop_uv(c->loop), &c->process, &options);
}

static void listen_and_feed(child *c) {
    uv_buf_t input = uv_buf_init((char *)(uintptr_t)c->work->input, (unsigned)c->work->length);
    int r = uv_read_start((uv_stream_t *)&c->out, on_room, on_output);
    if (r == 0) r = uv_write(&c->write, (uv_stream_t *)&c->in, &input, 1, on_written);
    if (r == 0) r = uv_timer_start(&c->timer, on_time, c->work->timeout_ms, 0);
    if (r == 0) return;
    c->out_ended = true;
    give_up(c, r);
}

int wjz_child_run(wjz_loop *loop, const wjz_child_work *work, wjz_arena *arena, uint8_t **ret_output,
                  size_t *ret_length, int *ret_status, wjz_err *err) {
    uv_loop_t *uv = wjz_loop_uv(loop);
    child c = {.loop = loop, .work = work, .arena = arena};
    uv_pipe_init(uv, &c.in, 0);
    uv_pipe_init(uv, &c.out, 0);
    uv_timer_init(uv, &c.timer);
    c.process.data = c.in.data = c.out.data = c.timer.data = c.write.data = &c;
    c.open = 4; /* the process is a handle also when it could not be started */
    int r = start(&c);
    if (r == 0) {
        listen_and_feed(&c);
    } else {
        c.result = r;
        c.ended = c.out_ended = true;
        finish_if_over(&c);
    }
    wjz_event_wait(loop, &c.closed);
    if (c.result < 0)
        return wjz_err_set(err, c.result, "could not run \"%s\": %s", work->arguments[0], strerror(-c.result));
    *ret_output = c.output;
    *ret_length = c.length;
    *ret_status = c.status;
    return 0;
}

void wjz_child_confine(size_t memory, unsigned processor_s) {
    const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0},  {RLIMIT_FSIZE, 0},         {RLIMIT_NOFILE, 0},
                  {RLIMIT_NPROC, 0}, {RLIMIT_CPU, processor_s}, {RLIMIT_AS, memory}};
    for (size_t i = 0; i < WJZ_COUNT(limits); i++) {
        struct rlimit limit = {limits[i].most, limits[i].most};
#ifdef WITH_ASAN
        if (limits[i].what == RLIMIT_AS) continue; /* its shadow alone is larger */
#endif
        if (setrlimit(limits[i].what, &limit) < 0) _exit(1);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) _exit(1);
}
