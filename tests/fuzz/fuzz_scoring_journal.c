/* Replaying arbitrary bytes as a turn of the journal. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "scoring/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    if (repeats_index_new(&index)) abort();
    if (journal_replay(data, size, index) == 0) (void)journal_replay(data, size, index);
    return 0;
}
