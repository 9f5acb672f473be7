/* Names end in what they are (路, 小区, 公司); from there back to a mark, a word that joins sentences, or the end of a
 * wider place. No dictionary: anonymised and unheard-of names are found as well. */
#include <string.h>

#include "scoring/extract.h"
#include "scoring/extract_chars.h"

enum { NAME_CHARACTERS = 10 };

typedef struct ending {
    const char *text;
    Wjz__Scoring__AnchorKind kind;
    int least; /* characters that must stand before it */
} ending;

#define KIND(name) WJZ__SCORING__ANCHOR_KIND__ANCHOR_##name

/* Grouped by their last character; longer ones first. */
static const ending on_district[] = {
    {"小区", KIND(ESTATE), 1}, {"社区", KIND(VILLAGE), 1},  {"开发区", KIND(SITE), 1}, {"工业区", KIND(SITE), 1},
    {"园区", KIND(SITE), 1},   {"安置区", KIND(ESTATE), 1}, {"区", KIND(REGION), 1},   {NULL, 0, 0}};
static const ending on_garden[] = {
    {"幼儿园", KIND(SCHOOL), 1}, {"工业园", KIND(SITE), 1}, {"产业园", KIND(SITE), 1}, {"物流园", KIND(SITE), 1},
    {"公园", KIND(SITE), 1},     {"陵园", KIND(SITE), 1},   {"园", KIND(ESTATE), 2},   {NULL, 0, 0}};
static const ending on_house[] = {{"医院", KIND(SITE), 1},   {"学院", KIND(SCHOOL), 1}, {"法院", KIND(SITE), 1},
                                  {"检察院", KIND(SITE), 1}, {"敬老院", KIND(SITE), 1}, {NULL, 0, 0}};
static const ending on_estate[] = {{"苑", KIND(ESTATE), 1},
                                   {"府", KIND(ESTATE), 2},
                                   {"郡", KIND(ESTATE), 2},
                                   {"城", KIND(ESTATE), 2},
                                   {"湾", KIND(ESTATE), 2},
                                   {"公寓", KIND(ESTATE), 1},
                                   {NULL, 0, 0}};
static const ending on_road[] = {{"路", KIND(ROAD), 1},   {"街", KIND(ROAD), 1},   {"巷", KIND(ROAD), 1},
                                 {"大道", KIND(ROAD), 1}, {"国道", KIND(ROAD), 1}, {"省道", KIND(ROAD), 1},
                                 {"街道", KIND(TOWN), 1}, {"高速", KIND(ROAD), 1}, {"号线", KIND(ROAD), 1},
                                 {"桥", KIND(ROAD), 2},   {"隧道", KIND(ROAD), 1}, {NULL, 0, 0}};
static const ending on_area[] = {{"镇", KIND(TOWN), 1},   {"乡", KIND(TOWN), 1},   {"村", KIND(VILLAGE), 1},
                                 {"县", KIND(REGION), 1}, {"市", KIND(REGION), 1}, {NULL, 0, 0}};
static const ending on_company[] = {{"公司", KIND(COMPANY), 2},
                                    {"集团", KIND(COMPANY), 2},
                                    {"厂", KIND(COMPANY), 1},
                                    {"店", KIND(COMPANY), 2},
                                    {"餐馆", KIND(COMPANY), 1},
                                    {"会所", KIND(COMPANY), 1},
                                    {"砖厂", KIND(COMPANY), 1},
                                    {"宾馆", KIND(COMPANY), 1},
                                    {"银行", KIND(COMPANY), 1},
                                    {"超市", KIND(COMPANY), 1},
                                    {NULL, 0, 0}};
static const ending on_school[] = {{"学校", KIND(SCHOOL), 1}, {"小学", KIND(SCHOOL), 1}, {"中学", KIND(SCHOOL), 1},
                                   {"大学", KIND(SCHOOL), 1}, {"职校", KIND(SCHOOL), 1}, {NULL, 0, 0}};
static const ending on_site[] = {{"养猪场", KIND(COMPANY), 1}, {"养殖场", KIND(COMPANY), 1},
                                 {"采石场", KIND(COMPANY), 1}, {"搅拌站", KIND(COMPANY), 1},
                                 {"停车场", KIND(SITE), 1},    {"市场", KIND(SITE), 1},
                                 {"广场", KIND(SITE), 1},      {"火车站", KIND(SITE), 1},
                                 {"中转站", KIND(SITE), 1},    {"垃圾站", KIND(SITE), 1},
                                 {"汽车站", KIND(SITE), 1},    {"地铁站", KIND(SITE), 1},
                                 {"大厦", KIND(SITE), 1},      {"工地", KIND(SITE), 1},
                                 {"中心", KIND(SITE), 2},      {"项目", KIND(SITE), 2},
                                 {"楼盘", KIND(ESTATE), 1},    {"煤矿", KIND(COMPANY), 1},
                                 {"矿业", KIND(COMPANY), 1},   {NULL, 0, 0}};
static const ending on_water[] = {{"河", KIND(WATER), 1},   {"江", KIND(WATER), 1}, {"湖", KIND(WATER), 1},
                                  {"水库", KIND(WATER), 1}, {"溪", KIND(WATER), 1}, {NULL, 0, 0}};

static const ending *const endings[ENDING_GROUPS] = {
    [ENDING_DISTRICT] = on_district, [ENDING_GARDEN] = on_garden, [ENDING_HOUSE] = on_house,
    [ENDING_ESTATE] = on_estate,     [ENDING_ROAD] = on_road,     [ENDING_AREA] = on_area,
    [ENDING_COMPANY] = on_company,   [ENDING_SCHOOL] = on_school, [ENDING_SITE] = on_site,
    [ENDING_WATER] = on_water,
};

