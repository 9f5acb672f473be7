/* Identifiers that many processes can make without asking anybody, nearly ordered by time.
 *
 * 63 bits: milliseconds since 2024-01-01 UTC (41) | instance number (12) | sequence within the
 * millisecond (10). Nearly ordered keys keep a B-tree's inserts on its right edge; random ones cost
 * almost half the throughput. Unique while live instance numbers are unique modulo 4096, which the
 * registry (bus.instance) guarantees. */
#ifndef WJZ_ID_H
#define WJZ_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets this process's instance number; called by the bus after registration, again when it had to take another one. */
void wjz_id_set_instance(uint32_t number);
/* Never 0, never twice; borrows from the next millisecond rather than wait when one is exhausted. */
int64_t wjz_id_next(void);
/* Microseconds since the Unix epoch at which the id was made. */
int64_t wjz_id_time_us(int64_t id);
/* The least id that can have been made at or after that time. */
int64_t wjz_id_floor(int64_t us);
/* Ascending, of two int64_t: for qsort and bsearch. */
int wjz_id_order(const void *a, const void *b);
/* Whether it is one of ids in that order; sorted may be NULL when count is 0. */
bool wjz_id_among(const int64_t *sorted, size_t count, int64_t id);

#endif
