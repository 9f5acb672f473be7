/* Metrics: found again by name and labels, shown as Prometheus reads them. */
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

#include "wjz/metrics.h"

static char *text;

static int forget_text(WJZ_UNUSED void **state) {
    free(text);
    text = NULL;
    return 0;
}

static void shows(const char *part) {
    free(text);
    text = wjz_metrics_text();
    if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void counters_and_gauges(WJZ_UNUSED void **state) {
    wjz_metric *counter = wjz_counter("wjz_a_total", "", "things");
    wjz_count(counter, 2);
    wjz_count(wjz_counter("wjz_a_total", "", "things"), 3);
    assert_true(wjz_metric_value(counter) == 5);
    shows("# HELP wjz_a_total things\n# TYPE wjz_a_total counter\nwjz_a_total 5\n");
    wjz_set(wjz_gauge("wjz_level", "side=\"left\"", "level"), 2.5);
    shows("# TYPE wjz_level gauge\nwjz_level{side=\"left\"} 2.5\n");
}

static void families_stand_together(WJZ_UNUSED void **state) {
    wjz_count(wjz_counter("wjz_b_total", "q=\"1\"", "b"), 1);
    wjz_count(wjz_counter("wjz_c_total", "", "c"), 1);
    wjz_count(wjz_counter("wjz_b_total", "q=\"2\"", "b"), 2);
    shows("# TYPE wjz_b_total counter\nwjz_b_total{q=\"1\"} 1\nwjz_b_total{q=\"2\"} 2\n");
}

static void time_histograms_are_in_seconds(WJZ_UNUSED void **state) {
    wjz_metric *h = wjz_histogram("wjz_h_seconds", "", "h");
    wjz_observe(h, 50);
    wjz_observe(h, 51);
    wjz_observe(h, 200000000);
    shows("wjz_h_seconds_bucket{le=\"5e-05\"} 1\nwjz_h_seconds_bucket{le=\"0.0001\"} 2\n");
    shows("wjz_h_seconds_bucket{le=\"100\"} 2\nwjz_h_seconds_bucket{le=\"+Inf\"} 3\nwjz_h_seconds_sum 200.000101\n"
          "wjz_h_seconds_count 3\n");
    assert_true(wjz_metric_value(h) == 3);
}

static void size_histograms_are_plain(WJZ_UNUSED void **state) {
    wjz_metric *h = wjz_size_histogram("wjz_batch", "t=\"x\"", "sizes");
    wjz_observe(h, 3);
    shows("wjz_batch_bucket{t=\"x\",le=\"2\"} 0\nwjz_batch_bucket{t=\"x\",le=\"4\"} 1\n");
    shows("wjz_batch_bucket{t=\"x\",le=\"65536\"} 1\nwjz_batch_bucket{t=\"x\",le=\"+Inf\"} 1\nwjz_batch_sum{t=\"x\"} "
          "3\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counters_and_gauges, forget_text),
        cmocka_unit_test_teardown(families_stand_together, forget_text),
        cmocka_unit_test_teardown(time_histograms_are_in_seconds, forget_text),
        cmocka_unit_test_teardown(size_histograms_are_plain, forget_text),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
