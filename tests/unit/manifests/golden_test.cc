// Each folder below golden/ holds manifests and expected.txt: everything that is said about them,
// to the letter. RUNNER_TEST_ACCEPT=1 writes expected.txt anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/unit/manifests/folder.h"

namespace manifests {
namespace {

std::filesystem::path golden() {
  return std::filesystem::path(RUNNER_SOURCE_DIR) / "tests/unit/manifests/golden";
}

std::vector<std::string> cases() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(golden())) {
    out.push_back(entry.path().filename().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, Diagnostics) {
  const Folder folder;
  std::filesystem::copy(golden() / GetParam(), folder.str(),
                        std::filesystem::copy_options::recursive);
  std::filesystem::remove(folder / "expected.txt");
  const auto loaded = folder.load();
  ASSERT_FALSE(loaded) << "it loads";
  const std::string found = folder.errors() + summary(loaded.error().diagnostics) + "\n";
  EXPECT_EQ(folder.errors(), folder.errors())
      << "the order must not change from one load to the next";

  const std::filesystem::path file = golden() / GetParam() / "expected.txt";
  if (const char* accept = std::getenv("RUNNER_TEST_ACCEPT");
      accept != nullptr && std::string(accept) == "1") {
    std::ofstream(file, std::ios::binary) << found;
  }
  std::ifstream in(file, std::ios::binary);
  std::stringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(found, expected.str()) << "if this is better, accept it with RUNNER_TEST_ACCEPT=1";
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(cases()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace manifests
