#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "jobs/base/sha256.h"
#include "runner/trackers/files.h"
#include "runner/trackers/front_matter.h"
#include "runner/trackers/local_tracker.h"
#include "tests/support/tracker_folder.h"

namespace runner::trackers {
namespace {

namespace fs = std::filesystem;
using jobs::ErrorKind;
using Names = std::vector<std::string>;

class LocalTrackerWrite : public ::testing::Test, protected test_support::TrackerFolder {
 protected:
  jobs::Result<std::string> comment(jobs::IssueNumber number, const std::string& marker,
                                    const std::string& body) {
    return writer->upsert_comment(repo, number, {.marker = marker, .body = body});
  }
  [[nodiscard]] Names labels_of(const std::string& name) const {
    return parse_issue_text(get(name), name).labels;
  }
  [[nodiscard]] Names all_names() const {
    Names names;
    for (const auto& entry : fs::directory_iterator(folder())) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  test_support::StillClock clock;
  LocalTrackerOptions options;
  std::unique_ptr<jobs::TrackerWriter> writer = make_local_writer(config, options, clock);
  std::unique_ptr<jobs::TrackerReader> reader = make_local_reader(config, options);
};

TEST_F(LocalTrackerWrite, ChangesOnlyTheLineItMust) {
  const std::string before =
      "+++\n# ours\nnumber   = 12   # the truth\ntitle = 'It''s'\n\nlabels = [ \"a\",\n  # why b\n "
      " \"ready-for-agent\",\n]  # keep me\n"
      "state='open'\n[notes]\nlabels = 7\n+++\n\nBody  \n\n\n+++\nlabels = [\"not me\"]\n";
  std::string text = before;
  text.replace(text.find("'It''s'"), 7, "\"It's\"");
  put("0012-x.md", text);
  ASSERT_TRUE(writer->set_labels(repo, 12, {"agent-in-progress"}, {}));
  std::string expected = text;
  const std::size_t begin = expected.find("[ \"a\"");
  expected.replace(begin, expected.find("]  # keep") + 1 - begin,
                   "[\"a\", \"ready-for-agent\", \"agent-in-progress\"]");
  EXPECT_EQ(get("0012-x.md"), expected);
}

TEST_F(LocalTrackerWrite, WindowsLineEndsStay) {
  put("1.md", "\xEF\xBB\xBF+++\r\ntitle = \"x\"\r\n+++\r\nbody\r\n");
  ASSERT_TRUE(writer->set_labels(repo, 1, {"b"}, {}));
  EXPECT_EQ(get("1.md"), "\xEF\xBB\xBF+++\r\ntitle = \"x\"\r\nlabels = [\"b\"]\r\n+++\r\nbody\r\n");
  ASSERT_TRUE(writer->close(repo, 1, "landed"));
  EXPECT_EQ(get("1.md"),
            "\xEF\xBB\xBF+++\r\ntitle = \"x\"\r\nlabels = [\"b\"]\r\nstate = "
            "\"closed\"\r\nclosed_reason = \"landed\"\r\n+++\r\nbody\r\n");
}

TEST_F(LocalTrackerWrite, EveryWriteTwiceIsTheSameAsOnce) {
  put("1.md",
      "+++\ntitle = \"x\"\nlabels = [\"ready-for-agent\", \"bug\"]\nready_by = "
      "\"alice\"\n+++\nbody\n");
  const auto twice = [&](const auto& write) {
    ASSERT_TRUE(write());
    const std::string once = get("1.md");
    const auto inode = stamp_of(*open_folder(folder(), "", false), "1.md")->inode;
    ASSERT_TRUE(write());
    EXPECT_EQ(get("1.md"), once);
    EXPECT_EQ(stamp_of(*open_folder(folder(), "", false), "1.md")->inode, inode)
        << "written though nothing changed";
  };
  twice([&] {
    return writer->set_labels(repo, 1, {"agent-in-progress", "agent-in-progress"}, {"bug", "none"});
  });
  twice([&] { return comment(1, "<!-- m -->", "<!-- m -->\nhello\n"); });
  twice([&] { return writer->close(repo, 1, "landed as abc"); });
  EXPECT_EQ(labels_of("1.md"), (Names{"ready-for-agent", "agent-in-progress"}));
  EXPECT_EQ(reader->comments(repo, 1)->size(), 1U);
  // A later close for another reason does not rewrite history.
  ASSERT_TRUE(writer->close(repo, 1, "something else"));
  EXPECT_EQ(parse_issue_text(get("1.md"), "1.md").closed_reason, "landed as abc");
}

TEST_F(LocalTrackerWrite, Invariant9_TheApprovalGoesWithItsLabel) {
  put("1.md",
      "+++\ntitle = \"x\"\nlabels = [\"ready-for-agent\"]\nready_by = \"alice\"\nready_at = "
      "2026-11-20T08:00:00Z\n+++\n");
  ASSERT_TRUE(
      writer->set_labels(repo, 1, {"ready-for-human"}, {"ready-for-agent", "agent-in-progress"}));
  EXPECT_EQ(get("1.md"), "+++\ntitle = \"x\"\nlabels = [\"ready-for-human\"]\n+++\n");
  // A label that comes back by hand without a name is nobody's.
  put("1.md", "+++\ntitle = \"x\"\nlabels = [\"ready-for-agent\"]\n+++\n");
  EXPECT_EQ(reader->issue(repo, 1, {})->ready_by.login, "");
}

TEST_F(LocalTrackerWrite, HostileLabelsAndReasonsStayData) {
  put("1.md", "+++\ntitle = \"x\"\n+++\nbody\n");
  const std::string hostile = "a\"]\nstate = \"closed\"\n+++\n\x1b[2J\\";
  ASSERT_TRUE(writer->set_labels(repo, 1, {hostile}, {}));
  EXPECT_EQ(labels_of("1.md"), Names{hostile});
  EXPECT_TRUE(parse_issue_text(get("1.md"), "1.md").open);
  ASSERT_TRUE(writer->close(repo, 1, hostile));
  EXPECT_EQ(parse_issue_text(get("1.md"), "1.md").closed_reason, hostile);
  EXPECT_EQ(parse_issue_text(get("1.md"), "1.md").body, "body\n");
}

TEST_F(LocalTrackerWrite, AnIssueWithAProblemIsRefusedAndLeftAlone) {
  const std::string broken = "+++\ntitle = \"x\"\nlabels = 7\n+++\n";
  put("1.md", broken);
  put("0002-a.md", "+++\ntitle = \"a\"\n+++\n");
  put("0002-b.md", "+++\ntitle = \"b\"\n+++\n");
  for (const int number : {1, 2}) {
    const auto status = writer->set_labels(repo, number, {"x"}, {});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::conflict);
    EXPECT_NE(status.error().hint, "");
    EXPECT_FALSE(writer->close(repo, number, "x"));
  }
  EXPECT_EQ(get("1.md"), broken);
  EXPECT_EQ(writer->set_labels(repo, 77, {"x"}, {}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(comment(77, "m", "m").error().kind, ErrorKind::not_found);
}

TEST_F(LocalTrackerWrite, OwnerAndModeOfTheFileStay) {
  put("1.md", "+++\ntitle = \"x\"\n+++\n");
  fs::permissions(file("1.md"),
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  ASSERT_TRUE(writer->set_labels(repo, 1, {"a"}, {}));
  EXPECT_EQ(fs::status(file("1.md")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  EXPECT_EQ(all_names(), (Names{".runner.lock", "1.md"}));
}

TEST_F(LocalTrackerWrite, Invariant11_NoLinkIsWrittenThrough) {
  write(root() + "/outside.md", "+++\ntitle = \"x\"\n+++\n");
  fs::create_symlink(root() + "/outside.md", file("1.md"));
  EXPECT_FALSE(writer->set_labels(repo, 1, {"a"}, {}));
  put("2.md", "+++\ntitle = \"x\"\n+++\n");
  fs::create_directories(root() + "/elsewhere");
  fs::create_directory_symlink(root() + "/elsewhere", file("0002.comments"));
  EXPECT_FALSE(comment(2, "m", "m"));
  EXPECT_TRUE(fs::is_empty(root() + "/elsewhere"));
  EXPECT_EQ(read(root() + "/outside.md"), "+++\ntitle = \"x\"\n+++\n");
}

TEST_F(LocalTrackerWrite, ThePersonWhoSavesInTheLastInstantWins) {
  put("1.md", "old");
  const Fd folder_fd = *open_folder(folder(), "", false);
  const Fd lock = *lock_folder(folder_fd);
  const auto by_rename = [&] {
    put("saved", "theirs");
    fs::rename(file("saved"), file("1.md"));
  };
  const auto in_place = [&] { put("1.md", "theirs"); };
  for (const std::function<void()>& person :
       {std::function<void()>(by_rename), std::function<void()>(in_place)}) {
    put("1.md", "old");
    const auto status = replace_file(folder_fd, "1.md", "old", "ours", person);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::conflict);
    EXPECT_EQ(get("1.md"), "theirs");
  }
  put("1.md", "old");
  EXPECT_EQ(replace_file(folder_fd, "1.md", "old", "ours", [&] { fs::remove(file("1.md")); })
                .error()
                .kind,
            ErrorKind::conflict);
  EXPECT_FALSE(fs::exists(file("1.md")));
  put("1.md", "old");
  EXPECT_TRUE(replace_file(folder_fd, "1.md", "old", "ours"));
  EXPECT_EQ(get("1.md"), "ours");
  EXPECT_EQ(all_names(), (Names{".runner.lock", "1.md"}));
}

TEST_F(LocalTrackerWrite, AFileThatSomebodyIsWritingIsLeftToThem) {
  put("1.md", "old");
  const Fd folder_fd = *open_folder(folder(), "", false);
  const Fd lock = *lock_folder(folder_fd);
  {
    const Fd writing(::open(file("1.md").c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(replace_file(folder_fd, "1.md", "old", "ours").error().kind, ErrorKind::conflict);
  }
  EXPECT_TRUE(replace_file(folder_fd, "1.md", "old", "ours"));
}

/// What a writer leaves that dies between the exchange and the look at what came out.
TEST_F(LocalTrackerWrite, Invariant4_ADisplacedEditIsPutBackAfterACrash) {
  const auto digest = [](const std::string& text) { return jobs::sha256_hex(text).substr(0, 16); };
  const std::string aside =
      ".runner-swap-" + digest("old") + "-" + digest("ours") + "-" + digest("1.md");
  const Fd folder_fd = *open_folder(folder(), "", false);
  const auto names_after_lock = [&] {
    {
      const Fd lock = *lock_folder(folder_fd);
    }
    Names names = all_names();
    std::erase(names, ".runner.lock");
    return names;
  };
  put("1.md", "ours");
  put(aside, "theirs");
  EXPECT_EQ(names_after_lock(), Names{"1.md"});
  EXPECT_EQ(get("1.md"), "theirs");

  put("1.md", "ours");
  put(aside, "old");  // The exchange was fine.
  EXPECT_EQ(names_after_lock(), Names{"1.md"});
  EXPECT_EQ(get("1.md"), "ours");

  put("1.md", "old");
  put(aside, "ours");  // It never happened.
  put(".runner-new", "half");
  EXPECT_EQ(names_after_lock(), Names{"1.md"});
  EXPECT_EQ(get("1.md"), "old");

  put("1.md", "newer");
  put(aside, "theirs");  // They saved once more: both are kept.
  EXPECT_EQ(names_after_lock().size(), 2U);
  EXPECT_EQ(get("1.md"), "newer");
  EXPECT_EQ(get("kept-" + digest("1.md") + "-" + digest("theirs") + ".txt"), "theirs");
}

/// A person saves as fast as they can, the way editors do, while labels are set. Nothing of theirs
/// may be lost: at the end the file holds their last text, apart from the labels.
TEST_F(LocalTrackerWrite, NothingIsLostOfAPersonWhoEditsMeanwhile) {
  constexpr int kEdits = 300;
  const auto text = [](int edit, const std::string& labels) {
    return "+++\nnumber = 1\ntitle = \"x\"\nlabels = " + labels + "\n+++\n\nedit " +
           std::to_string(edit) + "\n";
  };
  put("1.md", text(0, "[]"));
  std::atomic<bool> done = false;
  std::thread person([&] {
    for (int edit = 1; edit <= kEdits; ++edit) {
      // They open the file, change the body, and save: by replacing the file, or by writing into
      // it.
      std::string mine = get("1.md");
      const std::size_t at = mine.find("edit ");
      if (at == std::string::npos) {
        --edit;
        continue;
      }
      mine = mine.substr(0, at) + "edit " + std::to_string(edit) + "\n";
      write(root() + "/draft", mine);
      fs::rename(root() + "/draft", file("1.md"));
      if (edit % 10 == 0) {
        std::this_thread::yield();
      }
    }
    done = true;
  });
  int set = 0;
  int refused = 0;
  int last_seen = 0;
  for (int i = 0; !done || i < 20; ++i) {
    const auto status =
        writer->set_labels(repo, 1, {"l" + std::to_string(i)}, {"l" + std::to_string(i - 1)});
    status ? ++set : ++refused;
    ASSERT_TRUE(status || status.error().kind == ErrorKind::conflict) << status.error().text();
    // Their edits only ever go forward.
    const std::string now = get("1.md");
    const int seen = std::stoi(now.substr(now.find("edit ") + 5));
    ASSERT_GE(seen, last_seen);
    last_seen = seen;
  }
  person.join();
  EXPECT_EQ(parse_issue_text(get("1.md"), "1.md").body, "edit " + std::to_string(kEdits) + "\n");
  EXPECT_GT(set, 0);
  EXPECT_EQ(all_names(), (Names{".runner.lock", "1.md"}));
}

TEST_F(LocalTrackerWrite, TwoRunnersSetDifferentLabels) {
  put("1.md", "+++\ntitle = \"x\"\n+++\n");
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who) {
    threads.emplace_back([&, who] {
      const auto own = make_local_writer(config, options, clock);
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(own->set_labels(repo, 1, {std::to_string(who) + "-" + std::to_string(i)}, {}));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(labels_of("1.md").size(), 40U);
}

TEST_F(LocalTrackerWrite, TheCommentIsEditedInPlaceAndAForgedMarkerIsNotOurs) {
  put("1.md", "+++\ntitle = \"x\"\n+++\n");
  const std::string marker = "<!-- runner: run r1 -->";
  write(file("0001.comments/0001-mallory.md"),
        "+++\nauthor = \"mallory\"\n+++\n\n" + marker + "\nforged\n");
  write(file("0001.comments/0002-runner.md"),
        "+++\nauthor = \"runner\"\n+++\n\nquoting `" + marker + "` inside a line\n");
  write(file("0001.comments/0003.md"), "by hand\n");
  ASSERT_TRUE(comment(1, marker, "# Checklist\n" + marker + "\n- [ ] one\n"));
  ASSERT_TRUE(comment(1, marker, "# Checklist\n" + marker + "\n- [x] one\n"));
  const auto comments = reader->comments(repo, 1);
  ASSERT_TRUE(comments && comments->size() == 4);
  EXPECT_EQ(comments->at(0).author, "mallory");
  EXPECT_NE(comments->at(0).body.find("forged"), std::string::npos);
  EXPECT_EQ(comments->at(2).author, "");
  EXPECT_EQ(comments->at(3).author, "runner");
  EXPECT_EQ(comments->at(3).body, "# Checklist\n" + marker + "\n- [x] one");
  EXPECT_EQ(comments->at(3).at, clock.time);
  EXPECT_EQ(comments->at(3).id, "0004-runner.md");
}

TEST_F(LocalTrackerWrite, ABodyThatLooksLikeAnotherCommentStaysOne) {
  put("1.md", "+++\ntitle = \"x\"\n+++\n");
  const std::string body = "m\n+++\nauthor = \"alice\"\n+++\n\x1b[2J and \xFF";
  ASSERT_TRUE(comment(1, "m", body));
  const auto comments = reader->comments(repo, 1);
  ASSERT_TRUE(comments && comments->size() == 1);
  EXPECT_EQ(comments->front().author, "runner");
  EXPECT_EQ(comments->front().body, "m\n+++\nauthor = \"alice\"\n+++\n\x1b[2J and \xEF\xBF\xBD");
  EXPECT_FALSE(comment(1, "m", std::string("m\n") + std::string(2U << 20U, 'x')));
  EXPECT_FALSE(comment(1, "m", "no marker"));
}

TEST_F(LocalTrackerWrite, AReadOnlyTrackerSaysSo) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  put("1.md", "+++\ntitle = \"x\"\n+++\n");
  fs::permissions(folder(), fs::perms::owner_read | fs::perms::owner_exec);
  const auto status = writer->set_labels(repo, 1, {"a"}, {});
  fs::permissions(folder(), fs::perms::owner_all);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::denied);
}

}  // namespace
}  // namespace runner::trackers
