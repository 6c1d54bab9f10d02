# The simulation: the kernel once more, with the models that stand for the world, always optimised,
# because it lives through some hundred thousand lifecycles.
#
#   tests/sim_support/*.cc     the world: fibers, models, faults, checks
#   tests/prove/{sim,money}    programs tests/prove_NAME and, with the planted bugs of
#                              jobs/base/planted.h, tests/prove_NAME_planted

file(GLOB_RECURSE sim_sources CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/jobs/*.cc"
  "${PROJECT_SOURCE_DIR}/runner/tick/*.cc"
  "${PROJECT_SOURCE_DIR}/tests/fakes/*.cc"
  "${PROJECT_SOURCE_DIR}/tests/oracle/judge*.cc"
  "${PROJECT_SOURCE_DIR}/tests/sim_support/*.cc")

# runner_sim(SUFFIX definitions...)
function(runner_sim suffix)
  add_library(sim_kernel${suffix} STATIC EXCLUDE_FROM_ALL ${sim_sources})
  target_link_libraries(sim_kernel${suffix} PUBLIC project_settings fmt::fmt Threads::Threads
    PRIVATE project_warnings)
  # g++ 12 sees overlapping and endless copies in std::string where there are none once it inlines.
  target_compile_options(sim_kernel${suffix} PRIVATE -O2 -Wno-restrict -Wno-stringop-overflow
    -Wno-stringop-overread -Wno-array-bounds)
  target_compile_definitions(sim_kernel${suffix} PUBLIC ${ARGN})
  runner_compile_fast(sim_kernel${suffix})
  foreach(harness IN ITEMS sim money)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/prove/${harness}/*.cc")
    add_executable(prove_${harness}${suffix} EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(prove_${harness}${suffix} PRIVATE
      project_warnings project_settings sim_kernel${suffix} prove_frame)
    set_target_properties(prove_${harness}${suffix} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
    add_dependencies(proofs${suffix} prove_${harness}${suffix})
  endforeach()
endfunction()

runner_sim("")
runner_sim(_planted RUNNER_PLANTED_BUGS)
# In the programs themselves: nothing refers to what switches a bug on, so an archive would lose it.
foreach(harness IN ITEMS sim money)
  target_sources(prove_${harness}_planted PRIVATE "${PROJECT_SOURCE_DIR}/runner/planted.cc")
endforeach()
