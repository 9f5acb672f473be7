/* Numbers with units: every digit is the possible beginning of one; the number is read, then the unit looked up. */
#include <stdlib.h>
#include <string.h>

#include "scoring/extract.h"
#include "scoring/extract_chars.h"

typedef struct unit_row {
    const char *text;
    Wjz__Scoring__Unit unit;
    double factor;
} unit_row;

/* Longer texts before those they begin with. */
static const unit_row units[] = {
    {"户", WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {"家庭", WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {"个家庭", WJZ__SCORING__UNIT__UNIT_HOUSEHOLDS, 1},
    {"人次", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"人", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"名", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"位", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"居民", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"村民", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"业主", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"学生", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"个居民", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"个业主", WJZ__SCORING__UNIT__UNIT_PERSONS, 1},
    {"个月", WJZ__SCORING__UNIT__UNIT_DAYS, 30},
    {"个多月", WJZ__SCORING__UNIT__UNIT_DAYS, 30},
    {"年", WJZ__SCORING__UNIT__UNIT_DAYS, 365},
    {"个星期", WJZ__SCORING__UNIT__UNIT_DAYS, 7},
    {"星期", WJZ__SCORING__UNIT__UNIT_DAYS, 7},
    {"周年", WJZ__SCORING__UNIT__UNIT_DAYS, 365},
    {"天", WJZ__SCORING__UNIT__UNIT_DAYS, 1},
    {"元", WJZ__SCORING__UNIT__UNIT_YUAN, 1},
    {"块钱", WJZ__SCORING__UNIT__UNIT_YUAN, 1},
    {"平方米", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {"平方公里", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1e6},
    {"平方", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {"平米", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {"㎡", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1},
    {"亩", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 666.7},
    {"公顷", WJZ__SCORING__UNIT__UNIT_SQUARE_METRES, 1e4},
    {"吨", WJZ__SCORING__UNIT__UNIT_TONNES, 1},
    {"公里", WJZ__SCORING__UNIT__UNIT_METRES, 1000},
    {"千米", WJZ__SCORING__UNIT__UNIT_METRES, 1000},
    {"米", WJZ__SCORING__UNIT__UNIT_METRES, 1},
    {"多次", WJZ__SCORING__UNIT__UNIT_TIMES, 1},
    {"次", WJZ__SCORING__UNIT__UNIT_TIMES, 1},
};

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

/* 万, 千, 百, 亿 after an Arabic number, and 多, 余, 来 after any. */
static double read_tail(const char *text, uint32_t *at, uint32_t to, double value) {
    static const char *const fillers[] = {"多", "余", "来", "几"};
    uint32_t length;
    for (int turn = 0; turn < 3; turn++) {
        double factor = numeral(text, *at, to, &length);
        if (factor >= 10) {
            value *= factor;
            *at += length;
            continue;
        }
        bool moved = false;
        for (size_t i = 0; i < WJZ_COUNT(fillers) && !moved; i++)
            if (starts(text, *at, to, fillers[i], &length)) {
                *at += length;
                moved = true;
            }
        if (!moved) break;
    }
    return value;
}

/* A year of the calendar is no duration, nor is the first one of a school. */
static bool is_calendar(const unit_row *unit, double value, const char *text, uint32_t at, uint32_t to) {
    static const char *const after[] = {"级", "度", "代", "初", "底"};
    if (unit->factor != 365) return false;
    uint32_t length;
    if (value >= 100 || (value >= 10 && value != (double)(int)value)) return true;
    for (size_t i = 0; i < WJZ_COUNT(after); i++)
        if (starts(text, at, to, after[i], &length)) return true;
    return value >= 50;
}

static bool read_quantity(const char *text, uint32_t *at, uint32_t to, text_quantity *ret_quantity) {
    uint32_t from = *at, length;
    bool arabic = text[from] >= '0' && text[from] <= '9';
    double value = arabic ? read_arabic(text, at, to) : read_chinese(text, at, to);
    if (value < 0) return false;
    value = read_tail(text, at, to, value);
    for (size_t i = 0; i < WJZ_COUNT(units); i++) {
        if (!starts(text, *at, to, units[i].text, &length)) continue;
        if (!is_calendar(&units[i], value, text, *at + length, to)) {
            *at += length;
            *ret_quantity = (text_quantity){units[i].unit, value * units[i].factor, from, *at};
            return true;
        }
        break;
    }
    return false;
}

size_t extract_quantities(const char *text, uint32_t from, uint32_t to, text_quantity *quantities, size_t limit) {
    size_t count = 0;
    for (uint32_t at = from; at < to && count < limit;) {
        unsigned char c = (unsigned char)text[at];
        uint32_t next = at, length;
        bool digit = c >= '0' && c <= '9';
        if (digit || (c >= 0xE4 && numeral(text, at, to, &length) >= 0)) {
            /* digits that continue a code or a name ("a7县") are none */
            bool part_of_code = digit && at > from && text[at - 1] >= 'a' && text[at - 1] <= 'z';
            if (read_quantity(text, &next, to, &quantities[count])) {
                if (!part_of_code) count++;
            }
        }
        at = next > at ? next : at + 1;
        while (at < to && !utf8_begins(text[at]))
            at++;
    }
    return count;
}
