# SPDX-License-Identifier: MIT
nif_spi_bench(enc28j60)
foreach(unit wire frames link faults)
  nif_test(enc28j60_driver_${unit}
    SOURCES driver_${unit}.c
    LIBS nif_bench_enc28j60
    LABELS driver)
endforeach()
