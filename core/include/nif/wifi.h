// SPDX-License-Identifier: MIT
//
// The radio of a network device (nif_iface.wifi): joining networks, being
// one, looking for some.
//
// Nothing here waits. join(), leave() and scan() begin something that the
// device's poll() finishes; status() and found() say how far it is, without
// bus access. While it is joined, or serves, the device's link is up
// (NIF_IFACE_LINK), and link events are told as for any device. A driver that
// loses its network does not join again by itself: nif/connector.h does.

#ifndef NIF_WIFI_H
#define NIF_WIFI_H

#include "nif/iface.h"

NIF_C_BEGIN

/// Bytes of a network's name, and of a passphrase as text (IEEE 802.11
/// 9.4.2.2; WPA passphrases have 8 to 63 characters, 64 hexadecimal digits
/// are the key itself).
#define NIF_WIFI_SSID_MAX       32
#define NIF_WIFI_PASSPHRASE_MIN 8
#define NIF_WIFI_PASSPHRASE_MAX 64

enum nif_wifi_mode {
    NIF_WIFI_STATION,
    NIF_WIFI_AP, ///< an access point for others
};

enum nif_wifi_auth {
    NIF_WIFI_AUTO, ///< WPA2 or newer with a passphrase, open without
    NIF_WIFI_OPEN,
    NIF_WIFI_WPA,
    NIF_WIFI_WPA2,
    NIF_WIFI_WPA2_MIXED, ///< WPA or WPA2
    NIF_WIFI_WPA3,
};

/// What to join, or to be. Zero is the default of each field but `ssid`.
struct nif_wifi_params {
    enum nif_wifi_mode mode;
    enum nif_wifi_auth auth;
    const char *ssid;
    const char *passphrase; ///< NULL: none
    const char *country;    ///< two letters (ISO 3166-1); NULL: what is
                            ///< allowed everywhere
    uint8_t channel;        ///< of an access point; 0: the driver's choice
};

enum nif_wifi_state {
    NIF_WIFI_IDLE,
    NIF_WIFI_JOINING, ///< on the way to one of the next
    NIF_WIFI_JOINED,
    NIF_WIFI_SERVING, ///< is an access point
    NIF_WIFI_FAILED,  ///< did not come to it, or lost it: nif_wifi_status.err
};

struct nif_wifi_status {
    enum nif_wifi_state state;
    /// Why it is in NIF_WIFI_FAILED: NIF_ENOTFOUND: no such network in reach;
    /// NIF_EAUTH: it does not take the passphrase, or another kind of
    /// security; NIF_EREFUSED: it takes nobody more; NIF_ERESET: it has sent
    /// us away; NIF_ELINK: it is heard no more; NIF_ETIMEDOUT; NIF_EIO.
    int err;
    int8_t rssi_dbm;         ///< of the network joined; 0: not known
    uint8_t channel;         ///< in use; 0: none
    uint8_t stations;        ///< at our access point
    struct nif_hwaddr bssid; ///< of the network joined
};

/// A network that scan() has found.
struct nif_wifi_network {
    uint8_t ssid[NIF_WIFI_SSID_MAX]; ///< any bytes; no NUL behind them
    uint8_t ssid_len;                ///< 0: hidden
    uint8_t channel;
    int8_t rssi_dbm;
    enum nif_wifi_auth auth;
    struct nif_hwaddr bssid;
};

/// What a radio implements.
struct nif_wifi_ops {
    /// Begins to join a network, or to be one; leaves another before that.
    /// `params` and its texts are borrowed for the call.
    ///
    /// Returns 0; NIF_EINVAL if a text is too long or short; NIF_ENOTSUP for
    /// the mode or the kind of security; NIF_ENODEV if not started; NIF_EIO.
    int (*join)(struct nif_iface *iface, const struct nif_wifi_params *params);

    /// Begins to leave; the state is NIF_WIFI_IDLE at once. Returns 0;
    /// NIF_EIO.
    int (*leave)(struct nif_iface *iface);

    /// As of the last poll(). Never fails.
    void (*status)(struct nif_iface *iface, struct nif_wifi_status *out);

    /// Begins to look for networks: all, or those named `ssid`. Up to `cap`
    /// are written to `found`, which is lent until found() has a result.
    /// NULL: the radio cannot.
    ///
    /// Returns 0; NIF_EAGAIN while it joins; NIF_EINVAL; NIF_ENODEV; NIF_EIO.
    int (*scan)(struct nif_iface *iface, const char *ssid,
        struct nif_wifi_network *found, size_t cap);

    /// Returns how many networks were found, strongest first; NIF_EAGAIN
    /// while it looks; the error that ended it; NIF_EINVAL if none was begun.
    int (*found)(struct nif_iface *iface);
};

/// What every driver checks of `params`: lengths, and whether passphrase and
/// kind of security fit. Returns 0 or NIF_EINVAL.
NIF_NODISCARD int nif_wifi_check(const struct nif_wifi_params *params);

NIF_NODISCARD static inline int nif_wifi_join(struct nif_iface *iface,
    const struct nif_wifi_params *params)
{
    return iface->wifi->join(iface, params);
}

static inline int nif_wifi_leave(struct nif_iface *iface)
{
    return iface->wifi->leave(iface);
}

static inline void nif_wifi_status(struct nif_iface *iface,
    struct nif_wifi_status *out)
{
    iface->wifi->status(iface, out);
}

NIF_NODISCARD static inline int nif_wifi_scan(struct nif_iface *iface,
    const char *ssid, struct nif_wifi_network *found, size_t cap)
{
    return iface->wifi->scan != NULL
        ? iface->wifi->scan(iface, ssid, found, cap)
        : NIF_ENOTSUP;
}

NIF_NODISCARD static inline int nif_wifi_found(struct nif_iface *iface)
{
    return iface->wifi->scan != NULL ? iface->wifi->found(iface) : NIF_ENOTSUP;
}

NIF_C_END

#endif
