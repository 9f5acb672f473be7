/* When something is sent. */
#include "notification/due.h"

#include "wjz/clock.h"

int64_t backoff_ms(int attempts, int64_t first_ms, int64_t most_ms) {
    int64_t wait = first_ms;
    for (int i = 1; i < attempts && wait < most_ms; i++)
        wait *= 2;
    return wait < most_ms ? wait : most_ms;
}

int64_t quiet_until(int64_t now_us, int from_minute, int to_minute) {
    if (from_minute < 0 || to_minute < 0 || from_minute == to_minute) return now_us;
    wjz_day today = wjz_clock_day(now_us);
    int64_t minute = (now_us - wjz_clock_from_day(today, 0)) / (60 * WJZ_SECOND_US);
    int64_t end = wjz_clock_from_day(today, to_minute * 60);
    if (from_minute < to_minute) return minute >= from_minute && minute < to_minute ? end : now_us;
    if (minute < to_minute) return end;
    return minute >= from_minute ? end + WJZ_DAY_US : now_us;
}
