# Sanitizers and coverage hold for everything that is linked together, so they are global.

set(RUNNER_SANITIZE "" CACHE STRING "Comma separated: address,undefined or thread")
option(RUNNER_COVERAGE "Instrument for gcov/gcovr" OFF)
option(RUNNER_FUZZ "Build the libFuzzer targets (clang 19 only)" OFF)

if(RUNNER_SANITIZE)
  add_compile_options(-fsanitize=${RUNNER_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RUNNER_SANITIZE})
endif()

if(RUNNER_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    message(FATAL_ERROR "RUNNER_FUZZ needs clang 19 or newer (clang 14 of Debian 12 cannot parse "
      "<expected>): apt-get install clang-19 libclang-rt-19-dev, then cmake --preset fuzz")
  endif()
  # Every object is instrumented; only the fuzz programs link libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(RUNNER_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
