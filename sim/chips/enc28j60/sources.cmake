# SPDX-License-Identifier: MIT
target_sources(nif_sim PRIVATE
  chips/enc28j60/build.c
  chips/enc28j60/chip.c
  chips/enc28j60/decode.c
  chips/enc28j60/decoder.c
  chips/enc28j60/dma.c
  chips/enc28j60/filter.c
  chips/enc28j60/flow.c
  chips/enc28j60/mii.c
  chips/enc28j60/phy.c
  chips/enc28j60/regs.c
  chips/enc28j60/reset.c
  chips/enc28j60/rx.c
  chips/enc28j60/spi.c
  chips/enc28j60/table.c
  chips/enc28j60/tx.c
  trace/csv.c
  trace/score.c)
