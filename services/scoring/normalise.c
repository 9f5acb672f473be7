/* Most characters of a complaint are what they should be already: runs of them are copied and remembered as one piece.
 * Only what NFKC changes goes through utf8proc. */
#include "scoring/normalise.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

enum { TEXT_LIMIT = 64 << 20, RUN_LIMIT = 64 /* code points that are composed together */ };

typedef struct reader {
    const unsigned char *text;
    size_t length, at;
} reader;

/* The character at the reader, its length in *ret_size; -1 for a byte that begins none. */
static int32_t peek(const reader *in, size_t *ret_size) {
    const unsigned char *text = in->text + in->at;
    if (text[0] < 0x80) {
        *ret_size = 1;
        return text[0];
    }
    /* The common case at once: U+4000 to U+9FFF, where three bytes that look right are right. */
    if (text[0] >= 0xE4 && text[0] <= 0xE9 && in->length - in->at >= 3 && (text[1] & 0xC0) == 0x80 &&
        (text[2] & 0xC0) == 0x80) {
        *ret_size = 3;
        return (text[0] & 0x0F) << 12 | (text[1] & 0x3F) << 6 | (text[2] & 0x3F);
    }
    utf8proc_int32_t code;
    utf8proc_ssize_t size = utf8proc_iterate(text, (utf8proc_ssize_t)(in->length - in->at), &code);
    *ret_size = size > 0 ? (size_t)size : 1;
    return size > 0 ? code : -1;
}

static int reserve(normal_text *text, size_t more) {
    if (text->length + more + 2 <= text->capacity) return 0;
    size_t capacity = (text->capacity + more) * 2;
    if (capacity > TEXT_LIMIT) return -EMSGSIZE;
    char *bytes = wjz_arena_alloc(text->arena, capacity);
    if (!bytes) return -ENOMEM;
    memcpy(bytes, text->bytes, text->length);
    text->bytes = bytes;
    text->capacity = (uint32_t)capacity;
    return 0;
}

/* Says that what is written from now on came from `original`. */
static int begin_piece(normal_text *text, size_t part, size_t original, size_t one) {
    if (text->piece_count > 0) {
        const text_piece *last = &text->pieces[text->piece_count - 1];
        if (one == 0 && last->one == 0 && last->part == part &&
            last->original + (text->length - last->from) == original)
            return 0;
    }
    if (text->piece_count == text->piece_capacity) {
        uint32_t capacity = text->piece_capacity * 2;
        text_piece *pieces = wjz_arena_alloc(text->arena, capacity * sizeof *pieces);
        if (!pieces) return -ENOMEM;
        memcpy(pieces, text->pieces, text->piece_count * sizeof *pieces);
        text->pieces = pieces;
        text->piece_capacity = capacity;
    }
    text->pieces[text->piece_count++] = (text_piece){.from = text->length,
                                                     .original = (uint32_t)original,
                                                     .one = (uint16_t)(one > UINT16_MAX ? UINT16_MAX : one),
                                                     .part = (uint16_t)part};
    return 0;
}

static int write_bytes(normal_text *text, size_t part, size_t original, size_t one, const void *bytes, size_t size) {
    int r = reserve(text, size);
    if (r == 0) r = begin_piece(text, part, original, one);
    if (r < 0) return r;
    memcpy(text->bytes + text->length, bytes, size);
    text->length += (uint32_t)size;
    return 0;
}

static bool latin(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
}

static bool plain(int32_t code) {
    return (code >= 0x4E00 && code <= 0x9FFF) || code == 0x3001 || code == 0x3002 ||
           (code >= 0x3007 && code <= 0x3011) || (code >= 0x201C && code <= 0x201D) ||
           (code >= 0x3400 && code <= 0x4DBF);
}

static bool is_space(int32_t code) {
    return code <= 0x20 || code == 0x7F || (code >= 0x80 && code <= 0xA0) || code == 0x3000 || code == 0xFEFF ||
           (code >= 0x2000 && code <= 0x200F) || code == 0x2028 || code == 0x2029;
}

/* A blank stays only between two Latin words. */
static int write_space(normal_text *text, size_t part, const reader *in, size_t from) {
    if (text->length == text->part_from[part] || !latin(text->bytes[text->length - 1])) return 0;
    if (in->at >= in->length || !latin((char)in->text[in->at])) return 0;
    return write_bytes(text, part, from, in->at - from, " ", 1);
}

/* Whether the character may melt into the one before it: marks, half-width sound marks, vowels and finals of Hangul. */
static bool is_mark(int32_t code) {
    const utf8proc_property_t *property = utf8proc_get_property(code);
    return property->category == UTF8PROC_CATEGORY_MN || property->category == UTF8PROC_CATEGORY_MC ||
           property->combining_class != 0 || code == 0xFF9E || code == 0xFF9F || (code >= 0x1161 && code <= 0x11FF);
}

