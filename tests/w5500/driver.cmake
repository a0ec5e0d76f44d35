# SPDX-License-Identifier: MIT
nif_test(w5500_driver_wire SOURCES driver_wire.c driver_script.c
  LIBS nif_drivers nif_core LABELS driver)
foreach(unit tcp listen udp)
  nif_test(w5500_driver_${unit}
    SOURCES driver_${unit}.c driver_stack.c driver_script.c
    LIBS nif_drivers nif_core LABELS driver)
endforeach()
foreach(unit frames faults)
  nif_test(w5500_driver_${unit} SOURCES driver_${unit}.c driver_bench.c
    LIBS nif_drivers nif_sim LABELS driver)
endforeach()
nif_test(w5500_race SOURCES race.c driver_bench.c
  LIBS nif_drivers nif_sim LABELS race TIMEOUT 600)
