# SPDX-License-Identifier: MIT
#
# Cross-compiles for RV32IMAC with Debian's riscv64-unknown-elf-gcc and
# picolibc. By -misa-spec=2.2 the base includes the CSR instructions; with
# _zicsr this compiler would link the library for 64 bits.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(NIF_CPU rv32imac)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-march=rv32imac -mabi=ilp32 -misa-spec=2.2 \
-mcmodel=medany --specs=picolibc.specs -ffreestanding -fbuiltin \
-ffunction-sections -fdata-sections -fstack-usage")
set(CMAKE_C_FLAGS_MINSIZEREL_INIT "-Os")
