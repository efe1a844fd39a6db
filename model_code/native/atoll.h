/* What a request needs in C: the trees of a gradient-boosted model, and rows of numbers out of CSV.

   No global state, no allocation, no Python: the caller owns every array. */
#ifndef ATOLL_H
#define ATOLL_H

#include <stddef.h>
#include <stdint.h>

/* One node of a tree. The right child is left + 1. A leaf is its own left child and its split is NaN, which no value
   reaches: a walk that has arrived stays. `slot` is 2 * feature, plus 1 where a missing value goes right. */
struct atoll_node {
    float split;
    uint32_t slot;
    uint32_t left;
    float leaf;
};

/* A model. `roots`, `depths` (steps to the deepest leaf) and `outputs` (to which margin it adds) have one entry a tree. */
struct atoll_forest {
    const struct atoll_node *nodes;
    const uint32_t *roots;
    const uint32_t *depths;
    const uint32_t *outputs;
    const float *base_margins; /* one an output */
    size_t tree_count;
    size_t feature_count;
    size_t output_count;
};

/* The most features that a forest may have. */
#define ATOLL_MOST_FEATURES 256

/* Writes the margins (row-major, count x output_count) of `count` rows (row-major doubles, NaN is missing). */
void atoll_margins(const struct atoll_forest *forest, const double *rows, size_t count, float *margins);

/* Margins to probabilities, in place: each by itself, or over the outputs of each row. */
void atoll_sigmoid(float *margins, size_t count);
void atoll_softmax(float *margins, size_t rows, size_t outputs);

/* Reads headerless CSV: `columns` JSON numbers a line, spaces around them, an empty field is NaN, lines end with \n or
   \r\n (the last one may lack it). `text` must end with a byte 0 behind its `length` bytes, as Python's bytes do.
   Returns the number of rows, or -1 for anything else: another width, another field, a number over FLT_MAX, more than
   `most_rows`. It says only whether; which row and column is for the caller to find out. */
int64_t atoll_parse_csv(const char *text, size_t length, size_t columns, size_t most_rows, double *rows);

#endif
