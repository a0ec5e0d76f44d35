# SPDX-License-Identifier: MIT
foreach(unit spi regs memory phy reset macraw faults net udp tcp times noise)
  nif_test(w5500_model_${unit}
    SOURCES model_${unit}.c model_bench.c model_frames.c model_peer.c
    LIBS nif_sim LABELS model)
endforeach()
nif_test(w5500_decode SOURCES decode.c LIBS nif_sim LABELS unit)
