/* Reading bodies: JSON's grammar of numbers, and each number the double that is nearest to it. */
#include "atoll.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 19 /* so many fit a uint64_t */
#define MOST_PLACES 27 /* 5^27 is the last power that does, too */
#define EXACT ((uint64_t)1 << 53) /* integers up to this one are doubles */

static const uint64_t FIVES[MOST_PLACES + 1] = {
    1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625, 1220703125, 6103515625,
    30517578125, 152587890625, 762939453125, 3814697265625, 19073486328125, 95367431640625, 476837158203125,
    2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125, 1490116119384765625,
    7450580596923828125};

#define EXACT_PLACES 22 /* 10^22 is the last power that is a double */
static const double TENS[EXACT_PLACES + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits as one integer, and how many there are from the first that isn't 0; the value of over MOST_DIGITS is none. */
struct digits {
    uint64_t value;
    size_t count;
};

static const char *read_digits(const char *at, struct digits *digits)
{
    while (digits->count == 0 && *at == '0')
        at++;
    const char *first = at;
    for (; is_digit(*at); at++)
        digits->value = digits->value * 10 + (uint64_t)(*at - '0');
    digits->count += (size_t)(at - first);
    return at;
}

/* An exponent of over 18 digits becomes one of 10^18: no body has as many places to make up for it. */
static const char *read_exponent(const char *at, int64_t *exponent)
{
    const int negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    struct digits digits = {0, 0};
    const char *end = read_digits(at, &digits);
    if (end == at)
        return NULL;
    *exponent = digits.count > 18 ? 1000000000000000000 : (int64_t)digits.value;
    if (negative)
        *exponent = -*exponent;
    return end;
}

/* Returns value / 10^places (value > 0), rounded once: by the processor where both are exact doubles; else value /
   5^places to 62 bits or more, with the last one set if any are lost, and then the point moves. */
static double divide(uint64_t value, int places)
{
    if (value <= EXACT && places <= EXACT_PLACES)
        return (double)(int64_t)value / TENS[places];
    const int up = __builtin_clzll(value), fives_up = __builtin_clzll(FIVES[places]);
    const unsigned __int128 dividend = (unsigned __int128)(value << up) << 63;
    const uint64_t divisor = FIVES[places] << fives_up;
    const uint64_t quotient = (uint64_t)(dividend / divisor);
    const int lost = (unsigned __int128)quotient * divisor != dividend;
    return ldexp((double)(quotient | (uint64_t)lost), fives_up - up - 63 - places);
}

/* The nearest double to value * 10^power; what is too long or too large for `divide` is strtod's. */
static double nearest(const char *start, int negative, struct digits digits, int64_t power)
{
    if (digits.count > MOST_DIGITS || power > 0 || power < -MOST_PLACES)
        return strtod(start, NULL);
    double value = (double)digits.value;
    if (digits.value > 0 && power < 0)
        value = divide(digits.value, (int)-power);
    return negative ? -value : value;
}

/* Returns where the number ends, or NULL if there is none. */
static const char *read_number(const char *start, double *value)
{
    const int negative = *start == '-';
    const char *first = start + negative, *at = first;
    struct digits digits = {0, 0};
    int64_t power = 0, fraction = 0;
    at = read_digits(at, &digits);
    if (at == first || (*first == '0' && at - first > 1))
        return NULL;
    const char *whole_end = at;
    if (*at == '.') {
        const char *point = ++at;
        at = read_digits(at, &digits);
        if (at == point)
            return NULL;
        fraction = at - point;
    }
    if (*at == 'e' || *at == 'E') {
        at = read_exponent(at + 1, &power);
        if (!at)
            return NULL;
    }
    if (at == whole_end && digits.count == 0) { /* JSON's integer -0 is 0 */
        *value = 0;
        return at;
    }
    *value = nearest(start, negative, digits, power - fraction);
    return fabs(*value) <= FLT_MAX ? at : NULL;
}

/* Returns where the field ends, or NULL if it is neither empty nor a number between spaces. */
static const char *read_field(const char *at, const char *end, double *value)
{
    *value = NAN;
    if (at == end || *at == ',' || *at == '\n' || *at == '\r')
        return at;
    while (*at == ' ')
        at++;
    at = read_number(at, value);
    while (at && *at == ' ')
        at++;
    return at;
}

size_t atoll_count(const char *text, size_t length, char character)
{
    const char *end = text + length;
    size_t found = 0;
    for (; (text = memchr(text, character, (size_t)(end - text))) != NULL; text++)
        found++;
    return found;
}

int64_t atoll_parse_csv(const char *text, size_t length, size_t columns, size_t most_rows, double *rows, size_t *start)
{
    const char *at = text, *end = text + length;
    size_t row = 0;
    do {
        *start = (size_t)(at - text);
        if (length == 0 || row == most_rows)
            return -1 - (int64_t)row;
        for (size_t column = 0; column < columns; column++) {
            if (column > 0 && *at++ != ',')
                return -1 - (int64_t)row;
            at = read_field(at, end, rows + row * columns + column);
            if (!at)
                return -1 - (int64_t)row;
        }
        if (*at == '\r' && (at + 1 == end || at[1] == '\n'))
            at++;
        if (at < end && *at++ != '\n')
            return -1 - (int64_t)row;
        row++;
    } while (at < end);
    return (int64_t)row;
}

/* JSON's white space; of JSON Lines, what may stand within a line. */
static const char *skip(const char *at, int lines)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || (*at == '\n' && !lines))
        at++;
    return at;
}

