#include "tests/prove/frame/record.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace prove {

namespace {

// A broken promise may break in every case: the first hundred tell enough.
constexpr std::size_t kKept = 100;

}  // namespace

void Record::count(const std::string& what, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  counts_[what] += number;
}

void Record::figure(const std::string& what, std::int64_t number) {
  const std::lock_guard lock(mutex_);
  counts_[what] = number;
  figures_.insert(what);
}

void Record::violation(Violation violation) {
  const std::lock_guard lock(mutex_);
  counts_["violations"] += 1;
  if (violations_.size() < kKept) {
    violations_.push_back(std::move(violation));
  }
}

void Record::expect(const std::string& mark) {
  const std::lock_guard lock(mutex_);
  marks_.try_emplace(mark, 0);
}

void Record::seen(const std::string& mark) {
  const std::lock_guard lock(mutex_);
  marks_[mark] += 1;
}

void Record::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(text);
}

void Record::divide() {
  const std::lock_guard lock(mutex_);
  divided_ = true;
}

bool Record::divided() const {
  const std::lock_guard lock(mutex_);
  return divided_;
}

void Record::skip(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  skipped_ = reason;
}

bool Record::failed() const {
  const std::lock_guard lock(mutex_);
  return !violations_.empty();
}

std::int64_t Record::counted(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

std::vector<Violation> Record::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<std::string> Record::unseen() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result;
  for (const auto& [mark, times] : marks_) {
    if (times == 0) {
      result.push_back(mark);
    }
  }
  return result;
}

std::string Record::skipped() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

std::string Record::json() const {
  const std::vector<std::string> missing = unseen();
  const std::lock_guard lock(mutex_);
  nlohmann::ordered_json out;
  auto counts = nlohmann::ordered_json::object();
  for (const auto& [what, number] : counts_) {
    if (what != "violations") {
      counts[what] = number;
    }
  }
  out["counts"] = counts;
  if (!figures_.empty()) {
    out["figures"] = figures_;  // of the counts, those that do not add up
  }
  out["violations"] = counts_.contains("violations") ? counts_.at("violations") : 0;
  auto list = nlohmann::ordered_json::array();
  for (const Violation& each : violations_) {
    list.push_back({{"what", each.what}, {"where", each.where}, {"seed", each.seed}});
  }
  if (!list.empty()) {
    out["found"] = list;
  }
  if (!marks_.empty()) {
    out["marks_seen"] = marks_.size() - missing.size();
    out["marks"] = marks_.size();
  }
  if (!missing.empty()) {
    out["unseen"] = missing;
  }
  if (!notes_.empty()) {
    out["notes"] = notes_;
  }
  if (!skipped_.empty()) {
    out["skipped"] = skipped_;
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace prove
