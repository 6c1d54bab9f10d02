#include "runner/process/turn_json.h"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "runner/process/turn_files.h"

namespace runner::process {

using nlohmann::json;

namespace {

// What the manifests allow at most, so that no amount of a turn can overflow a sum.
constexpr std::int64_t kMostTokens = 1'000'000'000'000;
constexpr std::int64_t kMostMicros = 1'000'000'000'999'999;
constexpr std::int64_t kMostEventNumber = 1'000'000'000;

json price_json(const jobs::Price& price) {
  return {{"input_micros", price.input.micros},
          {"cached_input_micros", price.cached_input.micros},
          {"output_micros", price.output.micros}};
}

}  // namespace

json usage_json(const jobs::Usage& usage) {
  return {{"usd", usage.usd.str()},
          {"usd_micros", usage.usd.micros},
          {"tokens", usage.tokens},
          {"turns", usage.turns},
          {"seconds", usage.seconds}};
}

std::optional<jobs::Usage> usage_of(const json& object) {
  Numbers in(object);
  const jobs::Usage usage{jobs::Usd{in.of("usd_micros", kMostMicros)}, in.of("tokens", kMostTokens),
                          in.of("turns", kMostTokens), in.of("seconds", kMostTokens)};
  return in.fine() ? std::optional(usage) : std::nullopt;
}

void add_agent(json& value, const jobs::TurnSpec& spec) {
  if (spec.agent_kind == jobs::AgentKind::command) {
    return;
  }
  value["agent_kind"] = jobs::to_string(spec.agent_kind);
  value["session"] = spec.session;
  value["resume"] = spec.resume;
  value["session_used"] = usage_json(spec.session_used);
  value["home"] = spec.home;
  value["after_result_ms"] = spec.after_result.count();
  if (spec.price) {
    value["price"] = price_json(*spec.price);
  }
}

bool read_agent(const json& value, Numbers& in, jobs::TurnSpec& spec) {
  if (!value.contains("agent_kind")) {
    return true;
  }
  const auto kind = enum_of(text_of(value, "agent_kind"), jobs::AgentKind::opencode);
  const auto used = value.find("session_used");
  const auto amount = used != value.end() && used->is_object() ? usage_of(*used) : std::nullopt;
  if (!kind || !amount) {
    return false;
  }
  spec.agent_kind = *kind;
  spec.session_used = *amount;
  spec.session = text_of(value, "session");
  spec.home = text_of(value, "home");
  const auto resume = value.find("resume");
  spec.resume = resume != value.end() && resume->is_boolean() && resume->get<bool>();
  spec.after_result = jobs::Duration(in.of("after_result_ms", kMostMillis));
  if (const auto price = value.find("price"); price != value.end() && price->is_object()) {
    Numbers amounts(*price);
    spec.price =
        jobs::Price{.input = jobs::Usd{amounts.of("input_micros", kMostMicros)},
                    .cached_input = jobs::Usd{amounts.of("cached_input_micros", kMostMicros)},
                    .output = jobs::Usd{amounts.of("output_micros", kMostMicros)}};
    return amounts.fine();
  }
  return true;
}

std::string to_json(const jobs::Usage& usage) {
  return dump_line(usage_json(usage));
}

std::optional<jobs::Usage> parse_usage(const std::string& text) {
  const json value = parse_object(text);
  return value.contains("usd_micros") ? usage_of(value) : std::nullopt;
}

std::optional<jobs::Usage> parse_agent_usage(const std::string& text) {
  const json value = parse_object(text);
  const auto usd = value.find("usd");
  const auto tokens = value.find("tokens");
  if (usd == value.end() && tokens == value.end()) {
    return std::nullopt;
  }
  jobs::Usage usage;
  if (usd != value.end()) {
    std::optional<jobs::Usd> parsed;
    if (usd->is_string()) {
      parsed = jobs::Usd::parse(usd->get<std::string>());
    } else if (usd->is_number()) {
      const auto number = usd->get<double>();
      if (std::isfinite(number) && number >= 0 && number <= 1e9) {
        // Rounded up: what was spent is never charged as less.
        parsed = jobs::Usd{static_cast<std::int64_t>(std::ceil(number * 1e6 - 1e-6))};
      }
    }
    if (!parsed) {
      return std::nullopt;
    }
    usage.usd = *parsed;
  }
  if (tokens != value.end()) {
    const double number = tokens->is_number() ? tokens->get<double>() : -1;
    if (!std::isfinite(number) || number < 0 || number > static_cast<double>(kMostTokens)) {
      return std::nullopt;
    }
    usage.tokens = static_cast<std::int64_t>(std::ceil(number));
  }
  return usage;
}

std::string to_json_line(const TurnEvent& event) {
  json value = {{"t", event.at.time_since_epoch().count()}, {"type", event.type}};
  if (event.number > 0) {
    value["n"] = event.number;
  }
  if (!event.name.empty()) {
    value["name"] = event.name;
  }
  if (event.usage) {
    value["usd"] = event.usage->usd.str();
    value["usd_micros"] = event.usage->usd.micros;
    value["tokens"] = event.usage->tokens;
  }
  if (!event.text.empty()) {
    value["text"] = event.text;
  }
  return dump_line(value);
}

std::optional<TurnEvent> parse_event(std::string_view line) {
  const json value = parse_object(line);
  TurnEvent event{.at = time_of(value, "t").value_or(jobs::TimePoint{}),
                  .type = text_of(value, "type"),
                  .text = text_of(value, "text"),
                  .name = text_of(value, "name"),
                  .usage = value.contains("usd_micros") ? usage_of(value) : std::nullopt};
  Numbers in(value);
  event.number = in.of("n", kMostEventNumber);
  return event.type.empty() || !in.fine() ? std::nullopt : std::optional(std::move(event));
}

}  // namespace runner::process