/* What NFKC may change: a run from `from` up to the next plain character, composed as a whole. */
static int write_composed(normal_text *text, size_t part, reader *in) {
    size_t from = in->at, size;
    int32_t codes[RUN_LIMIT * 18];
    int count = 0;
    /* a mark belongs to the letter before it */
    if (is_mark(peek(in, &size)) && text->length > text->part_from[part] && latin(text->bytes[text->length - 1])) {
        codes[count++] = text->bytes[--text->length];
        from--;
    }
    size_t first = in->at;
    for (int taken = 0; taken < RUN_LIMIT && in->at < in->length; taken++) {
        int32_t code = peek(in, &size);
        if (code < 0x80 || plain(code) || is_space(code)) break;
        if (in->at > first && !is_mark(code)) break; /* the next letter is a piece of its own */
        int boundary = 0;
        utf8proc_ssize_t more =
            utf8proc_decompose_char(code, codes + count, (int)WJZ_COUNT(codes) - count,
                                    UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STABLE, &boundary);
        if (more < 0 || count + more > (int)WJZ_COUNT(codes)) break;
        count += (int)more;
        in->at += size;
    }
    if (in->at == first) in->at += size; /* cannot be decomposed: left out */
    utf8proc_ssize_t kept = utf8proc_normalize_utf32(codes, count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    for (utf8proc_ssize_t i = 0; i < kept; i++) {
        unsigned char bytes[4];
        int32_t code = codes[i];
        if (is_space(code)) continue;
        if (code >= 'A' && code <= 'Z') code += 'a' - 'A';
        utf8proc_ssize_t length = utf8proc_encode_char(code, bytes);
        int r = write_bytes(text, part, from, in->at - from, bytes, (size_t)length);
        if (r < 0) return r;
    }
    return 0;
}

/* U+4E00 to U+9FFF, by the first three of four bytes. */
static bool is_han(const unsigned char *text) {
    uint32_t bytes = (uint32_t)text[0] << 24 | (uint32_t)text[1] << 16 | (uint32_t)text[2] << 8 | text[3];
    return bytes >= 0xE4B88000 && bytes < 0xEA000000 && (bytes & 0x00C0C000) == 0x00808000;
}

/* Where the run of plain characters from the reader on ends. */
static size_t plain_to(const reader *in, bool *ret_capitals) {
    reader at = *in;
    bool capitals = false;
    while (at.at < at.length) {
        const unsigned char *c = at.text + at.at;
        size_t size = 1;
        if (at.length - at.at > 3 && is_han(c))
            size = 3;
        else if (c[0] > 0x20 && c[0] < 0x7F)
            capitals |= c[0] >= 'A' && c[0] <= 'Z';
        else if (c[0] < 0xE2 || c[0] > 0xE9 || !plain(peek(&at, &size)))
            break;
        at.at += size;
    }
    *ret_capitals = capitals;
    return at.at;
}

static int write_plain_run(normal_text *text, size_t part, reader *in) {
    bool capitals;
    size_t from = in->at, to = plain_to(in, &capitals);
    if (to == from) return 0;
    in->at = to;
    int r = write_bytes(text, part, from, 0, in->text + from, to - from);
    if (r < 0 || !capitals) return r;
    for (char *c = text->bytes + text->length - (to - from), *end = text->bytes + text->length; c < end; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + ('a' - 'A'));
    return 0;
}

static int write_part(normal_text *text, size_t part, const text_part *source) {
    reader in = {(const unsigned char *)source->text, source->length, 0};
    while (in.at < in.length) {
        int r = write_plain_run(text, part, &in);
        if (r < 0) return r;
        if (in.at >= in.length) break;
        size_t size, from = in.at;
        int32_t code = peek(&in, &size);
        if (is_space(code)) {
            do {
                in.at += size;
            } while (in.at < in.length && is_space(peek(&in, &size)));
            r = write_space(text, part, &in, from);
        } else if (code >= 0xFF01 && code <= 0xFF5E) {
            char narrow = (char)(code - 0xFEE0);
            if (narrow >= 'A' && narrow <= 'Z') narrow = (char)(narrow + ('a' - 'A'));
            in.at += size;
            r = write_bytes(text, part, from, size, &narrow, 1);
        } else {
            r = write_composed(text, part, &in);
        }
        if (r < 0) return r;
    }
    return 0;
}

int normalise(const text_part *parts, size_t count, wjz_arena *arena, normal_text **ret_text) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += parts[i].length + 1;
    if (length > TEXT_LIMIT / 4 || count > UINT16_MAX) return -EMSGSIZE;
    normal_text *text = wjz_arena_calloc(arena, 1, sizeof *text);
    if (!text) return -ENOMEM;
    text->arena = arena;
    text->capacity = (uint32_t)length + 64;
    text->piece_capacity = (uint32_t)(length / 16) + 32;
    text->bytes = wjz_arena_alloc(arena, text->capacity);
    text->pieces = wjz_arena_alloc(arena, text->piece_capacity * sizeof *text->pieces);
    text->part_from = wjz_arena_alloc(arena, (count + 1) * sizeof *text->part_from);
    if (!text->bytes || !text->pieces || !text->part_from) return -ENOMEM;
    text->parts = parts;
    text->part_count = count;
    for (size_t i = 0; i < count; i++) {
        text->part_from[i] = text->length;
        int r = write_part(text, i, &parts[i]);
        if (r == 0) r = reserve(text, 1);
        if (r < 0) return r;
        text->bytes[text->length++] = '\n';
    }
    text->part_from[count] = text->length;
    text->bytes[text->length] = '\0';
    *ret_text = text;
    return 0;
}

size_t normal_part(const normal_text *text, uint32_t at) {
    size_t part = 0;
    while (part + 1 < text->part_count && at >= text->part_from[part + 1])
        part++;
    return part;
}

static const text_piece *piece_at(const normal_text *text, uint32_t at) {
    uint32_t low = 0, high = text->piece_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (text->pieces[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return &text->pieces[low];
}

void normal_span(const normal_text *text, uint32_t from, uint32_t to, Wjz__Scoring__Span *ret_span) {
    const text_piece *first = piece_at(text, from), *last = piece_at(text, to - 1);
    ret_span->field = text->parts[normal_part(text, from)].field;
    ret_span->from = first->original + (first->one ? 0 : from - first->from);
    ret_span->to = last->original + (last->one ? last->one : to - last->from);
}
