// SPDX-License-Identifier: MIT
//
// Which firmware knows which command, and the texts of the dialects.

#include "sim/chips/espat/model.h"

const struct espat_dialect espat__dialects[SIM_ESPAT_FIRMWARES] = {
    [SIM_ESPAT_1_7] = {
        .chip = "ESP8266",
        .gmr = "AT version:1.7.4.0"
               "(May 11 2020 19:13:04)\r\n"
               "SDK version:3.0.4(9532ceb)\r\n"
               "compile time:May 27 2020 10:12:17\r\n"
               "Bin version(Wroom 02):1.7.4\r\n",
        .nonos = true,
        .boot_ms = 300,
        .rom_text = true,
        .send_max = 2048,
        .ipd_max = 1460,
        .prompt = "\r\nOK\r\n> ",
        .recvlen_none = "0",
        .no_ap_line = true,
    },
    [SIM_ESPAT_2_0] = {
        .chip = "ESP32",
        .gmr = "AT version:2.0.0.0"
               "(a7e4b0e - Dec 27 2019 08:06:35)\r\n"
               "SDK version:v3.3.1-61-g367c3c09c\r\n"
               "compile time(4a1a2b9):Dec 27 2019 08:31:09\r\n"
               "Bin version:2.0.0(WROOM-32)\r\n",
        .boot_ms = 900,
        .send_max = 2048,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n>",
        .recvlen_none = "-1",
        .no_ap_line = true,
    },
    [SIM_ESPAT_2_1] = {
        .chip = "ESP32",
        .gmr = "AT version:2.1.0.0"
               "(883f7f2 - Jul 24 2020 11:50:07)\r\n"
               "SDK version:v4.0.1-193-ge7ac221b4\r\n"
               "compile time(0ad6331):Jul 28 2020 02:47:21\r\n"
               "Bin version:2.1.0(WROOM-32)\r\n",
        .boot_ms = 900,
        .send_max = 2048,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n>",
        .recvlen_none = "-1",
        .no_ap_line = true,
    },
    [SIM_ESPAT_2_2] = {
        .chip = "ESP8266",
        .gmr = "AT version:2.2.1.0"
               "(6754f3c - ESP8266 - Oct 12 2021 08:43:02)\r\n"
               "SDK version:v3.4-22-g967752e2\r\n"
               "compile time(0f51e5b):Oct 12 2021 10:12:37\r\n"
               "Bin version:2.2.1(WROOM-02-N)\r\n",
        .boot_ms = 400,
        .rom_text = true,
        .send_max = 2048,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n>",
        .recvlen_none = "-1",
        .no_ap_line = true,
    },
    [SIM_ESPAT_2_4] = {
        .chip = "ESP32-C3",
        .gmr = "AT version:2.4.0.0"
               "(4c6eb5e - ESP32C3 - May 20 2022 03:12:58)\r\n"
               "SDK version:v4.3.3-dirty\r\n"
               "compile time(5f5ee9a9):May 20 2022 11:13:52\r\n"
               "Bin version:2.4.0(MINI-1)\r\n",
        .boot_ms = 700,
        .send_max = 8192,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n\r\n>",
        .recvlen_none = "-1",
    },
    [SIM_ESPAT_3_3] = {
        .chip = "ESP32-C3",
        .gmr = "AT version:3.3.0.0"
               "(3b13d04 - ESP32C3 - May  8 2024 08:21:54)\r\n"
               "SDK version:v5.0.6-dirty\r\n"
               "compile time(be332568):May  8 2024 08:51:33\r\n"
               "Bin version:v3.3.0.0(MINI-1)\r\n",
        .boot_ms = 700,
        .send_max = 8192,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n\r\n>",
        .recvlen_none = "",
    },
    [SIM_ESPAT_4_1] = {
        .chip = "ESP32-C3",
        .gmr = "AT version:4.1.1.0"
               "(a9d2b1e - ESP32C3 - Dec 16 2024 06:58:24)\r\n"
               "SDK version:v5.0.6-dirty\r\n"
               "compile time(c7a5e5e1):Dec 16 2024 07:24:10\r\n"
               "Bin version:v4.1.1.0(MINI-1)\r\n",
        .boot_ms = 700,
        .send_max = 8192,
        .ipd_max = 2920,
        .prompt = "\r\nOK\r\n\r\n>",
        .recvlen_none = "",
        .dinfo_digits = true,
    },
};

#define Q  (FORM_QUERY)
#define S  (FORM_SET)
#define X  (FORM_EXEC)
#define QS (FORM_QUERY | FORM_SET)

#define ALL      0, SIM_ESPAT_FIRMWARES - 1
#define NONOS    SIM_ESPAT_1_7, SIM_ESPAT_1_7
#define SINCE(v) SIM_ESPAT_##v, SIM_ESPAT_FIRMWARES - 1

