// New worktrees beside those that git itself makes of the same commit: byte for byte, mode for
// mode, and nothing left for git to look at again.
#include <random>

#include "tests/integration/worktrees/odd_trees.h"

namespace worktrees::test {
namespace {

class Materialise : public Playground {
 protected:
  jobs::Run run_of(int issue) {
    jobs::Run run = make_run(issue, fmt::format("r{}", issue));
    run.branch = fmt::format("runner/{}-compare", issue);
    return run;
  }
  /// A worktree of ours and one of git's, of the head of the remote.
  std::string compare_files(int issue) {
    jobs::Run run = run_of(issue);
    const auto prepared = prepare(run);
    const std::string theirs = fmt::format("{}/theirs-{}", top, issue);
    git({"worktree", "add", "-q", "--detach", theirs, "main"}, remote);
    const auto ours = print_of(prepared.path);
    const auto expected = print_of(theirs);
    for (const auto& [path, print] : expected) {
      const auto found = ours.find(path);
      if (found == ours.end()) {
        ADD_FAILURE() << path << " is missing";
        continue;
      }
      EXPECT_EQ(found->second, print) << path;
    }
    EXPECT_EQ(ours.size(), expected.size());
    EXPECT_EQ(git({"ls-files", "--stage"}, prepared.path), git({"ls-files", "--stage"}, theirs));
    EXPECT_EQ(git({"write-tree"}, prepared.path), git({"rev-parse", "main^{tree}"}, remote));
    git({"fsck", "--no-dangling"}, prepared.path);
    return prepared.path;
  }

  void compare(int issue) {
    const std::string folder = compare_files(issue);
    // Before git looks at a file: the index says by itself that nothing is changed.
    EXPECT_EQ(git({"diff-files"}, folder), "");
    EXPECT_EQ(status(folder), "");
  }
};

class RandomTrees : public Materialise, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomTrees, ComeOutAsGitWritesThem) {
  Gardener(GetParam()).grow(seed + "/odd", 4);
  commit_seed({}, "next");
  compare(1);  // what a fetch left: loose, or in its pack
  git({"repack", "-adfq", "--depth=40", "--window=40"}, mirror());
  compare(2);  // deltas
  fs::remove_all(seed + "/odd");
  Gardener(GetParam() + 1000).grow(seed + "/odd", 3);
  commit_seed({}, "next");
  compare(3);  // two packs, or a pack and loose objects
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTrees, ::testing::Range(1U, 9U));

TEST_F(Materialise, AttributesConvertAsGitDoes) {
  const std::vector<std::string> attributes = {"text",
                                               "text=auto",
                                               "-text",
                                               "text eol=lf",
                                               "text eol=crlf",
                                               "text=auto eol=crlf",
                                               "eol=crlf",
                                               "binary",
                                               "ident",
                                               "text eol=crlf ident",
                                               "crlf",
                                               "-crlf",
                                               "crlf=input",
                                               "filter=lfs diff=lfs -text",
                                               "diff=cpp",
                                               "working-tree-encoding=UTF-16",
                                               "text working-tree-encoding=UTF-16LE-BOM eol=crlf",
                                               "working-tree-encoding=ISO-8859-1",
                                               "text working-tree-encoding=UTF-16BE-BOM",
                                               "ident working-tree-encoding=utf-16le",
                                               "working-tree-encoding=nonsense",
                                               "dos",
                                               "dos ident"};
  const std::vector<std::string> contents = {"one\ntwo\n",
                                             "one\r\ntwo\r\n",
                                             "one\ntwo\r\n",
                                             "no end",
                                             "",
                                             "$Id$ and $Id: x $\n",
                                             std::string("bin\0ary\n", 8),
                                             "\xc3\xa9t\xc3\xa9\n",
                                             "\xe2\x82\xac $Id: a b $ $Id:x$ $Id: \n$\n"};
  std::string rules = "[attr]dos text eol=crlf\n";
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    rules += fmt::format("*.k{} {}\n", i, attributes[i]);
  }
  const auto write_all = [&](std::size_t turn) {
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      for (std::size_t j = 0; j < contents.size(); ++j) {
        const std::string& content = contents[(j + turn) % contents.size()];
        write(fmt::format("{}/attributes/{}.k{}", seed, j, i), content);
        write(fmt::format("{}/attributes/deeper/{}.k{}", seed, j, i), content);
      }
    }
  };
  write_all(0);
  // As they are: git would convert them on their way into the commit.
  write(seed + "/.git/info/attributes",
        "* -text -ident -filter -crlf -eol !working-tree-encoding\n");
  write(seed + "/.gitattributes", rules);
  write(seed + "/attributes/deeper/.gitattributes", "*.k4 -text\n*.k0 eol=crlf\n3.* ident\n");
  commit_seed({}, "next");
  // What git says of CRLF in a file that is text depends on whether it looks at it again.
  const std::string first = compare_files(1);
  compare_files(2);  // beside the first
  const jobs::Status released = workspace->release(repo, run_of(1));
  ASSERT_TRUE(released.has_value()) << released.error().text();
  write_all(1);
  commit_seed({}, "turned");
  EXPECT_EQ(compare_files(3), first) << "another worktree was to be recycled";
  ASSERT_TRUE(workspace->release(repo, run_of(3)));
  write(seed + "/.gitattributes", rules + "*.k1 eol=crlf\n*.k4 eol=lf\n");
  commit_seed({}, "other rules for the same files");
  EXPECT_EQ(compare_files(4), first);
}

