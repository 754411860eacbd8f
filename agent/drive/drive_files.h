#pragma once
#include <map>
#include <string>
#include <string_view>

namespace bm::agent {

/// Content by path, UTF-8: "openstack/latest/user_data".
using DriveFiles = std::map<std::string, std::string>;

/// The files of an ISO 9660 image, by their Rock Ridge or Joliet names. A link inside it counts as a copy;
/// other links, devices and empty folders are left out.
/// @throws Error ConfigDriveFailed (unreadable, more than 64 MiB of content or 20,000 files)
DriveFiles filesOfIso(std::string_view image);

} // namespace bm::agent
