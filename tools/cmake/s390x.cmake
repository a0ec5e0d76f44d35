# SPDX-License-Identifier: MIT
#
# Cross-compiles for Linux on s390x, which is big-endian, with Debian's
# s390x-linux-gnu-gcc. qemu-s390x runs the programs.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(NIF_CPU s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
