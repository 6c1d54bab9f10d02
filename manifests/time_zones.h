#pragma once

#include <optional>
#include <string_view>

#include "jobs/base/time_zone.h"

namespace manifests {

/// The zone of that IANA name, from the machine's database (TZDIR, or /usr/share/zoneinfo): its
/// shifts from 2020 until 2100. Nothing if there is none of that name. "UTC" needs no database.
[[nodiscard]] std::optional<jobs::TimeZone> time_zone(std::string_view name);

}  // namespace manifests
