#include "runner/forge/limit_memory.h"

#include <charconv>

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

jobs::HttpCacheKey circuit_key(const std::string& root) {
  return {.url = root + "#circuit", .credential = {}, .accept = {}};
}

}  // namespace

std::optional<Circuit> kept_circuit(jobs::HttpCache& cache, const std::string& root) {
  const auto known = cache.get(circuit_key(root));
  if (!known || !*known || (*known)->etag.empty()) {
    return std::nullopt;
  }
  Circuit circuit{.failures = 0,
                  .opened = 0,
                  .until = jobs::parse_time((*known)->last_modified),
                  .reason = (*known)->body};
  const std::string& counts = (*known)->etag;
  const char* const end = counts.data() + counts.size();
  const auto [slash, error] = std::from_chars(counts.data(), end, circuit.failures);
  if (error == std::errc() && slash != end) {
    std::from_chars(slash + 1, end, circuit.opened);
  }
  return circuit;
}

LimitMemory::LimitMemory(Traffic& traffic, jobs::HttpCache* cache, std::string root)
    : traffic_(traffic), cache_(cache), root_(std::move(root)), host_(host_of(root_)) {}

void LimitMemory::recall(const std::string& who) {
  if (cache_ == nullptr) {
    return;
  }
  if (auto circuit = kept_circuit(*cache_, root_)) {
    traffic_.set_circuit(host_, *std::move(circuit));
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

void LimitMemory::gave_up(const std::string& why) {
  const Circuit circuit = traffic_.gave_up(host_, why);
  if (cache_ != nullptr) {
    // A tick may ask so little that the failures in a row are those of several.
    static_cast<void>(cache_->put(
        circuit_key(root_),
        {.etag = fmt::format("{}/{}", circuit.failures, circuit.opened),
         .last_modified = circuit.until ? jobs::format_time(*circuit.until) : std::string(),
         .next = {},
         .body = circuit.reason}));
  }
}

void LimitMemory::answered() {
  if (traffic_.answered(host_) && cache_ != nullptr) {
    static_cast<void>(cache_->put(circuit_key(root_), {}));
  }
}

jobs::HttpCacheKey LimitMemory::key(Use use, const std::string& who) const {
  return {
      .url = fmt::format("{}#limited:{}", root_, name_of(use)), .credential = who, .accept = {}};
}

}  // namespace runner::forge