TEST_F(Materialise, ASubmoduleIsAnEmptyFolder) {
  push_submodule("vendor/library");
  compare(1);
}

TEST_F(Materialise, ATreeThatNamesItsPartsAgainAndAgainIsRefusedAtOnce) {
  std::string id = git({"hash-object", "-w", "README.md"}, seed);
  std::string kind = "100644 blob";
  for (int level = 0; level < 7; ++level) {  // 40^7 files
    std::string lines;
    for (int i = 0; i < 40; ++i) {
      lines += fmt::format("{} {}\tn{:02}\n", kind, id, i);
    }
    write(top + "/lines", lines);
    id = run_program({"sh", "-c", "git mktree < '" + top + "/lines'"}, seed, top).text;
    id.resize(40);
    kind = "040000 tree";
  }
  const std::string commit = git({"commit-tree", "-m", "many", "-p", "HEAD", id}, seed);
  git({"push", "-q", "origin", commit + ":refs/heads/main"}, seed);
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  ASSERT_FALSE(prepared.has_value());
  EXPECT_EQ(prepared.error().kind, jobs::ErrorKind::denied);
  EXPECT_NE(prepared.error().text().find("the tree has more than"), std::string::npos)
      << prepared.error().text();
}

TEST_F(Materialise, ADamagedPackIsNeverWrittenWrong) {
  for (int i = 0; i < 30; ++i) {
    std::string text;
    for (int line = 0; line < 200; ++line) {
      text += fmt::format("line {} is the same in all, {} is not\n", line, line == i ? i : 0);
    }
    write(fmt::format("{}/alike/{}", seed, i), text);
  }
  commit_seed({}, "next");
  jobs::Run run = make_run();
  prepare(run);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  git({"repack", "-adfq", "--depth=40"}, mirror());
  std::string pack;
  for (const auto& entry : fs::directory_iterator(mirror() + "/objects/pack")) {
    pack = entry.path().extension() == ".pack" ? entry.path().string() : pack;
  }
  fs::permissions(pack, fs::perms::owner_read | fs::perms::owner_write);
  const std::string whole = read(pack);
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] ^= static_cast<char>(1U << (random() % 8));
    write(pack, damaged);
    for (const auto& entry : fs::directory_iterator(options.root + "/worktrees")) {
      fs::remove_all(entry.path());
    }
    make_workspace();
    jobs::Run next = make_run(100 + i, fmt::format("d{}", i));
    const auto prepared = workspace->prepare(repo, next);
    if (!prepared) {
      ++refused;
      continue;
    }
    for (int file = 0; file < 30; ++file) {
      const std::string path = fmt::format("alike/{}", file);
      ASSERT_EQ(read(prepared->path + "/" + path), read(seed + "/" + path)) << path;
    }
  }
  EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace worktrees::test
