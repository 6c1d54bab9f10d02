# Tests are found by their place:
#
#   tests/fakes/*.cc                      library fakes
#   tests/support/*.cc                    library test_support
#   tests/stub/*.cc                       library stub: the loopback server that can fail
#   tests/programs/NAME.cc                program bin/tests/NAME (scripted agents and the like)
#   tests/programs/NAME/*.cc              the same, of several files
#   tests/unit/ROOM/*_test.cc             unit_ROOM, linked with that room only
#   tests/{integration,contract,crash,sim}/NAME/*_test.cc   KIND_NAME, linked with the whole program
#   tests/{e2e,cli}/*_test.cc             e2e, cli: drive the real binary
#   tests/fuzz/NAME_fuzz.cc               replay_NAME replays tests/fuzz/seeds/NAME; fuzz_NAME with clang
#
# The label of a test is the name of its folder. tests/lint checks that no file is left out.

find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
include(GoogleTest)

foreach(target IN ITEMS rapidcheck GTest::gtest GTest::gmock)
  get_target_property(includes ${target} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${includes}")
endforeach()

set(RUNNER_TEST_TIMEOUT 120 CACHE STRING "Seconds after which one test case is killed")
set(runner_test_binary "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/runner")
set(runner_test_programs "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/tests")
# What the person at the keyboard has set must not decide whether a test passes.
set(runner_test_environment
  "RUNNER_BINARY=${runner_test_binary}"
  "RUNNER_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
  "RUNNER_TEST_PROGRAMS=${runner_test_programs}"
  "GIT_CONFIG_NOSYSTEM=1"
  "GIT_CONFIG_GLOBAL=/dev/null"
  "LC_ALL=C.UTF-8")
set(runner_test_environment_unset
  "RUNNER_MANIFESTS=unset:" "RUNNER_KILL_SWITCH=unset:" "RUNNER_STATE=unset:"
  "RUNNER_POINT=unset:" "RUNNER_POINT_LOG=unset:"
  "GIT_DIR=unset:" "GIT_WORK_TREE=unset:" "NO_COLOR=unset:")

# runner_test_library(NAME FOLDER libraries...): every .cc of FOLDER; an empty folder is allowed.
function(runner_test_library name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  if(NOT sources)
    set(sources "${PROJECT_BINARY_DIR}/generated/${name}.cc")
    file(CONFIGURE OUTPUT "${sources}" CONTENT "// No sources yet.\n")
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC project_settings ${ARGN} PRIVATE project_warnings)
  target_compile_definitions(${name} PRIVATE RUNNER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  runner_compile_fast(${name})
endfunction()

runner_test_library(fakes tests/fakes jobs)
runner_test_library(stub tests/stub jobs third_party::json Threads::Threads)
runner_test_library(test_support tests/support stub
  jobs GTest::gtest third_party::libgit2 SQLite::SQLite3 Threads::Threads)

# The programs that tests start; a test that needs them depends on test_programs.
add_custom_target(test_programs)
# What `./dev prove` runs under the sanitizers: the unit tests and, in the preset fuzz, the fuzzers.
add_custom_target(sanitized)
file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/programs"
  "${PROJECT_SOURCE_DIR}/tests/programs/*.cc")
set(programs "")
foreach(file IN LISTS files)
  string(REGEX MATCH "^[^/.]+" name "${file}")
  list(APPEND programs ${name})
  list(APPEND sources_of_program_${name} "${PROJECT_SOURCE_DIR}/tests/programs/${file}")
endforeach()
list(REMOVE_DUPLICATES programs)
foreach(name IN LISTS programs)
  add_executable(program_${name} ${sources_of_program_${name}})
  set_target_properties(program_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${runner_test_programs}")
  target_link_libraries(program_${name}
    PRIVATE project_settings project_warnings Threads::Threads fmt::fmt)
  runner_compile_fast(program_${name})
  add_dependencies(test_programs program_${name})
endforeach()
target_link_libraries(program_fault_stub PRIVATE stub third_party::json)
target_link_libraries(program_model_stub PRIVATE third_party::json)

# runner_test(NAME LABEL SOURCES file... LIBRARIES target...)
function(runner_test name label)
  cmake_parse_arguments(PARSE_ARGV 2 test "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${test_SOURCES})
  target_link_libraries(${name} PRIVATE
    project_warnings project_settings ${test_LIBRARIES}
    fakes test_support jobs rapidcheck rapidcheck_gtest GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE RUNNER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  runner_compile_fast(${name} <gtest/gtest.h> <gmock/gmock.h>)
  if(label STREQUAL "unit")
    add_dependencies(sanitized ${name})
  endif()
  if(NOT label STREQUAL "unit")
    # A unit test starts nothing; everything else may start the program and its helpers.
    target_compile_definitions(${name} PRIVATE
      RUNNER_BINARY="${runner_test_binary}" RUNNER_TEST_PROGRAMS="${runner_test_programs}")
    add_dependencies(${name} test_programs)
    if(TARGET runner)
      add_dependencies(${name} runner)
    endif()
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}"
    TEST_PREFIX "${name}."
    # Otherwise the bytes of a parameter, addresses included, become part of the name.
    NO_PRETTY_VALUES
    PROPERTIES LABELS "${label}" TIMEOUT ${RUNNER_TEST_TIMEOUT})
  # A list does not survive PROPERTIES above (only its first element arrives), so the environment is
  # set by a file of its own that ctest reads after the discovery.
  set(script "${PROJECT_BINARY_DIR}/${name}_environment.cmake")
  file(GENERATE OUTPUT "${script}" CONTENT
    "foreach(test IN LISTS ${name}_TESTS)
  set_tests_properties(\"\${test}\" PROPERTIES
    ENVIRONMENT [==[${runner_test_environment}]==]
    ENVIRONMENT_MODIFICATION [==[${runner_test_environment_unset}]==])
endforeach()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()

# One test program for each folder below tests/KIND, from every file in it: tests and what they share.
function(runner_test_kind kind)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/${kind}"
    "${PROJECT_SOURCE_DIR}/tests/${kind}/*.cc")
  set(folders "")
  foreach(file IN LISTS files)
    string(REGEX MATCH "^[^/]+" folder "${file}")
    if(NOT folder STREQUAL file)
      list(APPEND folders ${folder})
      list(APPEND sources_${folder} "${PROJECT_SOURCE_DIR}/tests/${kind}/${file}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    if(NOT kind STREQUAL "unit")
      set(libraries stub oracle runner_lib manifests worktrees metrics third_party::json third_party::libgit2
        third_party::sqlite third_party::boost)
    elseif(folder STREQUAL "runner")
      set(libraries runner_lib third_party::json third_party::sqlite)
    else()
      set(libraries ${folder})
    endif()
    runner_test(${kind}_${folder} ${kind} SOURCES ${sources_${folder}} LIBRARIES ${libraries})
  endforeach()
endfunction()

foreach(kind IN ITEMS unit contract integration crash sim)
  runner_test_kind(${kind})
endforeach()

foreach(kind IN ITEMS e2e cli)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${kind}/*_test.cc")
  if(sources)
    runner_test(${kind} ${kind} SOURCES ${sources}
      LIBRARIES stub oracle third_party::json third_party::libgit2 third_party::sqlite Threads::Threads
        # The commands are tried on states that the store itself has made.
        $<$<STREQUAL:${kind},cli>:runner_lib>)
  endif()
endforeach()

# Fuzz targets: always an ordinary test that replays the seeds; with clang also the fuzzer itself.
file(GLOB fuzz_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc")
foreach(source IN LISTS fuzz_sources)
  cmake_path(GET source STEM stem)
  string(REGEX REPLACE "_fuzz$" "" name "${stem}")
  set(libraries project_warnings runner_lib manifests worktrees metrics jobs
    third_party::json third_party::libgit2 ZLIB::ZLIB)
  add_executable(replay_${name} "${source}" tests/fuzz/replay_main.cc)
  target_link_libraries(replay_${name} PRIVATE ${libraries})
  set_target_properties(replay_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  add_test(NAME fuzz_replay.${name}
    COMMAND replay_${name} "${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name}")
  set_tests_properties(fuzz_replay.${name} PROPERTIES
    LABELS fuzz-replay TIMEOUT ${RUNNER_TEST_TIMEOUT})
  if(RUNNER_FUZZ)
    add_executable(fuzz_${name} "${source}")
    target_link_libraries(fuzz_${name} PRIVATE ${libraries})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(sanitized fuzz_${name})
    set_target_properties(fuzz_${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  endif()
endforeach()
