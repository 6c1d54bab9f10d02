#pragma once

#include <string>
#include <vector>

/// One golden case: a file that says what is run and what must come of it.
///
///   # a comment
///   state sample            the state of tests/support/sample_state.h; without it there is none
///   yet manifests none          no folder of manifests at all env NAME=value stdin text $ runs
///   --live           words as a shell would split them, without the program's name exit 0 > a line
///   of standard output ! a line of standard error
///
/// RUNNER_TEST_ACCEPT=1 writes what came out in place of the lines after each "$".
namespace test_support {

struct Step {
  std::string command;  ///< as written
  int exit_code = 0;
  std::string out;
  std::string error;
};

struct CaseFile {
  std::vector<std::string> head;  ///< lines before the first "$", as written
  bool sample_state = false;
  bool manifests = true;
  std::vector<std::string> environment;
  std::string standard_input;
  std::vector<Step> steps;
};

[[nodiscard]] CaseFile read_case(const std::string& path);
void write_case(const std::string& path, const CaseFile& content);

/// Words at spaces; "double quotes" hold a word with spaces together.
[[nodiscard]] std::vector<std::string> split_words(const std::string& line);

}  // namespace test_support
