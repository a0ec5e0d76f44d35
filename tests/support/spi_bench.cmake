# SPDX-License-Identifier: MIT
#
# nif_spi_bench(CHIP): the bench of its driver's tests, support/spi_bench.h, as
# nif_bench_CHIP.
function(nif_spi_bench chip)
  add_library(nif_bench_${chip} OBJECT
    ${PROJECT_SOURCE_DIR}/tests/support/spi_bench.c driver_bench.c)
  target_include_directories(nif_bench_${chip}
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(nif_bench_${chip} PUBLIC nif_drivers nif_sim
    PkgConfig::CMOCKA)
endfunction()
