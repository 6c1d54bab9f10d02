#pragma once

#include <memory>
#include <string>
#include <vector>

#include "jobs/ports/pulls.h"

namespace pulls_contract {

/// A forge with one repository, `repo()`, and the people who use it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual jobs::PullReader& reader() = 0;
  virtual jobs::PullWriter& writer() = 0;
  virtual const jobs::Repo& repo() = 0;
  /// A commit on `branch` that sets `file`; the branch begins at the base if it is not there.
  virtual jobs::Oid commit(const std::string& branch, const std::string& file,
                           const std::string& content) = 0;
  /// Message and parents of the base's newest commit.
  virtual std::string message_of_base() = 0;
  virtual jobs::Oid head_of_base() = 0;
  virtual bool press_merge(const std::string& branch) = 0;
  virtual void press_close(const std::string& branch) = 0;
  /// How many were ever opened.
  virtual int opened() = 0;
  /// The next write is carried out, and its answer is lost.
  virtual void lose_next_answer() = 0;
};

[[nodiscard]] std::unique_ptr<Subject> make_fake();
/// The adapter against the doubles of the forges, over real repositories.
[[nodiscard]] std::unique_ptr<Subject> make_github();
[[nodiscard]] std::unique_ptr<Subject> make_forgejo();

}  // namespace pulls_contract
