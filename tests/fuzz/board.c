// SPDX-License-Identifier: MIT
//
// Fuzz target: the records of a board. The first byte says whether the bytes
// are what came over the line, or records whose frames and checksums are put
// right: a byte with their length, then so many bytes.

#include "sim/trace/board.h"
#include "sim/trace/read.h"

#include <stdlib.h>
#include <string.h>

static void put(struct sim_board *board, uint8_t byte)
{
    const uint8_t end[] = { 0xDB, 0xDC };
    const uint8_t esc[] = { 0xDB, 0xDD };

    if (byte == 0xC0) {
        sim_board_read(board, end, 2);
    } else if (byte == 0xDB) {
        sim_board_read(board, esc, 2);
    } else {
        sim_board_read(board, &byte, 1);
    }
}

static void put_record(struct sim_board *board, const uint8_t *data, size_t len)
{
    const uint8_t end = 0xC0;
    unsigned crc = 0xFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
        }
        crc &= 0xFFFF;
        put(board, data[i]);
    }
    put(board, (uint8_t)(crc >> 8));
    put(board, (uint8_t)crc);
    sim_board_read(board, &end, 1);
}

// What came out is a trace without a mistake.
static void check(char *text, size_t len)
{
    struct sim_trace_reader reader;
    struct sim_trace_item item;
    FILE *in = fmemopen(text, len, "r");
    int got;

    if (in == NULL) {
        abort();
    }
    sim_trace_read_init(&reader, in, "again");
    while ((got = sim_trace_read(&reader, &item)) == 1) {
    }
    if (got != 0 || reader.cut) {
        fprintf(stderr, "%s\n", reader.error);
        abort();
    }
    sim_trace_read_done(&reader);
    fclose(in);
}

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t end = 0xC0;
    struct sim_trace trace;
    struct sim_board board;
    char *text;
    size_t len;

    sim_trace_init(&trace, NULL, open_memstream(&text, &len));
    sim_board_init(&board, &trace);
    if (size > 0 && (data[0] & 1)) {
        sim_board_read(&board, data + 1, size - 1);
        size = 0;
    }
    sim_board_read(&board, &end, 1);
    for (size_t at = 1; at < size;) {
        size_t n = data[at++];

        n = n < size - at ? n : size - at;
        put_record(&board, data + at, n);
        at += n;
    }
    sim_board_done(&board);
    fclose(trace.out);
    if (len > 0) {
        check(text, len);
    }
    free(text);
    return 0;
}
