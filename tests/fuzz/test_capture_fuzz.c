// SPDX-License-Identifier: MIT
//
// Files that make no sense: mutations of real captures and of each format, cut
// anywhere, with absurd numbers in them. The readers must end with an error or
// with a trace, under the sanitizers too, and soon. A fixed seed; twenty times
// as many with NIF_FULL in the environment, or NIF_FUZZ=N of them.

#include "tests/fuzz/readers.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#define LEN_MAX (256u << 10)

struct seed {
    enum fuzz_format format;
    const char *path; // or NULL
    const char *text;
};

static const struct seed seeds[] = {
    { FUZZ_SR, "scenarios/captures/lan8720a_read_all_plugged.sr", NULL },
    { FUZZ_SR, "scenarios/captures/uart/hello_world_7e1_115200.sr", NULL },
    { FUZZ_SALEAE, "scenarios/captures/cyw43439-ref-enable.bin", NULL },
    { FUZZ_TRANSACTIONS, "scenarios/captures/enc28j60-transactions.csv", NULL },
    { FUZZ_STIMULI, "scenarios/captures/enc28j60-stimuli.txt", NULL },
    { FUZZ_TRACE, NULL,
        "# netif-trace 1\n# time ns\n# bus s spi mode=1 clock=5\n"
        "1 spi s 0 +9 00ff,12 ..01,.. mask=0F7 bits=3 cut\n"
        "20 uart u 0 +5 rx 410a framing=0,1 bits=9\n"
        "30 mdio m 0 +5 read 1 2 0007 no-answer\n40 pin p x\n"
        "50 eth e tx 00112233 bad-fcs\n60 link e up 100FD\n"
        "60 fault s miso at=1\n61 log who what\n" },
    { FUZZ_EDGES_CSV, NULL,
        "Time [s],CS,CLK,MOSI,MISO\n-0.000001,1,0,0,0\n0,0,0,1,0\n"
        "0.000000100,0,1,1,X\n0.000000200,0,0,0,1\n0.000000300,0,1,0,1\n"
        "0.000000400,0,0,0,1\n0.001,1,0,0,0\n" },
    { FUZZ_EDGES_CSV, NULL,
        "; Channels (2/2): MDC, MDIO\n; Samplerate: 12 MHz\nlogic,logic\n"
        "0,1\n1,1\n0,0\n1,0\n0,1\n1,1\n" },
    { FUZZ_TABLE, NULL,
        "name,type,start_time,duration,\"mosi\",\"miso\"\n"
        "\"SPI\",enable,-0.1,0.001,,\n\"SPI\",result,0.1,0.01,0x1D,'A'\n"
        "\"SPI\",result,0.12,0.01,18,\\n\n\"SPI\",disable,0.2,0.001,,\n" },
    { FUZZ_TABLE, NULL,
        "Time [s],Value,Parity Error,Framing Error\n0.1,A,,\n"
        "0.2,0x0a,Error,Error\n" },
    { FUZZ_VCD, NULL,
        "$timescale 100 ps $end $scope module m $end\n"
        "$var wire 1 ! RX $end $var wire 3 ab data [2:0] $end\n"
        "$var real 64 r t $end $upscope $end $enddefinitions $end\n"
        "#0 $dumpvars 1! b000 ab r1.5 r $end #1000 0! #2000 1! bx1 ab\n"
        "#3000 0! #4000 1! #9000 z! #12345678\n" },
};

static uint32_t roll(uint32_t limit)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % limit;
}

static size_t load(const struct seed *seed, uint8_t *to)
{
    FILE *in;
    size_t len;

    if (!seed->path) {
        memcpy(to, seed->text, strlen(seed->text));
        return strlen(seed->text);
    }
    in = fopen(seed->path, "rb");
    assert_non_null(in);
    len = fread(to, 1, LEN_MAX / 2, in);
    fclose(in);
    return len;
}

// ---- mutations

// Puts `with` in the place of `old_len` bytes at `at`.
static size_t replace(uint8_t *data, size_t len, size_t at, size_t old_len,
    const char *with, size_t with_len)
{
    if (len - old_len + with_len > LEN_MAX) {
        return len;
    }
    memmove(data + at + with_len, data + at + old_len, len - at - old_len);
    memcpy(data + at, with, with_len);
    return len - old_len + with_len;
}

static size_t absurd(uint8_t *data, size_t len, size_t at)
{
    static const char *const numbers[] = { "0", "-1", "4294967296",
        "18446744073709551615", "99999999999999999999999", "1e300", "0x", "nan",
        "9223372036854775807", "." };
    const char *with = numbers[roll(nif_countof(numbers))];
    size_t end;

    while (at < len && (data[at] < '0' || data[at] > '9')) {
        at++;
    }
    for (end = at; end < len && data[end] >= '0' && data[end] <= '9'; end++) {
    }
    return replace(data, len, at, end - at, with, strlen(with));
}

static size_t mutate(uint8_t *data, size_t len)
{
    size_t at = len > 0 ? roll((uint32_t)len) : 0;
    size_t some = len - at < 16 ? len - at : roll(16);

    switch (len > 0 ? roll(8) : 7) {
    case 0: data[at] ^= (uint8_t)(1u << roll(8)); return len;
    case 1: data[at] = (uint8_t)roll(256); return len;
    case 2: return at; // cut
    case 3: memset(data + at, roll(2) ? 0xFF : 0, some); return len;
    case 4: return absurd(data, len, at);
    case 5: return replace(data, len, at, some, "", 0);
    case 6: {
        char again[16];

        memcpy(again, data + at, some);
        return replace(data, len, at, 0, again, some);
    }
    default: return replace(data, len, at, 0, ",\n#x$ 0", 1 + roll(6));
    }
}

