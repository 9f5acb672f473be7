/* The other side of a door: what an upstream platform's program does to push, for tools, tests and benchmarks. */
#ifndef WJZ_DOOR_CLIENT_H
#define WJZ_DOOR_CLIENT_H

#include <protobuf-c/protobuf-c.h>

#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_door_client wjz_door_client;

enum { WJZ_DOOR_KEY_TEXT = 41 }; /* a Z85 CURVE key and NUL */

/* Makes a CURVE key pair in path (zcert file, readable by the owner alone) unless there is one, and gives its public key. */
WJZ_MUST_CHECK int wjz_door_make_key(const char *path, char ret_public_key[WJZ_DOOR_KEY_TEXT], wjz_err *err);

/* server_key: the door's Z85 public key, NULL or "" for a door without CURVE; key_file: our key pair, NULL then. Connecting goes on
 * in the background: a wrong key shows as -ETIMEDOUT of the first question. */
WJZ_MUST_CHECK int wjz_door_connect(wjz_loop *loop, const char *endpoint, const char *server_key, const char *key_file,
                                    wjz_door_client **ret_client, wjz_err *err);
/* No question may be under way. Accepts NULL. */
void wjz_door_disconnect(wjz_door_client **client);

/* As wjz_bus_request. Several fibers may ask at once. */
WJZ_MUST_CHECK int wjz_door_ask(wjz_door_client *client, int32_t region, const ProtobufCMessage *body, int64_t timeout_ms,
                                const ProtobufCMessageDescriptor *reply_type, wjz_arena *arena,
                                const ProtobufCMessage **ret_reply, wjz_refusal *ret_refusal, wjz_err *err);

#endif
