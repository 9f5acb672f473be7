/* Photos: whatever is examined is either refused or shown as JPEGs within bounds. */
#include <gd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "intake/image.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    gdSetErrorMethod(NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    image of;
    if (size > 65536 || image_examine(data, size, &of) != IMAGE_FINE) return 0;
    if (of.display.width > IMAGE_DISPLAY || of.thumbnail.height > IMAGE_THUMBNAIL) abort();
    if (memcmp(of.display.data, "\xff\xd8\xff", 3) != 0 || of.width < 1 || of.height < 1) abort();
    image_free(&of);
    return 0;
}