static const struct espat_command commands[] = {
    { "", X, ALL, false, espat__at },
    { "E0", X, ALL, false, espat__ate },
    { "E1", X, ALL, false, espat__ate },
    { "+RST", X, ALL, false, espat__rst },
    { "+RESTORE", X, ALL, false, espat__restore },
    { "+GMR", X, ALL, false, espat__gmr },
    { "+UART", QS, NONOS, false, espat__uart },
    { "+UART_CUR", QS, ALL, false, espat__uart },
    { "+UART_DEF", QS, ALL, false, espat__uart },
    { "+SYSSTORE", QS, SINCE(2_0), false, espat__sysstore },
    { "+SYSMSG", QS, SINCE(2_0), false, espat__sysmsg },
    { "+SYSLOG", QS, SINCE(2_0), false, espat__syslog },
    { "+SLEEP", S, ALL, false, espat__ignored },
    { "+RFPOWER", S, ALL, false, espat__ignored },
    { "+CWCOUNTRY", S, SINCE(2_0), false, espat__ignored },
    { "+CWMODE", QS, ALL, true, espat__cwmode },
    { "+CWJAP", QS, ALL, true, espat__cwjap },
    { "+CWQAP", X, ALL, false, espat__cwqap },
    { "+CWLAP", X | S, ALL, false, espat__cwlap },
    { "+CWLAPOPT", S, ALL, false, espat__cwlapopt },
    { "+CWSAP", QS, ALL, true, espat__cwsap },
    { "+CWLIF", X, ALL, false, espat__cwlif },
    { "+CWDHCP", QS, ALL, true, espat__cwdhcp },
    { "+CWSTATE", Q, SINCE(2_4), false, espat__cwstate },
    { "+CWAUTOCONN", QS, ALL, false, espat__cwautoconn },
    { "+CWRECONNCFG", S, SINCE(2_0), false, espat__cwreconncfg },
    { "+CWHOSTNAME", QS, ALL, false, espat__cwhostname },
    { "+CIPSTA", QS, ALL, true, espat__cipsta },
    { "+CIPAP", QS, ALL, true, espat__cipap },
    { "+CIPSTAMAC", Q, ALL, true, espat__mac },
    { "+CIPAPMAC", Q, ALL, true, espat__mac },
    { "+CIPDNS", QS, SINCE(2_0), false, espat__cipdns },
    { "+CIPDNS_CUR", QS, NONOS, false, espat__cipdns },
    { "+CIFSR", X, ALL, false, espat__cifsr },
    { "+CIPMUX", QS, ALL, false, espat__cipmux },
    { "+CIPSTART", S, ALL, false, espat__cipstart },
    { "+CIPSTARTEX", S, SINCE(2_0), false, espat__cipstartex },
    { "+CIPSEND", S, ALL, false, espat__cipsend },
    { "+CIPSENDEX", S, ALL, false, espat__cipsendex },
    { "+CIPCLOSE", X | S, ALL, false, espat__cipclose },
    { "+CIPSERVER", QS, ALL, false, espat__cipserver },
    { "+CIPSERVERMAXCONN", QS, ALL, false, espat__cipservermaxconn },
    { "+CIPSTO", QS, ALL, false, espat__cipsto },
    { "+CIPSTATUS", X, ALL, false, espat__cipstatus },
    { "+CIPSTATE", Q, SINCE(2_4), false, espat__cipstate },
    { "+CIPDOMAIN", S, ALL, false, espat__cipdomain },
    { "+CIPDINFO", QS, ALL, false, espat__cipdinfo },
    { "+CIPRECVMODE", QS, ALL, false, espat__ciprecvmode },
    { "+CIPRECVTYPE", QS, SINCE(3_3), false, espat__ciprecvtype },
    { "+CIPRECVDATA", S, ALL, false, espat__ciprecvdata },
    { "+CIPRECVLEN", Q, ALL, false, espat__ciprecvlen },
    { "+CIPSSLSIZE", S, NONOS, false, espat__cipsslsize },
    { "+CIPSSLCCONF", QS, SINCE(2_0), false, espat__cipsslcconf },
    { "+CIPSSLCSNI", S, SINCE(2_0), false, espat__cipsslname },
    { "+CIPSSLCCN", S, SINCE(2_0), false, espat__cipsslname },
    { "+CIPSSLCALPN", S, SINCE(2_0), false, espat__cipsslcalpn },
    { "+CIPSNTPCFG", QS, ALL, false, espat__sntpcfg },
    { "+CIPSNTPTIME", Q, ALL, false, espat__sntptime },
    { "+SYSTIMESTAMP", Q, SINCE(2_0), false, espat__systimestamp },
    { "+CIPTCPOPT", S, SINCE(2_1), false, espat__ciptcpopt },
};

// What firmware has that this model has not: no reason to complain.
static const char *const beyond[] = { "+CIPMODE", "+CIPSENDL", "+PING",
    "+SYSRAM", "+GSLP", "+CIPV6", "+CWSTARTSMART", "+MDNS", "+CIUPDATE" };

static bool matches(const struct espat *e, const struct espat_command *c,
    const char *name)
{
    size_t len = strlen(c->name);

    if (strncmp(name, c->name, len) != 0) {
        return false;
    }
    return name[len] == '\0' ||
        (c->suffix && e->dialect->nonos &&
            (strcmp(name + len, "_CUR") == 0 ||
                strcmp(name + len, "_DEF") == 0));
}

const struct espat_command *espat__command(const struct espat *e,
    const char *name, bool *known)
{
    const struct espat_command *found = NULL;
    size_t len = strcspn(name, "_");

    *known = false;
    for (size_t i = 0; i < nif_countof(commands); i++) {
        const struct espat_command *c = &commands[i];

        // Those of other firmware are known, too.
        *known = *known || strcmp(c->name, name) == 0 ||
            (c->suffix && strlen(c->name) == len &&
                strncmp(c->name, name, len) == 0);
        if (matches(e, c, name) && e->chip->cfg.firmware >= c->from &&
            e->chip->cfg.firmware <= c->to) {
            found = c;
        }
    }
    for (size_t i = 0; i < nif_countof(beyond); i++) {
        *known = *known || strcmp(beyond[i], name) == 0;
    }
    if (e->refused && name[0] == '+' && strcmp(name + 1, e->refused) == 0) {
        return NULL;
    }
    return found;
}
