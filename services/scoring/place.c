/* What the platform says about the place comes first, then the address, then title and content; the first of the most
 * exact ones counts. */
#include "scoring/place.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct seen_place {
    const place_entry *entry;
    uint32_t from, to; /* 0, 0: said by the platform */
    int order;         /* smaller is better */
} seen_place;

enum { SEEN_LIMIT = 64 };

typedef struct seen_places {
    seen_place list[SEEN_LIMIT];
    size_t count;
    const normal_text *text; /* NULL while a field of the platform is read */
    int order;
} seen_places;

static void see(const place_entry *entry, size_t from, size_t to, void *arg) {
    seen_places *seen = arg;
    if (seen->count == SEEN_LIMIT) return;
    int order = seen->order;
    if (seen->text) {
        Wjz__Scoring__Field field = seen->text->parts[normal_part(seen->text, (uint32_t)from)].field;
        order = field == WJZ__SCORING__FIELD__FIELD_ADDRESS ? 1 : field == WJZ__SCORING__FIELD__FIELD_TITLE ? 2 : 3;
    }
    seen->list[seen->count++] =
        (seen_place){entry, seen->text ? (uint32_t)from : 0, seen->text ? (uint32_t)to : 0, order};
}

/* A field of the platform that holds a code or a name. */
static int see_field(const gazetteer *places, const char *field, wjz_arena *scratch, seen_places *seen) {
    if (!*field) return 0;
    if (isdigit((unsigned char)field[0])) {
        const place_entry *entry = gazetteer_by_code(places, strtoull(field, NULL, 10));
        if (entry) see(entry, 0, 0, seen);
        return 0;
    }
    text_part part = {WJZ__SCORING__FIELD__FIELD_NONE, field, strlen(field)};
    normal_text *text;
    int r = normalise(&part, 1, scratch, &text);
    if (r == 0) gazetteer_find(places, text, text->length, see, seen);
    return r;
}

/* Whether the text names the county. */
static bool county_seen(const seen_places *seen, uint32_t region) {
    for (size_t i = 0; i < seen->count; i++)
        if (seen->list[i].entry->level == PLACE_COUNTY && seen->list[i].entry->region == region) return true;
    return false;
}

/* The best place of a level within a county (0: any that makes sense); NULL for none. */
static const seen_place *best_of(const seen_places *seen, place_level level, uint32_t home, uint32_t region) {
    const seen_place *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < seen->count; i++) {
        const seen_place *one = &seen->list[i];
        if (one->entry->level != level || (region && one->entry->region != region)) continue;
        bool at_home = one->entry->region == home;
        bool named = county_seen(seen, one->entry->region);
        if (level != PLACE_COUNTY && !at_home && !named && one->order > 0)
            continue; /* another county's name by chance */
        int rank = one->order * 4 + (at_home ? 0 : named ? 1 : 2);
        if (!best || rank < best_rank) {
            best = one;
            best_rank = rank;
        }
    }
    return best;
}

/* Words as they were written. */
typedef struct original {
    const char *text;
    size_t length;
} original;

static original original_of(const normal_text *text, uint32_t from, uint32_t to) {
    Wjz__Scoring__Span span = WJZ__SCORING__SPAN__INIT;
    normal_span(text, from, to, &span);
    const text_part *part = &text->parts[normal_part(text, from)];
    if (span.to > part->length || span.from > span.to) return (original){"", 0};
    return (original){part->text + span.from, span.to - span.from};
}

char *place_original(const normal_text *text, uint32_t from, uint32_t to, wjz_arena *arena) {
    original words = original_of(text, from, to);
    return wjz_arena_strndup(arena, words.text, words.length);
}

/* The first name of each level, widest first: "A7县泉塘街道中岭路". */
static char *place_text(const normal_text *text, const text_name *names, size_t count, wjz_arena *arena) {
    static const Wjz__Scoring__AnchorKind levels[] = {
        WJZ__SCORING__ANCHOR_KIND__ANCHOR_REGION, WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN,
        WJZ__SCORING__ANCHOR_KIND__ANCHOR_VILLAGE, WJZ__SCORING__ANCHOR_KIND__ANCHOR_ROAD,
        WJZ__SCORING__ANCHOR_KIND__ANCHOR_ESTATE};
    original words[WJZ_COUNT(levels)] = {{0}};
    size_t length = 0;
    for (size_t k = 0; k < WJZ_COUNT(levels); k++) {
        size_t i = 0;
        while (i < count && names[i].kind != levels[k])
            i++;
        if (i < count) words[k] = original_of(text, names[i].from, names[i].to);
        length += words[k].length;
    }
    char *joined = wjz_arena_alloc(arena, length + 1), *to = joined;
    if (!joined) return NULL;
    for (size_t k = 0; k < WJZ_COUNT(levels); k++)
        if (words[k].length) to = mempcpy(to, words[k].text, words[k].length);
    *to = '\0';
    return joined;
}

static int set_span(const normal_text *text, uint32_t from, uint32_t to, wjz_arena *arena, Wjz__Scoring__Place *place) {
    if (from >= to) return 0;
    place->span = wjz_arena_alloc(arena, sizeof *place->span);
    if (!place->span) return -ENOMEM;
    wjz__scoring__span__init(place->span);
    normal_span(text, from, to, place->span);
    return 0;
}

int place_find(const gazetteer *places, const complaint *report, const normal_text *text, const text_spots *spots,
               const text_name *names, size_t name_count, wjz_arena *arena, wjz_arena *scratch,
               Wjz__Scoring__Place *ret_place) {
    Wjz__Scoring__Place place = WJZ__SCORING__PLACE__INIT;
    seen_places seen = {0};
    int r = see_field(places, report->village, scratch, &seen);
    if (r == 0) r = see_field(places, report->town, scratch, &seen);
    if (r < 0) return r;
    seen.text = text;
    gazetteer_find(places, text, spots->to, see, &seen);
    uint32_t home = (uint32_t)report->region;
    const seen_place *county = best_of(&seen, PLACE_COUNTY, home, 0);
    const seen_place *village = best_of(&seen, PLACE_VILLAGE, home, 0);
    const seen_place *town = best_of(&seen, PLACE_TOWN, home, village ? village->entry->region : 0);
    const seen_place *exact = village ? village : town ? town : county;
    if (village) place.village = village->entry->code;
    if (village) place.town = (uint32_t)(village->entry->code / 1000);
    if (town && !place.town) place.town = (uint32_t)town->entry->code;
    if (exact) place.region = exact->entry->region;
    place.has_position = report->has_position;
    place.longitude = report->longitude;
    place.latitude = report->latitude;
    uint32_t from = exact ? exact->from : 0, to = exact ? exact->to : 0;
    place.has_address = extract_address(spots, &from, &to);
    if (from >= to && name_count > 0) {
        from = names[0].from;
        to = names[0].to;
    }
    place.text = place_text(text, names, name_count, arena);
    if (!place.text) return -ENOMEM;
    r = set_span(text, from, to, arena, &place);
    if (r == 0) *ret_place = place;
    return r;
}
