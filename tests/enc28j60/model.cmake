# SPDX-License-Identifier: MIT
nif_spi_model(enc28j60)
foreach(unit regs memory mii rx filter tx half reset errata rules)
  nif_test(enc28j60_model_${unit}
    SOURCES model_${unit}.c LIBS nif_model_enc28j60 LABELS model)
endforeach()
include(${PROJECT_SOURCE_DIR}/tests/captures/captures.cmake)
