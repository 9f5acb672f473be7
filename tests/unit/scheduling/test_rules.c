/* What is allowed with an appointment and with a visit: every state with every verb, every field with what is wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scheduling/rules.h"

#define MINUTE_US INT64_C(60000000)

static void moves_along_the_drawing(void **state) {
    (void)state;
    enum { NO = -1 };
    static const int to[APPOINTMENT_STATES][APPOINTMENT_VERBS] = {
        [APPOINTMENT_HELD] = {APPOINTMENT_CONFIRMED, APPOINTMENT_CANCELLED, NO, NO},
        [APPOINTMENT_CONFIRMED] = {APPOINTMENT_CONFIRMED, APPOINTMENT_CANCELLED, APPOINTMENT_COMPLETED,
                                   APPOINTMENT_NO_SHOW},
        [APPOINTMENT_CANCELLED] = {NO, APPOINTMENT_CANCELLED, NO, NO},
        [APPOINTMENT_EXPIRED] = {NO, NO, NO, NO},
        [APPOINTMENT_COMPLETED] = {NO, NO, APPOINTMENT_COMPLETED, NO},
        [APPOINTMENT_NO_SHOW] = {NO, NO, NO, APPOINTMENT_NO_SHOW},
    };
    const struct appointment_times times = {.now_us = 100, .held_until_us = 101, .starts_us = 100};
    for (enum appointment_state from = 0; from < APPOINTMENT_STATES; from++) {
        for (enum appointment_verb verb = 0; verb < APPOINTMENT_VERBS; verb++) {
            enum appointment_state after = from;
            const char *why_not = appointment_move(from, verb, &times, &after);
            assert_int_equal(why_not == NULL, to[from][verb] != NO);
            assert_int_equal(after, to[from][verb] == NO ? from : (enum appointment_state)to[from][verb]);
        }
    }
}

static void time_counts(void **state) {
    (void)state;
    enum appointment_state after;
    const struct appointment_times late = {.now_us = 100, .held_until_us = 100, .starts_us = 200};
    assert_non_null(strstr(appointment_move(APPOINTMENT_HELD, CONFIRM, &late, &after), "over"));
    assert_null(appointment_move(APPOINTMENT_HELD, CANCEL, &late, &after));
    assert_non_null(strstr(appointment_move(APPOINTMENT_CONFIRMED, COMPLETE, &late, &after), "not begun"));
    assert_non_null(strstr(appointment_move(APPOINTMENT_CONFIRMED, MISS, &late, &after), "not begun"));
}

static void states_have_names(void **state) {
    (void)state;
    for (enum appointment_state each = 0; each < APPOINTMENT_STATES; each++) {
        enum appointment_state read;
        assert_int_equal(appointment_state_parse(appointment_state_name(each), &read), 0);
        assert_int_equal(read, each);
    }
    enum appointment_state none;
    assert_int_equal(appointment_state_parse("done", &none), -ENOENT);
}

static const struct hold_request good = {
    .from_us = 15 * MINUTE_US,
    .minutes = 30,
    .guest_name = "张三",
    .guest_phone = "028-8231 0000",
    .guest_email = "",
    .topic = "咨询",
    .idempotency_key = "12345678",
};

static void names_the_field_that_is_wrong(void **state) {
    (void)state;
    static char long_name[61 * 3 + 1], long_topic[502], long_key[102];
    memset(long_topic, 'x', 501);
    memset(long_key, 'x', 101);
    for (int i = 0; i < 61; i++)
        strcat(long_name, "某");
    struct {
        struct hold_request request;
        const char *field;
    } cases[16];
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        cases[i].request = good;
        cases[i].field = NULL;
    }
#define CASE(at, member, value, what)                                                                                  \
    do {                                                                                                               \
        cases[at].request.member = (value);                                                                            \
        cases[at].field = (what);                                                                                      \
    } while (0)
    CASE(1, minutes, 0, "minutes");
    CASE(2, minutes, 20, "minutes");
    CASE(3, minutes, 75, "minutes");
    CASE(4, guest_name, "", "guest_name");
    CASE(5, guest_name, long_name, "guest_name");
    CASE(6, guest_phone, "1234", "guest_phone");
    CASE(7, guest_phone, "12345x", "guest_phone");
    CASE(8, guest_phone, "123456789012345678901", "guest_phone");
    CASE(9, guest_email, "a@b", "guest_email");
    CASE(10, guest_email, "a@b.c\r\nBcc: d@e.f", "guest_email");
    CASE(11, guest_email, "a@example.org", NULL);
    CASE(12, topic, long_topic, "topic");
    CASE(13, idempotency_key, "1234567", "idempotency_key");
    CASE(14, idempotency_key, long_key, "idempotency_key");
    CASE(15, guest_name, long_name + 3, NULL);
#undef CASE
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        struct hold_problem problem = hold_check(&cases[i].request);
        if (cases[i].field == NULL) {
            assert_null(problem.field);
        } else {
            assert_non_null(problem.field);
            assert_string_equal(problem.field, cases[i].field);
            assert_non_null(problem.remedy);
        }
    }
}

static void appointments_fit_their_shift(void **state) {
    (void)state;
    const struct {
        int from, minutes, now;
        const char *says; /* NULL: fits */
    } cases[] = {
        {60, 30, 0, NULL},       {60, 60, 59, NULL},    {120, 60, 0, NULL},    {75, 15, 0, NULL},
        {60, 30, 60, "over"},    {45, 30, 0, "cover"},  {165, 30, 0, "cover"}, {180, 15, 0, "cover"},
        {70, 15, 0, "quarters"}, {150, 60, 0, "cover"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        struct hold_request request = good;
        request.from_us = cases[i].from * MINUTE_US;
        request.minutes = (uint32_t)cases[i].minutes;
        struct hold_problem problem =
            hold_check_time(&request, 60 * MINUTE_US, 180 * MINUTE_US, cases[i].now * MINUTE_US);
        assert_int_equal(problem.field == NULL, cases[i].says == NULL);
        if (cases[i].says != NULL) assert_non_null(strstr(problem.message, cases[i].says));
    }
}

static void visits_are_for_open_matters_of_weight(void **state) {
    (void)state;
    for (int now = WJZ__ASSIGNMENT__STATE__UNSPECIFIED; now <= WJZ__ASSIGNMENT__STATE__WITHDRAWN; now++) {
        for (uint32_t stars = 3; stars <= 5; stars++) {
            for (int look = 0; look < 2; look++) {
                Wjz__Assignment__AssignmentState assignment = WJZ__ASSIGNMENT__ASSIGNMENT_STATE__INIT;
                assignment.state = (Wjz__Assignment__State)now;
                assignment.stars = stars;
                assignment.look_on_spot = look;
                bool open = now >= WJZ__ASSIGNMENT__STATE__ASSIGNED && now <= WJZ__ASSIGNMENT__STATE__VERIFYING;
                assert_int_equal(visit_is_needed(&assignment), open && stars >= 4 && look);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_along_the_drawing),
        cmocka_unit_test(time_counts),
        cmocka_unit_test(states_have_names),
        cmocka_unit_test(names_the_field_that_is_wrong),
        cmocka_unit_test(appointments_fit_their_shift),
        cmocka_unit_test(visits_are_for_open_matters_of_weight),
    };
    return cmocka_run_group_tests_name("scheduling/rules", tests, NULL, NULL);
}
