#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/cli/sample.h"
#include "tests/support/case_file.h"
#include "tests/support/playground.h"

namespace test_support {
namespace {

namespace fs = std::filesystem;

std::string cases_folder() {
  return std::string(RUNNER_SOURCE_DIR) + "/tests/cli/cases";
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(cases_folder())) {
    if (entry.path().extension() == ".case") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class CliCase : public testing::TestWithParam<std::string> {};

TEST_P(CliCase, AnswersAsWritten) {
  const std::string path = cases_folder() + "/" + GetParam() + ".case";
  CaseFile expected = read_case(path);
  ASSERT_FALSE(expected.steps.empty()) << path << " runs nothing";
  Playground playground(expected.manifests);
  if (expected.sample_state) {
    fill_state(playground);
  }
  playground.environment = expected.environment;
  playground.standard_input = expected.standard_input;
  const bool accept = std::getenv("RUNNER_TEST_ACCEPT") != nullptr;
  for (Step& step : expected.steps) {
    const Answer answer = playground.run(split_words(step.command));
    const std::string out = playground.normalised(answer.out);
    const std::string error = playground.normalised(answer.error);
    EXPECT_EQ(answer.out.find('\x1b'), std::string::npos)
        << "an escape where nobody has a terminal";
    EXPECT_EQ(answer.error.find('\x1b'), std::string::npos)
        << "an escape where nobody has a terminal";
    if (accept) {
      step = {step.command, answer.exit_code, out, error};
      continue;
    }
    EXPECT_EQ(answer.exit_code, step.exit_code) << "runner " << step.command;
    EXPECT_EQ(out, step.out) << "runner " << step.command;
    EXPECT_EQ(error, step.error) << "runner " << step.command;
  }
  if (accept) {
    write_case(path, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, CliCase, testing::ValuesIn(case_names()), [](const auto& param) {
  std::string name = param.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(CliCaseFile, SplitsWordsAsAShellWould) {
  EXPECT_EQ(split_words("a \"b c\"  d\"e f\""), (std::vector<std::string>{"a", "b c", "de f"}));
  EXPECT_EQ(split_words("x \"\""), (std::vector<std::string>{"x", ""}));
}

/// What is accepted is what is read again: else a case could pass because it lost a line.
TEST(CliCaseFile, ReadsBackWhatItWrites) {
  CaseFile content;
  content.head = {"# why", "state sample", "env A=b c"};
  content.steps = {{"runs", 3, "one\n\n two\n", ""}, {"status", 0, "", "no newline at the end"}};
  const std::string path = testing::TempDir() + "/roundtrip.case";
  write_case(path, content);
  const CaseFile read = read_case(path);
  fs::remove(path);
  EXPECT_TRUE(read.sample_state);
  EXPECT_EQ(read.environment, std::vector<std::string>{"A=b c"});
  ASSERT_EQ(read.steps.size(), 2U);
  EXPECT_EQ(read.steps[0].exit_code, 3);
  EXPECT_EQ(read.steps[0].out, "one\n\n two\n");
  EXPECT_EQ(read.steps[1].error, "no newline at the end");
}

}  // namespace
}  // namespace test_support
