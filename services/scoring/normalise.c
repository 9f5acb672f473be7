/* Most characters of a complaint are what they should be already: runs of them are copied and remembered as one piece.
 * Only what NFKC changes goes through utf8proc. */
#include "scoring/normalise.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

enum { TEXT_LIMIT = 64 << 20, RUN_LIMIT = 64 /* code points that are composed together */ };

typedef struct reader {
    const unsigned char *text;
    size_t length, at;
} reader;

/* The text under way. Room is kept for all that is unread, so that what is only copied needs no look at it. */
typedef struct writer {
    normal_text *text;
    wjz_arena *arena;
    size_t part;
    reader in;               /* the part */
    size_t later;            /* bytes of the parts behind it, and an end for each */
    size_t room, piece_room; /* bytes and characters; pieces */
} writer;

enum { SLACK = 4 /* characters are copied four bytes at a time */, FIRST_HAN_BYTE = 0xE4 };

/* The character at the reader, its length in *ret_size; -1 for a byte that begins none. */
static int32_t peek(const reader *in, size_t *ret_size) {
    const unsigned char *text = in->text + in->at;
    if (text[0] < 0x80) {
        *ret_size = 1;
        return text[0];
    }
    utf8proc_int32_t code;
    utf8proc_ssize_t size = utf8proc_iterate(text, (utf8proc_ssize_t)(in->length - in->at), &code);
    *ret_size = size > 0 ? (size_t)size : 1;
    return size > 0 ? code : -1;
}

/* --- writing --- */

static void *grown(wjz_arena *arena, const void *old, size_t used, size_t room, size_t size) {
    void *more = wjz_arena_alloc(arena, room * size);
    if (more && used) memcpy(more, old, used * size);
    return more;
}

/* Makes room for `more` bytes before what is unread. */
static int reserve(writer *w, size_t more) {
    normal_text *text = w->text;
    size_t needed = text->length + more + (w->in.length - w->in.at) + w->later + SLACK;
    if (needed <= w->room) return 0;
    size_t room = needed * 2;
    if (room > TEXT_LIMIT) return -EMSGSIZE;
    char *bytes = grown(w->arena, text->bytes, text->length, room, 1);
    uint32_t *codes = grown(w->arena, text->codes, text->char_count, room, sizeof *codes);
    uint32_t *char_at = grown(w->arena, text->char_at, text->char_count, room, sizeof *char_at);
    if (!bytes || !codes || !char_at) return -ENOMEM;
    text->bytes = bytes;
    text->codes = codes;
    text->char_at = char_at;
    w->room = room;
    return 0;
}

static int more_pieces(writer *w) {
    normal_text *text = w->text;
    size_t room = w->piece_room * 2 + 32;
    text_piece *pieces = grown(w->arena, text->pieces, text->piece_count, room, sizeof *pieces);
    if (!pieces) return -ENOMEM;
    text->pieces = pieces;
    w->piece_room = room;
    return 0;
}

/* Says that what is written from now on came from `original`. */
static inline int begin_piece(writer *w, size_t original, size_t one) {
    normal_text *text = w->text;
    if (text->piece_count > 0 && one == 0) {
        const text_piece *last = &text->pieces[text->piece_count - 1];
        if (last->one == 0 && last->part == w->part && last->original + (text->length - last->from) == original)
            return 0;
    }
    int r = text->piece_count == w->piece_room ? more_pieces(w) : 0;
    if (r < 0) return r;
    text->pieces[text->piece_count++] = (text_piece){.from = text->length,
                                                     .original = (uint32_t)original,
                                                     .one = (uint16_t)(one > UINT16_MAX ? UINT16_MAX : one),
                                                     .part = (uint16_t)w->part};
    return 0;
}

/* Notes the character whose bytes stand at the end of the text. There is room. */
static inline void end_char(normal_text *text, uint32_t code, uint32_t size) {
    text->codes[text->char_count] = code;
    text->char_at[text->char_count++] = text->length;
    text->length += size;
}

/* A character that stands for `one` bytes of the original. */
static int write_char(writer *w, size_t original, size_t one, int32_t code) {
    unsigned char bytes[4] = {(unsigned char)code};
    size_t size = code < 0x80 ? 1 : (size_t)utf8proc_encode_char(code, bytes);
    int r = reserve(w, size);
    if (r == 0) r = begin_piece(w, original, one);
    if (r < 0) return r;
    memcpy(w->text->bytes + w->text->length, bytes, size);
    end_char(w->text, (uint32_t)code, (uint32_t)size);
    return 0;
}

