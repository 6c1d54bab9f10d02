#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets share. A target takes any bytes; what must hold is asked with `require`.
namespace fuzz {

/// Ends the program where `condition` does not hold: the fuzzer keeps the input.
inline void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

/// Hands the bytes of one input out piece by piece; empty pieces when they are used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(size == 0 ? std::string_view()
                        : std::string_view(reinterpret_cast<const char*>(data), size)) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  std::uint8_t byte() {
    if (rest_.empty()) {
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  /// 0 .. below-1.
  std::size_t below(std::size_t below) { return byte() % below; }

  std::int64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      value = value << 8U | byte();
    }
    return static_cast<std::int64_t>(value);
  }

  /// A piece whose length the next byte says: for many short texts.
  std::string text() { return std::string(take(byte())); }

  /// Up to the next "--" on a line of its own, which is eaten: for texts that a person can write
  /// into a seed.
  std::string part() {
    constexpr std::string_view kLine = "\n--\n";
    const std::size_t end = rest_.find(kLine);
    const std::string piece(rest_.substr(0, end));
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + kLine.size());
    return piece;
  }

  std::string rest() { return std::string(take(rest_.size())); }

  [[nodiscard]] std::string_view take(std::size_t size) {
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view rest_;
};

/// An empty folder of this process, removed at its end.
struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "runner-fuzz-XXXXXX").string();
  Folder() {
    if (mkdtemp(path.data()) == nullptr) {
      std::abort();
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  /// Nothing is in it afterwards.
  void clear() const {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      std::error_code ignored;
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
};

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// What an outsider would call safe to show on a terminal: valid UTF-8 without control characters
/// (newline and tab may be let through). Written here anew on purpose.
inline bool is_safe_text(std::string_view text, bool lines) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t code = byte;
    if (byte >= 0xF0) {
      more = 3, code = byte & 0x07U;
    } else if (byte >= 0xE0) {
      more = 2, code = byte & 0x0FU;
    } else if (byte >= 0xC0) {
      more = 1, code = byte & 0x1FU;
    } else if (byte >= 0x80) {
      return false;
    }
    if (i + more >= text.size()) {
      return false;
    }
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80) {
        return false;
      }
      code = code << 6U | (next & 0x3FU);
    }
    const bool line = lines && (code == '\n' || code == '\t');
    const bool control = (code < 0x20 && !line) || (code >= 0x7F && code < 0xA0);
    const bool turns_around = code >= 0x202A && code <= 0x202E;
    if (control || turns_around || (code >= 0x2066 && code <= 0x2069)) {
      return false;
    }
    i += 1 + more;
  }
  return true;
}

}  // namespace fuzz
