/* See refuse.h. */
#include "scoring/refuse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool store_is_away(int r) {
    return r == -EAGAIN || r == -ECONNRESET || r == -ETIMEDOUT || r == -ECANCELED;
}

int refuse_busy(wjz_call *call) {
    return wjz_call_refuse(
        call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                             .message = "数据库暂不可用，未作更改 / the store is away; nothing was changed",
                             .remedy = "请稍后再试 / try again",
                             .retry_after_ms = 1000});
}

int refuse_invalid(wjz_call *call, const char *field, const char *value, const char *message, const char *remedy) {
    return wjz_call_refuse(
        call, &(wjz_refusal){
                  .code = WJZ_REFUSAL_INVALID, .field = field, .value = value, .message = message, .remedy = remedy});
}

int refuse_not_found(wjz_call *call, const char *field, int64_t id, const char *remedy) {
    char value[24];
    snprintf(value, sizeof value, "%" PRId64, id);
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                .field = field,
                                                .value = value,
                                                .message = "本区划没有这一项，或已结束 / not in this region, or ended",
                                                .remedy = remedy});
}

bool text_given(wjz_call *call, const char *field, const char *text) {
    if (text[strspn(text, " \t\r\n")]) return true;
    refuse_invalid(call, field, text, "不能为空 / must not be empty", NULL);
    return false;
}

bool region_given(wjz_call *call) {
    if (wjz_call_message(call)->region > 0) return true;
    refuse_invalid(call, "region", "0", "信封须写明区划 / the envelope needs its region", "例如 / e.g. 510184");
    return false;
}
