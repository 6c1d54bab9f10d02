// Times, spans, money, switches and what HTTP says in headers: any text is read or refused, what
// was read is in its bounds, and what is written is read again as the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/money.h"
#include "jobs/base/time.h"
#include "manifests/kill_switch.h"
#include "runner/http/client.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;

void check_times(const std::string& text, std::int64_t number) {
  if (const auto time = jobs::parse_time(text)) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(*time);
    const std::string written = jobs::format_time(*time);
    // A time zone may lead over the end of the year 9999 or before the year 1.
    const bool edge =
        written.starts_with("9999-12-31T23:59:59") || written.starts_with("0001-01-01");
    require(edge || jobs::parse_time(written) == whole, "a time comes back");
    require(jobs::month_start(*time) <= jobs::day_start(*time) && jobs::day_start(*time) <= *time,
            "a day begins within its month");
  }
  if (const auto span = jobs::parse_duration(text)) {
    require(span->count() >= 0 && *span <= std::chrono::days(3660), "a span is bounded");
    (void)jobs::format_duration(*span);
  }
  require(!jobs::format_duration(jobs::Duration(number)).empty(), "every span can be shown");
  require(!jobs::format_time(jobs::TimePoint(jobs::Duration(number))).empty(),
          "every time can be shown");
}

void check_money(const std::string& text, std::int64_t number) {
  if (const auto usd = jobs::Usd::parse(text)) {
    require(usd->micros >= 0 && usd->micros <= 1'000'000'000'999'999, "money is bounded");
    require(jobs::Usd::parse(usd->str()) == usd, "money comes back");
  }
  const std::string written = jobs::Usd{number}.str();
  const auto again = jobs::Usd::parse(written);
  require(!again || again->micros == number, "money is written exactly");
  require(written.find('.') != std::string::npos, "money has decimals");
}

void check_http(const std::string& text, std::int64_t number) {
  const jobs::TimePoint now{jobs::Duration(number & 0xFFFF'FFFF'FFFF)};
  if (const auto until = runner::http::parse_retry_after(text, now)) {
    require(*until >= now && *until <= now + std::chrono::hours(24), "a wait is a day at most");
  }
  runner::http::Answer answer;
  answer.status = static_cast<long>(number % 700);
  answer.body = text;
  answer.headers = {{"retry-after", text}};
  const auto error = runner::http::error_of(answer, now);
  require(error.has_value() != (answer.status >= 100 && answer.status < 300),
          "an answer is a success or an error");
  if (error) {
    require(fuzz::is_safe_text(error->message, false), "an error is one harmless line");
    require(error->message.size() < 1000, "an error is short");
  }
  const std::string shown = runner::http::shown_url("https://user:Xs3cretX@host/" + text);
  // The fuzzer learns the word; in the path it is nobody's password.
  require(text.find("Xs3cretX") != std::string::npos || shown.find("Xs3cretX") == std::string::npos,
          "no password is shown");
  require(fuzz::is_safe_text(runner::http::shown_url(text), false), "a URL is one harmless line");
}

void check_switch(const std::string& text) {
  manifests::KillSwitchSources sources;
  sources.manifests = false;
  sources.environment = text;
  const manifests::KillSwitch answer = manifests::kill_switch(sources);
  const auto read = manifests::parse_switch(text);
  require(answer.on == read.value_or(true), "what cannot be understood is on");
  require(answer.on != answer.reasons.empty(), "a switch that is on says why");
  require(fuzz::is_safe_text(answer.text(), false), "a reason is one harmless line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::int64_t number = input.number();
  const std::string text = input.rest();
  check_times(text, number);
  check_money(text, number);
  check_http(text, number);
  check_switch(text);
  return 0;
}
