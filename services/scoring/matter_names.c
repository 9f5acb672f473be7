/* Names that tell one matter from another: that of the address field, and those the analysis found in front. */
#include <string.h>

#include "scoring/extract.h"
#include "scoring/matter_parts.h"
#include "scoring/normalise.h"

enum { NAME_BYTES = 90 }; /* a longer name is none */

/* A name has at least one pair of characters that fewer than one complaint in fifty uses. */
static const double name_rarity = 4;

/* Only a name that stands where a matter is named tells it apart; further down others are named as well. */
static bool stands_in_front(const Wjz__Scoring__Anchor *anchor) {
    if (!anchor->span) return false;
    Wjz__Scoring__Field field = anchor->span->field;
    return field == WJZ__SCORING__FIELD__FIELD_TITLE || field == WJZ__SCORING__FIELD__FIELD_ADDRESS ||
           (field == WJZ__SCORING__FIELD__FIELD_CONTENT && anchor->span->from < DISTRICT_BYTES);
}

static bool ends_any(const char *text, size_t length, const char *const *words) {
    for (; *words; words++) {
        size_t size = strlen(*words);
        if (length > size && memcmp(text + length - size, *words, size) == 0) return true;
    }
    return false;
}

#define ALSO(text) text,

bool matter_is_told_by(const Wjz__Scoring__Anchor *anchor) {
    static const char *const firms[] = {"公司", "集团", "厂", "矿业", SHORT_FIRMS(ALSO) NULL};
    size_t length = strlen(anchor->name);
    bool kind = anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_VILLAGE ||
                anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_ESTATE ||
                anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_SCHOOL ||
                (anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_COMPANY && ends_any(anchor->name, length, firms));
    return kind && length <= NAME_BYTES && stands_in_front(anchor);
}

/* The rarest pair of a name: 大道 and 小区 are no names, however they are marked. */
static double rarest(const wording *words, const char *name, size_t length) {
    double most = 0;
    uint32_t previous = 0;
    for (size_t at = 0, size = 0; at < length; at += size) {
        uint32_t code = code_point(name + at, length - at, &size);
        double rarity = previous ? wording_find(words, wording_pair(words, previous, code))->rarity : 0;
        if (rarity > most) most = rarity;
        previous = code;
    }
    return most;
}

/* The name without what may be said or left out. */
static size_t core_length(const char *name, size_t length) {
    static const char *const optional[] = {"小区", "社区", NULL};
    size_t suffix = strlen(optional[0]);
    return length >= 2 * suffix && ends_any(name, length, optional) ? length - suffix : length;
}

static void add_name(reader *in, const char *name, size_t length) {
    uint32_t grams[MATTER_NAME_GRAMS], previous = 0;
    uint16_t count = 0;
    for (size_t at = 0; at < length && count < MATTER_NAME_GRAMS;) {
        unit u = matter_next_unit(in, name + at, length - at, false);
        at += u.length;
        if (u.skipped) continue;
        if (previous && u.value && !u.parts) grams[count++] = gram_hash(previous, u.value) << 1;
        previous = u.parts ? 0 : u.value;
    }
    if (!count || in->name_count + count > MATTER_NAME_GRAMS) return;
    grams[count - 1] |= 1;
    memcpy(in->names + in->name_count, grams, count * sizeof *grams);
    in->name_count = (uint16_t)(in->name_count + count);
    matter_read_zone(in, name, length, ZONE_NAME);
}

/* Where an address goes on behind its districts; 0 when it has none, or nothing behind them. */
static size_t behind_districts(const char *address, size_t length) {
    static const char *const wide[] = {"省", "市", "县", NULL};
    static const char *const towns[] = {"街道", "镇", "乡", NULL};
    size_t from = 0;
    for (size_t at = 0, size = 0; at < length && at < DISTRICT_BYTES; at += size) {
        bool town = at > from && begins_any(address + at, length - at, towns, &size);
        if (town || (at > from && begins_any(address + at, length - at, wide, &size))) {
            if (at + size < length && utf8_begins(address[at + size]) && address[at + size] != '\n') from = at + size;
            if (town) break;
        } else {
            code_point(address + at, length - at, &size);
        }
    }
    return from;
}

/* An address names its place behind the districts and before the house number. */
void matter_read_address(reader *in, const char *address, size_t length) {
    size_t from = behind_districts(address, length), to = from;
    while (to < length && address[to] != '\n' && !is_latin(address[to]))
        to++;
    add_name(in, address + from, core_length(address + from, to - from));
    in->has_address = in->name_count > 0;
}

void matter_read_names(reader *in, const Wjz__Scoring__Finding *finding) {
    in->town = finding->place ? finding->place->town : 0;
    for (size_t i = 0; i < finding->n_anchors; i++) {
        const Wjz__Scoring__Anchor *anchor = finding->anchors[i];
        size_t length = core_length(anchor->name, strlen(anchor->name));
        if (anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN && stands_in_front(anchor)) {
            matter_add_district(in, anchor->name, length);
            matter_read_zone(in, anchor->name, length, ZONE_DISTRICT);
        } else if (matter_is_told_by(anchor) && rarest(in->wording, anchor->name, length) >= name_rarity) {
            add_name(in, anchor->name, length);
        }
    }
}
