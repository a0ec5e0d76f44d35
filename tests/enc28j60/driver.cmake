# SPDX-License-Identifier: MIT
foreach(unit wire frames link faults)
  nif_test(enc28j60_driver_${unit}
    SOURCES driver_${unit}.c driver_bench.c
    LIBS nif_drivers nif_sim
    LABELS driver)
endforeach()
