#include <algorithm>
#include <charconv>
#include <iterator>

#include "runner/test_points.h"

namespace runner::test_points {

namespace {

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return false;
    }
  }
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool read_point(std::string_view text, Armed& armed) {
  const std::size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    const std::string_view ordinal = text.substr(hash + 1);
    if (ordinal == "each") {
      armed.ordinal = 0;
    } else if (!read_number(ordinal, armed.ordinal) || armed.ordinal == 0) {
      return false;
    }
  }
  const auto found = std::ranges::find(jobs::kPointNames, text.substr(0, hash));
  if (found == std::end(jobs::kPointNames)) {
    return false;
  }
  armed.point = static_cast<jobs::Point>(found - std::begin(jobs::kPointNames));
  return true;
}

bool read_action(std::string_view text, Armed& armed) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool has_number = colon != std::string_view::npos;
  const std::string_view number = has_number ? text.substr(colon + 1) : std::string_view();
  if (name == "delay" || name == "clock") {
    armed.action = name == "delay" ? Action::delay : Action::clock;
    const bool is_signed = number.starts_with('+') || number.starts_with('-');
    return is_signed == (armed.action == Action::clock) && read_number(number, armed.number);
  }
  if (has_number) {
    return false;
  }
  if (name == "kill") {
    armed.action = Action::kill;
  } else if (name == "stop") {
    armed.action = Action::stop;
  } else if (name == "error") {
    armed.action = Action::error;
  } else if (name == "boot") {
    armed.action = Action::boot;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<Armed>> parse(std::string_view text) {
  std::vector<Armed> result;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (one.empty()) {
      continue;
    }
    const std::size_t equals = one.find('=');
    Armed armed;
    if (equals == std::string_view::npos || !read_point(one.substr(0, equals), armed) ||
        !read_action(one.substr(equals + 1), armed)) {
      return std::nullopt;
    }
    result.push_back(armed);
  }
  return result;
}

}  // namespace runner::test_points
