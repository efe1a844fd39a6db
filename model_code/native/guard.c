/* Comparing rows with what training saw. */
#include "atoll.h"

#include <math.h>

static int is_unusual(const struct atoll_guard *guard, size_t column, double value)
{
    if (isnan(value))
        return !guard->missing_allowed[column];
    if (!(value >= guard->minimum[column] && value <= guard->maximum[column]))
        return 1;
    const uint32_t first = guard->ends[column], end = guard->ends[column + 1];
    for (uint32_t at = first; at < end; at++)
        if (guard->vocabulary[at] == value)
            return 0;
    return end > first;
}

size_t atoll_unusual_rows(const struct atoll_guard *guard, const double *rows, size_t count)
{
    size_t found = 0;
    for (size_t row = 0; row < count; row++) {
        int any = 0;
        for (size_t column = 0; column < guard->columns; column++)
            any |= is_unusual(guard, column, *rows++);
        found += (size_t)any;
    }
    return found;
}
