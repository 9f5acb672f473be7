/* Errors as values: a code for the program, a sentence for the person, no allocation on the way. */
#include "wjz/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies text, dropping a multibyte character that the cut would split. */
static void keep(wjz_err *err, const char *text) {
    size_t length = strnlen(text, sizeof err->text);
    if (length == sizeof err->text) {
        length--;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
            length--;
    }
    memcpy(err->text, text, length);
    err->text[length] = '\0';
}

int wjz_err_set(wjz_err *err, int code, const char *format, ...) {
    if (!err) return code;
    char text[sizeof err->text + 4]; /* the arguments may point into err->text; room to see where a cut falls */
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0) text[0] = '\0';
    va_end(args);
    keep(err, text);
    err->code = code;
    return code;
}

int wjz_err_prefix(wjz_err *err, const char *format, ...) {
    char text[2 * sizeof err->text];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0) length = 0;
    if ((size_t)length >= sizeof text) length = (int)sizeof text - 1;
    snprintf(text + length, sizeof text - (size_t)length, ": %s", err->text);
    keep(err, text);
    return err->code;
}
