#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Addresses of a forge's API: what belongs to it, and what an answer may send us to.
namespace runner::forge {

/// "https://api.github.com:443/x/y" -> "https://api.github.com:443"; "" if it is no http address.
[[nodiscard]] std::string_view origin_of(std::string_view url);
/// "api.github.com": without scheme, user and port.
[[nodiscard]] std::string_view host_of(std::string_view url);

/// The address that a Link header (RFC 8288) calls rel="next"; "" = there is none. Not resolved
/// and not trusted.
[[nodiscard]] std::string next_link(std::string_view link_header);

/// `to`, an absolute address or an absolute path, as the server at `root` means it; nothing if it
/// lies on another origin, which must not get our credential.
[[nodiscard]] std::optional<std::string> on_same_origin(std::string_view root, std::string_view to);

}  // namespace runner::forge
