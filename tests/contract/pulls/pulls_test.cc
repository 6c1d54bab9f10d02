// What every forge's pull requests have to do for a run, whichever kind it is.
#include <gtest/gtest.h>

#include "tests/contract/pulls/subject.h"

namespace pulls_contract {
namespace {

using jobs::ErrorKind;
using jobs::Oid;
using jobs::PullFacts;
using State = jobs::PullFacts::State;

constexpr const char* kBranch = "runner/r1";

struct Kind {
  std::string name;
  std::unique_ptr<Subject> (*make)();
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class Pulls : public testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] jobs::PullSpec spec(const Oid& head) const {
    return {.branch = kBranch,
            .head = head,
            .base = "main",
            .title = "Greet by name (#7)",
            .body = "Done by run r1."};
  }
  PullFacts open(const Oid& head) {
    const auto opened = subject->writer().open(subject->repo(), spec(head));
    EXPECT_TRUE(opened.has_value()) << opened.error().text();
    return opened ? *opened : PullFacts();
  }
  PullFacts seen() {
    const auto pull = subject->reader().pull(subject->repo(), kBranch);
    EXPECT_TRUE(pull.has_value()) << pull.error().text();
    EXPECT_TRUE(pull && pull->has_value());
    return pull && *pull ? **pull : PullFacts();
  }
  jobs::Status merge(std::int64_t number, const Oid& head) {
    return subject->writer().merge(subject->repo(), number, head, "Merge it\n\nRunner-Run: r1\n");
  }
  void expect_error(ErrorKind kind, const jobs::Status& status) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().kind, kind) << status.error().text();
    EXPECT_FALSE(status.error().message.empty());
  }

  std::unique_ptr<Subject> subject = GetParam().make();
};

TEST_P(Pulls, ABranchWithoutOneHasNone) {
  subject->commit(kBranch, "a.txt", "a\n");
  const auto pull = subject->reader().pull(subject->repo(), kBranch);
  ASSERT_TRUE(pull.has_value()) << pull.error().text();
  EXPECT_FALSE(pull->has_value());
}

TEST_P(Pulls, OneIsOpenedAndSeen) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts opened = open(head);
  EXPECT_GT(opened.number, 0);
  EXPECT_EQ(opened.state, State::open);
  EXPECT_EQ(opened.head, head);
  EXPECT_FALSE(opened.url.empty());
  EXPECT_FALSE(opened.conflicts);
  const PullFacts now = seen();
  EXPECT_EQ(now.number, opened.number);
  EXPECT_EQ(now.head, head);
  EXPECT_TRUE(now.merged.empty());
}

TEST_P(Pulls, Invariant3_OpenedTwiceItIsOne) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts first = open(head);
  EXPECT_EQ(open(head).number, first.number);
  EXPECT_EQ(subject->opened(), 1);
}

TEST_P(Pulls, Invariant3_WhereTheAnswerWasLostItIsFound) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  subject->lose_next_answer();
  (void)subject->writer().open(subject->repo(), spec(head));  // Whatever it says.
  EXPECT_EQ(open(head).head, head);
  EXPECT_EQ(subject->opened(), 1);
}

TEST_P(Pulls, TheHeadIsTheBranchsOfNow) {
  const PullFacts first = open(subject->commit(kBranch, "a.txt", "a\n"));
  const Oid newer = subject->commit(kBranch, "b.txt", "b\n");
  EXPECT_EQ(seen().head, newer);
  EXPECT_EQ(open(newer).number, first.number);
  EXPECT_EQ(subject->opened(), 1);
}

TEST_P(Pulls, OneThatSomebodyMergedSaysAsWhat) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  open(head);
  ASSERT_TRUE(subject->press_merge(kBranch));
  const PullFacts now = seen();
  EXPECT_EQ(now.state, State::merged);
  EXPECT_EQ(now.merged, subject->head_of_base());
  EXPECT_EQ(now.head, head);
  EXPECT_EQ(open(head).state, State::merged) << "it had been merged before anybody noted it";
  EXPECT_EQ(subject->opened(), 1);
}

