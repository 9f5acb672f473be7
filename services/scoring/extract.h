/* What a text says beyond its topic: how many, how long, how much; who; where exactly. All offsets are bytes of the
 * normalised text. Pure. */
#ifndef SCORING_EXTRACT_H
#define SCORING_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/normalise.h"

/* A character that extraction looks at: a digit, a numeral, the end of a name, of an address, of a time. */
typedef struct text_spot {
    uint32_t at;
    uint32_t classes; /* extract_chars.h */
} text_spot;

/* What is extracted from: the first `to` bytes of a text, and where in it there is something to look at. */
typedef struct text_spots {
    const char *text;
    uint32_t to;
    const text_spot *list;
    size_t count;
} text_spots;

/* Of the first `to` characters. The list lives in the arena. -ENOMEM. */
WJZ_MUST_CHECK int extract_spots(const normal_text *text, uint32_t to, wjz_arena *arena, text_spots *ret_spots);

typedef struct text_quantity {
    Wjz__Scoring__Unit unit;
    double value;
    uint32_t from, to;
} text_quantity;

/* Numbers with units, Arabic and Chinese (三十余户, 1.5万吨, 半年, 近两年). At most limit; the count. */
size_t extract_quantities(const text_spots *spots, text_quantity *quantities, size_t limit);

/* What firms are called in short, without 公司: two characters that end a name and, as 公司 does, tell matters apart
 * (matter_names.c). Their last character must be one that ends names (extract_chars.c). */
#define SHORT_FIRMS(X)                                                                                                 \
    X("纸业") X("药业") X("酒业") X("木业") X("置业") X("化工") X("酒楼") X("茶楼") X("饭庄") X("农庄")

typedef struct text_name {
    Wjz__Scoring__AnchorKind kind;
    uint32_t from, to;
} text_name;

/* Names by what they end in (路, 小区, 公司, 学校 …), cut at words that do not belong to names. At most limit; the
 * count. */
size_t extract_names(const text_spots *spots, text_name *names, size_t limit);

/* Whether a house number, building, villagers' group or the like is given; its span. */
bool extract_address(const text_spots *spots, uint32_t *ret_from, uint32_t *ret_to);

/* Whether an exact time of an event is given (a day or a time of day); its span. */
bool extract_time(const text_spots *spots, uint32_t *ret_from, uint32_t *ret_to);

#endif
