/* Orthogonal iteration on the texts' side: multiply by the words and back, straighten, again. Its columns come out in
 * order of strength, the last ones roughly, which is enough. */
#include "scoring/subspace.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 6, AT_ONCE = 40 };

/* to[word][c] += value * from[text][c] over a strip of columns. */
static void spread(const corpus *data, const float *columns, size_t count, size_t first, float *to) {
    memset(to, 0, data->gram_count * AT_ONCE * sizeof *to);
    for (size_t i = 0; i < data->text_count; i++) {
        const corpus_text *text = &data->texts[i];
        float strip[AT_ONCE] = {0};
        for (size_t c = 0; c < AT_ONCE && first + c < count; c++)
            strip[c] = columns[i * count + first + c];
        for (uint32_t k = 0; k < text->gram_count; k++) {
            float *target = to + (size_t)text->words[k] * AT_ONCE, value = text->values[k];
            for (int c = 0; c < AT_ONCE; c++)
                target[c] += value * strip[c];
        }
    }
}

static void gather(const corpus *data, const float *from, size_t count, size_t first, float *columns) {
    for (size_t i = 0; i < data->text_count; i++) {
        const corpus_text *text = &data->texts[i];
        float sum[AT_ONCE] = {0};
        for (uint32_t k = 0; k < text->gram_count; k++) {
            const float *source = from + (size_t)text->words[k] * AT_ONCE;
            float value = text->values[k];
            for (int c = 0; c < AT_ONCE; c++)
                sum[c] += value * source[c];
        }
        for (size_t c = 0; c < AT_ONCE && first + c < count; c++)
            columns[i * count + first + c] = sum[c];
    }
}

/* Gram–Schmidt, twice over each column; one that depends on those before it becomes 0. */
static void straighten(float *columns, size_t rows, size_t count, double *dots) {
    for (size_t c = 0; c < count; c++) {
        for (int again = 0; again < 2; again++) {
            memset(dots, 0, count * sizeof *dots);
            for (size_t i = 0; i < rows; i++)
                for (size_t k = 0; k < c; k++)
                    dots[k] += (double)columns[i * count + k] * columns[i * count + c];
            for (size_t i = 0; i < rows; i++) {
                double sum = 0;
                for (size_t k = 0; k < c; k++)
                    sum += dots[k] * columns[i * count + k];
                columns[i * count + c] -= (float)sum;
            }
        }
        double square = 0;
        for (size_t i = 0; i < rows; i++)
            square += (double)columns[i * count + c] * columns[i * count + c];
        float factor = square > 1e-12 ? (float)(1 / sqrt(square)) : 0;
        for (size_t i = 0; i < rows; i++)
            columns[i * count + c] *= factor;
    }
}

static void begin(float *columns, size_t count) {
    uint64_t state = 88172645463325252ull;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        columns[i] = state >> 63 ? 1 : -1;
    }
}

/* The words' side of the directions, of length 1. */
static void name_directions(const corpus *data, const float *columns, size_t count, float *strip, float *directions) {
    for (size_t first = 0; first < count; first += AT_ONCE) {
        spread(data, columns, count, first, strip);
        for (size_t c = 0; c < AT_ONCE && first + c < count; c++) {
            double square = 0;
            for (size_t w = 0; w < data->gram_count; w++)
                square += (double)strip[w * AT_ONCE + c] * strip[w * AT_ONCE + c];
            float factor = square > 1e-12 ? (float)(1 / sqrt(square)) : 0;
            for (size_t w = 0; w < data->gram_count; w++)
                directions[(first + c) * data->gram_count + w] = strip[w * AT_ONCE + c] * factor;
        }
    }
}

static void find_positions(const corpus *data, const subspace *space, float *strip) {
    for (size_t first = 0; first < space->count; first += AT_ONCE) {
        for (size_t w = 0; w < data->gram_count; w++)
            for (size_t c = 0; c < AT_ONCE; c++)
                strip[w * AT_ONCE + c] =
                    first + c < space->count ? space->directions[(first + c) * data->gram_count + w] : 0;
        gather(data, strip, space->count, first, space->positions);
    }
}

int subspace_find(const corpus *data, size_t count, subspace *ret_subspace) {
    if (count > data->text_count) count = data->text_count;
    WJZ_CLEANUP(subspace_close) subspace space = {.count = count};
    float *strip = malloc((data->gram_count + 1) * AT_ONCE * sizeof *strip);
    double *dots = malloc((count + 1) * sizeof *dots);
    space.positions = malloc((data->text_count * count + 1) * sizeof *space.positions);
    space.directions = malloc((data->gram_count * count + 1) * sizeof *space.directions);
    bool ready = strip && dots && space.positions && space.directions;
    if (ready) {
        begin(space.positions, data->text_count * count);
        for (int round = 0; round < ROUNDS; round++) {
            for (size_t first = 0; first < count; first += AT_ONCE) {
                spread(data, space.positions, count, first, strip);
                gather(data, strip, count, first, space.positions);
            }
            straighten(space.positions, data->text_count, count, dots);
        }
        name_directions(data, space.positions, count, strip, space.directions);
        find_positions(data, &space, strip);
        *ret_subspace = space;
        space = (subspace){0};
    }
    free(strip);
    free(dots);
    return ready ? 0 : -ENOMEM;
}

void subspace_close(subspace *space) {
    free(space->directions);
    free(space->positions);
    *space = (subspace){0};
}
