/* Links to acknowledge, as anybody may send them: none is taken that was not made with the key. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notification/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wjz_seal *make_seal(void) {
    char path[] = "/tmp/fuzz_token_XXXXXX";
    wjz_seal *seal = NULL;
    int fd = mkstemp(path);
    assert(fd >= 0);
    close(fd);
    unlink(path);
    assert(wjz_seal_open(path, &seal, NULL) == 0);
    unlink(path);
    return seal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static wjz_seal *seal;
    if (seal == NULL) seal = make_seal();
    char *text = strndup((const char *)data, size);
    struct token token;
    assert(token_read(seal, text, &token) < 0); /* 192 bits of keyed hash: nobody guesses them */
    free(text);
    return 0;
}
