#pragma once
#include "common/model/node.h"
#include "common/text/sealed_text.h"

#include <optional>
#include <string>

namespace bm::conductor {

/// A node's RAM-disk deployment, kept in its driver_internal_info from the deployment's first steps until
/// another image or undeploying ends it.
struct RamdiskDeployment {
    model::ImageId image;
    std::string imageName;
    model::SealedText tokenSealed; ///< of the addresses that its boot script has
    std::string arguments;
    bool configDrive = false;
    bool script = false, kernel = false,
         initrd = false; ///< fetched since the BMC was ordered to switch the machine on
};

std::optional<RamdiskDeployment> ramdiskDeploymentOf(const model::Node& node);
/// Nothing: ends the node's RAM-disk deployment.
void setRamdiskDeployment(model::Node& node, const std::optional<RamdiskDeployment>& deployment);

/// True if @p node starts its RAM disk when it boots by the network: it is active, or being deployed.
bool bootsItsRamdisk(const model::Node& node);

/// @throws Error Conflict when @p node has a RAM-disk deployment: bm wrote no disk of it
void refuseWithoutDisk(const model::Node& node, const std::string& what);

/// The files of a config drive as one more initrd (a newc archive): config-2/openstack/latest/..., or, where
/// the drive is no ISO image, all of it as config-2.img.
std::string configInitrd(const std::string& drive);

} // namespace bm::conductor
