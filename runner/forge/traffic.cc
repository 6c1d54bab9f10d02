// GitHub's numbers:
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "About secondary
// rate limits".
#include "runner/forge/traffic.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/time.h"

namespace runner::forge {

namespace {

constexpr jobs::Duration kMinute = std::chrono::minutes(1);
constexpr std::int64_t kNoBound = 1'000'000;

std::int64_t points_of(Use use) {
  switch (use) {
    case Use::read:
    case Use::graphql: return 1;
    case Use::write: return 5;
  }
  return 1;
}

}  // namespace

TrafficLimits limits_of_host(std::string_view host) {
  const bool github = host == "api.github.com" || host.ends_with(".ghe.com");
  if (github) {
    return {};
  }
  if (host == "api.plane.so") {
    // https://developers.plane.so/api-reference/introduction, "Rate limiting": sixty requests
    // of a key, whatever they are.
    return {.per_host = 4, .points_per_minute = 60};
  }
  // A server of one's own has no such minutes, but fewer processors.
  return {.requests_per_tick = 20'000,
          .points_per_minute = kNoBound,
          .graphql_per_minute = kNoBound,
          .between_writes = std::chrono::milliseconds(100)};
}

Traffic::Host& Traffic::host(const std::string& name) {
  const auto [at, made] = hosts_.try_emplace(name);
  if (made) {
    at->second.limits = limits_of_host(name);
  }
  return at->second;
}

void Traffic::set_limits(const std::string& name, TrafficLimits limits) {
  const std::lock_guard lock(mutex_);
  host(name).limits = limits;
}

std::int64_t Traffic::sent(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return host(name).sent;
}

jobs::Duration Traffic::until_room(Host& host, Use use, std::int64_t points, jobs::TimePoint now) {
  auto& spent = use == Use::graphql ? host.graphql : host.points;
  const std::int64_t most =
      use == Use::graphql ? host.limits.graphql_per_minute : host.limits.points_per_minute;
  while (!spent.empty() && (spent.front().first <= now - kMinute || spent.front().first > now)) {
    spent.pop_front();
  }
  std::int64_t sum = points;
  for (const auto& [when, how_many] : spent) {
    sum += how_many;
  }
  for (const auto& [when, how_many] : spent) {
    if (sum <= most) {
      break;
    }
    sum -= how_many;
    if (sum <= most) {
      return when + kMinute - now + jobs::Duration(1);
    }
  }
  return jobs::Duration::zero();
}

jobs::Result<std::size_t> Traffic::enter(const std::string& name, const std::string& who, Use use,
                                         std::size_t wanted) {
  std::unique_lock lock(mutex_);
  Host& to = host(name);
  for (;;) {
    const jobs::TimePoint now = clock_.now();
    const Limited& limited = to.limited[{who, use}];
    if (limited.until && now < *limited.until) {
      jobs::Error error = jobs::fail(
          jobs::ErrorKind::rate_limited,
          fmt::format("{} has limited us until {}", name, jobs::format_time(*limited.until)));
      error.until = limited.until;
      return error;
    }
    if (to.circuit.is_open(now)) {
      jobs::Error error =
          jobs::fail(jobs::ErrorKind::transient,
                     fmt::format("{} has failed {} times in a row and is left alone until {}: {}",
                                 name, to.circuit.failures, jobs::format_time(*to.circuit.until),
                                 to.circuit.reason));
      error.until = to.circuit.until;
      return error;
    }
    if (to.circuit.is_half_open(now) && to.trying) {
      left_.wait(lock);
      continue;
    }
    if (to.sent >= to.limits.requests_per_tick) {
      jobs::Error error = jobs::fail(
          jobs::ErrorKind::rate_limited,
          fmt::format("this tick has sent {} requests to {}, which is its budget", to.sent, name));
      error.until = now;
      return error;
    }
    if (to.on_their_way >= to.limits.per_host || on_their_way_ >= to.limits.overall) {
      left_.wait(lock);
      continue;
    }
    const jobs::Duration wait = until_room(to, use, points_of(use), now);
    if (wait <= jobs::Duration::zero()) {
      break;
    }
    lock.unlock();
    sleep_(wait);
    lock.lock();
  }
  const jobs::TimePoint now = clock_.now();
  std::size_t places =
      std::min({wanted, to.limits.per_host - to.on_their_way, to.limits.overall - on_their_way_,
                static_cast<std::size_t>(to.limits.requests_per_tick - to.sent)});
  if (to.circuit.is_half_open(now)) {
    places = 1;
    to.trying = true;
  }
  while (places > 1 && until_room(to, use, points_of(use) * static_cast<std::int64_t>(places),
                                  now) > jobs::Duration::zero()) {
    --places;
  }
  auto& spent = use == Use::graphql ? to.graphql : to.points;
  spent.emplace_back(now, points_of(use) * static_cast<std::int64_t>(places));
  to.on_their_way += places;
  on_their_way_ += places;
  to.sent += static_cast<std::int64_t>(places);
  return places;
}

void Traffic::leave(const std::string& name, std::size_t places) {
  {
    const std::lock_guard lock(mutex_);
    host(name).on_their_way -= places;
    host(name).trying = false;
    on_their_way_ -= places;
  }
  left_.notify_all();
}

void Traffic::limited(const std::string& name, const std::string& who, Use use,
                      jobs::TimePoint until) {
  const std::lock_guard lock(mutex_);
  auto& known = host(name).limited[{who, use}].until;
  known = std::max(known.value_or(until), until);
}

int Traffic::limits_in_a_row(const std::string& name, const std::string& who, Use use) {
  const std::lock_guard lock(mutex_);
  return ++host(name).limited[{who, use}].in_a_row;
}

void Traffic::not_limited(const std::string& name, const std::string& who, Use use) {
  const std::lock_guard lock(mutex_);
  host(name).limited[{who, use}].in_a_row = 0;
}

Circuit Traffic::gave_up(const std::string& name, const std::string& why) {
  const std::lock_guard lock(mutex_);
  Circuit& circuit = host(name).circuit;
  circuit = after_failure(std::move(circuit), why, clock_.now());
  return circuit;
}

bool Traffic::on_trial(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return host(name).circuit.is_half_open(clock_.now());
}

bool Traffic::answered(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return std::exchange(host(name).circuit, Circuit{}).failures > 0;
}

void Traffic::set_circuit(const std::string& name, Circuit circuit) {
  const std::lock_guard lock(mutex_);
  host(name).circuit = std::move(circuit);
}

Traffic::Writing::Writing(Traffic& traffic, const std::string& host)
    : traffic_(traffic), host_(host) {
  std::mutex* writing = nullptr;
  {
    const std::lock_guard lock(traffic_.mutex_);
    writing = &traffic_.host(host_).writing;
  }
  lock_ = std::unique_lock(*writing);
  jobs::Duration wait{};
  {
    const std::lock_guard lock(traffic_.mutex_);
    const Host& to = traffic_.host(host_);
    const jobs::TimePoint now = traffic_.now();
    // A clock that was set back must not make anybody wait for long.
    if (to.last_write && *to.last_write <= now) {
      wait = *to.last_write + to.limits.between_writes - now;
    }
  }
  if (wait > jobs::Duration::zero()) {
    traffic_.sleep(wait);
  }
}

Traffic::Writing::~Writing() {
  const std::lock_guard lock(traffic_.mutex_);
  traffic_.host(host_).last_write = traffic_.now();
}

}  // namespace runner::forge
