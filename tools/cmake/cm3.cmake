# SPDX-License-Identifier: MIT
#
# Cross-compiles for Cortex-M3 with Debian's arm-none-eabi-gcc.
set(NIF_CPU cortex-m3)
include(${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake)
