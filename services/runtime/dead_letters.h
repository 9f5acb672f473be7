/* Dead letters: messages that were given up, kept until an operator decides. */
#ifndef WJZ_RUNTIME_DEAD_LETTERS_H
#define WJZ_RUNTIME_DEAD_LETTERS_H

#include "runtime/bus.h"
#include "runtime/relay.h"

typedef struct wjz_dead_letters {
    const wjz_ground *ground;
    wjz_relay *relay;
} wjz_dead_letters;

/* Requests that every service answers; their handlers' state is a wjz_dead_letters. */
extern const wjz_request_route WJZ_DEAD_LETTER_ROUTES[];

#endif
