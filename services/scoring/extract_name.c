/* Names end in what they are (路, 小区, 公司); from there back to a mark, a word that joins sentences, or the end of a
 * wider place. No dictionary: anonymised and unheard-of names are found as well. */
#include <string.h>

#include "scoring/extract.h"
#include "scoring/extract_chars.h"

enum { NAME_CHARACTERS = 10 };

typedef struct ending {
    const char *text; /* NULL ends a group */
    uint32_t length;
    Wjz__Scoring__AnchorKind kind;
    int least; /* characters that must stand before it */
} ending;

#define ENDS_IN(text) text, sizeof(text) - 1
#define KIND(name) WJZ__SCORING__ANCHOR_KIND__ANCHOR_##name

/* Grouped by their last character; longer ones first. */
static const ending on_district[] = {
    {ENDS_IN("小区"), KIND(ESTATE), 1}, {ENDS_IN("社区"), KIND(VILLAGE), 1}, {ENDS_IN("开发区"), KIND(SITE), 1},
    {ENDS_IN("工业区"), KIND(SITE), 1}, {ENDS_IN("园区"), KIND(SITE), 1},    {ENDS_IN("安置区"), KIND(ESTATE), 1},
    {ENDS_IN("地区"), KIND(REGION), 2}, {ENDS_IN("区"), KIND(REGION), 1},    {0}};
static const ending on_garden[] = {{ENDS_IN("幼儿园"), KIND(SCHOOL), 1}, {ENDS_IN("工业园"), KIND(SITE), 1},
                                   {ENDS_IN("产业园"), KIND(SITE), 1},   {ENDS_IN("物流园"), KIND(SITE), 1},
                                   {ENDS_IN("公园"), KIND(SITE), 1},     {ENDS_IN("陵园"), KIND(SITE), 1},
                                   {ENDS_IN("园"), KIND(ESTATE), 2},     {0}};
static const ending on_house[] = {{ENDS_IN("医院"), KIND(SITE), 1},   {ENDS_IN("学院"), KIND(SCHOOL), 1},
                                  {ENDS_IN("法院"), KIND(SITE), 1},   {ENDS_IN("检察院"), KIND(SITE), 1},
                                  {ENDS_IN("敬老院"), KIND(SITE), 1}, {0}};
static const ending on_estate[] = {{ENDS_IN("苑"), KIND(ESTATE), 1},
                                   {ENDS_IN("府"), KIND(ESTATE), 2},
                                   {ENDS_IN("郡"), KIND(ESTATE), 2},
                                   {ENDS_IN("城"), KIND(ESTATE), 2},
                                   {ENDS_IN("湾"), KIND(ESTATE), 2},
                                   {ENDS_IN("公寓"), KIND(ESTATE), 1},
                                   {0}};
static const ending on_road[] = {
    {ENDS_IN("路"), KIND(ROAD), 1},   {ENDS_IN("街"), KIND(ROAD), 1},   {ENDS_IN("巷"), KIND(ROAD), 1},
    {ENDS_IN("大道"), KIND(ROAD), 1}, {ENDS_IN("国道"), KIND(ROAD), 1}, {ENDS_IN("省道"), KIND(ROAD), 1},
    {ENDS_IN("街道"), KIND(TOWN), 1}, {ENDS_IN("高速"), KIND(ROAD), 1}, {ENDS_IN("号线"), KIND(ROAD), 1},
    {ENDS_IN("桥"), KIND(ROAD), 2},   {ENDS_IN("隧道"), KIND(ROAD), 1}, {0}};
static const ending on_area[] = {{ENDS_IN("超市"), KIND(COMPANY), 1},
                                 {ENDS_IN("镇"), KIND(TOWN), 1},
                                 {ENDS_IN("乡"), KIND(TOWN), 1},
                                 {ENDS_IN("村"), KIND(VILLAGE), 1},
                                 {ENDS_IN("县"), KIND(REGION), 1},
                                 {ENDS_IN("市"), KIND(REGION), 1},
                                 {0}};
