#include "worktrees/sparse.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace worktrees {
namespace {

TEST(Cone, HasTheFoldersAndTheFilesAboveThem) {
  const Cone cone({"services/api", "docs"});
  for (const char* path : {"README.md", "services/go.mod", "services/api/a.go",
                           "services/api/deep/er/b.go", "docs/a.md", "docs/x/y.md"}) {
    EXPECT_TRUE(cone.has_file(path)) << path;
  }
  for (const char* path : {"lib/a.c", "services/web/a.js", "services/api-old/a.go", "documents/a",
                           "docs2/a", "services/apis/x"}) {
    EXPECT_FALSE(cone.has_file(path)) << path;
  }
  EXPECT_FALSE(cone.has_folder("lib"));
  EXPECT_TRUE(cone.has_folder("services"));
}

TEST(Cone, NoneIsEverything) {
  EXPECT_TRUE(Cone().all());
  EXPECT_TRUE(Cone().has_file("any/where"));
}

TEST(Cone, WritesWhatGitWrites) {
  EXPECT_EQ(Cone({"b/c", "a", "a/x", "a", "b/d/e"}).patterns(),
            "/*\n!/*/\n/b/\n!/b/*/\n/b/d/\n!/b/d/*/\n/a/\n/b/c/\n/b/d/e/\n");
  EXPECT_EQ(Cone({"we?rd/[x]*"}).patterns(),
            "/*\n!/*/\n/we\\?rd/\n!/we\\?rd/*/\n/we\\?rd/\\[x]\\*/\n");
}

TEST(Cone, OneBelowAnotherCountsOnceWhateverStandsBetween) {
  const Cone cone({"a/c", "a-b", "a"});
  EXPECT_EQ(cone.patterns(), "/*\n!/*/\n/a/\n/a-b/\n");
}

TEST(Chosen, NumbersDirectoriesAnew) {
  TreeList list;
  const auto directory = [&](std::uint32_t parent, std::string_view path, std::uint32_t name_size) {
    list.directories.push_back({.parent = parent,
                                .path_at = list.keep_path(path),
                                .path_size = static_cast<std::uint32_t>(path.size()),
                                .name_size = name_size});
  };
  const auto file = [&](std::uint32_t in, std::string_view path) {
    list.files.push_back({.path_size = static_cast<std::uint32_t>(path.size()),
                          .directory = in,
                          .path_at = list.keep_path(path)});
  };
  directory(0, "", 0);
  directory(0, "a", 1);
  directory(1, "a/b", 1);
  directory(0, "c", 1);
  directory(3, "c/d", 1);
  file(2, "a/b/1");
  file(4, "c/d/2");
  file(0, "z");
  const std::vector<bool> keep = in_cone(list, Cone({"c/d"}));
  EXPECT_EQ(keep, (std::vector<bool>{false, true, true}));
  const TreeList part = chosen(list, keep);
  ASSERT_EQ(part.directories.size(), 3U);
  EXPECT_EQ(part.path(part.directories[1]), "c");
  EXPECT_EQ(part.path(part.directories[2]), "c/d");
  EXPECT_EQ(part.directories[2].parent, 1U);
  EXPECT_EQ(part.directories[0].files, 2U);
  EXPECT_EQ(part.directories[0].directories, 1U);
  EXPECT_EQ(part.directories[2].files, 1U);
  ASSERT_EQ(part.files.size(), 2U);
  EXPECT_EQ(part.path(part.files[0]), "c/d/2");
  EXPECT_EQ(part.files[0].directory, 2U);
  EXPECT_EQ(part.name(part.files[0]), "2");
}

}  // namespace
}  // namespace worktrees
