#pragma once
#include "images/store/image_store.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// What a deployment is asked to do; stored in the operation's request.
struct DeployRequest {
    std::string image; ///< name or id of the catalogue; empty: instance_info.image_source
    std::string
        rootDeviceJson; ///< hints; empty: instance_info, properties, class, remembered disk, in this order
    std::vector<std::string> moreDisksJson{}; ///< hints of further disks that get the same disk image
    bool growLastPartition = true;
    bool full = false;           ///< copy every block, whatever the disk holds
    std::optional<bool> kexec{}; ///< start the deployed kernel from the RAM disk; else driver_info/kexec says
    std::string
        layoutJson{}; ///< of a tree: an object, or a name as a JSON text; empty: the image's, or "plain"
    std::optional<std::vector<std::string>> preserve{}; ///< of a tree: over the layout's
    std::optional<std::string> kernelArguments{};       ///< of a RAM disk, instead of the image's
    std::string hostName;                               ///< empty: the node's name, else its uuid
    std::vector<std::string> sshKeys{};
    std::optional<images::ConfigDrive>
        parts{};                     ///< extra meta data and user data for a drive built by the server
    std::string configDriveBase64{}; ///< a whole one; wins over parts
    bool configDrive = true;         ///< false: none
    std::string stepsJson{};         ///< Ironic's deploy_steps, canonical; they win over deploy templates
};

/// What goes with a verb.
struct VerbOrder {
    DeployRequest deploy{};       ///< of active, rebuild
    std::string stepsJson{};      ///< of clean and service, canonical; empty: none
    std::string runbook{};        ///< whose steps they are instead: name or uuid
    bool disableRamdisk = false;  ///< of clean and service: no agent, the machine stays as it is
    std::string rescuePassword{}; ///< of rescue, in plain
    std::string project{};        ///< of who asks: its runbooks and public ones; "": all
};

} // namespace bm::conductor
