# SPDX-License-Identifier: MIT
#
# Cross-compiles for Cortex-M0+ with Debian's arm-none-eabi-gcc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m0plus)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m0plus -mthumb -ffreestanding -fbuiltin \
-ffunction-sections -fdata-sections -fstack-usage")
set(CMAKE_C_FLAGS_MINSIZEREL_INIT "-Os")
