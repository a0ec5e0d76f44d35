# SPDX-License-Identifier: MIT
target_sources(nif_sim PRIVATE
  chips/espat/address.c
  chips/espat/args.c
  chips/espat/basic.c
  chips/espat/chip.c
  chips/espat/commands.c
  chips/espat/faults.c
  chips/espat/line.c
  chips/espat/link.c
  chips/espat/links.c
  chips/espat/net.c
  chips/espat/out.c
  chips/espat/receive.c
  chips/espat/send.c
  chips/espat/start.c
  chips/espat/time.c
  chips/espat/tls.c
  chips/espat/wifi.c
  chips/espat/wifi_commands.c)
