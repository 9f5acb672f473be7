/* Links to acknowledge: only what was made with the key is read, and what is read is what was written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "notification/token.h"

static char folder[] = "/tmp/test_token_XXXXXX";
static wjz_seal *seal, *other;

static int open_seals(void **state) {
    (void)state;
    char path[64];
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/a", folder);
    int r = wjz_seal_open(path, &seal, NULL);
    snprintf(path, sizeof path, "%s/b", folder);
    return r < 0 ? r : wjz_seal_open(path, &other, NULL);
}

static int close_seals(void **state) {
    (void)state;
    char path[64];
    wjz_seal_destroy(&seal);
    wjz_seal_destroy(&other);
    for (const char *name = "ab"; *name != '\0'; name++) {
        snprintf(path, sizeof path, "%s/%c", folder, *name);
        unlink(path);
    }
    return rmdir(folder);
}

static const struct token sample = {510184, INT64_C(1234567890123456789), INT64_C(1795395600000000)};

static void reads_what_it_wrote(void **state) {
    (void)state;
    char text[TOKEN_TEXT], again[TOKEN_TEXT];
    token_write(seal, &sample, text);
    token_write(seal, &sample, again);
    assert_string_equal(text, again);
    struct token read;
    assert_int_equal(token_read(seal, text, &read), 0);
    assert_int_equal(read.region, sample.region);
    assert_int_equal(read.notice, sample.notice);
    assert_int_equal(read.expires_us, sample.expires_us);
    assert_int_equal(token_read(other, text, &read), -EBADMSG);
}

static void refuses_every_altered_token(void **state) {
    (void)state;
    char text[TOKEN_TEXT];
    struct token read;
    token_write(seal, &sample, text);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char kept = text[i];
        text[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(token_read(seal, text, &read), -EBADMSG);
        text[i] = kept;
    }
    static const char *const bad[] = {"", "A", "====", "../../etc/passwd", "令牌"};
    for (size_t i = 0; i < WJZ_COUNT(bad); i++)
        assert_int_equal(token_read(seal, bad[i], &read), -EBADMSG);
    char longish[TOKEN_TEXT + 20];
    snprintf(longish, sizeof longish, "%sAAAAAAAAAA", text);
    assert_int_equal(token_read(seal, longish, &read), -EBADMSG);
    text[strlen(text) - 1] = '\0';
    assert_int_equal(token_read(seal, text, &read), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_every_altered_token),
    };
    return cmocka_run_group_tests_name("notification/token", tests, open_seals, close_seals);
}
