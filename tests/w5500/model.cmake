# SPDX-License-Identifier: MIT
nif_spi_model(w5500)
foreach(unit spi regs memory phy reset macraw faults net udp tcp noise)
  nif_test(w5500_model_${unit}
    SOURCES model_${unit}.c model_frames.c model_peer.c
    LIBS nif_model_w5500 LABELS model)
endforeach()
foreach(unit wire times)
  nif_test(w5500_model_${unit}
    SOURCES model_${unit}.c model_call.c model_frames.c
    LIBS nif_model_w5500 LABELS model)
endforeach()
nif_test(w5500_decode SOURCES decode.c LIBS nif_sim LABELS unit)