static unsigned wanted(unsigned few)
{
    const char *wish = getenv("NIF_FUZZ");
    const char *full = getenv("NIF_FULL");

    if (wish) {
        return (unsigned)strtoul(wish, NULL, 10);
    }
    return full && *full ? 20 * few : few;
}

static void every_mutation_of_a_file_ends_in_an_error_or_a_trace(void **state)
{
    static uint8_t data[LEN_MAX + 64];
    unsigned liked = 0;
    unsigned rounds = wanted(150);

    (void)state;
    for (size_t i = 0; i < nif_countof(seeds); i++) {
        size_t len = load(&seeds[i], data);

        assert_true(fuzz_capture(seeds[i].format, data, len) ||
            seeds[i].format == FUZZ_TRANSACTIONS);
        for (unsigned n = 0; n < rounds; n++) {
            len = load(&seeds[i], data);
            for (uint32_t k = roll(4); k != UINT32_MAX; k--) {
                len = mutate(data, len);
            }
            liked += fuzz_capture(seeds[i].format, data, len);
        }
    }
    // Both ends are reached.
    assert_in_range(liked, rounds, 10 * rounds);
}

static void every_length_of_a_file_ends_in_an_error_or_a_trace(void **state)
{
    static uint8_t data[LEN_MAX + 64];

    (void)state;
    for (size_t i = 0; i < nif_countof(seeds); i++) {
        size_t len = load(&seeds[i], data);
        size_t step = len / 200 + 1;

        for (size_t cut = 0; cut < len; cut += step) {
            fuzz_capture(seeds[i].format, data, cut);
        }
    }
}

static void every_format_survives_every_other(void **state)
{
    static uint8_t data[LEN_MAX + 64];

    (void)state;
    for (size_t i = 0; i < nif_countof(seeds); i++) {
        size_t len = load(&seeds[i], data);

        for (int format = 0; format < FUZZ_FORMATS; format++) {
            fuzz_capture((enum fuzz_format)format, data, len);
        }
    }
}

// ---- sessions whose members, not whose archive, are wrong

struct session {
    char metadata[2048];
    uint8_t samples[4096];
    size_t len;
};

static void add(zip_t *zip, const char *name, const void *data, size_t len)
{
    zip_source_t *source = zip_source_buffer(zip, data, len, 0);

    assert_non_null(source);
    assert_true(zip_file_add(zip, name, source, 0) >= 0);
}

static bool read_session(const struct session *s, const char *version)
{
    char path[] = "/tmp/netif-fuzz-XXXXXX";
    int fd = mkstemp(path);
    int code = 0;
    zip_t *zip;
    static uint8_t data[LEN_MAX];
    FILE *in;
    size_t len;

    assert_true(fd >= 0);
    zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    add(zip, "version", version, strlen(version));
    add(zip, "metadata", s->metadata, strlen(s->metadata));
    add(zip, "logic-1-1", s->samples, s->len);
    assert_int_equal(zip_close(zip), 0);
    in = fdopen(fd, "rb");
    fclose(in);
    in = fopen(path, "rb");
    len = fread(data, 1, sizeof(data), in);
    fclose(in);
    remove(path);
    return fuzz_capture(FUZZ_SR, data, len);
}

static void good_session(struct session *s, unsigned unit)
{
    snprintf(s->metadata, sizeof(s->metadata),
        "[global]\nsigrok version=0.5\n[device 1]\ncapturefile=logic-1\n"
        "total probes=2\nsamplerate=1 MHz\nprobe1=MDC\nprobe2=MDIO\n"
        "unitsize=%u\n",
        unit);
    s->len = sizeof(s->samples);
    for (size_t i = 0; i < s->len; i++) {
        s->samples[i] = (uint8_t)roll(4);
    }
}

static void every_member_of_a_session_may_be_wrong(void **state)
{
    static struct session s;
    unsigned rounds = wanted(300);
    unsigned liked = 0;

    (void)state;
    for (unsigned n = 0; n < rounds; n++) {
        size_t len;

        good_session(&s, 1 + roll(9));
        len = strlen(s.metadata);
        for (uint32_t k = roll(3); k > 0 && len < 1024; k--) {
            len = mutate((uint8_t *)s.metadata, len);
            len = len < 1024 ? len : 1024;
        }
        s.metadata[len] = '\0';
        s.len = roll((uint32_t)sizeof(s.samples));
        liked += read_session(&s, roll(8) == 0 ? "9" : "2");
    }
    assert_in_range(liked, 1, rounds - 1);
}

static void a_sample_may_be_cut_in_two_at_any_chunk(void **state)
{
    static struct session s;

    (void)state;
    for (unsigned unit = 1; unit <= 8; unit++) {
        good_session(&s, unit);
        assert_true(read_session(&s, "2"));
    }
    good_session(&s, 9);
    assert_false(read_session(&s, "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutation_of_a_file_ends_in_an_error_or_a_trace),
        cmocka_unit_test(every_length_of_a_file_ends_in_an_error_or_a_trace),
        cmocka_unit_test(every_format_survives_every_other),
        cmocka_unit_test(every_member_of_a_session_may_be_wrong),
        cmocka_unit_test(a_sample_may_be_cut_in_two_at_any_chunk),
    };

    return cmocka_run_group_tests_name("captures_fuzz", tests, NULL, NULL);
}