/* A character that no name goes on across: marks, and words that join sentences. */
static bool stops(uint32_t code) {
    if (code < 0x80) return !((code >= '0' && code <= '9') || (code >= 'a' && code <= 'z'));
    return code < 0x4E00 || code > 0x9FFF || (char_classes[code] & CHAR_STOPS);
}

/* Whether a wider place ends right before `at`, so that the name begins there. */
static bool wider_ends(const char *text, uint32_t begin, uint32_t at) {
    if (at - begin < 3) return false;
    switch (code_at(text, at - 3)) {
    case 0x5E02: /* 市 */
    case 0x533A: /* 区 */
    case 0x53BF: /* 县 */
    case 0x9547: /* 镇 */
    case 0x4E61: /* 乡 */
    case 0x6751: /* 村 */
    case 0x7EC4: /* 组 */
        return true;
    case 0x9053:                                                   /* 道 */
        return at - begin >= 6 && code_at(text, at - 6) == 0x8857; /* 街道 */
    default:
        return false;
    }
}

static uint32_t step_back(const char *text, uint32_t begin, uint32_t at) {
    do
        at--;
    while (at > begin && !utf8_begins(text[at]));
    return at;
}

/* Goes back from an ending to the name's first character; the number of characters gone. */
static int go_back(const char *text, uint32_t begin, uint32_t *at) {
    int characters = 0;
    while (*at > begin && characters < NAME_CHARACTERS) {
        if (characters > 0 && wider_ends(text, begin, *at)) break;
        uint32_t before = step_back(text, begin, *at);
        if (stops(code_at(text, before))) break;
        *at = before;
        characters++;
    }
    return characters;
}

size_t extract_names(const char *text, uint32_t from, uint32_t to, text_name *names, size_t limit) {
    size_t count = 0;
    uint32_t begin = from; /* a name does not reach into the one before */
    for (uint32_t at = from; at < to && count < limit;) {
        uint32_t next = at + 1;
        while (next < to && !utf8_begins(text[next]))
            next++;
        const ending *row = next - at == 3 ? endings[class_at(text, at) >> CHAR_ENDING_SHIFT] : NULL;
        for (; row && row->text; row++) {
            uint32_t length = (uint32_t)strlen(row->text);
            if (next + 3 <= to && code_at(text, next) == 0x9053 && code_at(text, at) == 0x8857)
                continue; /* 街道 comes */
            if (length > next - begin || memcmp(text + next - length, row->text, length) != 0) continue;
            uint32_t start = next - length;
            if (count > 0 && start == begin && names[count - 1].to == begin &&
                names[count - 1].kind >= KIND(ROAD)) { /* "橄榄城" goes on as "橄榄城小区" */
                names[count - 1] = (text_name){row->kind, names[count - 1].from, next};
                begin = next;
                break;
            }
            if (go_back(text, begin, &start) < row->least) break; /* the longest ending decides */
            names[count++] = (text_name){row->kind, start, next};
            begin = next;
            break;
        }
        at = next;
    }
    return count;
}

static bool digit_before(const char *text, uint32_t from, uint32_t at) {
    if (at == from) return false;
    if (text[at - 1] >= '0' && text[at - 1] <= '9') return true;
    if (at - from < 3) return false;
    return (class_at(text, at - 3) & CHAR_NUMERAL) != 0;
}

bool extract_address(const char *text, uint32_t from, uint32_t to, uint32_t *ret_from, uint32_t *ret_to) {
    for (uint32_t at = from; at + 3 <= to; at++) {
        if ((unsigned char)text[at] < 0xE4) continue;
        if (!(class_at(text, at) & CHAR_ADDRESS)) {
            at += 2;
            continue;
        }
        bool exact = false;
        uint32_t length = 3;
        switch (code_at(text, at)) {
        case 0x53F7: /* 号 */
            exact = digit_before(text, from, at) && (at + 6 > to || code_at(text, at + 3) != 0x7EBF);
            break;
        case 0x680B: /* 栋 */
        case 0x5E62: /* 幢 */
        case 0x7EC4: /* 组 */
            exact = digit_before(text, from, at);
            break;
        case 0x4EA4: /* 交 */
            exact = at + 9 <= to && (memcmp(text + at, "交汇处", 9) == 0 || memcmp(text + at, "交叉口", 9) == 0 ||
                                     memcmp(text + at, "交界处", 9) == 0);
            length = 9;
            break;
        default:
            break;
        }
        if (exact) {
            *ret_to = at + length;
            *ret_from = at;
            (void)go_back(text, from, ret_from);
            return true;
        }
        at += 2;
    }
    return false;
}

static uint32_t digits_before(const char *text, uint32_t from, uint32_t at) {
    while (at > from && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    return at;
}

/* "8月" alone is not exact. */
bool extract_time(const char *text, uint32_t from, uint32_t to, uint32_t *ret_from, uint32_t *ret_to) {
    for (uint32_t at = from; at + 3 <= to; at++) {
        if ((unsigned char)text[at] < 0xE4) continue;
        if ((class_at(text, at) & CHAR_TIME) && digit_before(text, from, at)) {
            *ret_to = at + 3;
            *ret_from = digits_before(text, from, at);
            if (*ret_from >= from + 3 && memcmp(text + *ret_from - 3, "月", 3) == 0)
                *ret_from = digits_before(text, from, *ret_from - 3);
            return true;
        }
        at += 2;
    }
    return false;
}
