/* A helper process: for work on bytes from outside that must not harm this one — a decoder that may be made to crash, to eat
 * memory, or to run for ever. What the child may do it restricts itself, with wjz_child_confine, before it looks at its input. */
#ifndef WJZ_CHILD_H
#define WJZ_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_child_work {
    const char *const *arguments; /* ended by NULL; the program is this one itself */
    const void *input;            /* its standard input; then end of file */
    size_t length;
    size_t output_limit;          /* bytes of standard output, beyond which it is ended */
    uint64_t timeout_ms;          /* after which it is ended */
} wjz_child_work;

/* Runs it and waits for its end; only in a fiber. 0 with its output in the arena and its exit status, which is
 * 128 + signal when a signal ended it. -ETIMEDOUT, -EMSGSIZE (too much output), -ENOMEM, or why it cannot be started. No child
 * is left behind in any case. */
WJZ_MUST_CHECK int wjz_child_run(wjz_loop *loop, const wjz_child_work *work, wjz_arena *arena, uint8_t **ret_output,
                                 size_t *ret_length, int *ret_status, wjz_err *err);

/* In the child, once what it needs is open: no new descriptor, file or process from now on, at most so much memory and processor
 * time. Ends the process with status 1 where that cannot be had. */
void wjz_child_confine(size_t memory, unsigned processor_s);

#endif
