#pragma once
#include "agent/step/step_context.h"
#include "common/wire/steps/disk_parts.h"

#include <string>
#include <vector>

namespace bm::agent {

/// The disk that a step's arguments single out. @throws Error DiskNotFound, DiskAmbiguous, InvalidInput
wire::Disk chooseDisk(const wire::DiskChoice& choice, const StepContext& context);
/// The disks that a layout needs: that one, or, of a mirror, the two that the hints leave.
/// @throws Error as above
std::vector<wire::Disk> chooseDisks(const wire::DiskChoice& choice, const StepContext& context, bool mirror);
/// Further disks for the same image: each of @p hints singles one out.
/// @throws Error as above, InvalidInput (a disk is named twice)
std::vector<wire::Disk> chooseMoreDisks(const std::vector<model::JsonText>& hints, const StepContext& context,
                                        const wire::Disk& first);
/// A URL as the agent reaches it: one that begins with '/' is below the server's.
std::string absoluteUrl(const StepContext& context, const std::string& url);
/// To milliseconds, for results.
double roundedSeconds(double seconds);
/// 10^6 bytes a second, to one decimal place.
double megabytesPerSecond(std::uint64_t bytes, double seconds);

} // namespace bm::agent
