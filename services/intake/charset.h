/* Text files of unknown encoding as UTF-8: UTF-8 with or without a mark, UTF-16 with one, GB18030 (with GBK and
 * GB2312). */
#ifndef INTAKE_CHARSET_H
#define INTAKE_CHARSET_H

#include <stddef.h>

#include "intake/table.h"
#include "wjz/err.h"

typedef struct charset_text charset_text;

/* The whole file as UTF-8 without a byte order mark. data is borrowed until the destroy. What cannot be decoded becomes
 * the byte 0xFF, which no UTF-8 check lets pass, so that the rest of the file can be used. -EINVAL when the file is
 * no text in one of these encodings. breath: NULL for none. */
WJZ_MUST_CHECK int charset_read(const void *data, size_t length, const table_breath *breath, charset_text **ret_text,
                                wjz_err *err);
void charset_text_destroy(charset_text **text);

const char *charset_text_data(const charset_text *text);
size_t charset_text_length(const charset_text *text);
const char *charset_text_encoding(const charset_text *text); /* "UTF-8", "GB18030", "UTF-16LE", "UTF-16BE" */

#endif
