/* Mail messages: everything beyond ASCII is encoded, so that no server on the way needs to know UTF-8. */
#include "notification/mime.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ADDRESS_LIMIT = 254,
    WORD_BYTES = 42, /* of text in an encoded word: 56 of base64, 68 with its frame, under the limit of 75 */
    LINE_BYTES = 57, /* of body in a line: 76 of base64 */
};

bool mail_address_ok(const char *address) {
    if (address == NULL) return false;
    size_t length = strnlen(address, ADDRESS_LIMIT + 1);
    if (length > ADDRESS_LIMIT) return false;
    const char *at = strchr(address, '@');
    if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL) return false;
    if (at[1] == '.' || at[1] == '-' || address[length - 1] == '.' || address[0] == '-') return false;
    for (const char *c = address; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f || strchr("<>()[]\\,;:\"", *c) != NULL) return false;
    return true;
}

const char *mail_address_shortened(const char *address, wjz_arena *arena) {
    const char *at = address == NULL ? NULL : strchr(address, '@');
    if (at == NULL) return "";
    const char *text = wjz_arena_printf(arena, "%.1s***%s", address, at);
    return text == NULL ? "" : text;
}

static bool is_plain(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c >= 0x7f) return false;
    return strstr(text, "=?") == NULL && strlen(text) <= 60;
}

/* Bytes of text that fit into one encoded word without splitting a character. */
static size_t word_length(const char *text) {
    size_t length = strnlen(text, WORD_BYTES + 1);
    if (length <= WORD_BYTES) return length;
    length = WORD_BYTES;
    while (length > 1 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* Text of a header: as it is when it is short plain ASCII, else encoded words on folded lines. */
static void put_header_text(FILE *out, const char *text) {
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    for (const char *separator = ""; *text != '\0'; separator = "\r\n ") {
        char encoded[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
        size_t length = word_length(text);
        sodium_bin2base64(encoded, sizeof encoded, (const uint8_t *)text, length, sodium_base64_VARIANT_ORIGINAL);
        fprintf(out, "%s=?UTF-8?B?%s?=", separator, encoded);
        text += length;
    }
}

static void put_date(FILE *out, int64_t us) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t local = (time_t)(us / 1000000) + 8 * 3600; /* Asia/Shanghai */
    struct tm tm;
    gmtime_r(&local, &tm);
    fprintf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0800\r\n", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
            tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The body's lines get CRLF before they are encoded, as text/plain wants. */
static char *with_crlf(const char *body, wjz_arena *arena, size_t *ret_length) {
    size_t breaks = 0;
    for (const char *c = body; *c != '\0'; c++)
        breaks += *c == '\n';
    char *text = wjz_arena_alloc(arena, strlen(body) + breaks + 1);
    if (text == NULL) return NULL;
    char *at = text;
    for (const char *c = body; *c != '\0'; c++) {
        if (*c == '\r') continue;
        if (*c == '\n') *at++ = '\r';
        *at++ = *c;
    }
    *ret_length = (size_t)(at - text);
    return text;
}

static void put_body(FILE *out, const char *text, size_t length) {
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    for (size_t at = 0; at < length; at += LINE_BYTES) {
        size_t part = length - at < LINE_BYTES ? length - at : LINE_BYTES;
        sodium_bin2base64(line, sizeof line, (const uint8_t *)text + at, part, sodium_base64_VARIANT_ORIGINAL);
        fprintf(out, "%s\r\n", line);
    }
}

static void put_headers(FILE *out, const struct mail *mail) {
    put_date(out, mail->at_us);
    fputs("From: ", out);
    put_header_text(out, mail->from_name);
    fprintf(out, "\r\n <%s>\r\nTo: <%s>\r\nSubject: ", mail->from, mail->to);
    put_header_text(out, mail->subject);
    fprintf(out, "\r\nMessage-ID: <%s>\r\n", mail->message_id);
    if (mail->in_reply_to != NULL)
        fprintf(out, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", mail->in_reply_to, mail->in_reply_to);
    fputs("MIME-Version: 1.0\r\n"
          "Content-Type: text/plain; charset=UTF-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "Auto-Submitted: auto-generated\r\n"
          "\r\n",
          out);
}

int mail_build(const struct mail *mail, wjz_arena *arena, const char **ret_text, size_t *ret_length, wjz_err *err) {
    if (!mail_address_ok(mail->from)) return wjz_err_set(err, -EINVAL, "the sender's mail address is malformed");
    if (!mail_address_ok(mail->to)) return wjz_err_set(err, -EINVAL, "the recipient's mail address is malformed");
    size_t body_length = 0;
    const char *body = with_crlf(mail->body, arena, &body_length);
    size_t room = 4096 + 3 * (strlen(mail->subject) + strlen(mail->from_name)) + 2 * body_length;
    char *text = body == NULL ? NULL : wjz_arena_alloc(arena, room);
    FILE *out = text == NULL ? NULL : fmemopen(text, room, "w");
    if (out == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    put_headers(out, mail);
    put_body(out, body, body_length);
    long length = ftell(out);
    bool whole = ferror(out) == 0;
    whole = fclose(out) == 0 && whole;
    if (!whole || length < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_text = text;
    *ret_length = (size_t)length;
    return 0;
}
