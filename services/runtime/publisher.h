/* Publisher: best-effort live messages, to and from all instances. */
#ifndef WJZ_RUNTIME_PUBLISHER_H
#define WJZ_RUNTIME_PUBLISHER_H

#include "runtime/bus.h"

typedef struct wjz_publisher wjz_publisher;

/* serve: binds a PUB socket, *ret_endpoint is what goes into the registry; else "" and it only listens. */
WJZ_MUST_CHECK int wjz_publisher_open(const wjz_ground *ground, bool serve, wjz_publisher **ret_publisher,
                                      char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err);
void wjz_publisher_publish(wjz_publisher *publisher, int32_t region, const ProtobufCMessage *body);
WJZ_MUST_CHECK int wjz_publisher_subscribe(wjz_publisher *publisher, const ProtobufCMessageDescriptor *type,
                                           wjz_publication_fn *fn, void *arg, wjz_err *err);
void wjz_publisher_unsubscribe(wjz_publisher *publisher, const void *arg);
void wjz_publisher_peers_changed(wjz_publisher *publisher);
void wjz_publisher_close(wjz_publisher **publisher);

#endif
