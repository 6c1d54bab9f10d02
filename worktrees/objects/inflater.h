#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

struct libdeflate_decompressor;

namespace worktrees::objects {

/// zlib streams at once, not piece by piece. Not for two threads.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Outcome : std::uint8_t {
    done,
    damaged,  ///< or `in` ends before the stream does
    longer,   ///< the stream holds more than `size` bytes
  };
  /// Exactly `size` bytes to `out` from the stream that `in` begins with; what follows it in `in`
  /// is left alone.
  [[nodiscard]] Outcome inflate(std::string_view in, char* out, std::size_t size);
  /// All of a stream of no more than `room` bytes. Returns how many it has; nothing if that is more
  /// or it is damaged.
  [[nodiscard]] std::optional<std::size_t> whole(std::string_view in, char* out, std::size_t room);
  /// The first bytes of a stream, at most `size`; fewer if it is shorter or damaged. Returns how
  /// many.
  [[nodiscard]] std::size_t begin_of(std::string_view in, char* out, std::size_t size);

 private:
  libdeflate_decompressor* decompressor_;
};

}  // namespace worktrees::objects
