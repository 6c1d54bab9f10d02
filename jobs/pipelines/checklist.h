#pragma once

#include <string>
#include <string_view>

#include "jobs/model/run.h"

namespace jobs {

/// The hidden line by which the one comment per issue is found again.
inline constexpr std::string_view kChecklistMarker = "<!-- runner:checklist -->";

/// The comment's Markdown (`has_ci` false leaves out the line about CI): marker, phases with check
/// marks, where the run is, why it waits or ended. No times that change by themselves, so that an
/// unchanged run gives an unchanged comment.
[[nodiscard]] std::string checklist(const Run& run, bool has_ci = true);

}  // namespace jobs
