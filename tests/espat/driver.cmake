# SPDX-License-Identifier: MIT
foreach(unit start lines radio conn serve)
  nif_test(espat_driver_${unit}
    SOURCES driver_${unit}.c driver_bench.c driver_script.c
    LIBS nif_drivers nif_sim
    LABELS driver)
endforeach()
