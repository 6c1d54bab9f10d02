# What makes a build on two cores bearable: a compiler cache and a fast linker, if they are there.

option(RUNNER_PRECOMPILE "Compile what nearly every file includes once for each large target" OFF)
option(RUNNER_CCACHE "Compile through ccache when it is found" ON)
set(RUNNER_LINKER "auto" CACHE STRING "auto (mold, then lld, then the default), mold, lld, default")

if(RUNNER_CCACHE)
  find_program(RUNNER_CCACHE_PROGRAM ccache)
  if(RUNNER_CCACHE_PROGRAM)
    # The working directory is left out of the hash, so that two build folders share their objects.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
      ${RUNNER_CCACHE_PROGRAM})
  endif()
endif()

if(RUNNER_LINKER STREQUAL "auto")
  find_program(RUNNER_MOLD mold)
  find_program(RUNNER_LLD ld.lld)
  # gcov's and the sanitizers' own runtimes are happiest with the linker they were tested with.
  if(RUNNER_MOLD AND NOT RUNNER_FUZZ)
    set(runner_linker mold)
  elseif(RUNNER_LLD)
    set(runner_linker lld)
  endif()
elseif(NOT RUNNER_LINKER STREQUAL "default")
  set(runner_linker ${RUNNER_LINKER})
endif()

if(runner_linker)
  include(CheckLinkerFlag)
  check_linker_flag(CXX "-fuse-ld=${runner_linker}" RUNNER_LINKER_WORKS_${runner_linker})
  if(RUNNER_LINKER_WORKS_${runner_linker})
    add_link_options(-fuse-ld=${runner_linker})
  endif()
endif()

# runner_precompile(TARGET headers...): these and the standard headers that most files need, compiled
# once for the target. Only where it has enough files to be worth it: the header itself takes as long
# as two of them.
function(runner_precompile target)
  if(NOT RUNNER_PRECOMPILE)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  if(count LESS 5)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <chrono> <cstdint> <expected> <functional> <map> <memory> <optional>
    <ranges> <set> <span> <string> <string_view> <utility> <variant> <vector>
    <fmt/format.h> <fmt/ranges.h> ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
  endif()
endfunction()
