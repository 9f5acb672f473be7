/* Webhook secrets as they stand in the directory: taken whole, or refused without repeating them. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notification/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = strndup((const char *)data, size);
    struct webhook_secret secret;
    wjz_err err = {0};
    if (webhook_secret_parse(text, &secret, &err) == 0)
        assert(secret.length >= 24 && secret.length <= sizeof secret.key);
    free(text);
    return 0;
}
