/* Score cards as the store or a newer scoring may give them, on any bytes: put into words in both languages. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/wording.h"
#include "wjz/bus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wjz_arena *arena = wjz_arena_new(64 << 20);
    const ProtobufCMessage *message = NULL;
    wjz_err err = {0};
    if (arena && wjz_message_unpack(&wjz__scoring__explanation__descriptor, data, size, arena, &message, &err) == 0) {
        const Wjz__Scoring__Explanation *explanation = (const Wjz__Scoring__Explanation *)message;
        for (int language = 0; explanation->card && language < WORDING_LANGUAGES; language++) {
            char *text = NULL;
            size_t length = 0;
            wording w = {.out = open_memstream(&text, &length),
                         .language = (wording_language)language,
                         .outline = explanation->outline,
                         .today = 20000,
                         .rules = size % 2};
            wording_card(&w, explanation->card);
            fclose(w.out);
            free(text);
        }
    }
    wjz_arena_destroy(&arena);
    return 0;
}