TEST_P(Pulls, OneThatSomebodyClosedIsClosedAndFurtherWorkGetsAnother) {
  const PullFacts first = open(subject->commit(kBranch, "a.txt", "a\n"));
  subject->press_close(kBranch);
  EXPECT_EQ(seen().state, State::closed);
  const Oid newer = subject->commit(kBranch, "b.txt", "b\n");
  const PullFacts second = open(newer);
  EXPECT_NE(second.number, first.number);
  EXPECT_EQ(seen().number, second.number) << "the newest of a branch";
  EXPECT_EQ(subject->opened(), 2);
}

TEST_P(Pulls, MergingLeavesTheMessageOnTheBase) {
  const Oid before = subject->head_of_base();
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts pull = open(head);
  const jobs::Status merged = merge(pull.number, head);
  ASSERT_TRUE(merged.has_value()) << merged.error().text();
  EXPECT_NE(subject->head_of_base(), before);
  EXPECT_EQ(seen().state, State::merged);
  EXPECT_EQ(seen().merged, subject->head_of_base());
  const std::string message = subject->message_of_base();
  EXPECT_TRUE(message.starts_with("Merge it\n\nRunner-Run: r1")) << message;
}

TEST_P(Pulls, Invariant3_MergedTwiceItIsOnce) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts pull = open(head);
  ASSERT_TRUE(merge(pull.number, head).has_value());
  const Oid after = subject->head_of_base();
  EXPECT_TRUE(merge(pull.number, head).has_value());
  EXPECT_EQ(subject->head_of_base(), after);
}

TEST_P(Pulls, Invariant3_MergedThoughTheAnswerWasLost) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts pull = open(head);
  subject->lose_next_answer();
  (void)merge(pull.number, head);
  const Oid after = subject->head_of_base();
  EXPECT_TRUE(merge(pull.number, head).has_value());
  EXPECT_EQ(subject->head_of_base(), after);
  EXPECT_EQ(seen().merged, after);
}

TEST_P(Pulls, WhatNobodyVerifiedIsNotMerged) {
  const Oid before = subject->head_of_base();
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts pull = open(head);
  subject->commit(kBranch, "evil.txt", "by somebody else\n");
  expect_error(ErrorKind::conflict, merge(pull.number, head));
  EXPECT_EQ(subject->head_of_base(), before);
}

TEST_P(Pulls, OneWithConflictsIsNotMergedAndSaysSo) {
  const Oid head = subject->commit(kBranch, "a.txt", "ours\n");
  const PullFacts pull = open(head);
  const Oid theirs = subject->commit("main", "a.txt", "theirs\n");
  (void)seen();  // A forge may begin to find out when it is asked.
  EXPECT_TRUE(seen().conflicts);
  expect_error(ErrorKind::conflict, merge(pull.number, head));
  EXPECT_EQ(subject->head_of_base(), theirs);
}

TEST_P(Pulls, OneThatWasClosedIsNotMerged) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  const PullFacts pull = open(head);
  subject->press_close(kBranch);
  expect_error(ErrorKind::denied, merge(pull.number, head));
}

TEST_P(Pulls, OneThatIsNotThereIsNotFound) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  expect_error(ErrorKind::not_found, merge(999'999, head));
}

TEST_P(Pulls, ABranchThatIsNotThereGetsNone) {
  const auto opened = subject->writer().open(subject->repo(),
                                             spec(Oid("1234567890123456789012345678901234567890")));
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().kind, ErrorKind::transient) << opened.error().text();
  EXPECT_EQ(subject->opened(), 0);
}

TEST_P(Pulls, TextsAreTakenAsTheyAre) {
  const Oid head = subject->commit(kBranch, "a.txt", "a\n");
  jobs::PullSpec odd = spec(head);
  odd.title = "\"; rm -rf / #\\ \xc3\xa9\xf0\x9f\x9a\x80 \xff";
  odd.body = "</textarea>\n{{title}}\n${HOME}\r\n\x01";
  const auto opened = subject->writer().open(subject->repo(), odd);
  ASSERT_TRUE(opened.has_value()) << opened.error().text();
  EXPECT_EQ(opened->head, head);
}

INSTANTIATE_TEST_SUITE_P(All, Pulls,
                         testing::Values(Kind{"fake", make_fake}, Kind{"github", make_github},
                                         Kind{"forgejo", make_forgejo}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace pulls_contract
