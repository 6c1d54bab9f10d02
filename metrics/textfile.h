#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "metrics/collect.h"

namespace metrics {

/// The Prometheus text exposition format. The same bytes for the same values.
[[nodiscard]] std::string to_text(const std::vector<Family>& families);

/// Writes `text` so that a reader sees the old file or the new one, never a part: a temporary file
/// beside it, fsync, rename. The temporary's name does not end in ".prom", which the node exporter
/// would pick up.
[[nodiscard]] jobs::Status write_textfile(const std::string& path, const std::string& text);

}  // namespace metrics
