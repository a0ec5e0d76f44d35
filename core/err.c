// SPDX-License-Identifier: MIT
//
// Names and texts of the error codes, and the last word of a wrong program.

#include "nif/err.h"

const char *nif_err_name(int err)
{
    switch (err) {
#define NIF_ERR_NAME(name, value, text) \
    case name: return #name;
        NIF_ERR_MAP(NIF_ERR_NAME)
#undef NIF_ERR_NAME
    default: return err >= 0 ? "NIF_OK" : "unknown error";
    }
}

const char *nif_err_text(int err)
{
    switch (err) {
#define NIF_ERR_TEXT(name, value, text) \
    case name: return text;
        NIF_ERR_MAP(NIF_ERR_TEXT)
#undef NIF_ERR_TEXT
    default: return err >= 0 ? "no error" : "unknown error";
    }
}
