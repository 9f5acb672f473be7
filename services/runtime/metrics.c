/* Metrics of this process, in a list that only grows; read by the administration address. */
#include "wjz/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { COUNTER, GAUGE, HISTOGRAM, SIZE_HISTOGRAM } kind;

static const char *const KINDS[] = {"counter", "gauge", "histogram", "histogram"};
static const uint64_t TIME_BOUNDS[] = {50,      100,     250,      500,      1000,     2500,   5000,
                                       10000,   25000,   50000,    100000,   250000,   500000, 1000000,
                                       2500000, 5000000, 10000000, 30000000, 100000000};
static const uint64_t SIZE_BOUNDS[] = {1,   2,    4,    8,    16,   32,    64,    128,  256,
                                       512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};

enum { BUCKETS = WJZ_COUNT(TIME_BOUNDS) };

struct wjz_metric {
    wjz_metric *next;
    kind kind;
    char *name, *labels, *help;
    uint64_t count, sum; /* a counter's value is count */
    double value;        /* gauge */
    uint64_t buckets[BUCKETS];
};

static wjz_metric *first, **end = &first;
static wjz_metric nobody_sees[4]; /* one per kind, when out of memory */

static wjz_metric *metric_new(kind of, const char *name, const char *labels, const char *help) {
    wjz_metric *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    *m = (wjz_metric){.kind = of, .name = strdup(name), .labels = strdup(labels), .help = strdup(help)};
    if (m->name && m->labels && m->help) return m;
    free(m->name);
    free(m->labels);
    free(m->help);
    free(m);
    return NULL;
}

static wjz_metric *find_or_make(kind of, const char *name, const char *labels, const char *help) {
    for (wjz_metric *m = first; m; m = m->next)
        if (m->kind == of && strcmp(m->name, name) == 0 && strcmp(m->labels, labels) == 0) return m;
    wjz_metric *m = metric_new(of, name, labels, help);
    if (!m) {
        nobody_sees[of].kind = of;
        return &nobody_sees[of];
    }
    *end = m;
    end = &m->next;
    return m;
}

wjz_metric *wjz_counter(const char *name, const char *labels, const char *help) {
    return find_or_make(COUNTER, name, labels, help);
}

wjz_metric *wjz_gauge(const char *name, const char *labels, const char *help) {
    return find_or_make(GAUGE, name, labels, help);
}

wjz_metric *wjz_histogram(const char *name, const char *labels, const char *help) {
    return find_or_make(HISTOGRAM, name, labels, help);
}

wjz_metric *wjz_size_histogram(const char *name, const char *labels, const char *help) {
    return find_or_make(SIZE_HISTOGRAM, name, labels, help);
}

static size_t bounds_of(const wjz_metric *m, const uint64_t **ret_bounds) {
    *ret_bounds = m->kind == HISTOGRAM ? TIME_BOUNDS : SIZE_BOUNDS;
    return m->kind == HISTOGRAM ? WJZ_COUNT(TIME_BOUNDS) : WJZ_COUNT(SIZE_BOUNDS);
}

void wjz_count(wjz_metric *counter, uint64_t more) {
    counter->count += more;
}

void wjz_set(wjz_metric *gauge, double value) {
    gauge->value = value;
}

void wjz_observe(wjz_metric *histogram, uint64_t value) {
    const uint64_t *bounds;
    size_t count = bounds_of(histogram, &bounds);
    histogram->count++;
    histogram->sum += value;
    for (size_t i = 0; i < count; i++)
        if (value <= bounds[i]) {
            histogram->buckets[i]++;
            return;
        }
}

double wjz_metric_value(const wjz_metric *metric) {
    return metric->kind == GAUGE ? metric->value : (double)metric->count;
}

static void print_series(FILE *out, const wjz_metric *m, const char *suffix) {
    fprintf(out, "%s%s%s%s%s ", m->name, suffix, m->labels[0] ? "{" : "", m->labels, m->labels[0] ? "}" : "");
}

static void print_histogram(FILE *out, const wjz_metric *m) {
    const uint64_t *bounds;
    size_t count = bounds_of(m, &bounds);
    double unit = m->kind == HISTOGRAM ? 1e6 : 1;
    const char *comma = m->labels[0] ? "," : "";
    uint64_t below = 0;
    for (size_t i = 0; i < count; i++) {
        below += m->buckets[i];
        fprintf(out, "%s_bucket{%s%sle=\"%.10g\"} %" PRIu64 "\n", m->name, m->labels, comma, (double)bounds[i] / unit,
                below);
    }
    fprintf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", m->name, m->labels, comma, m->count);
    print_series(out, m, "_sum");
    fprintf(out, "%.15g\n", (double)m->sum / unit);
    print_series(out, m, "_count");
    fprintf(out, "%" PRIu64 "\n", m->count);
}

static void print_metric(FILE *out, const wjz_metric *m) {
    if (m->kind == HISTOGRAM || m->kind == SIZE_HISTOGRAM) {
        print_histogram(out, m);
        return;
    }
    print_series(out, m, "");
    if (m->kind == COUNTER)
        fprintf(out, "%" PRIu64 "\n", m->count);
    else
        fprintf(out, "%.15g\n", m->value);
}

/* The format wants all series of a name together under one HELP and TYPE. */
static void print_family(FILE *out, const wjz_metric *head) {
    for (const wjz_metric *m = first; m != head; m = m->next)
        if (strcmp(m->name, head->name) == 0) return; /* printed with its first */
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", head->name, head->help, head->name, KINDS[head->kind]);
    for (const wjz_metric *m = head; m; m = m->next)
        if (strcmp(m->name, head->name) == 0) print_metric(out, m);
}

char *wjz_metrics_text(void) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out) return NULL;
    for (const wjz_metric *m = first; m; m = m->next)
        print_family(out, m);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