/* --- characters --- */

static bool latin(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
}

/* What stays as it is but for capitals. */
static inline bool plain(uint32_t code) {
    return code - 0x4E00 < 0x5200 || code - 0x21 < 0x5E || code == 0x3001 || code == 0x3002 || code - 0x3007 < 0xB ||
           code == 0x201C || code == 0x201D || code - 0x3400 < 0x19C0;
}

static bool is_space(int32_t code) {
    return code <= 0x20 || code == 0x7F || (code >= 0x80 && code <= 0xA0) || code == 0x3000 || code == 0xFEFF ||
           (code >= 0x2000 && code <= 0x200F) || code == 0x2028 || code == 0x2029;
}

static inline uint32_t small(uint32_t code) {
    return code - 'A' < 26 ? code + ('a' - 'A') : code;
}

/* A blank stays only between two Latin words. */
static int write_spaces(writer *w) {
    reader *in = &w->in;
    normal_text *text = w->text;
    size_t from = in->at, size;
    while (in->at < in->length && is_space(peek(in, &size)))
        in->at += size;
    if (text->length == text->part_from[w->part] || !latin(text->bytes[text->length - 1])) return 0;
    if (in->at >= in->length || !latin((char)in->text[in->at])) return 0;
    return write_char(w, from, in->at - from, ' ');
}

/* Whether the character may melt into the one before it: marks, half-width sound marks, vowels and finals of Hangul. */
static bool is_mark(int32_t code) {
    const utf8proc_property_t *property = utf8proc_get_property(code);
    return property->category == UTF8PROC_CATEGORY_MN || property->category == UTF8PROC_CATEGORY_MC ||
           property->combining_class != 0 || code == 0xFF9E || code == 0xFF9F || (code >= 0x1161 && code <= 0x11FF);
}

/* What NFKC may change: a run from here up to the next plain character, composed as a whole. */
static int write_composed(writer *w) {
    reader *in = &w->in;
    normal_text *text = w->text;
    size_t from = in->at, size;
    int32_t codes[RUN_LIMIT * 18];
    int count = 0;
    /* a mark belongs to the letter before it */
    if (is_mark(peek(in, &size)) && text->length > text->part_from[w->part] && latin(text->bytes[text->length - 1])) {
        codes[count++] = text->bytes[--text->length];
        text->char_count--;
        from--;
    }
    size_t first = in->at;
    for (int taken = 0; taken < RUN_LIMIT && in->at < in->length; taken++) {
        int32_t code = peek(in, &size);
        if (code < 0x80 || plain((uint32_t)code) || is_space(code)) break;
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
        if (is_space(codes[i])) continue;
        int r = write_char(w, from, in->at - from, (int32_t)small((uint32_t)codes[i]));
        if (r < 0) return r;
    }
    return 0;
}

/* The next four bytes as one number, 0 for those behind the end. */
static inline uint32_t four_bytes(const unsigned char *text, size_t left) {
    uint32_t four = 0;
    if (left >= sizeof four) {
        memcpy(&four, text, sizeof four);
        return be32toh(four);
    }
    for (size_t i = 0; i < left; i++)
        four |= (uint32_t)text[i] << (24 - 8 * i);
    return four;
}

/* Copies the run of U+4E00 to U+9FFF at the reader. */
static void write_han(writer *w) {
    normal_text *text = w->text;
    const unsigned char *from = w->in.text + w->in.at, *to = w->in.text + w->in.length;
    char *bytes = text->bytes + text->length;
    uint32_t *codes = text->codes + text->char_count, *char_at = text->char_at + text->char_count;
    uint32_t length = text->length, four;
    for (; to - from >= 4; from += 3, bytes += 3, length += 3) {
        memcpy(&four, from, sizeof four);
        uint32_t code = utf8_of_three(be32toh(four));
        if (code - 0x4E00 >= 0x5200) break;
        memcpy(bytes, &four, sizeof four);
        *codes++ = code;
        *char_at++ = length;
    }
    w->in.at = (size_t)(from - w->in.text);
    text->length = length;
    text->char_count = (uint32_t)(codes - text->codes);
}

/* Copies plain and full-width characters up to the first that is neither; nearly all are. What is read is at least as
 * long as what is written, so there is room. */
