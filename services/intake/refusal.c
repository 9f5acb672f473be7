#include "intake/refusal.h"

int refuse(wjz_call *call, wjz_refusal_code code, const char *field, const char *message, const char *remedy) {
    return wjz_call_refuse(call, &(wjz_refusal){.code = code, .field = field, .message = message, .remedy = remedy});
}
