#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/manifests/folder.h"

/// A manifest with one thing wrong, and what has to be said about it.
struct Wrong {
  const char* name;
  std::string manifest;  ///< "+..." is appended to the minimal fleet
  std::vector<std::string> says;
};

inline void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.name;
}

/// A pipeline of these stages.
inline std::string stages(const std::string& list) {
  return "[pipeline.p]\nstages = [" + list + "]\n";
}

inline void expect_explained(const Wrong& wrong) {
  const bool more = wrong.manifest.starts_with('+');
  const Folder folder(more ? std::string(kMinimal) + wrong.manifest.substr(1) : wrong.manifest);
  const std::string errors = folder.errors();
  ASSERT_FALSE(errors.empty()) << "it loads";
  for (const std::string& expected : wrong.says) {
    EXPECT_THAT(errors, testing::HasSubstr(expected));
  }
}

inline std::string row_name(const testing::TestParamInfo<Wrong>& row) {
  return row.param.name;
}