/* Returns what follows an array of `columns` numbers or nulls, or NULL if there is none. */
static const char *read_array(const char *at, size_t columns, int lines, double *row)
{
    if (*at != '[')
        return NULL;
    for (size_t column = 0; column < columns; column++) {
        at = skip(at + 1, lines);
        row[column] = NAN;
        at = strncmp(at, "null", 4) == 0 ? at + 4 : read_number(at, row + column);
        if (!at)
            return NULL;
        at = skip(at, lines);
        if (*at != (column + 1 < columns ? ',' : ']'))
            return NULL;
    }
    return at + 1;
}

/* Returns where the outer array begins, or NULL if it doesn't. */
static const char *open_json(const char *at, int *object)
{
    static const char KEY[] = "\"instances\"";
    at = skip(at, 0);
    *object = *at == '{';
    if (*object) {
        at = skip(at + 1, 0);
        if (strncmp(at, KEY, sizeof KEY - 1) != 0)
            return NULL;
        at = skip(at + sizeof KEY - 1, 0);
        if (*at != ':')
            return NULL;
        at = skip(at + 1, 0);
    }
    return *at == '[' ? at : NULL;
}

/* Whether nothing but the end follows the outer array. */
static int closes_json(const char *at, const char *end, int object)
{
    at = skip(at, 0);
    if (object && *at++ != '}')
        return 0;
    return skip(at, 0) == end;
}

int64_t atoll_parse_json(const char *text, size_t length, size_t columns, size_t most_rows, double *rows, size_t *start)
{
    int object;
    const char *at = open_json(text, &object);
    *start = 0;
    if (!at)
        return -1;
    for (size_t row = 0; row < most_rows; row++) {
        at = skip(at + 1, 0);
        *start = (size_t)(at - text);
        at = read_array(at, columns, 0, rows + row * columns);
        if (!at)
            return -1 - (int64_t)row;
        at = skip(at, 0);
        if (*at == ']' && closes_json(at + 1, text + length, object))
            return (int64_t)row + 1;
        if (*at != ',')
            return -1 - (int64_t)row;
    }
    return -1 - (int64_t)most_rows;
}

int64_t atoll_parse_json_lines(const char *text, size_t length, size_t columns, size_t most_rows, double *rows,
                               size_t *start)
{
    const char *at = text, *end = text + length;
    size_t row = 0;
    do {
        *start = (size_t)(at - text);
        if (row == most_rows)
            return -1 - (int64_t)row;
        at = read_array(skip(at, 1), columns, 1, rows + row * columns);
        if (!at)
            return -1 - (int64_t)row;
        at = skip(at, 1);
        if (at < end && *at++ != '\n')
            return -1 - (int64_t)row;
        row++;
    } while (at < end);
    return (int64_t)row;
}
