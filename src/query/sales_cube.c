/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_cube.c - made month by month, in as much memory as a month's tallies take.
 *
 * Cells lie by month, column and kind (orders, cancellations), and within by product:
 * starts[(month * columns + column) * 2 + kind] is the first of them.
 */
#include "query/sales_cube.h"

#include <stdlib.h>

#include "query/sales_range.h"

enum {
    column_part_min = 16,     /* of all lines: a country with less has no column of its own */
    lines_per_cell_min = 4,   /* else the cube is no smaller than what it spares */
    tallies_max = 1000 * 1000 /* at a time */
};

typedef struct cell {
    uint32_t product, invoices;
    int64_t amount, quantity;
} cell;

struct mr_sales_cube {
    mr_sales_series months; /* all days of the set */
    uint32_t columns;
    uint8_t *column_of; /* a country */
    uint32_t country_count;
    size_t *starts; /* and one behind the last */
    cell *cells;
    size_t count, room, count_max;
};

void mr_sales_tally_lines(mr_sales_tally *products, const mr_sales_lines *lines,
                          const mr_sales_segment *segment, uint32_t stamp)
{
    for (uint32_t line = segment[0].first_line; line < segment[1].first_line; line++) {
        mr_sales_tally *product = &products[lines->product[line]];

        /* Without a branch: products of an invoice mostly differ. */
        product->amount += lines->amount[line];
        product->quantity += lines->quantity[line];
        product->invoices += product->stamp != stamp;
        product->stamp = stamp;
    }
}

void mr_sales_cube_free(mr_sales_cube *cube)
{
    if (cube != NULL) {
        mr_sales_series_free(&cube->months);
        free(cube->column_of);
        free(cube->starts);
        free(cube->cells);
        free(cube);
    }
}

size_t mr_sales_cube_bytes(const mr_sales_cube *cube)
{
    return cube == NULL ? 0 : sizeof *cube + cube->room * sizeof(cell);
}

/* --- Making ----------------------------------------------------------------------------------- */

static void choose_columns(mr_sales_cube *cube, const mr_sales_set *set)
{
    uint64_t *lines = mr_alloc_zero((size_t)set->countries.count + 1, sizeof *lines);

    cube->column_of = mr_alloc_zero((size_t)set->countries.count + 1, sizeof *cube->column_of);
    cube->country_count = set->countries.count;
    cube->columns = 1;
    for (uint32_t index = 0; index < set->segment_count; index++) {
        lines[set->segments[index].country] += mr_sales_segment_lines(&set->segments[index]);
    }
    for (uint32_t country = 0; country < set->countries.count; country++) {
        if (lines[country] * column_part_min > set->lines.count) {
            MR_ASSERT(cube->columns < mr_sales_columns_max); /* each has its part of the whole */
            cube->column_of[country] = (uint8_t)cube->columns++;
        }
    }
    free(lines);
}

static uint32_t month_of(const mr_sales_cube *cube, const mr_sales_segment *segment)
{
    return cube->months.bucket_of_day[segment->day - cube->months.range.from];
}

static bool same_place(const mr_sales_cube *cube, const mr_sales_segment *a,
                       const mr_sales_segment *b)
{
    return month_of(cube, a) == month_of(cube, b) &&
           cube->column_of[a->country] == cube->column_of[b->country];
}

/* Marks the segments of invoices that lie in one place; counts them by month into counts[m + 1]. */
static void mark(const mr_sales_cube *cube, mr_sales_set *set, uint32_t *counts)
{
    uint32_t end;

    for (uint32_t first = 0; first < set->segment_count; first = end) {
        bool summed = true;

        for (end = first;
             end < set->segment_count && set->segments[end].invoice == set->segments[first].invoice;
             end++) {
            summed = summed && same_place(cube, &set->segments[first], &set->segments[end]);
        }
        for (uint32_t index = first; index < end; index++) {
            set->segments[index].summed = summed;
            counts[month_of(cube, &set->segments[index]) + 1] += summed;
        }
    }
}

/* Numbers of the marked segments by month, those of an invoice side by side; counts become starts.
 */
static uint32_t *sort_by_month(const mr_sales_cube *cube, const mr_sales_set *set, uint32_t *counts)
{
    uint32_t *order = mr_alloc(((size_t)set->segment_count + 1) * sizeof *order);
    uint32_t *at = mr_alloc(((size_t)cube->months.count + 1) * sizeof *at);

    for (uint32_t month = 0; month < cube->months.count; month++) {
        counts[month + 1] += counts[month];
    }
    memcpy(at, counts, ((size_t)cube->months.count + 1) * sizeof *at);
    for (uint32_t index = 0; index < set->segment_count; index++) {
        if (set->segments[index].summed) {
            order[at[month_of(cube, &set->segments[index])]++] = index;
        }
    }
    free(at);
    return order;
}

/* Moves what was tallied into cells. false: these are too many, or a sum too large for one. */
static bool move_to_cells(mr_sales_cube *cube, mr_sales_tally *tallies, uint32_t products)
{
    for (uint32_t product = 0; product < products; product++) {
        const mr_sales_tally tally = tallies[product];
        const int64_t amount = (int64_t)tally.amount;

        if (tally.invoices == 0) {
            continue;
        }
        if (cube->count == cube->room) {
            cube->room = cube->room + cube->room / 2 + 1024;
            cube->room = cube->room < cube->count_max ? cube->room : cube->count_max;
            if (cube->count == cube->room) {
                return false;
            }
            cube->cells = mr_realloc(cube->cells, cube->room * sizeof *cube->cells);
        }
        if (amount != tally.amount) {
            return false;
        }
        cube->cells[cube->count++] = (cell){product, tally.invoices, amount, tally.quantity};
        tallies[product] = (mr_sales_tally){.stamp = 0};
    }
    return true;
}

