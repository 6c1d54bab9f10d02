#include <cstdio>
#include <exception>

#include "jobs/base/error.h"
#include "runner/cli/app.h"
#include "runner/process/sandbox_init.h"

#ifdef RUNNER_TEST_POINTS
#include "runner/test_points.h"
#endif

int main(int argc, char** argv) {
  if (runner::process::is_sandbox_call(argc, argv)) {
    runner::process::sandbox_main(argv);
  }
#ifdef RUNNER_TEST_POINTS
  runner::test_points::install();
#endif
  try {
    return runner::cli::run_main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n  this is a bug in runner\n", error.what());
  } catch (...) {
    std::fputs("error: something unknown was thrown\n  this is a bug in runner\n", stderr);
  }
  return jobs::exit_code(jobs::ErrorKind::bug);
}
