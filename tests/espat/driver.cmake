# SPDX-License-Identifier: MIT
foreach(unit start lines doubt radio conn serve words)
  nif_test(espat_driver_${unit}
    SOURCES driver_${unit}.c driver_bench.c driver_script.c
    LIBS nif_drivers nif_sim
    LABELS driver)
endforeach()

# Each text of the driver changed: a sample here, all with --full.
add_test(NAME espat_mutation COMMAND
  ${PROJECT_SOURCE_DIR}/tools/mutate.py drivers/espat --texts
  --list tests/espat/mutants.txt --sample 16 --build ${PROJECT_BINARY_DIR}
  espat_driver_words espat_driver_start espat_driver_radio espat_driver_conn
  espat_driver_serve espat_driver_lines)
set_tests_properties(espat_mutation PROPERTIES LABELS "mutation;once"
  TIMEOUT 1200 SKIP_RETURN_CODE 77 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