static const ending on_company[] = {
    {ENDS_IN("有限责任公司"), KIND(COMPANY), 1}, {ENDS_IN("有限公司"), KIND(COMPANY), 1}, /* 有 ends other names */
    {ENDS_IN("公司"), KIND(COMPANY), 2},         {ENDS_IN("集团"), KIND(COMPANY), 2},
    {ENDS_IN("厂"), KIND(COMPANY), 1},           {ENDS_IN("店"), KIND(COMPANY), 2},
    {ENDS_IN("餐馆"), KIND(COMPANY), 1},         {ENDS_IN("会所"), KIND(COMPANY), 1},
    {ENDS_IN("砖厂"), KIND(COMPANY), 1},         {ENDS_IN("宾馆"), KIND(COMPANY), 1},
    {ENDS_IN("银行"), KIND(COMPANY), 1},         {0}};
static const ending on_school[] = {{ENDS_IN("学校"), KIND(SCHOOL), 1}, {ENDS_IN("小学"), KIND(SCHOOL), 1},
                                   {ENDS_IN("中学"), KIND(SCHOOL), 1}, {ENDS_IN("大学"), KIND(SCHOOL), 1},
                                   {ENDS_IN("职校"), KIND(SCHOOL), 1}, {0}};
#define FIRM(text) {ENDS_IN(text), KIND(COMPANY), 2},
static const ending on_site[] = {{ENDS_IN("养猪场"), KIND(COMPANY), 1}, {ENDS_IN("养殖场"), KIND(COMPANY), 1},
                                 {ENDS_IN("采石场"), KIND(COMPANY), 1}, {ENDS_IN("搅拌站"), KIND(COMPANY), 1},
                                 {ENDS_IN("停车场"), KIND(SITE), 1},    {ENDS_IN("市场"), KIND(SITE), 1},
                                 {ENDS_IN("广场"), KIND(SITE), 1},      {ENDS_IN("火车站"), KIND(SITE), 1},
                                 {ENDS_IN("中转站"), KIND(SITE), 1},    {ENDS_IN("垃圾站"), KIND(SITE), 1},
                                 {ENDS_IN("汽车站"), KIND(SITE), 1},    {ENDS_IN("地铁站"), KIND(SITE), 1},
                                 {ENDS_IN("大厦"), KIND(SITE), 1},      {ENDS_IN("工地"), KIND(SITE), 1},
                                 {ENDS_IN("中心"), KIND(SITE), 2},      {ENDS_IN("项目"), KIND(SITE), 2},
                                 {ENDS_IN("楼盘"), KIND(ESTATE), 1},    {ENDS_IN("煤矿"), KIND(COMPANY), 1},
                                 {ENDS_IN("矿业"), KIND(COMPANY), 1},   SHORT_FIRMS(FIRM){0}};
static const ending on_water[] = {{ENDS_IN("河"), KIND(WATER), 1}, {ENDS_IN("江"), KIND(WATER), 1},
                                  {ENDS_IN("湖"), KIND(WATER), 1}, {ENDS_IN("水库"), KIND(WATER), 1},
                                  {ENDS_IN("溪"), KIND(WATER), 1}, {0}};

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

/* Whether 街 is followed by 道: the town comes, not a street. */
static bool town_comes(const text_spots *spots, uint32_t at) {
    return at + 6 <= spots->to && code_at(spots->text, at) == 0x8857 && code_at(spots->text, at + 3) == 0x9053;
}

/* The first ending of a group that the text has before `to` and not before `begin`; NULL for none. */
static const ending *ending_at(const ending *row, const char *text, uint32_t begin, uint32_t to) {
    for (; row->text; row++) {
        /* the second bytes of characters differ most */
        if (row->length > to - begin || text[to - row->length + 1] != row->text[1]) continue;
        if (memcmp(text + to - row->length, row->text, row->length) == 0) return row;
    }
    return NULL;
}

/* Characters of three bytes with which one that ends names makes another word, when they come next or stand before it.
 */
