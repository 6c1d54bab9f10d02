#include <cstdint>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Printing what should not be printed, dressed in every way that a log might not recognise.
/// `print-secret "NAME FORM"` prints the value of a variable in one form, `report-secret` puts it
/// into a note, or into a report of another type that is named behind it.
namespace fake_agent {

namespace {

std::string base64_of(const std::string& text) {
  static const char* const kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const auto byte = [&](std::size_t index) -> std::uint32_t {
      return index < text.size() ? static_cast<unsigned char>(text[index]) : 0U;
    };
    const std::uint32_t bits = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
    out += kLetters[bits >> 18U & 63U];
    out += kLetters[bits >> 12U & 63U];
    out += at + 1 < text.size() ? kLetters[bits >> 6U & 63U] : '=';
    out += at + 2 < text.size() ? kLetters[bits & 63U] : '=';
  }
  return out;
}

std::string each(const std::string& text, const char* format) {
  std::string out;
  for (const char c : text) {
    out += fmt::format(fmt::runtime(format), static_cast<unsigned char>(c));
  }
  return out;
}

std::string dressed(const std::string& value, const std::string& form) {
  if (form == "hex") {
    return each(value, "{:02x}");
  }
  if (form == "url") {
    return each(value, "%{:02X}");
  }
  if (form == "json") {
    return "{\"value\":\"" + each(value, "\\u{:04x}") + "\"}";
  }
  if (form == "base64") {
    return base64_of(value);
  }
  if (form == "header") {
    return "Authorization: Basic " + base64_of("user:" + value);
  }
  if (form == "lines") {
    std::string out;
    for (const char c : value) {
      out += std::string(1, c) + "\n";
    }
    return out;
  }
  if (form == "reversed") {
    return {value.rbegin(), value.rend()};
  }
  if (form == "escape") {
    return value.substr(0, value.size() / 2) + "\x1b[0m" + value.substr(value.size() / 2);
  }
  return value;  // plain
}

void print_secret(const std::string& argument) {
  const auto words = words_of(argument);
  const std::string value = variable(words.at(0).c_str());
  const std::string form = words.size() > 1 ? words[1] : "plain";
  if (form == "writes") {  // so that no single read of the pipe holds it whole
    for (const char c : value) {
      put(std::string(1, c));
      sleep_ms(3);
    }
    put("\n");
    return;
  }
  put(dressed(value, form) + "\n");
}

void report_secret(const std::string& argument) {
  const auto words = words_of(argument);
  const std::string type = words.size() > 1 ? words[1] : "note";
  append(variable("RUNNER_TURN_DIR") + "/reports.ndjson",
         fmt::format("{{\"t\":1,\"type\":\"{}\",\"text\":\"it is {}\"}}\n", type,
                     variable(words.at(0).c_str())));
}

}  // namespace

void add_secret_steps(Steps& steps) {
  steps["print-secret"] = {true, print_secret};
  steps["report-secret"] = {true, report_secret};
}

}  // namespace fake_agent
