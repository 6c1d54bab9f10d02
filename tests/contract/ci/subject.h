#pragma once

#include <memory>
#include <string>

#include "jobs/ports/ci.h"

/// What the contract of CI is asked of.
namespace ci_contract {

class Subject {
 public:
  virtual ~Subject() = default;
  virtual jobs::CiReader& reader() = 0;
  virtual jobs::CiWriter& writer() = 0;
  /// Ends the CI of a commit that was started.
  virtual void finish(const jobs::Repo& repo, const jobs::Oid& commit, jobs::Verdict verdict,
                      const std::string& log) = 0;
  /// Its supervisor dies.
  virtual void lose(const jobs::Repo& repo, const jobs::Oid& commit) = 0;
  virtual int starts(const jobs::Repo& repo, const jobs::Oid& commit) = 0;
  virtual jobs::TimePoint now() = 0;
  /// A start, and what the outside world does by itself at that time.
  virtual jobs::Status start(const jobs::Repo& repo, const jobs::Oid& commit) {
    return writer().start(repo, commit);
  }
  /// False where the CI belongs to somebody else, so that nothing of it can be lost or forgotten.
  [[nodiscard]] virtual bool keeps() const { return true; }
  /// What its check is called.
  [[nodiscard]] virtual std::string check() const { return "ci"; }
};

std::unique_ptr<Subject> make_checks();
std::unique_ptr<Subject> make_forgejo();
std::unique_ptr<Subject> make_woodpecker();

}  // namespace ci_contract
