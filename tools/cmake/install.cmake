# SPDX-License-Identifier: MIT
#
# What `cmake --install` gives: headers, libraries, find_package(netif) and
# .pc files.
include(CMakePackageConfigHelpers)

set(NIF_INCLUDE ${CMAKE_INSTALL_INCLUDEDIR}/netif)
foreach(part core drivers sim)
  set_target_properties(nif_${part} PROPERTIES EXPORT_NAME ${part})
endforeach()
install(TARGETS nif_core nif_drivers nif_sim EXPORT netif
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS nif RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY core/include/nif DESTINATION ${NIF_INCLUDE})
install(DIRECTORY drivers/ DESTINATION ${NIF_INCLUDE}
  FILES_MATCHING PATTERN "*.h"
  PATTERN "*_regs.h" EXCLUDE PATTERN "internal.h" EXCLUDE)
install(DIRECTORY sim DESTINATION ${NIF_INCLUDE}
  FILES_MATCHING PATTERN "*.h" PATTERN "sim/fiber.h" EXCLUDE
  PATTERN "sim/capture" EXCLUDE)

install(EXPORT netif NAMESPACE netif::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/netif FILE netifTargets.cmake)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/tools/cmake/netifConfig.cmake.in
  ${PROJECT_BINARY_DIR}/netifConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/netif)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/netifConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/netifConfig.cmake
  ${PROJECT_BINARY_DIR}/netifConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/netif)

# nif_pc(name description libs requires)
function(nif_pc name description requires)
  set(PC_NAME ${name})
  set(PC_DESCRIPTION ${description})
  set(PC_REQUIRES ${requires})
  configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/netif.pc.in
    ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
nif_pc(nif "Network interfaces and TCP/IP for microcontrollers" "")
nif_pc(nif-drivers "Drivers for network chips" nif)
nif_pc(nif-sim "Simulated buses, chips and wires" nif)
