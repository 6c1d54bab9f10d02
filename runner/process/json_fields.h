#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/base/error.h"

/// Fields of the JSON objects in a turn directory. Any of them may be absent, of another type, or
/// far out of bounds: that is for the reader of the file to refuse, so nothing is bent into shape.
namespace runner::process {

/// The object that `text` spells; an empty one if it is anything else.
[[nodiscard]] nlohmann::json parse_object(std::string_view text);

/// One line, with the newline. Broken UTF-8 is replaced.
[[nodiscard]] std::string dump_line(const nlohmann::json& value);

/// Empty if there is none.
[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* key);
[[nodiscard]] std::vector<std::string> texts_of(const nlohmann::json& object, const char* key);

/// Milliseconds from 1970 to the end of the year 9999; nothing else is a time.
[[nodiscard]] std::optional<jobs::TimePoint> time_of(const nlohmann::json& object, const char* key);

/// Reads integers and remembers whether all of them were within their bounds.
class Numbers {
 public:
  explicit Numbers(const nlohmann::json& object) : object_(object) {}
  /// 0 if it is absent; one that is no integer from `least` to `most` makes `fine` false.
  std::int64_t of(const char* key, std::int64_t most, std::int64_t least = 0);
  /// The same for one that must be there.
  std::int64_t required(const char* key, std::int64_t most, std::int64_t least = 0);
  int small(const char* key);
  [[nodiscard]] bool fine() const { return fine_; }

 private:
  const nlohmann::json& object_;
  bool fine_ = true;
};

}  // namespace runner::process
