// SPDX-License-Identifier: MIT
//
// What all radios have to check.

#include "nif/wifi.h"

#include <string.h>

static bool is_hex(const char *text)
{
    for (; *text != '\0'; text++) {
        bool digit = *text >= '0' && *text <= '9';
        char lower = (char)(*text | 0x20);

        if (!digit && !(lower >= 'a' && lower <= 'f')) {
            return false;
        }
    }
    return true;
}

static bool good_passphrase(const char *text, enum nif_wifi_auth auth)
{
    size_t len = strlen(text);

    // SAE has no key to give as digits.
    if (len == NIF_WIFI_PASSPHRASE_MAX) {
        return auth != NIF_WIFI_WPA3 && is_hex(text);
    }
    return len >= NIF_WIFI_PASSPHRASE_MIN && len < NIF_WIFI_PASSPHRASE_MAX;
}

int nif_wifi_check(const struct nif_wifi_params *p)
{
    size_t ssid_len = p->ssid != NULL ? strlen(p->ssid) : 0;
    bool secret = p->passphrase != NULL;
    bool good = ssid_len >= 1 && ssid_len <= NIF_WIFI_SSID_MAX &&
        (p->country == NULL || strlen(p->country) == 2);

    if (secret) {
        good = good && p->auth != NIF_WIFI_OPEN &&
            good_passphrase(p->passphrase, p->auth);
    } else {
        good = good && (p->auth == NIF_WIFI_OPEN || p->auth == NIF_WIFI_AUTO);
    }
    return good ? 0 : NIF_EINVAL;
}
