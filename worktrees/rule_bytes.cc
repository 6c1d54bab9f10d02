#include "worktrees/rule_bytes.h"

#include <fmt/core.h>

#include "jobs/base/text.h"

namespace worktrees {
namespace {

constexpr std::string_view kAttributes = ".gitattributes";
constexpr std::string_view kIgnored = ".gitignore";

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1: all of it
}

}  // namespace

bool RuleBytes::counts(std::string_view path) {
  const std::string_view name = name_of(path);
  return name == kAttributes || name == kIgnored;
}

std::string RuleBytes::add(std::string_view path, std::uint64_t bytes) {
  const std::string_view name = name_of(path);
  return add(name == kAttributes ? attributes_ : ignored_, name, path, bytes);
}

std::string RuleBytes::add(std::string_view path, const RuleBytes& below) {
  std::string too_many = add(attributes_, kAttributes, path, below.attributes_);
  return too_many.empty() ? add(ignored_, kIgnored, path, below.ignored_) : too_many;
}

std::string RuleBytes::add(std::uint64_t& all, std::string_view name, std::string_view path,
                           std::uint64_t bytes) {
  all += bytes;
  return all <= kMost ? std::string()
                      : fmt::format("the {} files up to '{}' have {} bytes together, at most {}",
                                    name, jobs::one_line(path, 200), all, kMost);
}

}  // namespace worktrees
