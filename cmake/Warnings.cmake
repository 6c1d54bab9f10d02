# The whole warnings policy: one interface target, linked by our own code and by nothing else.
# Third-party headers come in as SYSTEM, so what is reported here is ours to repair.

option(RUNNER_WERROR "Treat warnings as errors (on in CI)" OFF)

add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
  -Wall -Wextra -Wpedantic
  -Wshadow
  -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual
  -Wextra-semi
  -Wcast-qual -Wcast-align
  -Wformat=2
  -Wimplicit-fallthrough
  -Wundef
  # An enum value nobody thought of, a missing return and a dropped Result are errors everywhere.
  -Werror=switch -Werror=return-type -Werror=unused-result
  # A designated initialiser that leaves the rest at its default is how we write options.
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wsuggest-override>
  $<$<BOOL:${RUNNER_WERROR}>:-Werror>)
