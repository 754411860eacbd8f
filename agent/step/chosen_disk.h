#pragma once
#include "agent/step/step_context.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/json/json_reader.h"

namespace bm::agent {

/// The disk that a step's arguments single out: root_device, root_device_policy, remembered.
/// @throws Error DiskNotFound, DiskAmbiguous, InvalidInput
wire::Disk chooseDisk(const wire::JsonReader& in, const StepContext& context);
/// The disks that a layout needs: that one, or, of a mirror, the two that the hints leave.
/// @throws Error as above
std::vector<wire::Disk> chooseDisks(const wire::JsonReader& in, const StepContext& context, bool mirror);
/// Further disks for the same image: each object of "more_disks" singles one out.
/// @throws Error as above, InvalidInput (a disk is named twice)
std::vector<wire::Disk> chooseMoreDisks(const wire::JsonReader& in, const StepContext& context,
                                        const wire::Disk& first);
/// A URL as the agent reaches it: one that begins with '/' is below the server's.
std::string absoluteUrl(const StepContext& context, const std::string& url);
/// {"name", "wwn", "serial", "size_bytes", "model"}
nlohmann::json identityOf(const wire::Disk& disk);
/// Canonical text of a step's result; what is no UTF-8 is replaced.
model::JsonText resultText(const nlohmann::json& value);

} // namespace bm::agent
