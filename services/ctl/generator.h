/* Believable complaints with known truth, for the demonstration, for tests and for benchmarks.
 *
 * A pure function of the scenario file, the seed, the number and the last day: the same complaints on every machine. A
 * matter is one scenario at one place; truth says which matter each complaint belongs to. */
#ifndef CTL_GENERATOR_H
#define CTL_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/err.h"

/* As many complaints share one set of places; for each as many more there is a quarter of town with places of its own,
 * as a larger county has more of them. */
enum { GENERATOR_QUARTER = 20000 };

typedef struct generator generator;

typedef struct demo_complaint {
    const char *external_id; /* "DEMO-<seed>-<number>" */
    const char *title, *content, *category, *order_type, *town, *address;
    double longitude, latitude;                        /* both 0: not known, as for a question */
    const char *handler_unit, *handle_result, *status; /* "" where nothing was done yet */
    const char *reporter_name, *reporter_phone;
    int64_t received_at_us, finished_at_us;
    int satisfaction; /* numbers of wjz.intake.Satisfaction */
    int photo_count;
    /* truth */
    uint64_t matter;
    const char *scenario, *domain, *branch, *kind;
    bool mediation;
} demo_complaint;

/* path: as deploy/demo/complaints.yaml. count complaints, spread over 120 days that end with the day of until_us. */
WJZ_MUST_CHECK int generator_open(const char *path, uint64_t count, uint64_t seed, int64_t until_us,
                                  generator **ret_generator, wjz_err *err);
void generator_close(generator **g);

/* The next one, in the order of report time; NULL after the last. Its texts live until the next call. */
const demo_complaint *generator_next(generator *g);

#endif
