/* CURVE key pairs in files (zcert). */
#ifndef WJZ_RUNTIME_KEY_FILE_H
#define WJZ_RUNTIME_KEY_FILE_H

#include "runtime/socket.h"

/* The key of the file, which is made, readable by the owner alone, when there is none. */
WJZ_MUST_CHECK int wjz_key_file_load(const char *path, char ret_public[WJZ_KEY_TEXT], char ret_secret[WJZ_KEY_TEXT],
                                     wjz_err *err);

#endif
