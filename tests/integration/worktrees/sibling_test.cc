// A new worktree beside others that are in use: their files are taken where they are what the new
// one is to have, whatever those who work there did to them.
#include "worktrees/sibling.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "tests/integration/worktrees/recycling.h"
#include "tests/integration/worktrees/vandal.h"
#include "worktrees/known_files.h"

namespace worktrees::test {
namespace {

class Beside : public Recycle {
 protected:
  /// The first run stays at work.
  jobs::Prepared second_run() {
    jobs::Prepared prepared = next_run();
    EXPECT_TRUE(prepared.path.ends_with("/w2")) << prepared.path;
    return prepared;
  }
  /// What the worktree of the first run is said to have, in the place of each file of its commit.
  std::map<std::string, std::string> taken_from(const std::string& folder) const {
    const KnownFiles known = read_known_files(known_files());
    const Sibling sibling(folder, known, known.list);
    Sibling::Reader reader(sibling);
    std::map<std::string, std::string> taken;
    for (std::size_t i = 0; i < known.list.files.size(); ++i) {
      if (const auto content = reader.read(i)) {
        taken.emplace(known.list.path(known.list.files[i]), *content);
      }
    }
    return taken;
  }
};

TEST_F(Beside, WhatAnotherWorktreeHasIsNotDecoded) {
  next_run();
  // Each object in a file of its own; then one is missing, and cannot be decoded.
  const std::string packs = mirror() + "/objects/pack";
  for (const auto& entry : fs::directory_iterator(packs)) {
    if (entry.path().extension() == ".pack") {
      const std::string away = top + "/away.pack";
      fs::rename(entry.path(), away);
      git({"-c", "alias.explode=!git unpack-objects -q <" + away, "explode"}, mirror());
    }
  }
  const std::string blob = git({"rev-parse", "main:README.md"}, remote);
  const std::string stands = mirror() + "/objects/" + blob.substr(0, 2) + "/" + blob.substr(2);
  fs::rename(stands, top + "/away.blob");
  const jobs::Prepared prepared = second_run();
  fs::rename(top + "/away.blob", stands);
  EXPECT_EQ(read(prepared.path + "/README.md"), "hello\n");
  expect_as_new(prepared.path);
}

TEST_F(Beside, OnlyWhatIsRightIsTaken) {
  commit_seed({{"a", "aaaa\n"},
               {"b", "bbbb\n"},
               {"c", "cccc\n"},
               {"d", "dddd\n"},
               {"e", ""},
               {"f", "ffff\n"},
               {"g", "gggg\n"},
               {"dir/h", "hhhh\n"}},
              "letters");
  const std::string folder = next_run().path;
  ASSERT_EQ(taken_from(folder).size(), 11U);
  write(folder + "/a", "AAAA\n");      // as long
  write(folder + "/b", "bbbb\nmore");  // longer
  fs::resize_file(folder + "/c", 2);   // shorter
  fs::remove(folder + "/d");
  fs::remove(folder + "/f");
  ASSERT_EQ(::mkfifo((folder + "/f").c_str(), 0600), 0);
  write(top + "/elsewhere", "gggg\n");
  fs::remove(folder + "/g");
  fs::create_symlink(top + "/elsewhere", folder + "/g");
  fs::rename(folder + "/dir", top + "/dir");
  fs::create_directory_symlink(top + "/dir", folder + "/dir");
  const std::map<std::string, std::string> left = {{".gitignore", "build/\n"},
                                                   {"README.md", "hello\n"},
                                                   {"e", ""},
                                                   {"src/a.txt", "one\ntwo\nthree\n"}};
  EXPECT_EQ(taken_from(folder), left);
  expect_as_new(second_run().path);
}

TEST_F(Beside, AttributesAndSparseFoldersComeOutAsGitWritesThem) {
  commit_seed({{".gitattributes", "*.bat eol=crlf\n*.id ident\n"},
               {"run.bat", "a\nb\n"},
               {"v.id", "$Id$\n"}},
              "attributes");
  repo.sparse = {"src"};
  next_run();
  repo.sparse = {};
  expect_as_new(second_run().path);
  commit_seed({{".gitattributes", "*.bat -text\n"}, {"src/a.txt", "moved\n"}}, "the base moves");
  expect_as_new(next_run().path);
}

class BesideVandals : public Beside, public ::testing::WithParamInterface<unsigned> {};

TEST_P(BesideVandals, NothingOfThemIsSeen) {
  const std::string outside = top + "/outside";
  fs::create_directories(outside);
  Gardener(GetParam()).grow(seed + "/odd", 3);
  commit_seed({}, "next");
  const std::string first = next_run().path;
  Vandal(GetParam(), outside).visit(first);
  const auto before = print_of(outside);
  expect_as_new(second_run().path);
  Gardener(GetParam() + 1000).grow(seed + "/odd", 2);
  commit_seed({}, "the base moves");
  expect_as_new(next_run().path);
  EXPECT_EQ(print_of(outside), before);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BesideVandals, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace worktrees::test
