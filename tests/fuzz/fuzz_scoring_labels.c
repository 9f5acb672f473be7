/* The two files that `wjz model train` reads, on any bytes: texts before the first byte 0, labels after it. Whatever
 * they hold, what is kept can be learned from, or the error says what to mend. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scoring/corpus.h"
#include "scoring/rules_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory under a path of its own. */
static int open_memory(const uint8_t *data, size_t size, char path[40]) {
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, 40, "/proc/self/fd/%d", file);
    return file;
}

static void check(const corpus *read) {
    for (size_t i = 0; i < read->text_count; i++)
        assert(*read->texts[i].complaint.external_id);
    for (size_t i = 0; i < read->label_count; i++) {
        assert(read->labels[i].text < read->text_count && read->texts[read->labels[i].text].labelled);
        assert(read->labels[i].value >= 1 && read->labels[i].value <= 5);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static rule_pack *pack;
    wjz_err err = {0};
    corpus *read = NULL;
    char texts[40], labels[40];
    if (!pack && rules_load(WJZ_SOURCE_DIR "/deploy/rules", false, &pack, &err) < 0) abort();
    if (corpus_new(pack, NULL, &read, &err) < 0) abort();
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    int texts_file = open_memory(data, length, texts);
    int labels_file = open_memory(end ? end + 1 : data, end ? size - length - 1 : 0, labels);
    int r = corpus_read_texts(read, texts, &err);
    if (r == 0) r = corpus_read_labels(read, labels, &err);
    assert(r == 0 || err.text[0] != '\0');
    if (r == 0) check(read);
    close(texts_file);
    close(labels_file);
    corpus_destroy(&read);
    return 0;
}
