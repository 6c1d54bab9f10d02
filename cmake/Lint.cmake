# Checks of the house itself, label lint.

# The kernel stands alone: a program linked with the whole archive of jobs and fmt only. A line in
# jobs that calls into another room or an I/O library makes this link fail.
add_executable(jobs_alone tests/lint/jobs_alone.cc)
target_link_libraries(jobs_alone PRIVATE
  project_settings project_warnings "$<LINK_LIBRARY:WHOLE_ARCHIVE,jobs>")
set_target_properties(jobs_alone PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
add_test(NAME lint.jobs_alone COMMAND jobs_alone)
set_tests_properties(lint.jobs_alone PROPERTIES LABELS lint)

# Every header compiles alone. Not part of `all`, so that a build stays quick; ctest starts it first.
add_test(NAME lint.headers_stand_alone
  COMMAND ${CMAKE_COMMAND} --build "${PROJECT_BINARY_DIR}" --target all_verify_interface_header_sets)
set_tests_properties(lint.headers_stand_alone PROPERTIES LABELS lint TIMEOUT 900 COST 1000)

find_program(RUNNER_PYTHON NAMES python3 REQUIRED)

# runner_lint(NAME arguments...) runs tests/lint/NAME.py ROOT arguments...
function(runner_lint name)
  add_test(NAME lint.${name}
    COMMAND "${RUNNER_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/lint/${name}.py"
      "${PROJECT_SOURCE_DIR}" ${ARGN})
  set_tests_properties(lint.${name} PROPERTIES
    LABELS lint TIMEOUT 120 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endfunction()

runner_lint(lint_selftest)
runner_lint(rooms)
runner_lint(sizes)
runner_lint(words)
runner_lint(time_sources)
runner_lint(test_names)
runner_lint(test_list "${PROJECT_BINARY_DIR}/compile_commands.json")
if(TARGET runner)
  runner_lint(docs "$<TARGET_FILE:runner>")
  runner_lint(manual "$<TARGET_FILE:runner>")
  runner_lint(planted "$<TARGET_FILE:runner>" "$<TARGET_FILE:runner_planted>")
else()
  runner_lint(docs)
endif()

# The hostile moves: played in each containment, and their table in docs/security.md.
add_test(NAME lint.hostile_table
  COMMAND "${RUNNER_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/hostile/hostile.py"
    --check "${PROJECT_SOURCE_DIR}/docs/security.md")
set_tests_properties(lint.hostile_table PROPERTIES LABELS lint TIMEOUT 60 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
if(TARGET runner)
  foreach(level IN ITEMS sandbox namespace cgroup group)
    add_test(NAME hostile.${level}
      COMMAND "${RUNNER_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/hostile/hostile.py"
        "$<TARGET_FILE:runner>" "${runner_test_programs}" ${level})
    set_tests_properties(hostile.${level} PROPERTIES LABELS e2e TIMEOUT 900 SKIP_RETURN_CODE 77
      ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endif()
