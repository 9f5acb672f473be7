/* Trace context (W3C "Trace Context", level 1): which work belongs together across services. Ids only have to
 * be unlikely to meet, so they come from a seeded generator and cost no system call. */
#include "wjz/trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/fiber.h"
#include "wjz/clock.h"

/* SplitMix64 (Steele, Lea, Flood 2014); never 0, which the standard calls invalid. */
static uint64_t next_id(void) {
    static uint64_t state;
    if (state == 0 && getrandom(&state, sizeof state, 0) != sizeof state) state = (uint64_t)wjz_clock_monotonic_us();
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return z ? z : 1;
}

/* count lower-case hexadecimal digits, not all of them 0. */
static bool is_id(const char *text, size_t count) {
    return strspn(text, "0123456789abcdef") >= count && strspn(text, "0") < count;
}

static bool is_parent(const char *text) {
    return text && strlen(text) == WJZ_TRACE_TEXT - 1 && memcmp(text, "00-", 3) == 0 && is_id(text + 3, 32) &&
           text[35] == '-' && is_id(text + 36, 16) && text[52] == '-';
}

const char *wjz_trace(void) {
    const char *trace = wjz_fiber_trace();
    return trace ? trace : "";
}

void wjz_trace_continue(const char *parent) {
    char *trace = wjz_fiber_trace();
    if (!trace) return;
    if (is_parent(parent)) {
        char id[33];
        memcpy(id, parent + 3, 32); /* parent may be this very text */
        id[32] = '\0';
        snprintf(trace, WJZ_TRACE_TEXT, "00-%s-%016" PRIx64 "-01", id, next_id());
    } else {
        snprintf(trace, WJZ_TRACE_TEXT, "00-%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-01", next_id(), next_id(),
                 next_id());
    }
}
