#include "tests/stub/faults.h"

#include <array>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace stub {

namespace {

constexpr std::array<std::pair<FaultKind, std::string_view>, 13> kNames = {{
    {FaultKind::cut, "cut"},
    {FaultKind::failed, "failed"},
    {FaultKind::unavailable, "unavailable"},
    {FaultKind::timeout, "timeout"},
    {FaultKind::rate_limited, "rate-limited"},
    {FaultKind::forbidden, "forbidden"},
    {FaultKind::slow, "slow"},
    {FaultKind::truncated, "truncated"},
    {FaultKind::oversize, "oversize"},
    {FaultKind::html, "html"},
    {FaultKind::redirect, "redirect"},
    {FaultKind::stale, "stale"},
    {FaultKind::page_shift, "page-shift"},
}};

Rule rule_of(const nlohmann::json& json) {
  Rule rule;
  for (const auto& [key, value] : json.items()) {
    if (key == "method") {
      rule.method = value.get<std::string>();
    } else if (key == "path") {
      rule.path = value.get<std::string>();
    } else if (key == "first") {
      rule.first = value.get<int>();
    } else if (key == "times") {
      rule.times = value.get<int>();
    } else if (key == "every") {
      rule.every = value.get<int>();
    } else if (key == "kind") {
      const auto kind = parse_fault_kind(value.get<std::string>());
      if (!kind) {
        throw std::invalid_argument("unknown kind of fault: " + value.get<std::string>());
      }
      rule.fault.kind = *kind;
    } else if (key == "when") {
      const std::string when = value.get<std::string>();
      if (when != "before" && when != "after") {
        throw std::invalid_argument("a fault comes before or after the effect, not " + when);
      }
      rule.fault.when = when == "before" ? When::before : When::after;
    } else if (key == "milliseconds") {
      rule.fault.milliseconds = value.get<int>();
    } else if (key == "seconds") {
      rule.fault.seconds = value.get<int>();
    } else if (key == "bytes") {
      rule.fault.bytes = value.get<std::int64_t>();
    } else if (key == "location") {
      rule.fault.location = value.get<std::string>();
    } else if (key == "writes") {
      rule.fault.writes = value.get<int>();
    } else {
      throw std::invalid_argument("unknown key of a fault: " + key);
    }
  }
  return rule;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  for (const auto& [each, name] : kNames) {
    if (each == kind) {
      return name;
    }
  }
  return "";
}

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
  for (const auto& [kind, each] : kNames) {
    if (each == name) {
      return kind;
    }
  }
  return std::nullopt;
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return pattern == text;
  }
  if (text.substr(0, star) != pattern.substr(0, star)) {
    return false;
  }
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(pattern.substr(star + 1), text.substr(at))) {
      return true;
    }
  }
  return false;
}

void Faults::add(Rule rule) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({.rule = std::move(rule)});
}

void Faults::load(const std::string& json) {
  const auto script = nlohmann::json::parse(json);
  for (const auto& each : script.at("faults")) {
    add(rule_of(each));
  }
}

void Faults::draw(std::uint64_t seed, const std::string& path, double probability, int most,
                  std::vector<FaultKind> kinds) {
  const std::lock_guard lock(mutex_);
  drawn_ = Drawn{.random = std::mt19937_64(seed),
                 .path = path,
                 .probability = probability,
                 .left = kinds.empty() ? 0 : most,
                 .kinds = std::move(kinds)};
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  drawn_.reset();
}

std::optional<Fault> Faults::of(const Request& request) {
  const std::lock_guard lock(mutex_);
  std::optional<Fault> fault;
  for (Counted& each : rules_) {
    const Rule& rule = each.rule;
    if ((!rule.method.empty() && rule.method != request.method) ||
        !matches(rule.path, request.target)) {
      continue;
    }
    const int number = ++each.seen - rule.first;
    const bool due = number >= 0 && number % rule.every == 0;
    if (due && (rule.times == 0 || each.hit < rule.times) && !fault) {
      ++each.hit;
      fault = rule.fault;
    }
  }
  if (!fault && drawn_ && drawn_->left > 0 && matches(drawn_->path, request.target) &&
      std::uniform_real_distribution<double>(0, 1)(drawn_->random) < drawn_->probability) {
    --drawn_->left;
    const auto which =
        std::uniform_int_distribution<std::size_t>(0, drawn_->kinds.size() - 1)(drawn_->random);
    fault = Fault{.kind = drawn_->kinds[which],
                  .when = drawn_->random() % 2 == 0 ? When::before : When::after};
  }
  injected_ += fault ? 1 : 0;
  return fault;
}

int Faults::injected() const {
  const std::lock_guard lock(mutex_);
  return injected_;
}

}  // namespace stub
