#pragma once
#include "agent/step/step_context.h"
#include "common/wire/steps/disk_parts.h"

#include <string>
#include <vector>

namespace bm::agent {

/// The disk that a step's arguments select; waits for it where it is late.
/// @throws Error DiskNotFound (also: an absent disk may be the right one), DiskAmbiguous, InvalidInput
wire::Disk chooseDisk(const wire::DiskChoice& choice, const StepContext& context);
/// The same for a step that only reads: hints may select a disk that the node's rules protect from writing.
wire::Disk chooseDiskToRead(const wire::DiskChoice& choice, const StepContext& context);
/// Says whether hints or the last deployment name the disks @p chosen, for MachineDisks::refuseProtected().
MachineDisks::Chosen howChosen(const wire::DiskChoice& choice, const std::vector<wire::Disk>& chosen);
/// The disks for a layout: the selected disk, or for a mirror the two disks that the hints select.
/// @throws Error as above
std::vector<wire::Disk> chooseDisks(const wire::DiskChoice& choice, const StepContext& context, bool mirror);
/// Further disks for the same image: each of @p hints selects one.
/// @throws Error as above, InvalidInput (a disk is named twice)
std::vector<wire::Disk> chooseMoreDisks(const std::vector<model::JsonText>& hints, const StepContext& context,
                                        const wire::Disk& first);
/// The absolute URL. A URL that begins with '/' is relative to the server's.
std::string absoluteUrl(const StepContext& context, const std::string& url);
/// Seconds, rounded to milliseconds, for results.
double roundedSeconds(double seconds);
/// 10^6 bytes a second, to one decimal place.
double megabytesPerSecond(std::uint64_t bytes, double seconds);

} // namespace bm::agent
