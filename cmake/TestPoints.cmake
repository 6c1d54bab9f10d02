# Named crash points (jobs/base/crash_points.inc): compiled in for everything that is tested, and
# nowhere else. The presets say which; a release has none.

option(RUNNER_TEST_POINTS "Compile the named crash points in; for tests only" OFF)
if(RUNNER_TEST_POINTS)
  target_compile_definitions(project_settings INTERFACE RUNNER_TEST_POINTS)
endif()
