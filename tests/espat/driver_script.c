// SPDX-License-Identifier: MIT
//
// The scripted module: what it is told, and what it says to that.

#include "tests/espat/driver_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_NS (2 * SIM_MS)

static const struct bench_rule at24[] = {
    { "AT", "\r\nOK\r\n" },
    { "AT+GMR",
        "AT version:2.4.0.0(4c6eb5e - ESP32C3 - May 20 2022 03:12:58)\r\n"
        "SDK version:v4.3.3-dirty\r\n"
        "compile time(5f5ee9a9):May 20 2022 11:13:52\r\n"
        "Bin version:2.4.0(MINI-1)\r\n\r\nOK\r\n" },
    { "AT+CIPMUX?", "+CIPMUX:1\r\n\r\nOK\r\n" },
    { "AT+CIPSTAMAC?", "+CIPSTAMAC:\"02:00:00:00:00:07\"\r\n\r\nOK\r\n" },
    { "AT+CWJAP=*", "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n" },
    { "AT+CWJAP?",
        "+CWJAP:\"home\",\"02:11:22:33:44:55\",6,-61,0,1,3,0,1\r\n"
        "\r\nOK\r\n" },
    { "AT+CIPSTA?",
        "+CIPSTA:ip:\"192.0.2.2\"\r\n+CIPSTA:gateway:\"192.0.2.1\"\r\n"
        "+CIPSTA:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n" },
    { "AT+CIPDNS?", "+CIPDNS:0,\"192.0.2.53\",\"192.0.2.54\"\r\n\r\nOK\r\n" },
    { "AT+CIPSTART=4,*", "4,CONNECT\r\n\r\nOK\r\n" },
    { "AT+CIPSTART=3,*", "3,CONNECT\r\n\r\nOK\r\n" },
    { "AT+CIPSTART=2,*", "2,CONNECT\r\n\r\nOK\r\n" },
    { "AT+CIPSTART=1,*", "1,CONNECT\r\n\r\nOK\r\n" },
    { "AT+CIPSTART=0,*", "0,CONNECT\r\n\r\nOK\r\n" },
    { "AT+CIPCLOSE=4", "4,CLOSED\r\n\r\nOK\r\n" },
    { "AT+CIPCLOSE=*", "\r\nOK\r\n" },
    { "AT+CIPRECVLEN?", "+CIPRECVLEN:0,,-1,,\r\n\r\nOK\r\n" },
    { "AT+CIPRECVTYPE=*", "\r\nERROR\r\n" },
    { "AT+CIPDOMAIN=*", "+CIPDOMAIN:\"192.0.2.80\"\r\n\r\nOK\r\n" },
    { "AT+CWLAP*",
        "+CWLAP:(0,\"open\",-80,\"02:00:00:00:00:01\",1,-1,-1,4,4,7,0)\r\n"
        "+CWLAP:(3,\"a\\\"b\",-40,\"02:00:00:00:00:02\",11,-1,-1,4,4,7,0)\r\n"
        "+CWLAP:(7,\"new\",-60,\"02:00:00:00:00:03\",6)\r\n\r\nOK\r\n" },
    { "AT*", "\r\nOK\r\n" },
};

static const struct bench_rule at33[] = {
    { "AT+GMR", "AT version:3.3.0.0(abc - ESP32C6 - x)\r\n\r\nOK\r\n" },
    { "AT+CIPRECVTYPE=5,1", "\r\nOK\r\n" },
    { "AT+CIPRECVMODE=*", "\r\nERROR\r\n" },
};

static const struct bench_rule at20[] = {
    { "AT+GMR", "AT version:2.0.0.0(x - ESP32 - y)\r\n\r\nOK\r\n" },
    { "AT+CIPSTATE?", "\r\nERROR\r\n" },
    { "AT+CIPSTATUS", "STATUS:2\r\n\r\nOK\r\n" },
};

