#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace prove {

/// One broken promise.
struct Violation {
  std::string what;   ///< begins with the invariant: "invariant 2: turn 1 was started twice"
  std::string where;  ///< the case, in the words that `--only` takes
  std::uint64_t seed = 0;
};

/// What one run of a harness did and found. Every function may be called from several threads.
class Record {
 public:
  /// Adds to a count of the evidence: "kills", "ticks", "pairs covered".
  void count(const std::string& what, std::int64_t number = 1);
  /// Sets a figure that does not add up over cases, such as a total to be covered.
  void figure(const std::string& what, std::int64_t number);
  void violation(Violation violation);
  /// Something that must happen sometimes, or the harness is blind: declared first, seen later. One
  /// that was never seen is a violation of the harness itself.
  void expect(const std::string& mark);
  void seen(const std::string& mark);
  /// A fact for the reader of the evidence.
  void note(const std::string& text);
  /// The cases of this run can be shared out over several runs.
  void divide();
  [[nodiscard]] bool divided() const;
  /// This machine cannot do it; the reason is part of the evidence. Not a violation.
  void skip(const std::string& reason);

  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::int64_t counted(const std::string& what) const;
  [[nodiscard]] std::vector<Violation> violations() const;
  [[nodiscard]] std::vector<std::string> unseen() const;
  [[nodiscard]] std::string skipped() const;
  /// All of it as the members of one JSON object.
  [[nodiscard]] std::string json() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> counts_;
  std::set<std::string> figures_;
  bool divided_ = false;
  std::map<std::string, std::int64_t> marks_;  ///< how often each was seen
  std::vector<Violation> violations_;
  std::vector<std::string> notes_;
  std::string skipped_;
};

}  // namespace prove
