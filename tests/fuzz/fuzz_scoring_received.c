/* A message about complaints with arbitrary bytes for what it brings along: whatever unpacks gives whole complaints. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/received.h"
#include "wjz/bus.h"

enum { ARENA = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const Wjz__Intake__ComplaintsAccepted *message, wjz_arena *arena) {
    for (size_t i = 0; i < message->n_complaint; i++) {
        const Wjz__Intake__AsReceived *received = received_of(message, (int64_t)message->complaint[i]);
        complaint read = {0};
        if (!received || received_read(received, arena, &read)) continue;
        assert(read.id == (int64_t)message->complaint[i]);
        assert(read.title && read.content && read.categories && read.external_id && read.parent_id);
        assert(read.has_position || (read.longitude == 0 && read.latitude == 0));
        size_t length = 0;
        for (size_t j = 0; j < received->complaint->n_categories; j++)
            length += strlen(received->complaint->categories[j]) + (j > 0);
        assert(strlen(read.categories) == length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wjz_arena *arena = wjz_arena_new(ARENA);
    const ProtobufCMessage *body = NULL;
    if (!arena) abort();
    if (wjz_message_unpack(&wjz__intake__complaints_accepted__descriptor, data, size, arena, &body, NULL) == 0)
        read_all((const Wjz__Intake__ComplaintsAccepted *)body, arena);
    wjz_arena_destroy(&arena);
    return 0;
}
