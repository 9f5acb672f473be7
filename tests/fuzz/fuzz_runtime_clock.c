/* Times: what parses is printed and parsed again to the same microsecond. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wjz/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[64], shown[WJZ_CLOCK_TEXT];
    if (size >= sizeof(text)) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    int64_t us, again;
    if (wjz_clock_parse(text, &us) < 0 || us == 0) return 0;
    wjz_day day = wjz_clock_day(us);
    if (day.year < 0 || day.year > 9999) return 0; /* beyond RFC 3339 in +08:00 */
    int e = wjz_clock_parse(wjz_clock_format(us, shown), &again);
    assert(e == 0 && again == us);
    return 0;
}
