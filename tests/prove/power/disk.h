#pragma once

#include <string>

namespace prove::power {

/// A file system of its own in a file, whose power can be cut. Everything is undone at the end,
/// also after a failure.
class Disk {
 public:
  /// Why this machine cannot do it; empty = it can.
  [[nodiscard]] static std::string missing();

  /// Mounts of this process and its children are seen by nobody else from now on, and go with them.
  /// Before any thread. A mount namespace that another program makes meanwhile would else keep a
  /// copy of the mount, and with it the file system whose power was cut.
  static void keep_mounts_to_ourselves();

  /// Makes an ext4 image and a mount point below `folder`. Throws std::runtime_error.
  explicit Disk(const std::string& folder);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void mount();
  /// Everything that was not written to the device is lost, and nothing more reaches it.
  void cut_power() const;
  void unmount();
  [[nodiscard]] const std::string& folder() const { return point_; }

 private:
  void attach();
  void detach();

  std::string image_;
  std::string point_;
  std::string device_;
  int loop_ = -1;
  bool mounted_ = false;
};

}  // namespace prove::power
