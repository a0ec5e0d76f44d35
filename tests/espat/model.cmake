# SPDX-License-Identifier: MIT
foreach(unit line boot join tcp passive udp server faults hosts hostile)
  nif_test(espat_model_${unit}
    SOURCES model_${unit}.c model_bench.c far.c LIBS nif_sim LABELS model)
endforeach()
