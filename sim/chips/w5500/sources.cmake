# SPDX-License-Identifier: MIT
target_sources(nif_sim PRIVATE
  chips/w5500/chip.c
  chips/w5500/decode.c
  chips/w5500/mac.c
  chips/w5500/macraw.c
  chips/w5500/memory.c
  chips/w5500/net.c
  chips/w5500/phy.c
  chips/w5500/regs.c
  chips/w5500/reset.c
  chips/w5500/socket.c
  chips/w5500/spi.c
  chips/w5500/stack.c
  chips/w5500/table.c
  chips/w5500/tcp.c
  chips/w5500/timer.c
  chips/w5500/udp.c)
