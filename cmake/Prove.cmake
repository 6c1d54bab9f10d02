# The proof harnesses, not part of `all`: target `proofs` builds them, `./dev prove` runs them.
#
#   tests/oracle/*.cc          library oracle: judges the invariants from outside
#   tests/prove/frame/*.cc     library prove_frame: options, evidence, workers
#   tests/prove/NAME/*.cc      program tests/prove_NAME

runner_test_library(oracle tests/oracle
  third_party::json third_party::toml third_party::sqlite third_party::libgit2)
runner_test_library(prove_frame tests/prove/frame
  third_party::json third_party::cli11 Threads::Threads)

add_custom_target(proofs)
file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests/prove"
  "${PROJECT_SOURCE_DIR}/tests/prove/*.cc")
set(harnesses "")
foreach(file IN LISTS files)
  string(REGEX MATCH "^[^/]+" harness "${file}")
  if(NOT harness STREQUAL "frame")
    list(APPEND harnesses ${harness})
    list(APPEND sources_of_${harness} "${PROJECT_SOURCE_DIR}/tests/prove/${file}")
  endif()
endforeach()
list(REMOVE_DUPLICATES harnesses)
foreach(harness IN LISTS harnesses)
  add_executable(prove_${harness} EXCLUDE_FROM_ALL ${sources_of_${harness}})
  target_link_libraries(prove_${harness} PRIVATE
    project_warnings project_settings prove_frame oracle
    runner_lib manifests worktrees metrics fakes test_support jobs
    third_party::json third_party::libgit2 third_party::sqlite third_party::boost CURL::libcurl)
  target_compile_definitions(prove_${harness} PRIVATE RUNNER_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    RUNNER_BINARY="${runner_test_binary}" RUNNER_TEST_PROGRAMS="${runner_test_programs}")
  set_target_properties(prove_${harness} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  add_dependencies(prove_${harness} test_programs runner)
  add_dependencies(proofs prove_${harness})
endforeach()
