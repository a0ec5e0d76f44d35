# SPDX-License-Identifier: MIT
#
# nif_spi_bench(CHIP): the bench of its driver's tests, support/spi_bench.h, as
# nif_bench_CHIP.
# nif_spi_model(CHIP): that of its model's, support/spi_model.h, as
# nif_model_CHIP.
function(nif_spi_bench chip)
  nif_spi_support(nif_bench_${chip} spi_bench.c driver_bench.c nif_drivers)
endfunction()

function(nif_spi_model chip)
  nif_spi_support(nif_model_${chip} spi_model.c model_bench.c)
endfunction()

function(nif_spi_support name common own)
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/tests/support/${common} ${own})
  target_include_directories(${name}
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN} nif_sim PkgConfig::CMOCKA)
endfunction()
