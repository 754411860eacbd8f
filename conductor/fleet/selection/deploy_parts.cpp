#include "conductor/fleet/selection/deploy_parts.h"

namespace bm::conductor::fleet {

DeployRequest deployRequestOf(const wire::ProvisionRequest& wanted)
{
    DeployRequest deploy;
    deploy.image = wanted.image;
    deploy.rootDeviceJson = wanted.rootDeviceJson;
    deploy.moreDisksJson = wanted.moreDisksJson;
    deploy.growLastPartition = wanted.growLastPartition;
    deploy.full = wanted.full;
    deploy.kexec = wanted.kexec;
    deploy.layoutJson = wanted.layoutJson;
    deploy.preserve = wanted.preserve;
    deploy.kernelArguments = wanted.kernelArguments;
    deploy.hostName = wanted.hostName;
    deploy.sshKeys = wanted.sshKeys;
    deploy.configDriveBase64 = wanted.configDriveBase64;
    deploy.configDrive = wanted.configDrive;
    if (wanted.parts)
        deploy.parts = images::ConfigDrive{.metaDataJson = wanted.parts->metaDataJson,
                                           .userData = wanted.parts->userData,
                                           .networkDataJson = wanted.parts->networkDataJson,
                                           .vendorDataJson = wanted.parts->vendorDataJson};
    return deploy;
}

} // namespace bm::conductor::fleet
