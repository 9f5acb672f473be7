/* The words and expressions of a pack, each once, with the rules that use it. */
#include <errno.h>
#include <string.h>

#include "scoring/rules_builder.h"

enum { USES_LIMIT = 400000, PATTERN_TEXT_LIMIT = 400 };

int builder_no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "could not read the rule pack: no memory");
}

/* Makes room for one more; the old table is the arena's to forget. */
void *builder_grown(builder *b, void *table, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity) return table;
    uint32_t more = *capacity ? *capacity * 2 : 256;
    void *bigger = wjz_arena_alloc(b->pack->arena, more * size);
    if (!bigger) return NULL;
    if (count) memcpy(bigger, table, count * size);
    *capacity = more;
    return bigger;
}

static uint32_t hash_text(const char *text, bool word) {
    uint32_t hash = word ? 2166136261u : 40503u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static int rehash(builder *b) {
    rule_pack *pack = b->pack;
    if (pack->pattern_count * 2 < b->slot_count) return 0;
    uint32_t count = b->slot_count ? b->slot_count * 2 : 4096;
    uint32_t *slots = wjz_arena_calloc(pack->arena, count, sizeof *slots);
    if (!slots) return -ENOMEM;
    for (uint32_t i = 0; i < pack->pattern_count; i++) {
        uint32_t at = hash_text(pack->patterns[i].text, pack->patterns[i].length > 0) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    b->slots = slots;
    b->slot_count = count;
    return 0;
}

/* The index of a pattern, made when new. */
static int intern(builder *b, const char *text, bool word, int line, uint32_t *ret_index) {
    rule_pack *pack = b->pack;
    if (rehash(b) < 0) return -ENOMEM;
    uint32_t at = hash_text(text, word) & (b->slot_count - 1);
    for (; b->slots[at]; at = (at + 1) & (b->slot_count - 1)) {
        const pack_pattern *known = &pack->patterns[b->slots[at] - 1];
        if ((known->length > 0) == word && strcmp(known->text, text) == 0) {
            *ret_index = b->slots[at] - 1;
            return 0;
        }
    }
    pack_pattern *patterns =
        builder_grown(b, pack->patterns, pack->pattern_count, &b->pattern_capacity, sizeof *patterns);
    if (!patterns) return -ENOMEM;
    pack->patterns = patterns;
    patterns[pack->pattern_count] =
        (pack_pattern){.text = text, .length = word ? (uint32_t)strlen(text) : 0, .file = b->file, .line = line};
    *ret_index = pack->pattern_count++;
    b->slots[at] = pack->pattern_count;
    return 0;
}

static int add_use(builder *b, uint32_t index, rule_side side) {
    rule_pack *pack = b->pack;
    for (uint32_t use = pack->patterns[index].uses; use; use = pack->uses[use].next)
        if (pack->uses[use].rule == pack->rule_count && pack->uses[use].side == side) return -EEXIST;
    pattern_use *uses = builder_grown(b, pack->uses, pack->use_count, &b->use_capacity, sizeof *uses);
    if (!uses) return -ENOMEM;
    pack->uses = uses;
    uses[pack->use_count] = (pattern_use){.next = pack->patterns[index].uses, .rule = pack->rule_count, .side = side};
    pack->patterns[index].uses = pack->use_count++;
    return 0;
}

static const char *normal_word(builder *b, const char *word) {
    text_part *part = wjz_arena_alloc(b->pack->arena, sizeof *part);
    if (!part) return NULL;
    *part = (text_part){WJZ__SCORING__FIELD__FIELD_NONE, word, strlen(word)};
    normal_text *text;
    if (normalise(part, 1, b->pack->arena, &text) < 0) return NULL;
    text->bytes[text->length - 1] = '\0'; /* the part's end */
    return text->bytes;
}

/* The words of one key of a rule. */
int builder_words(builder *b, const wjz_yaml_node *map, const char *key, rule_side side, bool expression,
                  wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(map, key, &list, err);
    if (r < 0 || !list) return r;
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *text = wjz_yaml_text(item);
        if (!text) return wjz_yaml_error(item, err, "%s must be a list of texts", key);
        if (strlen(text) > PATTERN_TEXT_LIMIT)
            return wjz_yaml_error(item, err, "%s has an entry of %zu bytes, at most %d", key, strlen(text),
                                  PATTERN_TEXT_LIMIT);
        const char *kept = expression ? wjz_arena_strdup(b->pack->arena, text) : normal_word(b, text);
        if (!kept) return builder_no_memory(err);
        if (!*kept) return wjz_yaml_error(item, err, "%s has an empty entry", key);
        if (b->pack->use_count >= USES_LIMIT) return wjz_yaml_error(item, err, "more than %d words", USES_LIMIT);
        uint32_t index;
        if (intern(b, kept, !expression, wjz_yaml_line(item), &index) < 0) return builder_no_memory(err);
        r = add_use(b, index, side);
        if (r == -EEXIST) return wjz_yaml_error(item, err, "\"%s\" stands twice in %s", text, key);
        if (r < 0) return builder_no_memory(err);
    }
    return (int)list_count(list);
}
