#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// A pack with its index, byte by byte, so that it can hold what no git would write: objects that
/// are small in the pack and huge outside.
namespace worktrees::test {

class MadePack {
 public:
  enum class Type : std::uint8_t { commit = 1, tree = 2, blob = 3, tag = 4, delta = 7 };

  /// The object; its id.
  std::string add(Type type, std::string_view content);
  /// An object whose id in the index is this one, whatever it has.
  void add_as(Type type, std::string_view content, const std::string& id);
  /// The same of `size` bytes of NUL, a multiple of 1 MiB.
  void add_zeros(std::uint64_t size, const std::string& id);
  /// A delta upon `base`, whose outcome has this id.
  void add_delta(const std::string& base, std::string_view delta, const std::string& id);
  /// Writes pack and index into the folder "objects/pack".
  void write(const std::string& folder) const;

  /// A delta that says a base of `size` bytes `times` times. At most 0xffffff bytes of it at once.
  [[nodiscard]] static std::string repeat(std::uint64_t size, std::uint64_t times);
  /// An object's id.
  [[nodiscard]] static std::string id_of(Type type, std::string_view content);
  /// Of a blob of `size` NULs.
  [[nodiscard]] static std::string id_of_zeros(std::uint64_t size);
  /// "<mode> <name>\0<id>": an entry of a tree.
  [[nodiscard]] static std::string entry(std::string_view mode, std::string_view name,
                                         const std::string& id);

 private:
  struct Object {
    std::string id;  ///< 20 bytes
    std::string bytes;
  };
  void put(Type type, std::uint64_t size, const std::string& id, std::string_view between,
           std::string compressed);
  std::vector<Object> objects_;
};

}  // namespace worktrees::test