static bool sum_months(mr_sales_cube *cube, const mr_sales_set *set, const uint32_t *order,
                       const uint32_t *starts)
{
    const uint32_t products = set->products.count, lists = cube->columns * 2;
    mr_sales_tally *tallies = mr_alloc_zero((size_t)products * lists + 1, sizeof *tallies);
    bool fits = true;

    for (uint32_t month = 0; month < cube->months.count && fits; month++) {
        for (uint32_t at = starts[month]; at < starts[month + 1]; at++) {
            const mr_sales_segment *segment = &set->segments[order[at]];
            const uint32_t list =
                2U * cube->column_of[segment->country] + (segment->cancelled ? 1 : 0);

            mr_sales_tally_lines(tallies + (size_t)list * products, &set->lines, segment,
                                 segment->invoice + 1);
        }
        for (uint32_t list = 0; list < lists && fits; list++) {
            cube->starts[(size_t)month * lists + list] = cube->count;
            fits = move_to_cells(cube, tallies + (size_t)list * products, products);
        }
    }
    cube->starts[(size_t)cube->months.count * lists] = cube->count;
    free(tallies);
    return fits;
}

static bool fill(mr_sales_cube *cube, mr_sales_set *set)
{
    uint32_t *starts = mr_alloc_zero((size_t)cube->months.count + 1, sizeof *starts);

    cube->starts =
        mr_alloc_zero((size_t)cube->months.count * cube->columns * 2 + 1, sizeof *cube->starts);
    mark(cube, set, starts);
    uint32_t *order = sort_by_month(cube, set, starts);
    const bool fits = sum_months(cube, set, order, starts);
    free(order);
    free(starts);
    return fits;
}

mr_sales_cube *mr_sales_cube_make(mr_sales_set *set, size_t bytes_max)
{
    const mr_sales_range days = {set->day_first, set->day_last};
    mr_sales_cube *cube = mr_alloc_zero(1, sizeof *cube);
    bool fits = set->segment_count > 0 &&
                mr_sales_series_make(days, MR_SALES_MONTH, &cube->months, NULL) == MR_OK;

    if (fits) {
        choose_columns(cube, set);
        cube->count_max = bytes_max / sizeof(cell) < set->lines.count / lines_per_cell_min
                              ? bytes_max / sizeof(cell)
                              : set->lines.count / lines_per_cell_min;
        fits = (uint64_t)set->products.count * cube->columns * 2 <= tallies_max && fill(cube, set);
    }
    if (!fits) {
        for (uint32_t index = 0; index < set->segment_count; index++) {
            set->segments[index].summed = false;
        }
        mr_sales_cube_free(cube);
        return NULL;
    }
    return cube;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static uint32_t covered_columns(const mr_sales_cube *cube, const uint64_t *countries)
{
    uint32_t columns = (UINT32_C(1) << cube->columns) - 1;

    for (uint32_t country = 0; country < cube->country_count; country++) {
        if (!mr_sales_bit(countries, country)) {
            columns &= ~(UINT32_C(1) << cube->column_of[country]);
        }
    }
    return columns;
}

mr_sales_covered mr_sales_cube_cover(const mr_sales_set *set, int32_t from, int32_t to,
                                     const uint64_t *countries)
{
    const mr_sales_cube *cube = set->cube;
    mr_sales_covered covered = {.from = 0, .to = -1};

    if (cube == NULL) {
        return covered;
    }
    const mr_sales_range all = cube->months.range;
    for (uint32_t month = 0; month < cube->months.count; month++) {
        const mr_sales_range days = cube->months.buckets[month];
        /* Days of a month without lines may be left out by the question. */
        const int32_t first = days.from > all.from ? days.from : all.from;
        const int32_t last = days.to < all.to ? days.to : all.to;

        if (from <= first && last <= to) {
            covered.from = covered.from > covered.to ? first : covered.from;
            covered.to = last;
        }
    }
    covered.columns = covered_columns(cube, countries);
    return covered;
}

bool mr_sales_cube_has(const mr_sales_cube *cube, const mr_sales_covered *covered,
                       const mr_sales_segment *segment)
{
    return segment->summed && segment->day >= covered->from && segment->day <= covered->to &&
           (covered->columns >> cube->column_of[segment->country] & 1) != 0;
}

static void add_cells(const cell *cells, size_t count, mr_sales_tally *products)
{
    for (size_t index = 0; index < count; index++) {
        mr_sales_tally *product = &products[cells[index].product];

        product->amount += cells[index].amount;
        product->quantity += cells[index].quantity;
        product->invoices += cells[index].invoices;
    }
}

void mr_sales_cube_add(const mr_sales_cube *cube, const mr_sales_covered *covered,
                       mr_sales_tally *sold, mr_sales_tally *returned)
{
    if (covered->from > covered->to) {
        return;
    }
    const uint16_t *bucket_of_day = cube->months.bucket_of_day;
    const uint32_t first = bucket_of_day[covered->from - cube->months.range.from];
    const uint32_t last = bucket_of_day[covered->to - cube->months.range.from];

    for (uint32_t month = first; month <= last; month++) {
        for (uint32_t column = 0; column < cube->columns; column++) {
            const size_t *start = &cube->starts[((size_t)month * cube->columns + column) * 2];

            if ((covered->columns >> column & 1) != 0) {
                add_cells(cube->cells + start[0], start[1] - start[0], sold);
                add_cells(cube->cells + start[1], start[2] - start[1], returned);
            }
        }
    }
}
