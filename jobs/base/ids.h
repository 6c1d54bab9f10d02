#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace jobs {

/// A string that is an identity of one kind and cannot be mixed up with another.
template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& str() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string value_;
};

/// A repository's name in the fleet ("acme/shop"): letters, digits, '.', '_', '-', and single '/'
/// between parts.
using RepoName = Id<struct RepoNameTag>;
/// Sortable by creation time, unique over all hosts: "r" + 26 characters of Crockford base 32 (a
/// ULID), lower case.
using RunId = Id<struct RunIdTag>;
/// One tick; "t" + ULID.
using TickId = Id<struct TickIdTag>;
/// A git object id, 40 lower-case hex digits; empty = none.
using Oid = Id<struct OidTag>;

/// An issue's number in its tracker; positive.
using IssueNumber = std::int64_t;

/// One issue of one repository.
struct IssueKey {
  RepoName repo;
  IssueNumber number = 0;
  /// "acme/shop#12"
  [[nodiscard]] std::string str() const { return repo.str() + "#" + std::to_string(number); }
  friend auto operator<=>(const IssueKey&, const IssueKey&) = default;
};

/// A fencing token: it grows with every new holder of a lease; a write that carries an older one is
/// refused.
using Epoch = std::int64_t;

}  // namespace jobs

template <typename Tag>
struct std::hash<jobs::Id<Tag>> {
  std::size_t operator()(const jobs::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