static const char *goes_on_with(uint32_t code) {
    switch (code) {
    case 0x8DEF: /* 路 */
        return "灯面况过由途障基网";
    case 0x5E02: /* 市 */
        return "民场政容";
    case 0x57CE: /* 城 */
        return "市乡镇建管";
    case 0x533A: /* 区 */
        return "域别";
    case 0x8857: /* 街 */
        return "坊";
    case 0x56ED: /* 园 */
        return "林艺";
    case 0x5E97: /* 店 */
        return "铺面";
    case 0x6865: /* 桥 */
        return "梁";
    case 0x5DE5: /* 工 */
        return "厂品原企园类行材产污废";
    default:
        return "";
    }
}

static const char *begins_with(uint32_t code) {
    switch (code) {
    case 0x533A: /* 区 */
        return "厂库校学景片辖街郊市民宅";
    case 0x5E02: /* 市 */
        return "城上夜门省";
    case 0x5E9C: /* 府 */
        return "政";
    case 0x9547: /* 镇 */
        return "乡城";
    case 0x6751: /* 村 */
        return "农乡个户邻游近围";
    default:
        return "";
    }
}

static bool has_character(const char *set, const char *character) {
    for (; *set; set += 3)
        if (memcmp(set, character, 3) == 0) return true;
    return false;
}

/* Whether the character that ends names is part of a word instead: 路灯 is no road, 市民 and 城市 are no city, 厂区 is
 * no district. */
static bool is_other_word(const text_spots *spots, uint32_t at) {
    uint32_t code = code_at(spots->text, at);
    if (at + 6 <= spots->to && has_character(goes_on_with(code), spots->text + at + 3)) return true;
    return at >= 3 && has_character(begins_with(code), spots->text + at - 3);
}

static bool is_one_of(const char *text, const char words[][7], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(text, words[i], 6) == 0) return true;
    return false;
}

/* Whether so many characters stand between. */
static bool has_characters(const char *text, uint32_t from, uint32_t to, int least) {
    for (; from < to && least > 0; from++)
        least -= utf8_begins(text[from]);
    return least <= 0;
}

/* Past what people write right before a name: 反映人民路 is 人民路. At least `least` characters stay before the ending.
 */
static uint32_t skip_lead_ins(const char *text, uint32_t from, uint32_t ending_at, int least) {
    static const char words[][7] = {"反映", "投诉", "举报", "查处", "严查", "彻查", "取缔", "整治", "建议", "希望",
                                    "请求", "恳请", "要求", "呼吁", "咨询", "关于", "代表", "位于", "住在", "居住",
                                    "解决", "加强", "增设", "反对", "现在", "目前", "几天", "下称", "简称"};
    while (from + 6 < ending_at && is_one_of(text + from, words, WJZ_COUNT(words)) &&
           has_characters(text, from + 6, ending_at, least))
        from += 6;
    return from;
}

size_t extract_names(const text_spots *spots, text_name *names, size_t limit) {
    const char *text = spots->text;
    size_t count = 0;
    uint32_t begin = 0; /* a name does not reach into the one before */
    for (size_t i = 0; i < spots->count && count < limit; i++) {
        const ending *group = endings[spots->list[i].classes >> CHAR_ENDING_SHIFT];
        uint32_t at = spots->list[i].at, next = at + 3;
        if (!group || town_comes(spots, at) || is_other_word(spots, at)) continue;
        const ending *row = ending_at(group, text, begin, next);
        if (!row) continue;
        uint32_t start = next - row->length;
        if (count > 0 && start == begin && names[count - 1].to == begin &&
            names[count - 1].kind >= KIND(ROAD)) { /* "橄榄城" goes on as "橄榄城小区" */
            names[count - 1] = (text_name){row->kind, names[count - 1].from, next};
            begin = next;
        } else if (go_back(text, begin, &start) >= row->least) {
            start = skip_lead_ins(text, start, next - row->length, row->least);
            names[count++] = (text_name){row->kind, start, next};
            begin = next;
        } /* else the longest ending decides: there is none */
    }
    return count;
}

