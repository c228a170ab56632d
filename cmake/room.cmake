# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# A room of the house is a folder, and a library: iptrace_room(NAME SOURCES file … USES room … LINKS target …).
# USES are the rooms whose headers it may include. Whoever uses a room also links what that one uses, and nothing else:
# in a build with tests each room is linked once by itself, and the linker refuses what none of them has. The same list is
# held against the #include lines by unit.rooms (tests/unit/rooms.sh).
function(iptrace_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LINKS" ${ARGN})
  set(uses ${ROOM_USES})
  list(TRANSFORM uses PREPEND iptrace_)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE ";" " " used "${ROOM_USES}")
  set_property(GLOBAL APPEND_STRING PROPERTY IPTRACE_ROOMS "${name} ${folder} ${used}\n")

  if(NOT ROOM_SOURCES)
    add_library(iptrace_${name} INTERFACE)
    target_link_libraries(iptrace_${name} INTERFACE ${uses})
    return()
  endif()
  add_library(iptrace_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(iptrace_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(iptrace_${name} PUBLIC ${uses} PkgConfig::GLIB PRIVATE ${ROOM_LINKS})

  # Link-time optimization would be paid for each.
  if(BUILD_TESTING AND NOT IPTRACE_FUZZ AND (IPTRACE_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL Debug))
    add_library(iptrace_${name}_by_itself MODULE $<TARGET_OBJECTS:iptrace_${name}>)
    target_link_libraries(iptrace_${name}_by_itself PRIVATE ${uses} PkgConfig::GLIB ${ROOM_LINKS})
    target_link_options(iptrace_${name}_by_itself PRIVATE -Wl,--no-undefined)
  endif()
endfunction()
