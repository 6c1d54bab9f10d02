// Packs that are small and mean much, and refs with odd names: fetched from a real server, and from
// an agent landed on it. Limits hold, and the error says which.
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/made_pack.h"
#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Type = MadePack::Type;

constexpr std::uint64_t kFourGigabytes = std::uint64_t{4} << 30U;
/// Of a file of four gigabytes of NULs.
constexpr const char* kFourGigabytesId = "451971a31ea5a207a10b391df2d5949910133565";
/// More than git may take here, and as much as its own program can unpack in a test.
constexpr std::uint64_t kHalfAGigabyte = std::uint64_t{512} << 20U;
constexpr const char* kHalfAGigabyteId = "8cfeb830fd691c4e1b6f5783627aa7d41ceec288";
constexpr std::uintmax_t kRoomForLarge = std::uintmax_t{2} << 30U;
/// What the process may grow by: the bound of git's memory (decisions/0006), and what a test takes.
constexpr long kMostKilobytes = 300L << 10U;

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class HostilePacks : public ServedRemote, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    first = remote_head();
    serve(GetParam() ? Way::http : Way::http_libgit2);
    write(top + "/outside/file", "not yours\n");
    peak = peak_kilobytes();
  }

  /// A commit of this tree upon the first one.
  std::string commit_of(MadePack& pack, const std::string& tree) const {
    return pack.add(Type::commit,
                    fmt::format("tree {}\nparent {}\nauthor a <a@a> 1795000000 +0000\n"
                                "committer a <a@a> 1795000000 +0000\n\nbomb\n",
                                tree, first));
  }
  /// Served as the base: the error of a run that would begin there.
  jobs::Error from_the_remote(const MadePack& pack, const std::string& commit) {
    pack.write(remote + "/objects/pack");
    write(remote + "/refs/heads/main", commit + "\n");
    peak = peak_kilobytes();  // without what the pack took to be made
    const jobs::Error error = prepare_error();
    write(remote + "/refs/heads/main", first + "\n");
    look_around(error.text());
    return error;
  }
  /// In the checkout, as the head of a run's branch: what its landing says.
  std::string from_an_agent(const MadePack& pack, const std::string& commit,
                            const std::string& tree) {
    jobs::Run run = make_run(31, "ra");
    prepare(run);
    fs::create_directories(checkout() + "/objects/pack");
    pack.write(checkout() + "/objects/pack");
    write(checkout() + "/refs/heads/" + run.branch, commit + "\n");
    run.head = jobs::Oid(commit);
    run.verified_tree = jobs::Oid(tree);
    run.verified_base = run.base;
    EXPECT_TRUE(workspace->observe(repo, run).has_value()) << "looking at it does no harm";
    const auto landed = workspace->land(repo, {.run = run, .at = kNow});
    EXPECT_EQ(remote_head(), first);
    if (landed) {
      EXPECT_EQ(landed->kind, jobs::LandResult::Kind::rejected) << landed->message;
      look_around(landed->message);
      return landed->rule + ": " + landed->message;
    }
    EXPECT_EQ(landed.error().kind, ErrorKind::denied) << landed.error().text();
    look_around(landed.error().text());
    return landed.error().text();
  }
  /// Worktrees find no more than `bytes` on the disk besides what is to stay free.
  void leave_room(std::uint64_t bytes) {
    const auto free = static_cast<std::uint64_t>(fs::space(top).available);
    options.limits.disk_free_bytes = free > bytes ? static_cast<std::int64_t>(free - bytes) : 1;
    make_workspace();
  }
  void look_around(const std::string& said) {
    EXPECT_LT(peak_kilobytes() - peak, kMostKilobytes) << said;
    EXPECT_EQ(read(top + "/outside/file"), "not yours\n");
    for (const char c : said) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << said;
    }
    git({"fsck", "--no-dangling", "--connectivity-only"}, mirror());
  }

  std::string first;
  long peak = 0;
};

INSTANTIATE_TEST_SUITE_P(By, HostilePacks, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Web" : "Libgit2"; });

/// What is larger than the memory of git work is written piece by piece, where there is room.
TEST_P(HostilePacks, AFileOfFourGigabytesInFourMegabytesIsRefusedForItsRoom) {
  MadePack pack;
  pack.add_zeros(kFourGigabytes, kFourGigabytesId);
  const std::string tree =
      pack.add(Type::tree, MadePack::entry("100644", "huge", kFourGigabytesId));
  const std::string commit = commit_of(pack, tree);
  leave_room(kFourGigabytes / 2);
  const jobs::Error error = from_the_remote(pack, commit);
  EXPECT_EQ(error.kind, ErrorKind::transient) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("not enough disk space for a worktree"));
  EXPECT_THAT(error.text(), HasSubstr("4294967296 for its files"));
  EXPECT_THAT(from_an_agent(pack, commit, tree), HasSubstr("4294967296 bytes"));
}

