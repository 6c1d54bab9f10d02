#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Spending, told to the meter (which stands for the provider's bill) and to the runner. Moments
/// for `crash-at`: before-meter, after-meter, before-usage, in-usage, after-usage.
namespace fake_agent {

namespace {

struct Total {
  std::int64_t micros = 0;
  std::int64_t tokens = 0;
};

Total& total() {
  static Total sum;
  return sum;
}

std::string usage_file() {
  return variable("RUNNER_TURN_DIR") + "/usage.json";
}

std::string usage_text() {
  return fmt::format("{{\"usd\": \"{}.{:06}\", \"tokens\": {}}}", total().micros / 1'000'000,
                     total().micros % 1'000'000, total().tokens);
}

// On disk before the runner can know: what was spent is spent, whoever dies now.
void meter(std::int64_t micros, std::int64_t tokens) {
  moment("before-meter");
  total().micros += micros;
  total().tokens += tokens;
  if (const auto path = variable("FAKE_AGENT_METER"); !path.empty()) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const std::string line = fmt::format("{} {} {}\n", variable("RUNNER_TURN"), micros, tokens);
    if (fd < 0 || ::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fdatasync(fd) != 0) {
      die("cannot write the meter");
    }
    ::close(fd);
  }
  moment("after-meter");
}

// In place and not by rename, as agents do: the runner may see half of it.
void write_usage(const std::string& text) {
  moment("before-usage");
  const int fd = ::open(usage_file().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const std::size_t half = text.size() / 2;
  [[maybe_unused]] ssize_t got = ::write(fd, text.data(), half);
  moment("in-usage");
  got = ::write(fd, text.data() + half, text.size() - half);
  ::close(fd);
  moment("after-usage");
}

/// "MICRODOLLARS TOKENS [TIMES [MILLISECONDS]]"
void bill(const std::string& argument) {
  const auto words = words_of(argument);
  const long times = words.size() > 2 ? std::stol(words[2]) : 1;
  for (long time = 0; time < times; ++time) {
    meter(std::stoll(words.at(0)), std::stoll(words.at(1)));
    write_usage(usage_text());
    sleep_ms(words.size() > 3 ? std::stol(words[3]) : 0);
  }
}

/// One token more each 20 ms, up to the number given.
void spend(const std::string& most) {
  for (long tokens = 1; tokens <= std::stol(most); ++tokens) {
    meter(0, 1);
    write_usage(fmt::format("{{\"tokens\": {}}}", tokens));
    sleep_ms(20);
  }
}

/// Spends without ever telling the runner.
void spend_secretly(const std::string& argument) {
  const auto words = words_of(argument);
  meter(std::stoll(words.at(0)), std::stoll(words.at(1)));
}

}  // namespace

void add_money_steps(Steps& steps) {
  steps["usage"] = {true, write_usage};
  steps["bill"] = {true, bill};
  steps["spend"] = {true, spend};
  steps["spend-secretly"] = {true, spend_secretly};
  steps["usage-torn"] = {false, [](const std::string&) {
                           const std::string text = usage_text();
                           (void)put_file(usage_file(), text.substr(0, text.size() / 2));
                         }};
  steps["usage-gone"] = {false,
                         [](const std::string&) { (void)std::remove(usage_file().c_str()); }};
}

}  // namespace fake_agent
