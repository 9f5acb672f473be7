/* What a command works with: the paths, how to print, and — for commands that ask for it — the store and the bus. */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "ctl/home.h"
#include "ctl/out.h"
#include "wjz/bus.h"
#include "wjz/db.h"

typedef struct session {
    home home;
    out_format format;
    wjz_loop *loop; /* NULL, like what follows, for commands that are not connected */
    wjz_db *db;     /* as role wjz_operator: reads all that is not personal, writes the directory */
    wjz_bus *bus;   /* a client: asks */
    wjz_arena *arena;
} session;

/* Runs fn in a fiber with the store (and the bus when with_bus) connected; gives its result. Refuses with a remedy when
 * the store does not answer. */
WJZ_MUST_CHECK int session_connected(session *s, bool with_bus, int (*fn)(session *s, void *arg, wjz_err *err),
                                     void *arg, wjz_err *err);

/* The same without store and bus: only the loop, for commands that speak to the outside alone. */
WJZ_MUST_CHECK int session_alone(session *s, int (*fn)(session *s, void *arg, wjz_err *err), void *arg, wjz_err *err);

/* One read-only statement; the rows live until the next one. */
WJZ_MUST_CHECK int session_read(session *s, const wjz_stmt *stmt, const wjz_param *params, int count,
                                wjz_rows **ret_rows, wjz_err *err);

/* The region that was given (0: none was), else the only one that has feeds; -EINVAL when there are several or none. */
WJZ_MUST_CHECK int session_region(session *s, int64_t given, int32_t *ret_region, wjz_err *err);

/* wjz_bus_request with 60 s and the model county's region 0, saying what to do when nobody answers. */
WJZ_MUST_CHECK int session_ask(session *s, const char *service, const ProtobufCMessage *question,
                               const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer,
                               wjz_err *err);
/* The same about something of a region. */
WJZ_MUST_CHECK int session_ask_in(session *s, const char *service, int32_t region, const ProtobufCMessage *question,
                                  const ProtobufCMessageDescriptor *answer_type, const ProtobufCMessage **ret_answer,
                                  wjz_err *err);
/* The same of what may be asked again: while nobody is there, or the store is away, for two minutes. */
WJZ_MUST_CHECK int session_ask_patiently(session *s, const char *service, const ProtobufCMessage *question,
                                         const ProtobufCMessageDescriptor *answer_type,
                                         const ProtobufCMessage **ret_answer, wjz_err *err);

#endif
