/* Who may connect: answers ZeroMQ's authentication requests (ZAP, RFC 27) for all CURVE servers of a context. */
#ifndef WJZ_RUNTIME_ZAP_H
#define WJZ_RUNTIME_ZAP_H

#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_zap wjz_zap;

/* Judges a client's public key (Z85) at a ZAP domain. 0: admitted, its name written to user, which is what the
 * messages' "User-Id" says; -EACCES: refused; -EAGAIN: not known yet, asked again at wjz_zap_resume. */
typedef int wjz_zap_fn(void *arg, const char *domain, const char *public_key, char user[64]);

/* To be opened before any socket of the context is bound. */
WJZ_MUST_CHECK int wjz_zap_open(wjz_loop *loop, void *zmq, wjz_zap_fn *judge, void *arg, wjz_zap **ret_zap,
                                wjz_err *err);
/* Those who waited are judged again; who is still not known is refused. */
void wjz_zap_resume(wjz_zap *zap);
void wjz_zap_close(wjz_zap **zap);

#endif