static const struct bench_rule at17[] = {
    { "AT+GMR",
        "AT version:1.7.4.0(May 11 2020 19:13:04)\r\n"
        "SDK version:3.0.4(9532ceb)\r\n"
        "compile time:May 27 2020 10:12:17\r\n"
        "Bin version(Wroom 02):1.7.4\r\nOK\r\n" },
    { "AT+SYSSTORE=*", "\r\nERROR\r\n" },
    { "AT+SYSMSG=*", "\r\nERROR\r\n" },
    { "AT+CWJAP_CUR=*", "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n" },
    { "AT+CIPSTAMAC_CUR?",
        "+CIPSTAMAC_CUR:\"02:00:00:00:00:08\"\r\n\r\nOK\r\n" },
    { "AT+CIPSTA_CUR?",
        "+CIPSTA_CUR:ip:\"192.0.2.2\"\r\n+CIPSTA_CUR:gateway:\"192.0.2.1\"\r\n"
        "+CIPSTA_CUR:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n" },
    { "AT+CWJAP_CUR?",
        "+CWJAP_CUR:\"home\",\"02:11:22:33:44:55\",6,-61\r\n\r\nOK\r\n" },
    { "AT+CIPDNS_CUR?",
        "+CIPDNS_CUR:192.0.2.53\r\n+CIPDNS_CUR:192.0.2.54\r\n\r\nOK\r\n" },
    { "AT+CIPDOMAIN=*", "+CIPDOMAIN:192.0.2.80\r\n\r\nOK\r\n" },
    { "AT+CIPSTATE?", "\r\nERROR\r\n" },
    { "AT+CIPSTATUS", "STATUS:2\r\n\r\nOK\r\n" },
};

// ---- what the module says

static uint64_t byte_ns(const struct bench *b)
{
    return 10 * SIM_S / b->baud;
}

void bench_put_byte(struct bench *b, uint8_t byte, uint64_t at_ns)
{
    struct bench_byte *slot;

    b->said++;
    if (b->said == b->lose_out) {
        return;
    }
    if (b->said == b->flip_out) {
        byte ^= b->flip;
    }
    assert_true(b->out_len < BENCH_OUT);
    slot = &b->out[(b->out_head + b->out_len) % BENCH_OUT];
    b->out_len++;
    if (b->rx_free_ns < at_ns) {
        b->rx_free_ns = at_ns;
    }
    b->rx_free_ns += byte_ns(b);
    slot->at_ns = b->rx_free_ns;
    slot->byte = byte;
}

// What comes in between, where a line may.
static void insert(struct bench *b, uint64_t at_ns, bool place)
{
    const char *text = b->insert;

    if (text != NULL && place && b->said >= b->insert_at) {
        b->insert = NULL;
        b->inserted_at = b->said;
        for (; *text != '\0'; text++) {
            bench_put_byte(b, (uint8_t)*text, at_ns);
        }
    }
}

static void put_bytes(struct bench *b, const void *data, size_t len,
    uint64_t at_ns)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        bench_put_byte(b, bytes[i], at_ns);
    }
}

// Lines: between any two of them something may be inserted.
static void put_text(struct bench *b, const char *text, uint64_t at_ns)
{
    for (; *text != '\0'; text++) {
        insert(b, at_ns, !b->in_line);
        bench_put_byte(b, (uint8_t)*text, at_ns);
        b->in_line = *text != '\n';
    }
    b->in_line = false;
}

void bench_say(struct bench *b, const char *text)
{
    put_text(b, text, b->world.now_ns);
}

void bench_data(struct bench *b, unsigned link, const char *data)
{
    size_t len = strlen(data);
    char text[64];

    memcpy(b->unread[link] + b->unread_len[link], data, len);
    b->unread_len[link] += len;
    snprintf(text, sizeof(text), "\r\n+IPD,%u,%zu\r\n", link,
        b->unread_len[link]);
    bench_say(b, text);
}

// ---- what it is told

static bool fits(const char *rule, const char *line)
{
    size_t len = strlen(rule);

    return rule[len - 1] == '*' ? strncmp(rule, line, len - 1) == 0
                                : strcmp(rule, line) == 0;
}

