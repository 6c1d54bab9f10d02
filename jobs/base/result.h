#pragma once

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include "jobs/base/error.h"

namespace jobs {

/// A value or the Error that took its place. A class, not an alias, because an alias cannot carry
/// [[nodiscard]]. Everything in our rooms that can fail returns this; no exception crosses a room.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(Error error)
      : std::expected<T, Error>(std::unexpected(std::move(error))) {
  }  // NOLINT: implicit on purpose

  /// The same result; an error gains one "while ..." line.
  [[nodiscard]] Result while_doing(std::string what) && {
    if (!this->has_value()) {
      return std::move(this->error()).while_doing(std::move(what));
    }
    return std::move(*this);
  }
};

using Status = Result<void>;

[[nodiscard]] inline Status ok() {
  return Status{};
}

/// Shorthand to build an error: `return fail(ErrorKind::not_found, fmt::format(...))`.
[[nodiscard]] inline Error fail(ErrorKind kind, std::string message, std::string hint = {}) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace jobs

/// Leaves the function with the error of `expression`, or goes on. For Status.
#define RUNNER_TRY(expression)                                         \
  do {                                                                 \
    if (auto runner_try_result_ = (expression); !runner_try_result_) { \
      return std::move(runner_try_result_).error();                    \
    }                                                                  \
  } while (false)

#define RUNNER_CONCAT_INNER_(a, b) a##b
#define RUNNER_CONCAT_(a, b) RUNNER_CONCAT_INNER_(a, b)
/// Declares `declaration` from the value of `expression`, or leaves the function with its error.
#define RUNNER_ASSIGN(declaration, expression) \
  RUNNER_ASSIGN_INNER_(RUNNER_CONCAT_(runner_result_, __LINE__), declaration, expression)
#define RUNNER_ASSIGN_INNER_(temporary, declaration, expression) \
  auto temporary = (expression);                                 \
  if (!temporary) {                                              \
    return std::move(temporary).error();                         \
  }                                                              \
  declaration = std::move(*temporary)
