/* What a request needs in C: rows of numbers out of a body, what is unusual about them, and the trees of a
   gradient-boosted model.

   No global state, no allocation, no Python: the caller owns every array. */
#ifndef ATOLL_H
#define ATOLL_H

#include <stddef.h>
#include <stdint.h>

/* One node of a tree. The right child is left + 1. A leaf is its own left child and its split is NaN, which no value
   reaches: a walk that has arrived stays. `slot` is 2 * feature, plus 1 where a missing value goes right, plus
   ATOLL_CATEGORY where the categories in the forest's `sets` from `set` on go right: first the number of words, then
   the words, whose bits are the categories. */
struct atoll_node {
    union {
        float split;
        uint32_t set;
    };
    uint32_t slot;
    uint32_t left;
    float leaf;
};

#define ATOLL_CATEGORY 0x80000000u

/* A model. `roots`, `depths` (steps to the deepest leaf) and `outputs` (to which margin it adds) have one entry a tree. */
struct atoll_forest {
    const struct atoll_node *nodes;
    const uint32_t *roots;
    const uint32_t *depths;
    const uint32_t *outputs;
    const float *base_margins; /* one an output */
    const uint32_t *sets;      /* NULL without splits by category */
    size_t tree_count;
    size_t feature_count;
    size_t output_count;
    uint32_t transform; /* one of ATOLL_MARGINS, ... */
};

/* What becomes of a row's margins: nothing, a probability of each by itself, or one over all outputs. */
#define ATOLL_MARGINS 0u
#define ATOLL_SIGMOID 1u
#define ATOLL_SOFTMAX 2u

/* The most features that a forest may have. */
#define ATOLL_MOST_FEATURES 256

/* Writes the scores (row-major, count x output_count) of `count` rows (row-major doubles, NaN is missing). */
void atoll_scores(const struct atoll_forest *forest, const double *rows, size_t count, float *scores);

/* What training saw in each column: bounds, whether values were missing, and of a column of few values all of them,
   in `vocabulary` from one of `ends` (columns + 1, the first is 0) to the next; any number where there are none. */
struct atoll_guard {
    const double *minimum;
    const double *maximum;
    const uint8_t *missing_allowed;
    const uint32_t *ends;
    const double *vocabulary;
    size_t columns;
};

/* Returns how many rows (row-major) hold a value that training didn't see the like of. */
size_t atoll_unusual_rows(const struct atoll_guard *guard, const double *rows, size_t count);

/* Returns how often a character stands in a text. */
size_t atoll_count(const char *text, size_t length, char character);

/* Reading bodies. `text` must end with a byte 0 behind its `length` bytes, as Python's bytes do. Numbers are JSON's, up
   to FLT_MAX. Returns the number of rows; or -1 - r if row r (from 0) can't be read, is one too many for `most_rows`, or
   something else than a row, and then `start` is the byte at which it begins. It says only where; what is wrong there
   is for the caller to find out.

   CSV without a header: `columns` numbers a line, spaces around them, an empty field is NaN, lines end with \n or \r\n
   (the last one may lack it, or its \n alone). */
int64_t atoll_parse_csv(const char *text, size_t length, size_t columns, size_t most_rows, double *rows, size_t *start);

/* JSON: an array of arrays of `columns` numbers or nulls (NaN), by itself or as the one member "instances". */
int64_t atoll_parse_json(const char *text, size_t length, size_t columns, size_t most_rows, double *rows, size_t *start);

/* JSON Lines: such an array a line. */
int64_t atoll_parse_json_lines(const char *text, size_t length, size_t columns, size_t most_rows, double *rows,
                               size_t *start);

#endif
