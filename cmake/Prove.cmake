# The proof harnesses, not part of `all`: target `proofs` builds them, `./dev prove` runs them.
#
#   tests/oracle/*.cc          library oracle: judges the invariants from outside
#   tests/prove/frame/*.cc     library prove_frame: options, evidence, workers, stages
#   tests/prove/trace/*.cc     library prove_trace: the real binary between its system calls
#   tests/prove/NAME/*.cc      program tests/prove_NAME; also prove_NAME_planted, with the planted
#                              bugs (cmake/Planted.cmake), where it has product code in itself

runner_test_library(oracle tests/oracle
  third_party::json third_party::toml third_party::sqlite third_party::libgit2)
runner_test_library(prove_frame tests/prove/frame
  third_party::json third_party::cli11 Threads::Threads)
runner_test_library(prove_trace tests/prove/trace
  prove_frame oracle third_party::json third_party::sqlite third_party::libgit2 Threads::Threads)

# Does a harness run product code inside itself? Then its includes say so.
function(runner_calls_product result files)
  set(${result} FALSE PARENT_SCOPE)
  foreach(file IN LISTS files)
    file(STRINGS "${file}" found LIMIT_COUNT 1
      REGEX "^#include \"(runner|worktrees|manifests|metrics|jobs/(ticks|policy|pipelines)|tests/support/scenario)")
    if(found)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

add_custom_target(proofs)
# What only the harness `planted` runs.
add_custom_target(proofs_planted)
add_dependencies(proofs_planted runner_planted)
file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/prove"
  "${PROJECT_SOURCE_DIR}/tests/prove/*.cc")
set(harnesses "")
foreach(file IN LISTS files)
  string(REGEX MATCH "^[^/]+" harness "${file}")
  # sim and money are built by cmake/Sim.cmake
  if(NOT harness MATCHES "^(frame|trace|sim|money)$")
    list(APPEND harnesses ${harness})
    list(APPEND sources_of_${harness} "${PROJECT_SOURCE_DIR}/tests/prove/${file}")
  endif()
endforeach()
list(REMOVE_DUPLICATES harnesses)
foreach(harness IN LISTS harnesses)
  add_executable(prove_${harness} EXCLUDE_FROM_ALL ${sources_of_${harness}})
  target_link_libraries(prove_${harness} PRIVATE
    project_warnings project_settings prove_trace prove_frame oracle
    runner_lib manifests worktrees metrics stub fakes test_support jobs
    third_party::json third_party::libgit2 third_party::sqlite third_party::boost)
  runner_compile_fast(prove_${harness})
  target_compile_definitions(prove_${harness} PRIVATE RUNNER_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    RUNNER_BINARY="${runner_test_binary}" RUNNER_TEST_PROGRAMS="${runner_test_programs}")
  set_target_properties(prove_${harness} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  add_dependencies(prove_${harness} test_programs runner)
  add_dependencies(proofs prove_${harness})
  runner_calls_product(calls "${sources_of_${harness}}")
  if(calls)
    add_executable(prove_${harness}_planted EXCLUDE_FROM_ALL
      $<TARGET_OBJECTS:prove_${harness}> $<TARGET_OBJECTS:planted_objects>)
    get_target_property(libraries prove_${harness} LINK_LIBRARIES)
    target_link_libraries(prove_${harness}_planted PRIVATE ${libraries})
    set_target_properties(prove_${harness}_planted PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_dependencies(proofs_planted prove_${harness}_planted)
  endif()
endforeach()

include(Sim)  # prove_sim, prove_money

# ./dev bench NAME
file(GLOB bench_frame CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/bench/*.cc")
foreach(bench IN ITEMS git poll)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/bench/${bench}/*.cc")
  add_executable(bench_${bench} EXCLUDE_FROM_ALL ${sources} ${bench_frame})
  target_link_libraries(bench_${bench} PRIVATE project_warnings project_settings
    runner_lib stub fakes worktrees jobs third_party::libgit2 third_party::cli11 Threads::Threads)
  set_target_properties(bench_${bench} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
endforeach()
