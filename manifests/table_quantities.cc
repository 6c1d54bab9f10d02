// The quantities of a TableReader: durations, sizes, money and caps.
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "manifests/table_reader.h"

namespace manifests {

bool TableReader::duration(std::string_view key, jobs::Duration& out, bool zero_allowed) {
  const auto found = want(key, Value::Kind::string);
  if (!found) {
    return false;
  }
  const std::string& value = found->entry->value.string;
  const auto parsed = jobs::parse_duration(value);
  if (!parsed) {
    error(found->at(), fmt::format("{} \"{}\" is not a duration", key, jobs::one_line(value, 60)),
          {.expected = "a number with ms, s, m, h or d such as \"90s\", \"60m\" or \"1h30m\", at "
                       "most ten years",
           .suggestion = {},
           .hint = {}});
    return false;
  }
  if (!zero_allowed && *parsed <= jobs::Duration::zero()) {
    error(found->at(), fmt::format("{} must be longer than nothing", key));
    return false;
  }
  out = *parsed;
  return true;
}

bool TableReader::size(std::string_view key, std::int64_t& out, bool zero_allowed) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  const Value& value = found->entry->value;
  if (!value.is(Value::Kind::string) && !value.is(Value::Kind::integer)) {
    wrong_type(key, found->at(), value.kind);
    return false;
  }
  std::optional<std::int64_t> bytes = value.integer;
  if (value.is(Value::Kind::string)) {
    bytes = parse_size(value.string);
  }
  if (!bytes || *bytes < (zero_allowed ? 0 : 1)) {
    const std::string shown = value.is(Value::Kind::string)
                                  ? "\"" + jobs::one_line(value.string, 60) + "\""
                                  : std::to_string(value.integer);
    error(found->at(),
          fmt::format("{} = {} is {}", key, shown, bytes ? "impossible" : "not a size"),
          {.expected = fmt::format("{} or more bytes, such as \"64MiB\", \"2GB\" or 4096",
                                   zero_allowed ? 0 : 1),
           .suggestion = {},
           .hint = {}});
    return false;
  }
  out = *bytes;
  return true;
}

std::optional<jobs::Usd> TableReader::money(std::string_view key, const Found& found) {
  const Value& value = found.entry->value;
  std::optional<jobs::Usd> amount;
  if (value.is(Value::Kind::string) || value.is(Value::Kind::floating)) {
    amount = jobs::Usd::parse(value.string);
  } else if (value.is(Value::Kind::integer)) {
    amount = jobs::Usd::parse(std::to_string(value.integer));
  } else {
    wrong_type(key, found.at(), value.kind);
    return std::nullopt;
  }
  if (!amount) {
    const std::string shown =
        value.is(Value::Kind::integer) ? std::to_string(value.integer) : value.string;
    error(
        found.at(), fmt::format("{} {} is not an amount", key, jobs::one_line(shown, 60)),
        {.expected =
             "USD with at most six decimals such as \"12.50\" or 12.5, not negative, at most 10^9",
         .suggestion = {},
         .hint = {}});
  } else if (amount->micros == 0) {
    error(found.at(), fmt::format("{} is zero: nothing could ever start", key));
    amount.reset();
  }
  return amount;
}

bool TableReader::usd(std::string_view key, jobs::Usd& out) {
  const auto found = find(key);
  const auto amount = found ? money(key, *found) : std::nullopt;
  if (amount) {
    out = *amount;
  }
  return amount.has_value();
}

bool TableReader::cap(std::string_view key, std::optional<jobs::Usd>& out) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  if (found->entry->value.is(Value::Kind::string) && found->entry->value.string == "none") {
    out.reset();
    return true;
  }
  const auto amount = money(key, *found);
  if (amount) {
    out = amount;
  }
  return amount.has_value();
}

bool TableReader::cap(std::string_view key, std::optional<std::int64_t>& out) {
  const auto found = find(key);
  if (!found) {
    return false;
  }
  if (found->entry->value.is(Value::Kind::string) && found->entry->value.string == "none") {
    out.reset();
    return true;
  }
  std::int64_t value = 0;
  if (!count(key, value, 1, 1'000'000'000'000'000)) {
    return false;
  }
  out = value;
  return true;
}

}  // namespace manifests