static int write_plain(writer *w) {
    reader *in = &w->in;
    normal_text *text = w->text;
    int r = 0;
    for (bool in_piece = false; in->at < in->length;) {
        uint32_t four = four_bytes(in->text + in->at, in->length - in->at), code = utf8_of_three(four), size = 3;
        if (code == 0) {
            code = four >> 24;
            size = 1;
        }
        bool wide = code >= 0xFF01 && code <= 0xFF5E;
        if (!wide && !plain(code)) break;
        if (wide || !in_piece) {
            r = begin_piece(w, in->at, wide ? size : 0);
            if (r < 0) break;
            in_piece = !wide;
        }
        code = small(wide ? code - 0xFEE0 : code);
        four = htobe32(code < 0x80 ? code << 24 : four);
        memcpy(text->bytes + text->length, &four, sizeof four);
        end_char(text, code, code < 0x80 ? 1 : size);
        in->at += size;
        if (in_piece && in->at < in->length && in->text[in->at] >= FIRST_HAN_BYTE) write_han(w);
    }
    return r;
}

static int write_part(writer *w) {
    int r = 0;
    while (r == 0 && w->in.at < w->in.length) {
        size_t size;
        r = write_plain(w);
        if (r < 0 || w->in.at >= w->in.length) break;
        r = is_space(peek(&w->in, &size)) ? write_spaces(w) : write_composed(w);
    }
    return r;
}

/* The line's end behind a part, which is no piece of the original. */
static void end_part(writer *w) {
    w->text->bytes[w->text->length] = '\n';
    end_char(w->text, '\n', 1);
}

int normalise(const text_part *parts, size_t count, wjz_arena *arena, normal_text **ret_text) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += parts[i].length + 1;
    if (length > TEXT_LIMIT / 4 || count > UINT16_MAX) return -EMSGSIZE;
    normal_text *text = wjz_arena_calloc(arena, 1, sizeof *text);
    if (!text) return -ENOMEM;
    writer w = {.text = text, .arena = arena, .later = length, .room = length + SLACK, .piece_room = length / 16 + 32};
    text->bytes = wjz_arena_alloc(arena, w.room);
    text->codes = wjz_arena_alloc(arena, w.room * sizeof *text->codes);
    text->char_at = wjz_arena_alloc(arena, w.room * sizeof *text->char_at);
    text->pieces = wjz_arena_alloc(arena, w.piece_room * sizeof *text->pieces);
    text->part_from = wjz_arena_alloc(arena, (count + 1) * sizeof *text->part_from);
    text->part_char = wjz_arena_alloc(arena, (count + 1) * sizeof *text->part_char);
    if (!text->bytes || !text->codes || !text->char_at || !text->pieces || !text->part_from || !text->part_char)
        return -ENOMEM;
    text->parts = parts;
    text->part_count = count;
    for (size_t i = 0; i < count; i++) {
        text->part_from[i] = text->length;
        text->part_char[i] = text->char_count;
        w.part = i;
        w.in = (reader){(const unsigned char *)parts[i].text, parts[i].length, 0};
        w.later -= parts[i].length;
        int r = write_part(&w);
        if (r < 0) return r;
        end_part(&w);
        w.later--;
    }
    text->part_from[count] = text->length;
    text->part_char[count] = text->char_count;
    text->char_at[text->char_count] = text->length;
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

/* Where a byte stands is chance, so the halving branches on nothing. */
uint32_t normal_char(const normal_text *text, uint32_t at) {
    const uint32_t *first = text->char_at;
    for (uint32_t left = text->char_count + 1; left > 1;) { /* the end counts as one */
        uint32_t half = left / 2;
        first += first[half] <= at ? half : 0;
        left -= half;
    }
    return (uint32_t)(first - text->char_at);
}

static const text_piece *piece_at(const normal_text *text, uint32_t at) {
    const text_piece *first = text->pieces;
    for (uint32_t left = text->piece_count; left > 1;) {
        uint32_t half = left / 2;
        first += first[half].from <= at ? half : 0;
        left -= half;
    }
    return first;
}

void normal_span(const normal_text *text, uint32_t from, uint32_t to, Wjz__Scoring__Span *ret_span) {
    const text_piece *first = piece_at(text, from), *last = piece_at(text, to - 1);
    ret_span->field = text->parts[normal_part(text, from)].field;
    ret_span->from = first->original + (first->one ? 0 : from - first->from);
    ret_span->to = last->original + (last->one ? last->one : to - last->from);
}
