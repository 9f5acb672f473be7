/* Numbers as little-endian bytes, for what is stored packed. */
#ifndef SCORING_BYTES_H
#define SCORING_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Returns where the next one goes. */
static inline unsigned char *put_bytes(unsigned char *to, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        *to++ = (unsigned char)(value >> (8 * i));
    return to;
}

static inline uint64_t get_bytes(const unsigned char *from, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

#endif
