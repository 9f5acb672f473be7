/* Counters, gauges and latency histograms of this process, in Prometheus' text format. */
#ifndef WJZ_METRICS_H
#define WJZ_METRICS_H

#include <stdint.h>

#include "wjz/err.h"

typedef struct wjz_metric wjz_metric;

/* Finds or makes a metric. name: wjz_..., with the unit as Prometheus has it (_total, _seconds, _bytes);
 * labels: "" or `queue="scoring",type="..."` without braces. Never NULL: when out of memory, a metric that
 * nobody sees. Kept until the process ends; look it up once, not per event. */
wjz_metric *wjz_counter(const char *name, const char *labels, const char *help);
wjz_metric *wjz_gauge(const char *name, const char *labels, const char *help);
/* Values in microseconds; shown in seconds with buckets from 50 µs to 100 s. */
wjz_metric *wjz_histogram(const char *name, const char *labels, const char *help);
/* Plain sizes: buckets 1, 2, 4 … 65536. */
wjz_metric *wjz_size_histogram(const char *name, const char *labels, const char *help);

void wjz_count(wjz_metric *counter, uint64_t more);
void wjz_set(wjz_metric *gauge, double value);
void wjz_observe(wjz_metric *histogram, uint64_t value);
double wjz_metric_value(const wjz_metric *metric); /* counter or gauge; a histogram's count */

/* All of them as text; the caller frees. NULL when out of memory. */
char *wjz_metrics_text(void);

#endif