TEST_P(HostilePacks, AFileThatIsLargerThanTheMemoryIsWrittenPieceByPiece) {
  if (fs::space(top).available < kRoomForLarge) {
    GTEST_SKIP() << "this file system has no room for files of this size";
  }
  constexpr std::uint64_t kSize = std::uint64_t{320} << 20U;
  MadePack pack;
  const std::string id = MadePack::id_of_zeros(kSize);
  pack.add_zeros(kSize, id);
  const std::string commit =
      commit_of(pack, pack.add(Type::tree, MadePack::entry("100644", "large", id)));
  EXPECT_EQ(from_the_remote(pack, commit).message, "");
  const std::string path = workspace->prepare(repo, make_run(12, "r12"))->path + "/large";
  EXPECT_EQ(fs::file_size(path), kSize);
  EXPECT_EQ(git({"hash-object", path}, top), id);
}

TEST_P(HostilePacks, AFileOfHalfAGigabyteInAHundredBytesOfCopies) {
  if (fs::space(top).available < kRoomForLarge) {
    GTEST_SKIP() << "this file system has no room for files of this size";
  }
  MadePack pack;
  constexpr std::size_t kPiece = std::size_t{8} << 20U;
  const std::string base = MadePack::id_of(Type::blob, std::string(kPiece, '\0'));
  pack.add_zeros(kPiece, base);
  pack.add_delta(base, MadePack::repeat(kPiece, kHalfAGigabyte / kPiece), kHalfAGigabyteId);
  const std::string tree =
      pack.add(Type::tree, MadePack::entry("100644", "huge", kHalfAGigabyteId));
  const std::string commit = commit_of(pack, tree);
  // The server's own git makes one whole file of it, and of that there is no more than one piece in
  // memory.
  EXPECT_EQ(from_the_remote(pack, commit).message, "");
  EXPECT_THAT(from_an_agent(pack, commit, tree), HasSubstr("536870912 bytes"));
}

TEST_P(HostilePacks, AChainOfThreeThousandDeltas) {
  MadePack pack;
  std::string content(100, 'a');
  std::string before = pack.add(Type::blob, content);
  for (int i = 0; i < 3000; ++i) {
    // Copies all but the last four bytes and says four others.
    const std::string tail = fmt::format("{:04}", i);
    const std::string delta = std::string("\x64\x64\x90\x60\x04", 5) + tail;
    content.replace(96, 4, tail);
    const std::string id = MadePack::id_of(Type::blob, content);
    pack.add_delta(before, delta, id);
    before = id;
  }
  const std::string tree = pack.add(Type::tree, MadePack::entry("100644", "deep", before));
  const std::string commit = commit_of(pack, tree);
  pack.write(remote + "/objects/pack");
  write(remote + "/refs/heads/main", commit + "\n");
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  if (prepared) {
    EXPECT_EQ(read(prepared->path + "/deep"), content);
    EXPECT_EQ(status(prepared->path), "");
  } else {
    EXPECT_NE(prepared.error().kind, ErrorKind::corrupt) << prepared.error().text();
  }
  look_around("a chain");
}

TEST_P(HostilePacks, TenFoldersTenTimesInOneAnother) {
  MadePack pack;
  const std::string file = pack.add(Type::blob, "x\n");
  std::string tree;
  std::string entries;
  for (int i = 0; i < 10; ++i) {
    entries += MadePack::entry("100644", fmt::format("f{}", i), file);
  }
  tree = pack.add(Type::tree, entries);
  for (int depth = 0; depth < 9; ++depth) {
    entries.clear();
    for (int i = 0; i < 10; ++i) {
      entries += MadePack::entry("40000", fmt::format("d{}", i), tree);
    }
    tree = pack.add(Type::tree, entries);
  }
  const std::string commit = commit_of(pack, tree);
  const jobs::Error error = from_the_remote(pack, commit);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("is not written to disk: the tree has more than"));
  EXPECT_THAT(from_an_agent(pack, commit, tree), HasSubstr("size: the tree has more than"));
}

