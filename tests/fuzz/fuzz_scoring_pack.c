/* A pack's files as the store keeps them, on any bytes: whatever is taken for a pack must come out as the same piece.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/pack_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wjz_arena *arena = wjz_arena_new(64 << 20);
    pack_files files, again;
    wjz_blob packed, twice;
    wjz_err err = {0};
    if (!arena) return 0;
    if (pack_files_unpack((wjz_blob){data, size}, arena, &files, &err) == 0) {
        if (pack_files_pack(&files, arena, &packed) || pack_files_unpack(packed, arena, &again, &err) ||
            pack_files_pack(&again, arena, &twice) || packed.length != twice.length ||
            memcmp(packed.data, twice.data, packed.length) != 0)
            abort();
    } else if (!err.text[0]) {
        abort();
    }
    wjz_arena_destroy(&arena);
    return 0;
}
