# `runner_planted`: the program with the planted bugs of jobs/base/planted.h, for the proof harnesses.
#
# Only the files that say RUNNER_PLANTED( are compiled a second time. The rest comes from the ordinary
# libraries: an object that stands on the link line itself wins over the archive's member.

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/jobs/base/planted.h")
file(GLOB_RECURSE sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/jobs/*.cc" "${PROJECT_SOURCE_DIR}/manifests/*.cc"
  "${PROJECT_SOURCE_DIR}/worktrees/*.cc" "${PROJECT_SOURCE_DIR}/metrics/*.cc"
  "${PROJECT_SOURCE_DIR}/runner/*.cc")
set(planted "${PROJECT_SOURCE_DIR}/runner/planted.cc")
foreach(source IN LISTS sources)
  file(STRINGS "${source}" lines LIMIT_COUNT 1 REGEX "RUNNER_PLANTED\\(")
  if(lines)
    list(APPEND planted "${source}")
  endif()
endforeach()

add_library(planted_objects OBJECT EXCLUDE_FROM_ALL ${planted})
target_compile_definitions(planted_objects PRIVATE
  RUNNER_PLANTED_BUGS RUNNER_VERSION="${PROJECT_VERSION}")
target_link_libraries(planted_objects PRIVATE project_warnings project_settings
  third_party::toml third_party::sqlite third_party::boost third_party::json third_party::cli11
  third_party::libgit2 third_party::prometheus third_party::curl third_party::absl fmt::fmt Threads::Threads)

add_executable(runner_planted EXCLUDE_FROM_ALL runner/main.cc $<TARGET_OBJECTS:planted_objects>)
target_link_libraries(runner_planted PRIVATE runner_lib project_warnings)
