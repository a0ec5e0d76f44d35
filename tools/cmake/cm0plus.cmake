# SPDX-License-Identifier: MIT
#
# Cross-compiles for Cortex-M0+ with Debian's arm-none-eabi-gcc.
set(NIF_CPU cortex-m0plus)
include(${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake)
