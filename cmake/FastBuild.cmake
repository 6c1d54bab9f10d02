# What makes a build on two cores bearable: a compiler cache and a fast linker, if they are there, and
# small files compiled in batches.

set(RUNNER_BATCHES "1" CACHE STRING "Compile so many files of a folder as one; 1 = each alone")
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

# runner_compile_fast(TARGET headers...): its sources in batches, each of one folder, so that a name in
# an anonymous namespace has to be the folder's only one of that name and kind, and no file's names
# depend on what other folders have. Where enough batches are left for it to be worth it, these headers
# and the standard ones that most files need are compiled once: that takes as long as one batch.
function(runner_compile_fast target)
  if(RUNNER_BATCHES LESS 2)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cc$")
  set(groups "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    runner_batch_of(folder "${source}")
    if(NOT DEFINED count_${folder})
      set(count_${folder} 0)
    endif()
    math(EXPR number "${count_${folder}} / ${RUNNER_BATCHES}")
    math(EXPR count_${folder} "${count_${folder}} + 1")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}_${number}")
    list(APPEND groups "${folder}_${number}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  list(REMOVE_DUPLICATES groups)
  list(LENGTH groups count)
  if(count LESS 10)
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

# What a file may be in one batch with: the files of its folder; those with planted bugs
# (cmake/Planted.cmake) only with each other, because they are compiled a second time.
function(runner_batch_of result source)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
  string(REGEX REPLACE "[^A-Za-z0-9]" "_" folder "${folder}")
  if(EXISTS "${source}")
    file(STRINGS "${source}" lines LIMIT_COUNT 1 REGEX "RUNNER_PLANTED\\(")
    if(lines)
      string(APPEND folder "_planted")
    endif()
  endif()
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()
