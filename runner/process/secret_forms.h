#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace runner::process {

/// The ways in which a text stands in other texts: as it is, as JSON, a URL, a form, base64 and
/// hexadecimal digits write it, each in the variants that are common, and with every byte escaped.
/// Without repeats. Base64 comes for each of the three places that the text can have in a longer
/// one ("user:token"), without the digits that its neighbours share, and only for texts of eight
/// bytes and more: less could be anything.
[[nodiscard]] std::vector<std::string> forms_of(std::string_view text);

}  // namespace runner::process