TEST_P(HostilePacks, AMillionEntriesAndMoreInOneFolder) {
  MadePack pack;
  const std::string file = pack.add(Type::blob, "x\n");
  std::string entries;
  for (int i = 0; i < 1'800'000; ++i) {
    entries += MadePack::entry("100644", fmt::format("{:07}", i), file);
  }
  const std::string tree = pack.add(Type::tree, entries);
  const std::string commit = commit_of(pack, tree);
  const jobs::Error error = from_the_remote(pack, commit);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), AnyOf(HasSubstr("the tree has more than"), HasSubstr("too large")));
  EXPECT_THAT(from_an_agent(pack, commit, tree),
              AnyOf(HasSubstr("size: the tree has more than"), HasSubstr("too large")));
}

/// As many files as no repository has, and few enough to be written: within the bounds, all of
/// them.
TEST_P(HostilePacks, AMillionFilesAreWritten) {
  constexpr std::int64_t kFiles = 1'000'000;
  struct statvfs free{};
  if (::statvfs(top.c_str(), &free) != 0 || (free.f_files != 0 && free.f_favail < 2 * kFiles)) {
    GTEST_SKIP() << "this file system has no room for a million files";
  }
  MadePack pack;
  const std::string file = pack.add(Type::blob, "");
  std::string files;
  for (int i = 0; i < 1000; ++i) {
    files += MadePack::entry("100644", fmt::format("{:03}", i), file);
  }
  const std::string folder = pack.add(Type::tree, files);
  std::string folders;
  for (int i = 0; i < 1000; ++i) {
    folders += MadePack::entry("40000", fmt::format("{:03}", i), folder);
  }
  const std::string commit = commit_of(pack, pack.add(Type::tree, folders));
  EXPECT_EQ(from_the_remote(pack, commit).message, "");
  jobs::Run run = make_run(12, "r12");
  const std::string path = prepare(run).path;
  std::int64_t found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    found += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(found, kFiles + 1) << "and .git";
  EXPECT_EQ(status(path), "");
}

TEST_P(HostilePacks, ThreeThousandFoldersDeep) {
  MadePack pack;
  std::string tree =
      pack.add(Type::tree, MadePack::entry("100644", "f", pack.add(Type::blob, "x")));
  for (int depth = 0; depth < 3000; ++depth) {
    tree = pack.add(Type::tree, MadePack::entry("40000", "d", tree));
  }
  const std::string commit = commit_of(pack, tree);
  const jobs::Error error = from_the_remote(pack, commit);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("directories nested more than"));
  EXPECT_THAT(from_an_agent(pack, commit, tree),
              HasSubstr("hostile-tree: directories nested more than"));
}

TEST_P(HostilePacks, ABranchThatBecomesAFolderOfBranchesIsFollowed) {
  git({"update-ref", "refs/heads/feature", first}, remote);
  EXPECT_EQ(land(worked(11)).kind, jobs::LandResult::Kind::landed);
  git({"update-ref", "-d", "refs/heads/feature"}, remote);
  git({"update-ref", "refs/heads/feature/one", first}, remote);
  const jobs::Run run = worked(12);
  const auto landed = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_TRUE(landed.has_value()) << landed.error().text();
  EXPECT_EQ(landed->kind, jobs::LandResult::Kind::landed) << landed->message;
  git({"update-ref", "-d", "refs/heads/feature/one"}, remote);
  git({"update-ref", "refs/heads/feature", first}, remote);
  const jobs::Run back = worked(13);
  const auto again = workspace->land(repo, {.run = back, .at = kNow});
  ASSERT_TRUE(again.has_value()) << again.error().text();
  EXPECT_EQ(again->kind, jobs::LandResult::Kind::landed) << again->message;
}

TEST_P(HostilePacks, OddNamesOfBranchesAreNames) {
  for (const char* name :
       {"-dash", "HEAD", "@", "refs/heads/main", "origin/main", "\xC3\xA9t\xC3\xA9",
        "a\xE2\x80\xAE"
        "b",
        "runner/none", "$(touch;outside)", "main.lock.x", "%2e%2e/x"}) {
    git({"update-ref", std::string("refs/heads/") + name, first}, remote);
  }
  git({"update-ref", "refs/heads/" + std::string(240, 'x'), first}, remote);
  EXPECT_EQ(land(worked(11)).kind, jobs::LandResult::Kind::landed);
  EXPECT_EQ(git({"for-each-ref", "--format=%(refname)", "refs/remotes/origin/refs"}, mirror()),
            "refs/remotes/origin/refs/heads/main");
  look_around("odd names");
}

}  // namespace
}  // namespace worktrees::test
