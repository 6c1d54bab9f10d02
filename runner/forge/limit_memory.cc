#include "runner/forge/limit_memory.h"

#include <fmt/format.h>

#include "jobs/base/time.h"
#include "jobs/policy/retry.h"
#include "runner/forge/address.h"

namespace runner::forge {

namespace {

std::string_view name_of(Use use) {
  switch (use) {
    case Use::read: return "read";
    case Use::graphql: return "graphql";
    case Use::write: return "write";
  }
  return "";
}

}  // namespace

LimitMemory::LimitMemory(Traffic& traffic, jobs::HttpCache* cache, std::string root)
    : traffic_(traffic), cache_(cache), root_(std::move(root)), host_(host_of(root_)) {}

void LimitMemory::recall(const std::string& who) {
  if (cache_ == nullptr) {
    return;
  }
  for (const Use use : {Use::read, Use::graphql, Use::write}) {
    const auto known = cache_->get(key(use, who));
    if (!known || !*known) {
      continue;
    }
    const auto until = jobs::parse_time((*known)->last_modified);
    // One further ahead than any limit lasts was written while the clock was wrong.
    if (until && jobs::still_waits(until, traffic_.now())) {
      traffic_.limited(host_, who, use, *until);
    }
  }
}

void LimitMemory::limited(Use use, const std::string& who, jobs::TimePoint until) {
  traffic_.limited(host_, who, use, until);
  if (cache_ != nullptr) {
    static_cast<void>(cache_->put(
        key(use, who),
        {.etag = {}, .last_modified = jobs::format_time(until), .next = {}, .body = {}}));
  }
}

jobs::HttpCacheKey LimitMemory::key(Use use, const std::string& who) const {
  return {
      .url = fmt::format("{}#limited:{}", root_, name_of(use)), .credential = who, .accept = {}};
}

}  // namespace runner::forge
