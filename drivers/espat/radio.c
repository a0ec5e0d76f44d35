// SPDX-License-Identifier: MIT
//
// The radio: joining, leaving, being an access point, looking for networks.
// Where the module would join again by itself it is made to leave: that is
// for who has asked for the network to decide.

#include "internal.h"

#include <string.h>

// Another network is to be joined, or to be one.
#define WANTED (ESPAT_TODO_JOIN | ESPAT_TODO_SERVE)

static struct espat *chip_of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct espat, iface);
}

// ---- what is found out

void at__tell_link(struct espat *chip)
{
    bool up = chip->phase == ESPAT_READY &&
        (chip->wifi.state == NIF_WIFI_JOINED ||
            chip->wifi.state == NIF_WIFI_SERVING);

    if (up != chip->link_up) {
        chip->link_up = up;
        at__notify(chip, up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
}

static void forget_address(struct espat *chip)
{
    struct nif_hwaddr own = chip->net.hwaddr;

    chip->net = (struct nif_net){ .hwaddr = own };
}

// No network any more, for whatever reason.
static void end_radio(struct espat *chip, enum nif_wifi_state state, int err)
{
    chip->wifi = (struct nif_wifi_status){ .state = state, .err = err };
    chip->todo &=
        ~(uint32_t)(ESPAT_TODO_MODE | ESPAT_TODO_COUNTRY | ESPAT_TODO_SET_IP |
            ESPAT_TODO_SET_DNS | ESPAT_TODO_JOIN | ESPAT_TODO_SERVE |
            ESPAT_TODO_GET_IP | ESPAT_TODO_GET_DNS | ESPAT_TODO_GET_AP);
    forget_address(chip);
    at__tell_link(chip);
}

static void lose_network(struct espat *chip, int err)
{
    at__lose_links(chip, NIF_ELINK);
    end_radio(chip, NIF_WIFI_FAILED, err);
    chip->todo |= ESPAT_TODO_LEAVE;
}

void at__lose_radio(struct espat *chip, int err)
{
    if (chip->scan_result == NIF_EAGAIN) {
        chip->scan_result = err;
        chip->todo &= ~(uint32_t)ESPAT_TODO_SCAN;
    }
    if (chip->look_result == NIF_EAGAIN) {
        chip->look_result = NIF_ETIMEDOUT;
        chip->todo &= ~(uint32_t)ESPAT_TODO_LOOKUP;
    }
    if (chip->wifi.state == NIF_WIFI_IDLE) {
        end_radio(chip, NIF_WIFI_IDLE, 0);
    } else {
        end_radio(chip, NIF_WIFI_FAILED, err);
    }
}

bool at__on_radio(struct espat *chip, const char *line)
{
    bool joins = chip->command == &at__join || chip->victim == &at__join;

    if (at__skip(line, "WIFI ") == NULL) {
        bool came = at__skip(line, "+STA_CONNECTED:") != NULL;
        bool left = at__skip(line, "+STA_DISCONNECTED:") != NULL;

        if (came && chip->wifi.stations < UINT8_MAX) {
            chip->wifi.stations++;
        } else if (left && chip->wifi.stations > 0) {
            chip->wifi.stations--;
        }
        return came || left;
    }
    if (strcmp(line, "WIFI CONNECTED") == 0) {
        // Its address may come much later, or by set_net().
        if (joins && chip->wifi.state == NIF_WIFI_JOINING &&
            (chip->todo & WANTED) == 0) {
            chip->wifi.state = NIF_WIFI_JOINED;
        }
    } else if (strcmp(line, "WIFI GOT IP") == 0) {
        chip->got_ip = true;
        if (chip->wifi.state == NIF_WIFI_JOINED) {
            chip->todo |= ESPAT_TODO_GET_IP | ESPAT_TODO_GET_DNS;
        } else if (chip->phase == ESPAT_READY && !joins) {
            chip->todo |= ESPAT_TODO_LEAVE; // by itself
        }
    } else if (strcmp(line, "WIFI DISCONNECT") == 0) {
        chip->got_ip = false;
        if (chip->wifi.state == NIF_WIFI_JOINED) {
            lose_network(chip, NIF_ELINK);
        }
    }
    return true;
}

// ---- commands

static void write_leave(struct espat *chip)
{
    at__put(chip, "AT+CWQAP");
}

static void leave_done(struct espat *chip, int result)
{
    (void)result; // there was no network to leave
    chip->got_ip = false;
}

const struct espat_command at__leave = {
    write_leave,
    NULL,
    leave_done,
    2,
    false,
};

static void write_mode(struct espat *chip)
{
    at__put_cur(chip, "CWMODE");
    at__put(chip, chip->serving ? "=2" : "=1");
}

static void mode_done(struct espat *chip, int result)
{
    if (result != 0 && chip->wifi.state == NIF_WIFI_JOINING) {
        end_radio(chip, NIF_WIFI_FAILED, NIF_EIO);
    }
}

const struct espat_command at__mode = {
    write_mode,
    NULL,
    mode_done,
    2,
    false,
};

static void write_country(struct espat *chip)
{
    at__put_cur(chip, "CWCOUNTRY");
    at__put(chip, "=0,");
    at__put_quoted(chip, chip->country);
    at__put(chip, ",1,13");
}

static void country_done(struct espat *chip, int result)
{
    (void)chip;
    (void)result; // its own rules are stricter or the same
}

const struct espat_command at__country = {
    write_country,
    NULL,
    country_done,
    2,
    false,
};

static void write_join(struct espat *chip)
{
    chip->got_ip = false;
    at__put_cur(chip, "CWJAP");
    at__put(chip, "=");
    at__put_quoted(chip, chip->ssid);
    at__put(chip, ",");
    at__put_quoted(chip, chip->passphrase);
}

// "+CWJAP:<code>" before the end of one that failed.
static bool join_line(struct espat *chip, const char *line)
{
    const char *text = at__value(line, "CWJAP");
    uint32_t code;

    if (at__number(text, &code) == NULL) {
        return false;
    }
    if (code == 2) {
        at__note_detail(chip, NIF_EAUTH);
    } else {
        at__note_detail(chip, code == 3 ? NIF_ENOTFOUND : NIF_ETIMEDOUT);
    }
    return true;
}

static void join_done(struct espat *chip, int result)
{
    if ((chip->todo & WANTED) != 0) {
        return; // something else is wanted by now, and on its way
    }
    if (chip->wifi.state == NIF_WIFI_FAILED && result == NIF_EAUTH) {
        chip->wifi.err = result; // why it was lost again
    }
    if (chip->wifi.state == NIF_WIFI_JOINING &&
        (result == 0 || (result == NIF_ETIMEDOUT && chip->got_ip))) {
        chip->wifi.state = NIF_WIFI_JOINED;
    }
    if (chip->wifi.state == NIF_WIFI_JOINED) { // be it without an address
        chip->todo |=
            ESPAT_TODO_GET_IP | ESPAT_TODO_GET_DNS | ESPAT_TODO_GET_AP;
    }
    if (chip->wifi.state != NIF_WIFI_JOINING) {
        return;
    }
    // It would go on trying.
    end_radio(chip, NIF_WIFI_FAILED,
        result == NIF_EPROTO ? NIF_ETIMEDOUT : result);
    chip->todo |= ESPAT_TODO_LEAVE;
}

const struct espat_command at__join = {
    write_join,
    join_line,
    join_done,
    40,
    false,
};

static void write_serve(struct espat *chip)
{
    at__put_cur(chip, "CWSAP");
    at__put(chip, "=");
    at__put_quoted(chip, chip->ssid);
    at__put(chip, ",");
    at__put_quoted(chip, chip->passphrase);
    at__put(chip, ",");
    at__put_number(chip, chip->wifi_channel);
    at__put(chip, ",");
    at__put_number(chip, chip->ecn);
}

static void serve_done(struct espat *chip, int result)
{
    if (chip->wifi.state != NIF_WIFI_JOINING || (chip->todo & WANTED) != 0) {
        return;
    }
    if (result != 0) {
        end_radio(chip, NIF_WIFI_FAILED, NIF_EIO);
        return;
    }
    chip->wifi.state = NIF_WIFI_SERVING;
    chip->wifi.channel = chip->wifi_channel;
    chip->todo |= ESPAT_TODO_GET_IP;
}

const struct espat_command at__serve = {
    write_serve,
    NULL,
    serve_done,
    10,
    false,
};

static void write_get_ap(struct espat *chip)
{
    at__put_cur(chip, "CWJAP");
    at__put(chip, "?");
}

// +CWJAP:"ssid","bssid",<channel>,<rssi>,... Quotes and commas of the name are
// not always escaped: it ends where an address follows.
static bool get_ap_line(struct espat *chip, const char *line)
{
    const char *text = at__value(line, "CWJAP");
    uint32_t channel;
    int rssi;

    if (at__skip(text, "\"") == NULL) {
        return false;
    }
    chip->synced = true;
    for (; *text != '\0'; text++) {
        const char *rest = at__hwaddr(at__skip(text, "\","), &chip->wifi.bssid);

        rest = at__number(at__skip(rest, ","), &channel);
        if (at__signed(at__skip(rest, ","), &rssi) != NULL) {
            chip->wifi.channel = (uint8_t)channel;
            chip->wifi.rssi_dbm = (int8_t)(rssi < -127 ? -127 : rssi);
            break;
        }
    }
    return true;
}

static void get_ap_done(struct espat *chip, int result)
{
    // "No AP": the loss of it was not heard.
    if (result == 0 && !chip->synced && chip->wifi.state == NIF_WIFI_JOINED) {
        lose_network(chip, NIF_ELINK);
    }
}

const struct espat_command at__get_ap = {
    write_get_ap,
    get_ap_line,
    get_ap_done,
    2,
    false,
};

static void write_scan(struct espat *chip)
{
    chip->found_len = 0;
    at__put(chip, "AT+CWLAP");
    if (chip->scan_ssid[0] != '\0') {
        at__put(chip, "=");
        at__put_quoted(chip, chip->scan_ssid);
    }
}

static enum nif_wifi_auth auth_of(uint32_t ecn)
{
    static const uint8_t auths[] = { NIF_WIFI_OPEN, NIF_WIFI_AUTO, NIF_WIFI_WPA,
        NIF_WIFI_WPA2, NIF_WIFI_WPA2_MIXED, NIF_WIFI_AUTO, NIF_WIFI_WPA3,
        NIF_WIFI_WPA2 };

    return ecn < sizeof(auths) ? (enum nif_wifi_auth)auths[ecn] : NIF_WIFI_AUTO;
}

// Strongest first; the weakest falls out.
static void keep(struct espat *chip, const struct nif_wifi_network *network)
{
    size_t at = chip->found_len;

    while (at > 0 && chip->found[at - 1].rssi_dbm < network->rssi_dbm) {
        at--;
    }
    if (at == chip->found_cap) {
        return;
    }
    if (chip->found_len < chip->found_cap) {
        chip->found_len++;
    }
    for (size_t i = chip->found_len - 1u; i > at; i--) {
        chip->found[i] = chip->found[i - 1];
    }
    chip->found[at] = *network;
}

// +CWLAP:(<ecn>,"<ssid>",<rssi>,"<mac>",<channel>...
static bool scan_line(struct espat *chip, const char *line)
{
    const char *text = at__skip(at__value(line, "CWLAP"), "(");
    struct nif_wifi_network network = { .ssid_len = 0 };
    char ssid[NIF_WIFI_SSID_MAX + 1];
    uint32_t channel;
    uint32_t ecn;
    int rssi;

    text = at__skip(at__number(text, &ecn), ",");
    text = at__skip(at__quoted(text, ssid, sizeof(ssid)), ",");
    text = at__skip(at__signed(text, &rssi), ",");
    text = at__skip(at__hwaddr(text, &network.bssid), ",");
    if (at__number(text, &channel) == NULL) {
        return false;
    }
    network.ssid_len = (uint8_t)strlen(ssid);
    memcpy(network.ssid, ssid, network.ssid_len);
    network.rssi_dbm = (int8_t)(rssi < -127 ? -127 : rssi);
    network.channel = (uint8_t)channel;
    network.auth = auth_of(ecn);
    keep(chip, &network);
    return true;
}

static void scan_done(struct espat *chip, int result)
{
    if (chip->scan_result == NIF_EAGAIN) {
        chip->scan_result = result == 0 ? (int)chip->found_len : NIF_EIO;
    }
}

const struct espat_command at__scan = {
    write_scan,
    scan_line,
    scan_done,
    20,
    false,
};

// ---- surface

static void copy_text(char *to, const char *from)
{
    size_t len = from != NULL ? strlen(from) : 0;

    if (len > 0) {
        memcpy(to, from, len);
    }
    to[len] = '\0';
}

static bool can(const struct espat *chip, const struct nif_wifi_params *params)
{
    size_t len = params->passphrase != NULL ? strlen(params->passphrase) : 0;
    bool wpa3 = params->auth == NIF_WIFI_WPA3;

    if (len == NIF_WIFI_PASSPHRASE_MAX) {
        return false; // the key itself
    }
    return !wpa3 ||
        (params->mode == NIF_WIFI_STATION && !chip->is_8266 &&
            chip->version >= 0x0204);
}

static uint8_t ecn_of(const struct nif_wifi_params *params)
{
    switch (params->auth) {
    case NIF_WIFI_WPA: return 2;
    case NIF_WIFI_WPA2_MIXED: return 4;
    case NIF_WIFI_AUTO: return params->passphrase != NULL ? 3 : 0;
    case NIF_WIFI_OPEN: return 0;
    case NIF_WIFI_WPA2:
    case NIF_WIFI_WPA3:
    default: return 3;
    }
}

static int espat_join(struct nif_iface *iface,
    const struct nif_wifi_params *params)
{
    struct espat *chip = chip_of(iface);

    if (nif_wifi_check(params) != 0) {
        return NIF_EINVAL;
    }
    if (chip->phase == ESPAT_OFF) {
        return NIF_ENODEV;
    }
    if (!can(chip, params)) {
        return NIF_ENOTSUP;
    }
    at__lose_links(chip, NIF_ELINK);
    end_radio(chip, NIF_WIFI_JOINING, 0);
    copy_text(chip->ssid, params->ssid);
    copy_text(chip->passphrase, params->passphrase);
    copy_text(chip->country, params->country);
    chip->ecn = ecn_of(params);
    chip->wifi_channel = params->channel != 0 ? params->channel : 1;
    chip->serving = params->mode == NIF_WIFI_AP;
    nif_clock_wake(chip->cfg.clock);
    chip->todo |= ESPAT_TODO_LEAVE | ESPAT_TODO_MODE | ESPAT_TODO_SET_IP |
        (chip->serving ? ESPAT_TODO_SERVE : ESPAT_TODO_JOIN);
    if (params->country != NULL) {
        chip->todo |= ESPAT_TODO_COUNTRY;
    }
    return 0;
}

static int espat_leave(struct nif_iface *iface)
{
    struct espat *chip = chip_of(iface);

    at__lose_links(chip, NIF_ELINK);
    end_radio(chip, NIF_WIFI_IDLE, 0);
    if (chip->phase != ESPAT_OFF) {
        chip->todo |= ESPAT_TODO_LEAVE;
        if (chip->serving) {
            chip->serving = false;
            chip->todo |= ESPAT_TODO_MODE;
        }
        nif_clock_wake(chip->cfg.clock);
    }
    return 0;
}

static void espat_status(struct nif_iface *iface, struct nif_wifi_status *out)
{
    *out = chip_of(iface)->wifi;
}

static int espat_scan(struct nif_iface *iface, const char *ssid,
    struct nif_wifi_network *found, size_t cap)
{
    struct espat *chip = chip_of(iface);

    if ((ssid != NULL && strlen(ssid) > NIF_WIFI_SSID_MAX) || found == NULL ||
        cap == 0) {
        return NIF_EINVAL;
    }
    if (chip->phase == ESPAT_OFF) {
        return NIF_ENODEV;
    }
    if (chip->wifi.state == NIF_WIFI_JOINING) {
        return NIF_EAGAIN;
    }
    copy_text(chip->scan_ssid, ssid);
    chip->found = found;
    chip->found_cap = (uint16_t)(cap < 255 ? cap : 255);
    chip->found_len = 0;
    chip->scan_result = NIF_EAGAIN;
    chip->todo |= ESPAT_TODO_SCAN;
    nif_clock_wake(chip->cfg.clock);
    return 0;
}

static int espat_found(struct nif_iface *iface)
{
    return chip_of(iface)->scan_result;
}

const struct nif_wifi_ops at__wifi_ops = {
    .join = espat_join,
    .leave = espat_leave,
    .status = espat_status,
    .scan = espat_scan,
    .found = espat_found,
};
