# Checks of the house itself, label lint.

# The kernel stands alone: a program linked with the whole archive of jobs and fmt only. A line in
# jobs that calls into another room or an I/O library makes this link fail.
add_executable(jobs_alone tests/lint/jobs_alone.cc)
target_link_libraries(jobs_alone PRIVATE
  project_settings project_warnings "$<LINK_LIBRARY:WHOLE_ARCHIVE,jobs>")
set_target_properties(jobs_alone PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
add_test(NAME lint.jobs_alone COMMAND jobs_alone)
set_tests_properties(lint.jobs_alone PROPERTIES LABELS lint)
