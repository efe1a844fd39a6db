/* Scoring: as many steps a tree as it is deep, without a branch that depends on the data.

   The order of the sums, the single precision and the formulas are XGBoost's, so that the scores are its own. */
#include "atoll.h"

#include <math.h>

#define LANES 16 /* rows that walk one tree together, or trees that one row walks together: their loads overlap */
#define BLOCK 64 /* rows that a tree stays in the cache for */
#define MOST_CATEGORIES 16777216 /* the first one that single precision can't tell from the next; XGBoost's limit */
#define INLINE static inline __attribute__((always_inline)) /* so that `sets` is a constant, and costs nothing if 0 */

/* Each feature twice: what a node compares when a missing value goes left there, and when it goes right. */
static void widen(const double *row, size_t features, float *slots)
{
    for (size_t feature = 0; feature < features; feature++) {
        float value = (float)row[feature];
        slots[2 * feature] = isnan(value) ? -INFINITY : value;
        slots[2 * feature + 1] = isnan(value) ? INFINITY : value;
    }
}

/* Whether a category (a whole number) is in a set; a missing one goes where its node sends it. */
static inline uint32_t in_set(const uint32_t *set, uint32_t missing, float category)
{
    if (isnan(category))
        return missing;
    if (!(category >= 0 && category < MOST_CATEGORIES))
        return 0;
    const uint32_t bit = (uint32_t)category;
    return bit / 32 < set[0] && (set[1 + bit / 32] >> (bit % 32) & 1);
}

INLINE uint32_t step(const struct atoll_forest *forest, uint32_t at, const float *slots, const double *row, int sets)
{
    const struct atoll_node node = forest->nodes[at];
    if (sets && node.slot & ATOLL_CATEGORY) {
        const uint32_t slot = node.slot & ~ATOLL_CATEGORY;
        return node.left + in_set(forest->sets + node.set, slot & 1, (float)row[slot / 2]);
    }
    return node.left + (slots[node.slot] >= node.split);
}

INLINE void add_lanes(const struct atoll_forest *forest, size_t tree, const float *slots, const double *rows,
                      float *margins, int sets)
{
    const size_t width = forest->feature_count;
    uint32_t at[LANES];
    const uint32_t root = forest->roots[tree]; /* all compare with it: it is read once */
    for (size_t lane = 0; lane < LANES; lane++)
        at[lane] = step(forest, root, slots + lane * 2 * width, rows + lane * width, sets);
    for (uint32_t depth = forest->depths[tree]; depth > 1; depth--)
        for (size_t lane = 0; lane < LANES; lane++)
            at[lane] = step(forest, at[lane], slots + lane * 2 * width, rows + lane * width, sets);
    for (size_t lane = 0; lane < LANES; lane++)
        margins[lane * forest->output_count] += forest->nodes[at[lane]].leaf;
}

/* One row through `trees` trees at once. Who is at a leaf stays there. */
INLINE void add_trees(const struct atoll_forest *forest, size_t first, size_t trees, const float *slots,
                      const double *row, float *margins, int sets)
{
    uint32_t at[LANES], deepest = 0;
    for (size_t lane = 0; lane < trees; lane++) {
        const uint32_t depth = forest->depths[first + lane];
        deepest = depth > deepest ? depth : deepest;
        at[lane] = forest->roots[first + lane];
    }
    for (; deepest > 0; deepest--)
        for (size_t lane = 0; lane < trees; lane++)
            at[lane] = step(forest, at[lane], slots, row, sets);
    for (size_t lane = 0; lane < trees; lane++)
        margins[forest->outputs[first + lane]] += forest->nodes[at[lane]].leaf;
}

INLINE void add_row(const struct atoll_forest *forest, const float *slots, const double *row, float *margins, int sets)
{
    size_t tree = 0;
    for (; tree + LANES <= forest->tree_count; tree += LANES)
        add_trees(forest, tree, LANES, slots, row, margins, sets);
    add_trees(forest, tree, forest->tree_count - tree, slots, row, margins, sets);
}

INLINE void add_block(const struct atoll_forest *forest, const double *rows, size_t count, float *margins, int sets)
{
    float slots[BLOCK * 2 * ATOLL_MOST_FEATURES];
    const size_t features = forest->feature_count, outputs = forest->output_count;
    for (size_t row = 0; row < count; row++) {
        widen(rows + row * features, features, slots + row * 2 * features);
        for (size_t output = 0; output < outputs; output++)
            margins[row * outputs + output] = forest->base_margins[output];
    }
    const size_t together = count - count % LANES;
    for (size_t tree = 0; tree < forest->tree_count; tree++) {
        float *sums = margins + forest->outputs[tree];
        for (size_t row = 0; row < together; row += LANES)
            add_lanes(forest, tree, slots + row * 2 * features, rows + row * features, sums + row * outputs, sets);
    }
    for (size_t row = together; row < count; row++)
        add_row(forest, slots + row * 2 * features, rows + row * features, margins + row * outputs, sets);
}

static void sigmoid(float *margins, size_t count)
{
    for (size_t i = 0; i < count; i++)
        margins[i] = 1.0f / (expf(fminf(-margins[i], 88.7f)) + 1.0f);
}

static void softmax(float *margins, size_t rows, size_t outputs)
{
    for (float *row = margins; row < margins + rows * outputs; row += outputs) {
        float largest = row[0];
        for (size_t i = 1; i < outputs; i++)
            largest = fmaxf(largest, row[i]);
        double sum = 0;
        for (size_t i = 0; i < outputs; i++)
            sum += row[i] = expf(row[i] - largest);
        for (size_t i = 0; i < outputs; i++)
            row[i] /= (float)sum;
    }
}

void atoll_scores(const struct atoll_forest *forest, const double *rows, size_t count, float *scores)
{
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t left = count - start, block = left < BLOCK ? left : BLOCK;
        const double *from = rows + start * forest->feature_count;
        float *to = scores + start * forest->output_count;
        if (forest->sets)
            add_block(forest, from, block, to, 1);
        else
            add_block(forest, from, block, to, 0);
    }
    if (forest->transform == ATOLL_SIGMOID)
        sigmoid(scores, count * forest->output_count);
    else if (forest->transform == ATOLL_SOFTMAX)
        softmax(scores, count, forest->output_count);
}
