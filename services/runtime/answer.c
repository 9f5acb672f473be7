/* Reading answers, for those who ask inside the product and for those who ask at a door. */
#include "runtime/answer.h"

#include <errno.h>

#include "proto/envelope.pb-c.h"
#include "runtime/wire.h"

static const char *text_or_null(const char *text) {
    return text && text[0] ? text : NULL;
}

/* The whole of it in one sentence: an operator sees nothing else. */
static int tell_refusal(const Wjz__Refusal *refusal, const char *who, wjz_err *err) {
    const ProtobufCEnumValue *code =
        protobuf_c_enum_descriptor_get_value(&wjz__refusal__code__descriptor, (int)refusal->code);
    const char *field = refusal->field, *value = refusal->value, *remedy = refusal->remedy;
    return wjz_err_set(err, -EREMOTE, "%s refused (%s): %s%s%s%s%s%s%s%s", who, code ? code->name : "unknown code",
                       refusal->message, field[0] ? ", field " : "", field, value[0] ? " \"" : "", value,
                       value[0] ? "\"" : "", remedy[0] ? "; " : "", remedy);
}

static int read_refusal(const wjz_envelope *envelope, const char *who, wjz_arena *arena, wjz_refusal *ret_refusal,
                        wjz_err *err) {
    const ProtobufCMessage *body;
    int r = wjz_message_unpack(&wjz__refusal__descriptor, envelope->body, envelope->body_length, arena, &body, err);
    if (r < 0) return r;
    const Wjz__Refusal *refusal = (const Wjz__Refusal *)body;
    if (ret_refusal)
        *ret_refusal = (wjz_refusal){
            .code = (wjz_refusal_code)refusal->code,
            .field = text_or_null(refusal->field),
            .value = text_or_null(refusal->value),
            .message = text_or_null(refusal->message),
            .remedy = text_or_null(refusal->remedy),
            .retry_after_ms = refusal->retry_after_ms,
        };
    return tell_refusal(refusal, who, err);
}

int wjz_answer_read(const void *data, size_t length, const char *who, const ProtobufCMessageDescriptor *type,
                    wjz_arena *arena, const ProtobufCMessage **ret_reply, wjz_refusal *ret_refusal, wjz_err *err) {
    wjz_envelope envelope;
    int r = wjz_envelope_read(data, length, &envelope, err);
    if (r < 0) return r;
    if (wjz_envelope_is(&envelope, &wjz__refusal__descriptor))
        return read_refusal(&envelope, who, arena, ret_refusal, err);
    if (!wjz_envelope_is(&envelope, type))
        return wjz_err_set(err, -EBADMSG, "cannot read the answer of %s: it is a %.*s, not a %s", who,
                           (int)(envelope.type_length < 80 ? envelope.type_length : 80), envelope.type, type->name);
    return wjz_message_unpack(type, envelope.body, envelope.body_length, arena, ret_reply, err);
}
