# SPDX-License-Identifier: MIT
foreach(unit regs memory mii rx filter tx half reset errata rules)
  nif_test(enc28j60_model_${unit}
    SOURCES model_${unit}.c model_bench.c LIBS nif_sim LABELS model)
endforeach()
include(${PROJECT_SOURCE_DIR}/tests/captures/captures.cmake)
