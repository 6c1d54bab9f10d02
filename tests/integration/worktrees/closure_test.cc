// Which object of a pack names one that is nowhere.
#include "worktrees/objects/closure.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/made_pack.h"
#include "tests/support/own_folder.h"
#include "worktrees/git_error.h"

namespace worktrees::test {
namespace {

using Type = MadePack::Type;

constexpr const char* kNowhere = "7777777777777777777777777777777777777777";

class Closure : public ::testing::Test {
 protected:
  void SetUp() override {
    start_libgit2();
    ASSERT_GE(git_odb_new(into(odb_)), 0);
    objects_ = (folder_.path() / "objects").string();
    std::filesystem::create_directories(objects_ + "/pack");
  }

  static std::string commit(const std::string& tree, const std::string& parent = "") {
    return fmt::format("tree {}\n{}author a <a@a> 1 +0000\ncommitter a <a@a> 1 +0000\n\nx\n", tree,
                       parent.empty() ? "" : "parent " + parent + "\n");
  }
  /// "<who> lacks <what>"; "" if nothing lacks in the last pack that was written.
  std::string gap(const MadePack& pack) {
    pack.write(objects_ + "/pack");
    git_odb_backend* loose = nullptr;
    EXPECT_GE(git_odb_backend_loose(&loose, objects_.c_str(), -1, 0, 0, 0), 0);
    EXPECT_GE(git_odb_add_backend(odb_.get(), loose, 1), 0);
    const auto store = objects::Store::open(objects_);
    EXPECT_EQ(store.packs().size(), 1U);
    const auto found = objects::find_gap(store, store.packs().front(), odb_.get());
    EXPECT_TRUE(found.has_value()) << found.error().text();
    if (!found || !*found) {
      return "";
    }
    return fmt::format("{} {} lacks {}", git_object_type2string((*found)->from_type),
                       to_hex((*found)->from), to_hex((*found)->lacking));
  }

  test_support::OwnFolder folder_{"closure"};
  std::string objects_;
  Odb odb_;
};

TEST_F(Closure, ACompletePackLacksNothing) {
  MadePack pack;
  const std::string below =
      pack.add(Type::tree, MadePack::entry("100644", "f", pack.add(Type::blob, "x\n")));
  const std::string tree = pack.add(Type::tree, MadePack::entry("40000", "d", below));
  pack.add(Type::commit, commit(tree, pack.add(Type::commit, commit(below))));
  EXPECT_EQ(gap(pack), "");
}

TEST_F(Closure, AFileIsMissed) {
  MadePack pack;
  const std::string tree = pack.add(Type::tree, MadePack::entry("100644", "f", kNowhere));
  EXPECT_EQ(gap(pack), fmt::format("tree {} lacks {}", tree, kNowhere));
}

TEST_F(Closure, ADirectoryIsMissedBehindOtherEntries) {
  MadePack pack;
  const std::string file = pack.add(Type::blob, "x\n");
  const std::string tree = pack.add(Type::tree, MadePack::entry("100755", "a", file) +
                                                    MadePack::entry("120000", "b", file) +
                                                    MadePack::entry("40000", "c", kNowhere));
  EXPECT_EQ(gap(pack), fmt::format("tree {} lacks {}", tree, kNowhere));
}

TEST_F(Closure, ATreeIsMissed) {
  MadePack pack;
  const std::string id = pack.add(Type::commit, commit(kNowhere));
  EXPECT_EQ(gap(pack), fmt::format("commit {} lacks {}", id, kNowhere));
}

TEST_F(Closure, TheSecondParentIsMissed) {
  MadePack pack;
  const std::string tree = pack.add(Type::tree, "");
  const std::string first = pack.add(Type::commit, commit(tree));
  const std::string merge =
      pack.add(Type::commit, commit(tree, first + "\nparent " + std::string(kNowhere)));
  EXPECT_EQ(gap(pack), fmt::format("commit {} lacks {}", merge, kNowhere));
}

TEST_F(Closure, WhatATagIsOnIsMissed) {
  MadePack pack;
  const std::string tag = pack.add(
      Type::tag,
      fmt::format("object {}\ntype commit\ntag v1\ntagger a <a@a> 1 +0000\n\nx\n", kNowhere));
  EXPECT_EQ(gap(pack), fmt::format("tag {} lacks {}", tag, kNowhere));
}

TEST_F(Closure, ATreeThatIsADeltaIsLookedInto) {
  MadePack pack;
  const std::string file = pack.add(Type::blob, "x\n");
  const std::string entry = MadePack::entry("100644", "a", file);
  const std::string base = pack.add(Type::tree, entry);
  const std::string more = MadePack::entry("100644", "b", kNowhere);
  // The sizes, all of the base, then as many bytes as it says.
  const auto size = [](const std::string& text) {
    return std::string(1, static_cast<char>(text.size()));
  };
  const std::string delta =
      size(entry) + size(entry + more) + "\x90" + size(entry) + size(more) + more;
  const std::string tree = MadePack::id_of(Type::tree, entry + more);
  pack.add_delta(base, delta, tree);
  EXPECT_EQ(gap(pack), fmt::format("tree {} lacks {}", tree, kNowhere));
}

TEST_F(Closure, ASubmoduleIsOfAnotherRepository) {
  MadePack pack;
  pack.add(Type::tree, MadePack::entry("160000", "sub", kNowhere));
  pack.add(Type::tree, MadePack::entry("60000", "what git takes for one", kNowhere));
  EXPECT_EQ(gap(pack), "");
}

TEST_F(Closure, WhatStandsInAFileOfItsOwnIsThere) {
  git_oid id{};
  git_odb_backend* loose = nullptr;
  ASSERT_GE(git_odb_backend_loose(&loose, objects_.c_str(), -1, 0, 0, 0), 0);
  ASSERT_GE(git_odb_add_backend(odb_.get(), loose, 1), 0);
  ASSERT_GE(git_odb_write(&id, odb_.get(), "x\n", 2, GIT_OBJECT_BLOB), 0);
  MadePack pack;
  pack.add(Type::tree, MadePack::entry("100644", "f", to_hex(id)));
  EXPECT_EQ(gap(pack), "");
}

TEST_F(Closure, WhatCannotBeTakenApartNamesNothing) {
  MadePack pack;
  pack.add(Type::tree, "100644 f");
  pack.add(Type::tree, MadePack::entry("x", "f", kNowhere));
  pack.add(Type::commit, "tree 77\n");
  pack.add(Type::commit, fmt::format("tre  {}\n", kNowhere));
  pack.add(Type::commit, "");
  EXPECT_EQ(gap(pack), "");
}

}  // namespace
}  // namespace worktrees::test
