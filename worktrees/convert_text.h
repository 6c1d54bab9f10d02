#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Two of the conversions of gitattributes(5) on the way to the disk, as git does them. Pure.
namespace worktrees {

/// `ident`: every "$Id$", and every "$Id: one-word $", becomes "$Id: <hex> $". What another system
/// wrote between the dollars, with spaces in it, stays.
[[nodiscard]] std::string expand_ident(std::string_view text, std::string_view hex);

/// `working-tree-encoding`: UTF-8 in that encoding. Nothing if it is unknown or cannot hold the
/// text; then git leaves the file as it is.
[[nodiscard]] std::optional<std::string> encode(std::string_view utf8, std::string encoding);

}  // namespace worktrees