static const struct bench_rule *find(const struct bench_rule *rules, size_t n,
    const char *line)
{
    for (size_t i = 0; i < n; i++) {
        if (fits(rules[i].command, line)) {
            return &rules[i];
        }
    }
    return NULL;
}

void bench_reset(struct bench *b)
{
    uint64_t at_ns = b->world.now_ns + 300 * SIM_MS;
    static const uint8_t noise[] = "\xFFrl\0\x1C\x9E|\0\r\n\xFE\xFA\f\x02";

    b->resets++;
    b->echo = true;
    b->baud = 115200;
    b->line_len = 0;
    b->data_left = 0;
    b->peers = false;
    memset(b->unread_len, 0, sizeof(b->unread_len));
    memset(b->fetch_at, 0, sizeof(b->fetch_at));
    if (b->dead == BENCH_ALIVE) {
        put_bytes(b, noise, sizeof(noise) - 1, at_ns);
        if (!b->mute_ready) {
            put_text(b, "\r\nready\r\n", at_ns);
        }
    }
}

static void prompt(struct bench *b, const char *line, uint64_t at_ns)
{
    const char *comma = strchr(line, ',');
    bool old = b->firmware == BENCH_AT17;

    b->data_left = comma ? (size_t)strtoul(comma + 1, NULL, 10) : 0;
    put_text(b, old ? "\r\nOK\r\n> " : "\r\nOK\r\n\r\n>", at_ns);
    if (b->at_prompt) {
        put_text(b, b->at_prompt, at_ns);
    } else {
        insert(b, at_ns, true);
    }
}

static void fetch(struct bench *b, const char *line, uint64_t at_ns)
{
    unsigned link = (unsigned)strtoul(line + 15, NULL, 10) % 8;
    const char *comma = strchr(line, ',');
    size_t want = comma ? (size_t)strtoul(comma + 1, NULL, 10) : 0;
    size_t left = b->unread_len[link] - b->fetch_at[link];
    size_t n = want < left ? want : left;
    char head[96];

    if (n == 0) {
        put_text(b, "\r\nERROR\r\n", at_ns);
        return;
    }
    insert(b, at_ns, true);
    if (b->firmware == BENCH_AT17) {
        snprintf(head, sizeof(head), "+CIPRECVDATA,%zu:", n);
    } else if (b->peers) {
        snprintf(head, sizeof(head), "+CIPRECVDATA:%zu,%s,", n,
            b->sender ? b->sender : "\"192.0.2.1\",7");
    } else {
        snprintf(head, sizeof(head), "+CIPRECVDATA:%zu,", n);
    }
    put_bytes(b, head, strlen(head), at_ns);
    put_bytes(b, b->unread[link] + b->fetch_at[link], n, at_ns);
    put_bytes(b, "\r\n", 2, at_ns);
    put_text(b, "\r\nOK\r\n", at_ns);
    b->fetch_at[link] += n;
    if (b->fetch_at[link] == b->unread_len[link]) {
        b->fetch_at[link] = 0;
        b->unread_len[link] = 0;
    }
}

static void settle_baud(struct bench *b, const char *line)
{
    uint32_t baud = (uint32_t)strtoul(line + 12, NULL, 10);

    if (!b->keeps_baud) {
        b->next_baud = baud;
    }
}

// A rule of the test's own, once.
static bool take_once(struct bench *b, const char *line, const char **answer)
{
    for (size_t i = 0; i < b->once_count; i++) {
        if (fits(b->once[i].command, line)) {
            *answer = b->once[i].answer;
            b->once_count--;
            memmove(&b->once[i], &b->once[i + 1],
                (b->once_count - i) * sizeof(b->once[0]));
            return true;
        }
    }
    return false;
}

