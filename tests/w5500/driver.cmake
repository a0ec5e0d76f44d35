# SPDX-License-Identifier: MIT
nif_test(w5500_driver_wire SOURCES driver_wire.c driver_script.c
  LIBS nif_drivers nif_core LABELS driver)
foreach(unit tcp listen udp states)
  nif_test(w5500_driver_${unit}
    SOURCES driver_${unit}.c driver_stack.c driver_script.c
    LIBS nif_drivers nif_core LABELS driver)
endforeach()
nif_spi_bench(w5500)
foreach(unit frames faults)
  nif_test(w5500_driver_${unit} SOURCES driver_${unit}.c
    LIBS nif_bench_w5500 LABELS driver)
endforeach()

# Each number of the register list changed: a sample here, all with --full.
add_test(NAME w5500_mutation COMMAND
  ${PROJECT_SOURCE_DIR}/tools/mutate.py drivers/w5500 --files w5500_regs.h
  --sample 16 --build ${PROJECT_BINARY_DIR}
  w5500_driver_wire w5500_driver_states w5500_driver_tcp w5500_driver_listen
  w5500_driver_udp w5500_driver_frames w5500_driver_faults)
set_tests_properties(w5500_mutation PROPERTIES LABELS "mutation;once"
  TIMEOUT 1200 SKIP_RETURN_CODE 77 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
