# SPDX-License-Identifier: MIT
nif_test(captures_score
  SOURCES ${PROJECT_SOURCE_DIR}/tests/captures/test_score.c LIBS nif_sim LABELS capture)
nif_test(captures_csv
  SOURCES ${PROJECT_SOURCE_DIR}/tests/captures/test_csv.c LIBS nif_sim LABELS capture)

nif_test(trace_read
  SOURCES ${PROJECT_SOURCE_DIR}/tests/captures/test_trace_read.c LIBS nif_sim LABELS unit)
nif_test(trace_decode
  SOURCES ${PROJECT_SOURCE_DIR}/tests/captures/test_decode.c LIBS nif_sim LABELS unit)

# The tool itself: what it prints and its exit codes.
if(TARGET nif)
  add_test(NAME captures_tool COMMAND
    ${PROJECT_SOURCE_DIR}/tests/captures/tool.py $<TARGET_FILE:nif>)
  add_test(NAME captures_import COMMAND
    ${PROJECT_SOURCE_DIR}/tests/captures/importing.py $<TARGET_FILE:nif>
    $<TARGET_FILE:test_enc28j60_driver_wire>
    $<$<BOOL:${NIF_ASAN}>:--any-memory> COMMAND_EXPAND_LISTS)
  add_test(NAME captures_export COMMAND
    ${PROJECT_SOURCE_DIR}/tests/captures/exporting.py $<TARGET_FILE:nif>)
  add_test(NAME captures_formats COMMAND
    ${PROJECT_SOURCE_DIR}/tests/captures/formats.py $<TARGET_FILE:nif>)
  set_tests_properties(captures_export captures_formats captures_import captures_tool PROPERTIES LABELS capture TIMEOUT 300
    SKIP_RETURN_CODE 77
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endif()

# What the capture can judge and what it cannot, fault by fault.
add_test(NAME captures_mutants COMMAND
  ${PROJECT_SOURCE_DIR}/tests/captures/mutants.py --full --cc ${CMAKE_C_COMPILER})
set_tests_properties(captures_mutants PROPERTIES LABELS "capture;mutation;once" TIMEOUT 300
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
