# SPDX-License-Identifier: MIT
#
# Benches that tests of several chips share, each compiled with the chip's own
# driver_bench.h or model_bench.h:
# nif_frame_bench(CHIP): of a frame device, support/frame_bench.h, as
# nif_bench_CHIP.
# nif_spi_bench(CHIP): the same of one on SPI, support/spi_bench.h.
# nif_spi_model(CHIP): of the model of a chip on SPI, support/spi_model.h, as
# nif_model_CHIP.
function(nif_frame_bench chip)
  nif_bench(nif_bench_${chip} driver_bench.c frame_bench.c)
  target_link_libraries(nif_bench_${chip} PUBLIC nif_drivers)
endfunction()

function(nif_spi_bench chip)
  nif_bench(nif_bench_${chip} driver_bench.c frame_bench.c spi_bench.c
    spi_frames.c spi_link.c spi_dead_bus.c)
  target_link_libraries(nif_bench_${chip} PUBLIC nif_drivers)
endfunction()

function(nif_spi_model chip)
  nif_bench(nif_model_${chip} model_bench.c spi_model.c)
endfunction()

function(nif_bench name own)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/tests/support/)
  add_library(${name} OBJECT ${own} ${ARGN})
  target_include_directories(${name}
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC nif_sim PkgConfig::CMOCKA)
endfunction()
