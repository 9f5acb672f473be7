/* Numbers with units: every digit is the possible beginning of one; the number is read, then the unit looked up. */
#include <stdlib.h>
#include <string.h>

#include "scoring/extract.h"
#include "scoring/extract_chars.h"

typedef struct unit_row {
    const char *text;
    uint32_t length;
    Wjz__Scoring__Unit unit;
    double factor;
} unit_row;

#define UNIT(text) text, sizeof(text) - 1

/* Longer texts before those they begin with. */
static const unit_row units[] = {
    {UNIT("户"), WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {UNIT("家庭"), WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {UNIT("个家庭"), WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {UNIT("人次"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("人"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("名"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("位"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("居民"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("村民"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("业主"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("学生"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("个居民"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("个业主"), WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {UNIT("个月"), WJZ__SCORING__UNIT__UNIT_DAYS, 30},
    {UNIT("个多月"), WJZ__SCORING__UNIT__UNIT_DAYS, 30},
    {UNIT("年"), WJZ__SCORING__UNIT__UNIT_DAYS, 365},
    {UNIT("个星期"), WJZ__SCORING__UNIT__UNIT_DAYS, 7},
    {UNIT("星期"), WJZ__SCORING__UNIT__UNIT_DAYS, 7},
    {UNIT("周年"), WJZ__SCORING__UNIT__UNIT_DAYS, 365},
    {UNIT("天"), WJZ__SCORING__UNIT__UNIT_DAYS, 1},
    {UNIT("元"), WJZ__SCORING__UNIT__UNIT_YUAN, 1},
    {UNIT("块钱"), WJZ__SCORING__UNIT__UNIT_YUAN, 1},
    {UNIT("平方米"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {UNIT("平方公里"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1e6},
    {UNIT("平方"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {UNIT("平米"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {UNIT("㎡"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {UNIT("亩"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 666.7},
    {UNIT("公顷"), WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1e4},
    {UNIT("吨"), WJZ__SCORING__UNIT__UNIT_TONNES, 1},
    {UNIT("公里"), WJZ__SCORING__UNIT__UNIT_METRES, 1000},
    {UNIT("千米"), WJZ__SCORING__UNIT__UNIT_METRES, 1000},
    {UNIT("米"), WJZ__SCORING__UNIT__UNIT_METRES, 1},
    {UNIT("多次"), WJZ__SCORING__UNIT__UNIT_TIMES, 1},
    {UNIT("次"), WJZ__SCORING__UNIT__UNIT_TIMES, 1},
};

/* Whether a unit begins with the character. Most that stand behind a number begin none. */
static bool begins_unit(uint32_t code) {
    switch (code) {
    case 0x6237: /* 户 */
    case 0x5BB6: /* 家 */
    case 0x4E2A: /* 个 */
    case 0x4EBA: /* 人 */
    case 0x540D: /* 名 */
    case 0x4F4D: /* 位 */
    case 0x5C45: /* 居 */
    case 0x6751: /* 村 */
    case 0x4E1A: /* 业 */
    case 0x5B66: /* 学 */
    case 0x5E74: /* 年 */
    case 0x661F: /* 星 */
    case 0x5468: /* 周 */
    case 0x5929: /* 天 */
    case 0x5143: /* 元 */
    case 0x5757: /* 块 */
    case 0x5E73: /* 平 */
    case 0x33A1: /* ㎡ */
    case 0x4EA9: /* 亩 */
    case 0x516C: /* 公 */
    case 0x5428: /* 吨 */
    case 0x5343: /* 千 */
    case 0x7C73: /* 米 */
    case 0x591A: /* 多 */
    case 0x6B21: /* 次 */
        return true;
    default:
        return false;
    }
}

static bool starts(const char *text, uint32_t at, uint32_t to, const char *with, uint32_t *ret_length) {
    uint32_t length = (uint32_t)strlen(with);
    if (length > to - at || memcmp(text + at, with, length) != 0) return false;
    *ret_length = length;
    return true;
}

/* The Chinese numeral at `at`, -1 for none. */
static double numeral(const char *text, uint32_t at, uint32_t to, uint32_t *ret_length) {
    if (to - at < 3 || at > to) return -1;
    uint32_t code = code_at(text, at);
    if (!(char_classes[code] & CHAR_NUMERAL)) return -1;
    *ret_length = 3;
    switch (code) {
    case 0x96F6: /* 零 */
        return 0;
    case 0x534A: /* 半 */
        return 0.5;
    case 0x4E00: /* 一 */
        return 1;
    case 0x4E8C: /* 二 */
    case 0x4E24: /* 两 */
        return 2;
    case 0x4E09: /* 三 */
    case 0x51E0: /* 几 */
    case 0x6570: /* 数 */
        return 3;
    case 0x56DB: /* 四 */
        return 4;
    case 0x4E94: /* 五 */
        return 5;
    case 0x516D: /* 六 */
        return 6;
    case 0x4E03: /* 七 */
        return 7;
    case 0x516B: /* 八 */
        return 8;
    case 0x4E5D: /* 九 */
        return 9;
    case 0x5341: /* 十 */
        return 10;
    case 0x767E: /* 百 */
        return 100;
    case 0x5343: /* 千 */
        return 1000;
    case 0x4E07: /* 万 */
        return 1e4;
    case 0x4EBF: /* 亿 */
        return 1e8;
    default:
        return -1;
    }
}

/* 二百三十五, 三十余, 几百; *at moves past it. -1 for none. */
static double read_chinese(const char *text, uint32_t *at, uint32_t to) {
    double total = 0, section = 0, digit = -1;
    uint32_t length, begin = *at;
    for (;;) {
        double value = numeral(text, *at, to, &length);
        if (value < 0) break;
        if (value >= 1e4) {
            total += (section + (digit > 0 ? digit : 0) + (section == 0 && digit < 0 ? 1 : 0)) * value;
            section = 0;
            digit = -1;
        } else if (value >= 10) {
            section += (digit < 0 ? 1 : digit) * value;
            digit = -1;
        } else {
            if (digit >= 0) break; /* "一二" is no number */
            digit = value;
        }
        *at += length;
    }
    if (*at == begin) return -1;
    return total + section + (digit > 0 ? digit : 0);
}

static double read_arabic(const char *text, uint32_t *at, uint32_t to) {
    double value = 0, place = 0;
    int digits = 0;
    for (; *at < to && digits < 15; ++*at) {
        char c = text[*at];
        if (c >= '0' && c <= '9') {
            value = place > 0 ? value + (c - '0') * place : value * 10 + (c - '0');
            if (place > 0) place /= 10;
            digits++;
        } else if (c == '.' && place == 0 && *at + 1 < to && text[*at + 1] >= '0' && text[*at + 1] <= '9') {
            place = 0.1;
        } else if (!(c == ',' && *at + 3 < to && text[*at + 1] >= '0' && text[*at + 1] <= '9')) {
            break;
        }
    }
    return value;
}

static bool is_filler(uint32_t code) {
    return code == 0x591A /* 多 */ || code == 0x4F59 /* 余 */ || code == 0x6765 /* 来 */ || code == 0x51E0 /* 几 */;
}

/* 万, 千, 百, 亿 after an Arabic number, and 多, 余, 来 after any. */
static double read_tail(const char *text, uint32_t *at, uint32_t to, double value) {
    uint32_t length;
    for (int turn = 0; turn < 3; turn++) {
        double factor = numeral(text, *at, to, &length);
        if (factor >= 10) {
            value *= factor;
            *at += length;
        } else if (to - *at >= 3 && is_filler(code_at(text, *at))) {
            *at += 3;
        } else {
            break;
        }
    }
    return value;
}

static bool any_at(const char *const *words, size_t count, const char *text, uint32_t at, uint32_t to) {
    uint32_t length;
    for (size_t i = 0; i < count; i++)
        if (starts(text, at, to, words[i], &length)) return true;
    return false;
}

static bool any_before(const char *const *words, size_t count, const char *text, uint32_t at) {
    for (size_t i = 0; i < count; i++) {
        uint32_t length = (uint32_t)strlen(words[i]);
        if (length <= at && memcmp(text + at - length, words[i], length) == 0) return true;
    }
    return false;
}

/* 14年回家, 于15年购买, 18年12月: two digits that are a year of this century unless something says how long. */
static bool is_short_year(double value, const char *text, uint32_t from, uint32_t unit, uint32_t at, uint32_t to) {
    static const char *const long_after[] = {"了", "来", "前", "后", "多", "以", "之",   "间", "时",   "有余", "未",
                                             "没", "不", "都", "仍", "还", "的", "左右", "期", "工龄", "限"};
    static const char *const long_before[] = {"近", "了", "已", "有", "达", "长", "约", "满", "过", "整", "超",
                                              "今", "前", "后", "续", "这", "用", "要", "每", "共", "计"};
    static const char *const marks[] = {",", ".", ";", "!", "?", "。", "、", ")", "\n"};
    static const char *const since[] = {"从", "自", "于", "在", "到"};
    bool two_digits = unit - from == 2 && text[from] >= '0' && text[from] <= '9';
    if (!two_digits || value > 30) return false;
    if (text[from] == '0' || (at < to && text[at] >= '0' && text[at] <= '9')) return true;
    if (any_before(since, WJZ_COUNT(since), text, from)) return true;
    return at < to && !any_at(marks, WJZ_COUNT(marks), text, at, to) &&
           !any_at(long_after, WJZ_COUNT(long_after), text, at, to) &&
           !any_before(long_before, WJZ_COUNT(long_before), text, from);
}

/* A year of the calendar is no duration, nor is the first one of a school. from, unit, at: where the number, its unit
 * and what follows begin. */
static bool is_calendar(double value, const char *text, uint32_t from, uint32_t unit, uint32_t at, uint32_t to) {
    static const char *const after[] = {"级", "度", "代", "初", "底"};
    if (value >= 50 || (value >= 10 && value != (double)(int)value)) return true;
    return any_at(after, WJZ_COUNT(after), text, at, to) || is_short_year(value, text, from, unit, at, to);
}

/* 45天内 is a time that is set, not one that has gone by; 近两年内 has. */
static bool is_term(const char *text, uint32_t from, uint32_t at, uint32_t to) {
    static const char *const after[] = {"内", "之内", "以内"}, *const gone[] = {"近", "这", "去"};
    return any_at(after, WJZ_COUNT(after), text, at, to) && !any_before(gone, WJZ_COUNT(gone), text, from);
}

static const unit_row *unit_at(const char *text, uint32_t at, uint32_t to) {
    if (at >= to || !begins_unit(code_at(text, at))) return NULL;
    for (size_t i = 0; i < WJZ_COUNT(units); i++) {
        const unit_row *unit = &units[i];
        if (unit->length > to - at || text[at + 1] != unit->text[1]) continue; /* their second bytes differ most */
        if (memcmp(text + at, unit->text, unit->length) == 0) return unit;
    }
    return NULL;
}

static bool read_quantity(const char *text, uint32_t *at, uint32_t to, text_quantity *ret_quantity) {
    uint32_t from = *at;
    bool arabic = text[from] >= '0' && text[from] <= '9';
    double value = arabic ? read_arabic(text, at, to) : read_chinese(text, at, to);
    if (value < 0) return false;
    value = read_tail(text, at, to, value);
    const unit_row *unit = unit_at(text, *at, to);
    if (!unit) return false;
    uint32_t next = *at + unit->length;
    if (unit->factor == 365 && is_calendar(value, text, from, *at, next, to)) return false;
    if (unit->unit == WJZ__SCORING__UNIT__UNIT_DAYS && is_term(text, from, next, to)) return false;
    *at = next;
    *ret_quantity = (text_quantity){unit->unit, value * unit->factor, from, *at};
    return true;
}

size_t extract_quantities(const text_spots *spots, text_quantity *quantities, size_t limit) {
    const char *text = spots->text;
    size_t count = 0;
    uint32_t read_to = 0;
    for (size_t i = 0; i < spots->count && count < limit; i++) {
        uint32_t at = spots->list[i].at, next = at;
        if (at < read_to || !(spots->list[i].classes & CHAR_NUMERAL)) continue;
        /* digits that continue a code or a name ("a7县") are none */
        bool part_of_code = (unsigned char)text[at] < 0x80 && at > 0 && text[at - 1] >= 'a' && text[at - 1] <= 'z';
        if (read_quantity(text, &next, spots->to, &quantities[count]) && !part_of_code) count++;
        read_to = next;
    }
    return count;
}
