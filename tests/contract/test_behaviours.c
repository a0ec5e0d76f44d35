// SPDX-License-Identifier: MIT
//
// The table of socket behaviours in docs/reference/sockets.md is what the
// program does on each stack: it is made here, and compared. Boards whose chip
// gives frames have our stack and must be the same.

#include "tests/contract/behaviours.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE  "docs/reference/sockets.md"
#define BEGIN "<!-- made by NIF_GOLDEN=1 build/tests/test_behaviours -->\n"
#define END   "<!-- end -->\n"
#define ROWS  40

// The first of a column is what is printed; the others must be the same.
static const struct column {
    const char *title;
    const char *chips[5];
} columns[] = {
    { "our stack", { "direct", "enc28j60", "w5500-raw", "lan8720" } },
    { "W5500", { "w5500" } },
    { "ESP-AT", { "espat" } },
};

#define COLUMNS nif_countof(columns)

const char *contract_chip;
const char *contract_dialect;
bool contract_active;

static char cells[ROWS][COLUMNS][BEHAVIOUR_TEXT];

static void run(size_t row, const char *chip, char out[BEHAVIOUR_TEXT])
{
    contract_chip = chip;
    bench_begin(&(struct bench_cfg){ .twins = false });
    behaviours[row].run(out);
    assert_int_equal(bench_teardown(NULL), 0);
}

// What has no chip has nothing to say of it.
static void compare(size_t row, size_t column, const char *chip)
{
    char *cell = cells[row][column];
    char out[BEHAVIOUR_TEXT] = "";

    run(row, chip, out);
    if (cell[0] == '\0' || strcmp(cell, "-") == 0) {
        (void)snprintf(cell, BEHAVIOUR_TEXT, "%s", out);
    } else if (strcmp(cell, out) != 0) {
        fail_msg("%s: \"%s\", but on %s \"%s\"", behaviours[row].name, cell,
            chip, out);
    }
}

static void every_board_with_our_stack_does_the_same(void **state)
{
    (void)state;
    for (size_t row = 0; behaviours[row].name != NULL; row++) {
        assert_true(row < ROWS);
        for (size_t c = 0; c < COLUMNS; c++) {
            for (size_t k = 0; columns[c].chips[k] != NULL; k++) {
                compare(row, c, columns[c].chips[k]);
            }
        }
    }
}

static bool differs(size_t row)
{
    for (size_t c = 1; c < COLUMNS; c++) {
        if (strcmp(cells[row][c], cells[row][0]) != 0) {
            return true;
        }
    }
    return false;
}

// Each difference has its reason, and no reason is left over.
static void every_difference_has_a_reason(void **state)
{
    (void)state;
    for (size_t row = 0; behaviours[row].name != NULL; row++) {
        if (differs(row) != (behaviours[row].why != NULL)) {
            fail_msg("%s: \"%s\" and \"%s\", reason: %s", behaviours[row].name,
                cells[row][0], cells[row][1],
                behaviours[row].why ? behaviours[row].why : "none");
        }
    }
}

// -------------------------------------------------------------- the page

static char table[20000];
static size_t table_len;

static void put(const char *text)
{
    table_len += (size_t)snprintf(table + table_len, sizeof(table) - table_len,
        "%s", text);
}

static void put_cells(const char *name, size_t row)
{
    put("| ");
    put(name);
    for (size_t c = 0; c < COLUMNS; c++) {
        put(" | ");
        put(row == ROWS ? columns[c].title : cells[row][c]);
    }
    put(" |\n");
}

static void make_table(void)
{
    put("\n");
    put_cells("what happens", ROWS);
    put("|---");
    for (size_t c = 0; c < COLUMNS; c++) {
        put("|---");
    }
    put("|\n");
    for (size_t row = 0; behaviours[row].name != NULL; row++) {
        put_cells(behaviours[row].name, row);
    }
    put("\nWhy they differ:\n\n");
    for (size_t row = 0; behaviours[row].name != NULL; row++) {
        if (behaviours[row].why) {
            put("- *");
            put(behaviours[row].name);
            put(":* ");
            put(behaviours[row].why);
            put(".\n");
        }
    }
    put("\n");
}

static void the_page_is_what_the_stacks_do(void **state)
{
    static char page[60000];
    char *from;
    char *to;
    FILE *file = fopen(PAGE, "r");

    (void)state;
    make_table();
    if (file == NULL) {
        fail();
        return;
    }
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    (void)fclose(file);
    from = strstr(page, BEGIN);
    to = strstr(page, END);
    if (from == NULL || to == NULL || from > to) {
        fail_msg(PAGE " has no place for the table");
        return;
    }
    from += strlen(BEGIN);
    if (strncmp(from, table, table_len) == 0 && from + table_len == to) {
        return;
    }
    if (getenv("NIF_GOLDEN") == NULL) {
        fail_msg("not as in " PAGE " (NIF_GOLDEN=1 writes it anew):\n%s",
            table);
    }
    file = fopen(PAGE, "w");
    if (file == NULL) {
        fail();
        return;
    }
    assert_true(fwrite(page, 1, (size_t)(from - page), file) > 0);
    assert_true(fputs(table, file) >= 0 && fputs(to, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_board_with_our_stack_does_the_same),
        cmocka_unit_test(every_difference_has_a_reason),
        cmocka_unit_test(the_page_is_what_the_stacks_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