static bool digit_before(const char *text, uint32_t at) {
    if (at == 0) return false;
    if (text[at - 1] >= '0' && text[at - 1] <= '9') return true;
    return at >= 3 && (class_at(text, at - 3) & CHAR_NUMERAL) != 0;
}

static uint32_t digits_before(const char *text, uint32_t at) {
    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    return at;
}

/* Whether the number before `at` is a day of a month. */
static bool day_before(const char *text, uint32_t at) {
    uint32_t from = digits_before(text, at);
    return from >= 3 && memcmp(text + from - 3, "月", 3) == 0;
}

/* 两栋, 几栋, 数栋: so many of them, not which one. */
static bool is_count(const char *text, uint32_t at) {
    static const char counts[][4] = {"两", "几", "数"};
    for (size_t i = 0; i < WJZ_COUNT(counts); i++)
        if (at >= 3 && memcmp(text + at - 3, counts[i], 3) == 0) return true;
    return false;
}

/* Bytes of the end of an exact place that begins at a character, 0 for none. */
static uint32_t address_end(const text_spots *spots, uint32_t at) {
    const char *text = spots->text;
    switch (code_at(text, at)) {
    case 0x53F7: /* 号, but 号线 and 8月31号 */
        return digit_before(text, at) && !day_before(text, at) &&
                       (at + 6 > spots->to || code_at(text, at + 3) != 0x7EBF)
                   ? 3
                   : 0;
    case 0x680B: /* 栋 */
    case 0x5E62: /* 幢 */
    case 0x7EC4: /* 组 */
        return digit_before(text, at) && !is_count(text, at) ? 3 : 0;
    case 0x4EA4: /* 交 */
        return at + 9 <= spots->to && (memcmp(text + at, "交汇处", 9) == 0 || memcmp(text + at, "交叉口", 9) == 0 ||
                                       memcmp(text + at, "交界处", 9) == 0)
                   ? 9
                   : 0;
    default:
        return 0;
    }
}

bool extract_address(const text_spots *spots, uint32_t *ret_from, uint32_t *ret_to) {
    for (size_t i = 0; i < spots->count; i++) {
        uint32_t at = spots->list[i].at;
        uint32_t length = spots->list[i].classes & CHAR_ADDRESS ? address_end(spots, at) : 0;
        if (!length) continue;
        *ret_to = at + length;
        *ret_from = at;
        (void)go_back(spots->text, 0, ret_from);
        return true;
    }
    return false;
}

/* The numeral before `at`, in digits or in Chinese. */
static uint32_t number_before(const char *text, uint32_t at) {
    uint32_t from = digits_before(text, at);
    while (from == at && at >= 3 && class_at(text, at - 3) & CHAR_NUMERAL)
        from = at -= 3;
    return from;
}

/* 一点 without an hour's company is "a little"; so is 几点 no time. */
static bool is_vague(const text_spots *spots, uint32_t from, uint32_t at) {
    static const char *const hours[] = {"钟", "半", "多", "左右"};
    if (code_at(spots->text, at) != 0x70B9 || at - from != 3) return false;
    if (memcmp(spots->text + from, "几", 3) == 0) return true;
    if (memcmp(spots->text + from, "一", 3) != 0) return false;
    for (size_t i = 0; i < WJZ_COUNT(hours); i++)
        if (spots->to - at >= 3 + strlen(hours[i]) && memcmp(spots->text + at + 3, hours[i], strlen(hours[i])) == 0)
            return false;
    return true;
}

/* "8月" alone is not exact. */
bool extract_time(const text_spots *spots, uint32_t *ret_from, uint32_t *ret_to) {
    const char *text = spots->text;
    for (size_t i = 0; i < spots->count; i++) {
        uint32_t at = spots->list[i].at;
        if (!(spots->list[i].classes & CHAR_TIME) || !digit_before(text, at)) continue;
        uint32_t from = number_before(text, at);
        if (is_vague(spots, from, at)) continue;
        if (from >= 3 && memcmp(text + from - 3, "月", 3) == 0) from = number_before(text, from - 3);
        *ret_from = from;
        *ret_to = at + 3;
        return true;
    }
    return false;
}
