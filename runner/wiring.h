#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/ports.h"

/// The one place that knows every adapter. It makes them and plugs them together; it decides
/// nothing.
namespace runner {

/// Everything a tick may look at. Nothing below it can write: a dry run is given only this.
struct ReadWorld {
  ReadWorld();
  ~ReadWorld();
  ReadWorld(ReadWorld&&) noexcept;
  ReadWorld& operator=(ReadWorld&&) = delete;

  jobs::ReaderPorts ports;
  struct Parts;
  std::unique_ptr<Parts> parts;  ///< owns what `ports` points to
};

/// The same with writers. `readers` of a tick are this one's, so that both look at one store.
struct World {
  World();
  ~World();
  World(World&&) noexcept;
  World& operator=(World&&) = delete;

  jobs::ReaderPorts readers;
  jobs::WriterPorts writers;
  struct Parts;
  std::unique_ptr<Parts> parts;
};

using Progress = std::function<void(std::string_view)>;

/// Opens the state read-only and makes readers only. `fleet` must outlive the world.
[[nodiscard]] jobs::Result<ReadWorld> make_read_world(const jobs::Fleet& fleet,
                                                      const Progress& progress);
/// Opens the state for writing (and makes it where it is new). `fleet` must outlive the world.
[[nodiscard]] jobs::Result<World> make_world(const jobs::Fleet& fleet, const Progress& progress);

}  // namespace runner
