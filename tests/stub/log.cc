#include "tests/stub/log.h"

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/stub/faults.h"

namespace stub {

namespace {

using OrderedJson = nlohmann::ordered_json;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string line_of(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

void Log::asked(Request& request) {
  const std::lock_guard lock(mutex_);
  request.number = static_cast<std::int64_t>(exchanges_.size()) + 1;
  exchanges_.push_back({.request = request, .at = now_ms()});
  OrderedJson headers = OrderedJson::object();
  for (const auto& [name, value] : request.headers) {
    headers[name] = value;
  }
  append(line_of({{"event", "request"},
                  {"number", request.number},
                  {"at", exchanges_.back().at},
                  {"method", request.method},
                  {"target", request.target},
                  {"headers", headers},
                  {"body", request.body}}));
}

void Log::faulted(std::int64_t number, const std::string& fault) {
  const std::lock_guard lock(mutex_);
  exchanges_.at(static_cast<std::size_t>(number - 1)).fault = fault;
  append(line_of({{"event", "fault"}, {"number", number}, {"at", now_ms()}, {"fault", fault}}));
}

void Log::answered(std::int64_t number, int status, const std::string& body) {
  const std::lock_guard lock(mutex_);
  Exchange& exchange = exchanges_.at(static_cast<std::size_t>(number - 1));
  exchange.status = status;
  exchange.answered_at = now_ms();
  exchange.bytes = body.size();
  exchange.answer = keeps_answers_ ? body : "";
  append(line_of(
      {{"event", "answer"}, {"number", number}, {"at", exchange.answered_at}, {"status", status}}));
}

void Log::effect(std::int64_t request, const std::string& what, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  effects_.push_back({.request = request, .at = now_ms(), .what = what, .detail = detail});
  append(line_of({{"event", "effect"},
                  {"number", request},
                  {"at", effects_.back().at},
                  {"what", what},
                  {"detail", detail}}));
}

void Log::keep_answers() {
  const std::lock_guard lock(mutex_);
  keeps_answers_ = true;
}

std::vector<Exchange> Log::exchanges() const {
  const std::lock_guard lock(mutex_);
  return exchanges_;
}

std::vector<Effect> Log::effects() const {
  const std::lock_guard lock(mutex_);
  return effects_;
}

std::vector<Effect> Log::effects(const std::string& what) const {
  std::vector<Effect> some = effects();
  std::erase_if(some, [&](const Effect& each) { return each.what != what; });
  return some;
}

int Log::count(const std::string& method, const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count_if(exchanges_, [&](const Exchange& each) {
    return (method.empty() || each.request.method == method) && matches(path, each.request.target);
  }));
}

bool Log::holds(const std::string& text) const {
  const auto has = [&](const std::string& where) { return where.find(text) != std::string::npos; };
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(exchanges_, [&](const Exchange& each) {
    return has(each.request.target) || has(each.request.path) || has(each.request.body) ||
           std::ranges::any_of(each.request.headers, [&](const auto& header) {
             return has(header.second) || has(basic_credential(header.second));
           });
  });
}

void Log::append(const std::string& line) {
  if (!file_.empty()) {
    std::ofstream(file_, std::ios::app) << line << '\n';
  }
}

}  // namespace stub
