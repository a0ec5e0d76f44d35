# SPDX-License-Identifier: MIT
#
# Cross-compiles for Cortex-M33 with Debian's arm-none-eabi-gcc.
set(NIF_CPU cortex-m33)
include(${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake)
