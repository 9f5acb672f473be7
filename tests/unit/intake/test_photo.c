/* Photos in a helper process: what its end means for whoever sent the photo. The helper is this program itself, which
 * does what the photo says. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "intake/photo.h"

typedef struct asked {
    const char *photo;
    wjz_loop *loop;
    photo_desk desk;
    int result;
    wjz_err err;
} asked;

/* --- what the helper does --- */

static int behave(void) {
    char word[32] = "";
    if (read(STDIN_FILENO, word, sizeof word - 1) < 0) return IMAGE_UNREADY;
    if (strcmp(word, "stand still") == 0) pause();
    if (strcmp(word, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would take it for a finding */
        raise(SIGSEGV);
    }
    return atoi(word);
}

/* --- what its sender is told --- */

static void examine(void *arg) {
    asked *a = arg;
    wjz_arena *arena = wjz_arena_new(0);
    image of;
    assert_non_null(arena);
    a->result = photo_examine(a->loop, &a->desk, a->photo, strlen(a->photo), arena, &of, &a->err);
    wjz_arena_destroy(&arena);
}

static asked ask(const char *photo, photo_desk desk) {
    asked a = {.photo = photo, .desk = desk};
    assert_int_equal(wjz_loop_new(&a.loop, NULL), 0);
    assert_int_equal(wjz_fiber_spawn(a.loop, examine, &a), 0);
    wjz_loop_run(a.loop);
    wjz_loop_destroy(&a.loop);
    return a;
}

static void what_is_wrong_with_a_photo_is_said(void **state) {
    (void)state;
    static const struct {
        const char *photo;
        const char *words;
    } CASES[] = {{"2", "not a JPEG, PNG, WebP or HEIC picture"},
                 {"3", "more than 50 million pixels"},
                 {"4", "cannot be decoded"},
                 {"5", "cannot be decoded"},
                 {"crash", "cannot be decoded"}};
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        asked a = ask(CASES[i].photo, (photo_desk){0});
        assert_int_equal(a.result, -EINVAL);
        assert_non_null(strstr(a.err.text, CASES[i].words));
        assert_int_equal(a.desk.busy, 0);
    }
}

static void a_photo_that_was_not_looked_at_is_not_refused(void **state) {
    (void)state;
    assert_int_equal(ask("1", (photo_desk){0}).result, -EIO);
    assert_int_equal(ask("0", (photo_desk){0}).result, -EIO); /* and nothing was said of it */
    assert_int_equal(ask("stand still", (photo_desk){.patience_ms = 200}).result, -EAGAIN);
    assert_int_equal(ask("0", (photo_desk){.busy = PHOTOS_AT_ONCE}).result, -EAGAIN);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "examine-image") == 0) return behave();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_a_photo_is_said),
        cmocka_unit_test(a_photo_that_was_not_looked_at_is_not_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
