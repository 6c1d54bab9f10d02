#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace test_support {

struct Answer {
  int exit_code = -1;  ///< 128 + signal if it was killed
  std::string out;
  std::string error;
};

/// A command that runs beside the test. It is killed if nobody waits for its end.
class Started {
 public:
  Started(pid_t pid, std::string files) : pid_(pid), files_(std::move(files)) {}
  Started(Started&& other) noexcept : pid_(other.pid_), files_(std::move(other.files_)) {
    other.pid_ = 0;
  }
  Started& operator=(Started&&) = delete;
  ~Started();
  void kill(int signal) const;
  [[nodiscard]] Answer finish();
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Whether it has ended, so that `finish` does not wait.
  [[nodiscard]] bool ended() const;
  /// What it has written to standard output so far.
  [[nodiscard]] std::string output() const;

 private:
  pid_t pid_;
  std::string files_;  ///< start of the names of its output files
};

/// A folder of its own with manifests of three repositories and a local tracker, in which the real
/// binary is run with a scrubbed environment.
class Playground {
 public:
  /// Below `parent`, or in the folder for temporary files.
  explicit Playground(bool manifests = true, const std::string& parent = "");
  ~Playground();
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  [[nodiscard]] Answer run(const std::vector<std::string>& words) const;
  /// The same without waiting for the end.
  [[nodiscard]] Started start(const std::vector<std::string>& words) const;
  /// What the binary shows to a terminal of 100 columns; standard error goes there too.
  [[nodiscard]] Answer run_on_terminal(const std::vector<std::string>& words) const;
  /// Without what differs from run to run: this folder, times, ids that were made, versions.
  [[nodiscard]] std::string normalised(std::string text) const;
  /// Every file below manifests/ (the state and the issues are there too) with its bytes and times,
  /// to see whether anything was written.
  [[nodiscard]] std::string state_snapshot() const;
  [[nodiscard]] const std::string& folder() const { return folder_; }

  std::vector<std::string> environment;
  std::string standard_input;

 private:
  [[nodiscard]] Started start_as(const std::string& base,
                                 const std::vector<std::string>& words) const;
  [[nodiscard]] std::vector<std::string> whole_environment() const;
  std::string folder_;
  mutable int started_ = 0;
};

/// All of a file; empty if there is none.
[[nodiscard]] std::string content_of(const std::string& path);
/// Every file, folder and link below `folder` with its bytes, mode, inode and times, but for what
/// `Playground::run` itself writes.
[[nodiscard]] std::string snapshot_of(const std::string& folder);
void write_file(const std::string& path, const std::string& content);

}  // namespace test_support
