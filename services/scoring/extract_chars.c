/* To give a character a meaning, add it here. */
#include "scoring/extract_chars.h"

#include <errno.h>

#include "scoring/extract.h"

#define ENDS(group) (ENDING_##group << CHAR_ENDING_SHIFT)

const uint8_t char_classes[0x10000] = {
    [0x4E00] = CHAR_NUMERAL,   /* 一 */
    [0x4E03] = CHAR_NUMERAL,   /* 七 */
    [0x4E07] = CHAR_NUMERAL,   /* 万 */
    [0x4E09] = CHAR_NUMERAL,   /* 三 */
    [0x4E0D] = CHAR_STOPS,     /* 不 */
    [0x4E0E] = CHAR_STOPS,     /* 与 */
    [0x4E1A] = ENDS(SITE),     /* 业 */
    [0x4E24] = CHAR_NUMERAL,   /* 两 */
    [0x4E3A] = CHAR_STOPS,     /* 为 */
    [0x4E5D] = CHAR_NUMERAL,   /* 九 */
    [0x4E5F] = CHAR_STOPS,     /* 也 */
    [0x4E61] = ENDS(AREA),     /* 乡 */
    [0x4E86] = CHAR_STOPS,     /* 了 */
    [0x4E8C] = CHAR_NUMERAL,   /* 二 */
    [0x4E8E] = CHAR_STOPS,     /* 于 */
    [0x4E94] = CHAR_NUMERAL,   /* 五 */
    [0x4E9B] = CHAR_STOPS,     /* 些 */
    [0x4EA4] = CHAR_ADDRESS,   /* 交 */
    [0x4EBF] = CHAR_NUMERAL,   /* 亿 */
    [0x4ECE] = CHAR_STOPS,     /* 从 */
    [0x4ED6] = CHAR_STOPS,     /* 他 */
    [0x4EEC] = CHAR_STOPS,     /* 们 */
    [0x4F60] = CHAR_STOPS,     /* 你 */
    [0x5168] = CHAR_STOPS,     /* 全 */
    [0x516B] = CHAR_NUMERAL,   /* 八 */
    [0x516D] = CHAR_NUMERAL,   /* 六 */
    [0x5185] = CHAR_STOPS,     /* 内 */
    [0x51E0] = CHAR_NUMERAL,   /* 几 */
    [0x5230] = CHAR_STOPS,     /* 到 */
    [0x533A] = ENDS(DISTRICT), /* 区 */
    [0x5341] = CHAR_NUMERAL,   /* 十 */
    [0x5343] = CHAR_NUMERAL,   /* 千 */
    [0x534A] = CHAR_NUMERAL,   /* 半 */
    [0x5382] = ENDS(COMPANY),  /* 厂 */
    [0x53A6] = ENDS(SITE),     /* 厦 */
    [0x53BB] = CHAR_STOPS,     /* 去 */
    [0x53BF] = ENDS(AREA),     /* 县 */
    [0x53CA] = CHAR_STOPS,     /* 及 */
    [0x53F7] = CHAR_ADDRESS,   /* 号 */
    [0x53F8] = ENDS(COMPANY),  /* 司 */
    [0x5404] = CHAR_STOPS,     /* 各 */
    [0x5411] = CHAR_STOPS,     /* 向 */
    [0x548C] = CHAR_STOPS,     /* 和 */
    [0x54A8] = CHAR_STOPS,     /* 咨 */
    [0x56DB] = CHAR_NUMERAL,   /* 四 */
    [0x56E2] = ENDS(COMPANY),  /* 团 */
    [0x56ED] = ENDS(GARDEN),   /* 园 */
    [0x5728] = CHAR_STOPS,     /* 在 */
    [0x5730] = ENDS(SITE),     /* 地 */
    [0x573A] = ENDS(SITE),     /* 场 */
    [0x57CE] = ENDS(ESTATE),   /* 城 */
    [0x5B66] = ENDS(SCHOOL),   /* 学 */
    [0x5BD3] = ENDS(ESTATE),   /* 寓 */
    [0x5BF9] = CHAR_STOPS,     /* 对 */
    [0x5C06] = CHAR_STOPS,     /* 将 */
    [0x5C31] = CHAR_STOPS,     /* 就 */
    [0x5DE5] = ENDS(SITE),     /* 工 */
    [0x5DF7] = ENDS(ROAD),     /* 巷 */
    [0x5E02] = ENDS(AREA),     /* 市 */
    [0x5E62] = CHAR_ADDRESS,   /* 幢 */
    [0x5E84] = ENDS(SITE),     /* 庄 */
    [0x5E93] = ENDS(WATER),    /* 库 */
    [0x5E97] = ENDS(COMPANY),  /* 店 */
    [0x5E9C] = ENDS(ESTATE),   /* 府 */
    [0x5F80] = CHAR_STOPS,     /* 往 */
    [0x5F88] = CHAR_STOPS,     /* 很 */
    [0x5FC3] = ENDS(SITE),     /* 心 */
    [0x6211] = CHAR_STOPS,     /* 我 */
    [0x6216] = CHAR_STOPS,     /* 或 */
    [0x6240] = ENDS(COMPANY),  /* 所 */
    [0x628A] = CHAR_STOPS,     /* 把 */
    [0x62A5] = CHAR_STOPS,     /* 报 */
    [0x6570] = CHAR_NUMERAL,   /* 数 */
    [0x65C1] = CHAR_STOPS,     /* 旁 */
    [0x65E5] = CHAR_TIME,      /* 日 */
    [0x6620] = CHAR_STOPS,     /* 映 */
    [0x662F] = CHAR_STOPS,     /* 是 */
    [0x6709] = CHAR_STOPS,     /* 有 */
    [0x672C] = CHAR_STOPS,     /* 本 */
    [0x6751] = ENDS(AREA),     /* 村 */
    [0x67D0] = CHAR_STOPS,     /* 某 */
    [0x680B] = CHAR_ADDRESS,   /* 栋 */
    [0x6821] = ENDS(SCHOOL),   /* 校 */
    [0x6865] = ENDS(ROAD),     /* 桥 */
    [0x697C] = ENDS(SITE),     /* 楼 */
    [0x6BCF] = CHAR_STOPS,     /* 每 */
    [0x6C5F] = ENDS(WATER),    /* 江 */
    [0x6CB3] = ENDS(WATER),    /* 河 */
    [0x6E56] = ENDS(WATER),    /* 湖 */
    [0x6E7E] = ENDS(ESTATE),   /* 湾 */
    [0x6EAA] = ENDS(WATER),    /* 溪 */
    [0x70B9] = CHAR_TIME,      /* 点 */
    [0x7531] = CHAR_STOPS,     /* 由 */
    [0x767E] = CHAR_NUMERAL,   /* 百 */
    [0x7684] = CHAR_STOPS,     /* 的 */
    [0x76D8] = ENDS(SITE),     /* 盘 */
    [0x76EE] = ENDS(SITE),     /* 目 */
    [0x77FF] = ENDS(SITE),     /* 矿 */
    [0x7AD9] = ENDS(SITE),     /* 站 */
    [0x7B49] = CHAR_STOPS,     /* 等 */
    [0x7EBF] = ENDS(ROAD),     /* 线 */
    [0x7EC4] = CHAR_ADDRESS,   /* 组 */
    [0x7ED9] = CHAR_STOPS,     /* 给 */
    [0x82D1] = ENDS(ESTATE),   /* 苑 */
    [0x884C] = ENDS(COMPANY),  /* 行 */
    [0x8857] = ENDS(ROAD),     /* 街 */
    [0x88AB] = CHAR_STOPS,     /* 被 */
    [0x8BA9] = CHAR_STOPS,     /* 让 */
    [0x8BC9] = CHAR_STOPS,     /* 诉 */
    [0x8BE2] = CHAR_STOPS,     /* 询 */
    [0x8BE5] = CHAR_STOPS,     /* 该 */
    [0x8BF7] = CHAR_STOPS,     /* 请 */
    [0x8DEF] = ENDS(ROAD),     /* 路 */
    [0x8FB9] = CHAR_STOPS,     /* 边 */
    [0x8FD9] = CHAR_STOPS,     /* 这 */
    [0x901F] = ENDS(ROAD),     /* 速 */
    [0x9053] = ENDS(ROAD),     /* 道 */
    [0x90A3] = CHAR_STOPS,     /* 那 */
    [0x90E1] = ENDS(ESTATE),   /* 郡 */
    [0x90FD] = CHAR_STOPS,     /* 都 */
    [0x9547] = ENDS(AREA),     /* 镇 */
    [0x9662] = ENDS(HOUSE),    /* 院 */
    [0x96F6] = CHAR_NUMERAL,   /* 零 */
    [0x9986] = ENDS(COMPANY),  /* 馆 */
};

int extract_spots(const normal_text *text, uint32_t to, wjz_arena *arena, text_spots *ret_spots) {
    text_spot *list = wjz_arena_alloc(arena, (to + 1) * sizeof *list);
    if (!list) return -ENOMEM;
    size_t count = 0;
    for (uint32_t i = 0; i < to; i++) {
        uint32_t code = text->codes[i];
        if (code >= WJZ_COUNT(char_classes)) continue;
        uint32_t digit = code - '0' < 10, classes = (char_classes[code] & ~CHAR_STOPS) | digit * CHAR_NUMERAL;
        list[count] = (text_spot){text->char_at[i], classes};
        count += classes != 0; /* nearly none: nothing branches on it */
    }
    *ret_spots = (text_spots){text->bytes, text->char_at[to], list, count};
    return 0;
}