static const char *answer_of(struct bench *b, const char *line)
{
    static const struct {
        const struct bench_rule *rules;
        size_t n;
    } own[] = {
        [BENCH_AT24] = { at24, 0 },
        [BENCH_AT17] = { at17, nif_countof(at17) },
        [BENCH_AT33] = { at33, nif_countof(at33) },
        [BENCH_AT20] = { at20, nif_countof(at20) },
    };
    const struct bench_rule *rule = NULL;

    if (b->extra != NULL) {
        rule = find(b->extra, b->extra_count, line);
    }
    if (rule == NULL) {
        rule = find(own[b->firmware].rules, own[b->firmware].n, line);
    }
    if (rule == NULL) {
        rule = find(at24, nif_countof(at24), line);
    }
    return rule != NULL ? rule->answer : "\r\nERROR\r\n";
}

static void obey(struct bench *b, const char *line, uint64_t at_ns)
{
    const char *answer;

    if (take_once(b, line, &answer)) {
        if (answer != NULL) {
            put_text(b, answer, at_ns);
        }
        return;
    }
    if (strncmp(line, "AT+CIPSEND=", 11) == 0) {
        prompt(b, line, at_ns);
        return;
    }
    if (strncmp(line, "AT+CIPRECVDATA=", 15) == 0) {
        fetch(b, line, at_ns);
        return;
    }
    answer = answer_of(b, line);
    if (strncmp(line, "AT+UART_CUR=", 12) == 0) {
        settle_baud(b, line);
        answer = b->silent_baud ? NULL : answer;
    }
    if (answer != NULL) {
        put_text(b, answer, at_ns);
    }
    if (b->next_baud != 0) {
        b->baud = b->next_baud;
        b->next_baud = 0;
    }
    if (strcmp(line, "ATE0") == 0) {
        b->echo = b->keep_echo;
    } else if (strcmp(line, "AT+CIPDINFO=1") == 0) {
        b->peers = b->firmware != BENCH_AT17;
    } else if (strcmp(line, "AT+RST") == 0) {
        bench_reset(b);
    }
}

static void end_line(struct bench *b, uint64_t at_ns)
{
    b->line[b->line_len] = '\0';
    b->line_len = 0;
    if (b->line[0] == '\0') {
        return;
    }
    if (b->log_len + strlen(b->line) + 2 < sizeof(b->log)) {
        b->log_len += (size_t)snprintf(b->log + b->log_len,
            sizeof(b->log) - b->log_len, "%s\n", b->line);
    }
    if (b->send_ok_ns != 0) {
        put_text(b, "\r\nbusy p...\r\n", at_ns);
    } else {
        obey(b, b->line, at_ns + ANSWER_NS);
    }
}

static void end_data(struct bench *b, size_t len, uint64_t at_ns)
{
    char text[64];

    snprintf(text, sizeof(text), "\r\nRecv %zu bytes\r\n", len);
    put_text(b, text, at_ns + ANSWER_NS);
    if (b->before_sent) {
        put_text(b, b->before_sent, at_ns + ANSWER_NS);
    }
    if (!b->hold_send_ok && b->send_ns != 0) {
        b->send_ok_ns = at_ns + ANSWER_NS + b->send_ns;
    } else if (!b->hold_send_ok) {
        put_text(b, "\r\nSEND OK\r\n", at_ns + ANSWER_NS);
    }
}

void bench_hear(struct bench *b, uint8_t byte, uint64_t at_ns)
{
    b->in_count++;
    if (b->deaf ||
        (b->lose_in != 0 && b->in_count >= b->lose_in &&
            b->in_count < b->lose_in + b->lose_in_count)) {
        return;
    }
    if (b->data_left > 0) {
        if (b->data_len < sizeof(b->data)) {
            b->data[b->data_len++] = byte;
        }
        if (--b->data_left == 0) {
            end_data(b, b->data_len, at_ns);
        }
        return;
    }
    if (b->echo) {
        insert(b, at_ns, true); // an echo may be cut anywhere
        bench_put_byte(b, byte, at_ns);
        if (byte == '\r' && b->firmware == BENCH_AT17) {
            bench_put_byte(b, byte, at_ns);
        }
    }
    if (byte == '\n' && b->line_len > 0 && b->line[b->line_len - 1] == '\r') {
        b->line_len--;
        end_line(b, at_ns);
    } else if (b->line_len < sizeof(b->line) - 1) {
        b->line[b->line_len++] = (char)byte;
    }
}
