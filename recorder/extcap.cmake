# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Where Wireshark looks for programs that capture; there the recorder is found under the name `iptrace`.

# Wireshark 4.0 and 4.4 look below the library directory, 4.6 below libexec. The program knows; else pkg-config
# says where its libraries are.
function(iptrace_find_extcap_dir result)
  find_program(IPTRACE_TSHARK tshark)
  mark_as_advanced(IPTRACE_TSHARK)
  if(IPTRACE_TSHARK)
    execute_process(COMMAND ${IPTRACE_TSHARK} -G folders OUTPUT_VARIABLE folders ERROR_QUIET)
    if(folders MATCHES "\n(Global )?Extcap path:[ \t]*(/[^\n]*)")
      string(STRIP "${CMAKE_MATCH_2}" directory)
      set(${result} "${directory}" PARENT_SCOPE)
      return()
    endif()
  endif()
  pkg_check_modules(WIRESHARK QUIET wireshark)
  if(WIRESHARK_FOUND AND WIRESHARK_VERSION VERSION_GREATER_EQUAL 4.6)
    set(${result} "${CMAKE_INSTALL_FULL_LIBEXECDIR}/wireshark/extcap" PARENT_SCOPE)
  elseif(WIRESHARK_FOUND)
    pkg_get_variable(directory wireshark libdir)
    set(${result} "${directory}/wireshark/extcap" PARENT_SCOPE)
  else()
    set(${result} "${CMAKE_INSTALL_FULL_LIBDIR}/wireshark/extcap" PARENT_SCOPE)
  endif()
endfunction()

iptrace_find_extcap_dir(directory)
set(IPTRACE_EXTCAP_DIR "${directory}" CACHE PATH "Directory that Wireshark finds the recorder in")

# A link: one program, one set of capabilities.
file(CREATE_LINK "${CMAKE_INSTALL_FULL_SBINDIR}/iptrace-record" "${CMAKE_CURRENT_BINARY_DIR}/iptrace" SYMBOLIC)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/iptrace" DESTINATION "${IPTRACE_EXTCAP_DIR}" COMPONENT extcap)
