# SPDX-License-Identifier: MIT
nif_test(w5500_driver_wire SOURCES driver_wire.c driver_script.c
  LIBS nif_drivers nif_core LABELS driver)
