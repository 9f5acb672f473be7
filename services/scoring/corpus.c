/* Texts and labels in; see corpus_weigh.c for what becomes of the texts. */
#include "scoring/corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/table.h"

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not train: no memory");
}

int corpus_new(const rule_pack *pack, const gazetteer *places, corpus **ret_corpus, wjz_err *err) {
    corpus *self = calloc(1, sizeof *self);
    wjz_arena *arena = wjz_arena_new(0);
    if (!self || !arena) {
        free(self);
        wjz_arena_destroy(&arena);
        return no_memory(err);
    }
    *self = (corpus){.pack = pack, .places = places, .arena = arena};
    *ret_corpus = self;
    return 0;
}

void corpus_destroy(corpus **self) {
    if (!self || !*self) return;
    free((*self)->texts);
    free((*self)->labels);
    free((*self)->words);
    wjz_arena_destroy(&(*self)->arena);
    free(*self);
    *self = NULL;
}

/* Makes room for one more in a growing array. */
static int grow(void **items, size_t size, size_t count, size_t *capacity) {
    if (count < *capacity) return 0;
    size_t more = *capacity ? *capacity * 2 : 1024;
    void *grown = realloc(*items, more * size);
    if (!grown) return -ENOMEM;
    *items = grown;
    *capacity = more;
    return 0;
}

int corpus_read_texts(corpus *self, const char *path, wjz_err *err) {
    WJZ_CLEANUP(table_close) table file = {0};
    int r = table_open(&file, path, err);
    while (r == 0 && (r = table_next(&file, err)) > 0) {
        if (grow((void **)&self->texts, sizeof *self->texts, self->text_count, &self->text_capacity) < 0)
            return no_memory(err);
        corpus_text *text = &self->texts[self->text_count];
        *text = (corpus_text){0};
        r = table_complaint(&file, self->arena, &text->complaint, err);
        text->complaint.id = (int64_t)++self->text_count;
    }
    return r;
}

/* --- labels --- */

static corpus_text *find_text(const corpus *self, const char *external_id) {
    for (size_t i = 0; i < self->text_count; i++)
        if (strcmp(self->texts[i].complaint.external_id, external_id) == 0) return &self->texts[i];
    return NULL;
}

static int class_index(const char *const *names, size_t count, const char *name, size_t length) {
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return (int)i;
    return -1;
}

/* Marks the outputs that a cell names; several by '|', an empty cell says nothing. */
static int mark(const table *file, const char *column, const char *const *names, size_t count, int first,
                bool outputs[], wjz_err *err) {
    const char *at = table_cell(file, column);
    for (; *at;) {
        size_t length = strcspn(at, "|");
        int index = class_index(names, count, at, length);
        if (index < 0)
            return wjz_err_set(err, -EINVAL, "%s:%d: unknown %s \"%.*s\"", file->path, file->number, column,
                               (int)length, at);
        outputs[first + index] = true;
        at += length + (at[length] == '|');
    }
    return 0;
}

static int read_label(corpus *self, const table *file, wjz_err *err) {
    const char *domains[DOMAIN_LIMIT];
    for (size_t i = 0; i < self->pack->domain_count; i++)
        domains[i] = self->pack->domains[i].id;
    if (grow((void **)&self->labels, sizeof *self->labels, self->label_count, &self->label_capacity) < 0)
        return no_memory(err);
    corpus_text *text = find_text(self, table_cell(file, "external_id"));
    if (!text)
        return wjz_err_set(err, -EINVAL, "%s:%d: there is no text \"%s\"", file->path, file->number,
                           table_cell(file, "external_id"));
    char *rest;
    double value = strtod(table_cell(file, "value"), &rest);
    if (!(value >= 1 && value <= 5) || *rest)
        return wjz_err_set(err, -EINVAL, "%s:%d: value is \"%s\", must be 1 to 5", file->path, file->number,
                           table_cell(file, "value"));
    int r = mark(file, "kind", kind_names, KIND_COUNT, OUTPUT_KINDS, text->outputs, err);
    if (r == 0) r = mark(file, "branch", branch_names, BRANCH_COUNT, OUTPUT_BRANCHES, text->outputs, err);
    if (r == 0) r = mark(file, "domain", domains, self->pack->domain_count, OUTPUT_DOMAINS, text->outputs, err);
    if (r < 0) return r;
    const char *mediation = table_cell(file, "mediation");
    if (*mediation && strcmp(mediation, "y") != 0 && strcmp(mediation, "n") != 0)
        return wjz_err_set(err, -EINVAL, "%s:%d: mediation is \"%s\", must be y or n", file->path, file->number,
                           mediation);
    if (*mediation == 'y') text->outputs[OUTPUT_PRIVATE] = true;
    text->labelled = true;
    self->labels[self->label_count++] = (corpus_label){(uint32_t)(text - self->texts), value};
    return 0;
}

int corpus_read_labels(corpus *self, const char *path, wjz_err *err) {
    WJZ_CLEANUP(table_close) table file = {0};
    int r = table_open(&file, path, err);
    while (r == 0 && (r = table_next(&file, err)) > 0)
        r = read_label(self, &file, err);
    return r;
}
