#include "metrics/textfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include "jobs/base/crash_point.h"

namespace metrics {

namespace {

namespace prom = prometheus;

prom::MetricFamily to_prometheus(const Family& family) {
  const Metric& known = metric(family.name);
  prom::MetricFamily out;
  out.name = std::string(known.name);
  out.help = std::string(known.help);
  out.type = known.type == Type::counter ? prom::MetricType::Counter : prom::MetricType::Gauge;
  for (const Sample& sample : family.samples) {
    prom::ClientMetric value;
    for (std::size_t i = 0; i < sample.labels.size() && i < kMaxLabels; ++i) {
      value.label.push_back({std::string(known.labels.at(i)), sample.labels[i]});
    }
    value.counter.value = sample.value;
    value.gauge.value = sample.value;
    out.metric.push_back(std::move(value));
  }
  return out;
}

/// A descriptor and its temporary file: both are gone at the end unless the file was renamed.
class Temporary {
 public:
  explicit Temporary(std::string pattern) : path_(std::move(pattern)) {
    descriptor_ = mkostemp(path_.data(), O_CLOEXEC);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (descriptor_ >= 0) {
      close(descriptor_);
      if (!renamed_) {
        unlink(path_.c_str());
      }
    }
  }

  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool write_all(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  /// A scraper is another user: readable for all, as far as the folder allows.
  [[nodiscard]] bool make_durable() const {
    constexpr mode_t kMode = 0644;
    return fchmod(descriptor_, kMode) == 0 && fsync(descriptor_) == 0;
  }
  [[nodiscard]] bool rename_to(const std::string& target) {
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

jobs::Error cannot(const std::string& path, int code) {
  const bool denied = code == EACCES || code == EPERM || code == EROFS;
  const bool missing = code == ENOENT || code == ENOTDIR;
  return jobs::fail(denied    ? jobs::ErrorKind::denied
                    : missing ? jobs::ErrorKind::not_found
                              : jobs::ErrorKind::transient,
                    fmt::format("cannot write the metrics to {}: {}", path, std::strerror(code)),
                    missing ? "make the folder, or choose another file" : std::string{});
}

}  // namespace

std::string to_text(const std::vector<Family>& families) {
  std::vector<prom::MetricFamily> converted;
  converted.reserve(families.size());
  for (const Family& family : families) {
    converted.push_back(to_prometheus(family));
  }
  std::ostringstream out;
  prom::TextSerializer().Serialize(out, converted);
  return out.str();
}

jobs::Status write_textfile(const std::string& path, const std::string& text) {
  const std::filesystem::path target(path);
  if (target.filename().empty() || std::filesystem::is_directory(target)) {
    return cannot(path, EISDIR);
  }
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : ".";
  Temporary file((folder / ("." + target.filename().string() + ".XXXXXX")).string());
  if (!file.open() || !file.write_all(text) || !file.make_durable()) {
    return cannot(path, errno);
  }
  RUNNER_POINT(metrics_written);
  if (!file.rename_to(path)) {
    return cannot(path, errno);
  }
  RUNNER_POINT(metrics_renamed);
  return jobs::ok();
}

}  // namespace metrics
