#pragma once

#include <string>

namespace prove {

/// Covers `folder`, and /etc/ssl/certs, with memory that only this process and those it starts see,
/// and has temporary files made there. False, and the folder is as it was, where this machine does
/// not let it (root does) or has no memory to spare. To be called before there are threads.
///
/// What a process leaves behind when it dies does not depend on what the disk has of it by then:
/// that is the subject of `power`, which brings a disk of its own. But a scene syncs a hundred
/// times, and a slow disk makes minutes of that. No case speaks TLS, and libgit2 reads every
/// certificate of the machine when it starts, which is a tenth of a short tick.
bool work_in_memory(const std::string& folder);

/// Uncovers the folder, for all that it matters to whoever wants to remove it.
void leave_memory(const std::string& folder);

}  // namespace prove
