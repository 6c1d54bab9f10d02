#include "jobs/base/error.h"

#include <utility>

namespace jobs {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_manifest: return "invalid-manifest";
    case ErrorKind::usage: return "usage";
    case ErrorKind::not_found: return "not-found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::rate_limited: return "rate-limited";
    case ErrorKind::transient: return "transient";
    case ErrorKind::denied: return "denied";
    case ErrorKind::interrupted: return "interrupted";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::bug: return "bug";
  }
  return "bug";
}

Error Error::while_doing(std::string what) && {
  trail.push_back(std::move(what));
  return std::move(*this);
}

Error Error::while_doing(std::string what) const& {
  return Error(*this).while_doing(std::move(what));
}

Error Error::with_hint(std::string next_step) && {
  if (hint.empty()) {
    hint = std::move(next_step);
  }
  return std::move(*this);
}

std::string Error::text() const {
  std::string out = message;
  for (const std::string& step : trail) {
    out += "; while " + step;
  }
  if (!hint.empty()) {
    out += "; next: " + hint;
  }
  return out;
}

bool is_retryable(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::conflict:
    case ErrorKind::rate_limited:
    case ErrorKind::transient:
    case ErrorKind::interrupted: return true;
    case ErrorKind::invalid_manifest:
    case ErrorKind::usage:
    case ErrorKind::not_found:
    case ErrorKind::denied:
    case ErrorKind::corrupt:
    case ErrorKind::bug: return false;
  }
  return false;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_manifest:
    case ErrorKind::usage: return 2;
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::denied: return 1;
    case ErrorKind::rate_limited:
    case ErrorKind::transient: return 75;
    case ErrorKind::interrupted: return 130;
    case ErrorKind::corrupt: return 4;
    case ErrorKind::bug: return 70;
  }
  return 70;
}

}  // namespace jobs
