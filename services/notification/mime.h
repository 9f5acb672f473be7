/* Mail messages as they go over the wire: RFC 5322 headers, RFC 2047 encoded words, base64 body. Pure. */
#ifndef NOTIFICATION_MIME_H
#define NOTIFICATION_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"

struct mail {
    const char *from_name, *from, *to; /* addresses alone; the name is UTF-8 */
    const char *subject, *body;        /* UTF-8 */
    const char *message_id;            /* without the angle brackets */
    const char *in_reply_to;           /* message id, or NULL */
    int64_t at_us;
};

/* An address that is safe to write into a header and an SMTP command: local@domain of printable ASCII without spaces,
 * brackets, quotes, commas and semicolons, at most 254 bytes. */
bool mail_address_ok(const char *address);

/* The whole message with CRLF lines of at most 78 bytes. -EINVAL for a bad address (err says which side), -ENOMEM. */
WJZ_MUST_CHECK int mail_build(const struct mail *mail, wjz_arena *arena, const char **ret_text, size_t *ret_length,
                              wjz_err *err);

/* An address for logs and the delivery log: "z***@example.org". */
const char *mail_address_shortened(const char *address, wjz_arena *arena);

#endif
