/* Answers without an end. While there is nothing to send the connection is suspended; what is sent resumes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/http.h"

enum { UNSENT_MOST = 256 << 10, FIRST_BYTES = 1024 };

struct wjz_stream {
    wjz_http *http;
    struct MHD_Connection *connection;
    wjz_stream *next, **at; /* in http->streams */
    char *bytes;
    size_t from, to, size; /* what is unsent of bytes */
    bool suspended, ending;
    wjz_call_fn *closed;
    void *closed_arg;
};

static ssize_t on_room(void *arg, WJZ_UNUSED uint64_t position, char *into, size_t most) {
    wjz_stream *stream = arg;
    size_t length = stream->to - stream->from;
    if (length > 0) {
        if (length > most) length = most;
        memcpy(into, stream->bytes + stream->from, length);
        stream->from += length;
        return (ssize_t)length;
    }
    if (stream->ending) return MHD_CONTENT_READER_END_OF_STREAM;
    stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static void on_gone(void *arg) {
    wjz_stream *stream = arg;
    if (stream->next) stream->next->at = stream->at;
    *stream->at = stream->next;
    if (stream->closed) stream->closed(stream->closed_arg);
    free(stream->bytes);
    free(stream);
}

static void go_on(wjz_stream *stream) {
    if (!stream->suspended) return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
    wjz_http_run_soon(stream->http);
}

int wjz_respond_stream(wjz_request *request, const char *content_type, wjz_call_fn *closed, void *arg,
                       wjz_stream **ret_stream) {
    wjz_http *http = request->http;
    if (http->closing) return -ECANCELED;
    wjz_stream *stream = calloc(1, sizeof(*stream));
    if (!stream) return -ENOMEM;
    *stream =
        (wjz_stream){.http = http, .connection = request->connection, .next = http->streams, .at = &http->streams};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FIRST_BYTES, on_room, stream, on_gone);
    if (!response) {
        free(stream);
        return -ENOMEM;
    }
    if (stream->next) stream->next->at = &stream->next;
    http->streams = stream;
    wjz_request_answer(request, 200, content_type, response);
    if (!request->response) return -ENOMEM; /* the stream went with its response */
    stream->closed = closed;
    stream->closed_arg = arg;
    *ret_stream = stream;
    return 0;
}

int wjz_stream_send(wjz_stream *stream, const void *data, size_t length) {
    if (stream->ending) return 0;
    if (length > UNSENT_MOST - (stream->to - stream->from)) return -ENOBUFS;
    if (stream->from > 0) {
        memmove(stream->bytes, stream->bytes + stream->from, stream->to - stream->from);
        stream->to -= stream->from;
        stream->from = 0;
    }
    if (stream->to + length > stream->size) {
        size_t size = stream->size ? stream->size : FIRST_BYTES;
        while (size < stream->to + length)
            size *= 2;
        char *bytes = realloc(stream->bytes, size);
        if (!bytes) return -ENOMEM;
        stream->bytes = bytes;
        stream->size = size;
    }
    memcpy(stream->bytes + stream->to, data, length);
    stream->to += length;
    go_on(stream);
    return 0;
}

void wjz_stream_end(wjz_stream *stream) {
    stream->ending = true;
    go_on(stream);
}

void wjz_streams_end(wjz_http *http) {
    for (wjz_stream *stream = http->streams; stream; stream = stream->next)
        wjz_stream_end(stream);
}
