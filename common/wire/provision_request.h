#pragma once
#include "common/wire/resources/versions.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bm::wire {

/// The parts of a config drive as a client gives them; JSON members as text, "" when not given.
struct ConfigDriveParts {
    std::string metaDataJson;
    std::string userData; ///< given as text, or as an object (then its JSON)
    std::string networkDataJson;
    std::string vendorDataJson;
};

/// bm's own POST /v1/nodes/{ident}/provision.
struct ProvisionRequest {
    std::string image;                        ///< name or id; "": what instance_info/image_source says
    std::string rootDeviceJson;               ///< hints, an object; "": none given
    std::vector<std::string> moreDisksJson{}; ///< hints of further disks that get the same image
    bool growLastPartition = true;
    bool full = false;           ///< copy every block, whatever the disk holds
    std::optional<bool> kexec{}; ///< without a second start of the firmware; else the node's driver_info says
    std::string
        layoutJson; ///< of a tree: an object, or a name as a JSON text; "": the image's own, or "plain"
    std::optional<std::vector<std::string>>
        preserve{};                               ///< of a tree: mount points that stay; over the layout's
    std::optional<std::string> kernelArguments{}; ///< of a RAM disk, instead of the image's; %default%: these
    std::string hostName;
    std::vector<std::string> sshKeys{};
    std::optional<ConfigDriveParts> parts{};
    std::string configDriveBase64; ///< a whole drive; wins over parts
    bool configDrive = true;       ///< false: none
    std::string stepsJson{};       ///< Ironic's deploy_steps, canonical; they win over deploy templates
};
/// @throws Error InvalidInput naming the field
ProvisionRequest provisionFromBody(const nlohmann::json& body);

/// Ironic's PUT /v1/nodes/{ident}/states/provision.
struct VerbRequest {
    ProvisionRequest deploy{};    ///< of active and rebuild: config drive and steps
    std::string target{};         ///< as given; the conductor knows the verbs
    std::string stepsJson{};      ///< clean_steps or service_steps, canonical; "": none
    std::string runbook{};        ///< whose steps are taken instead: name or uuid
    bool disableRamdisk = false;  ///< of clean and service: no agent, the machine stays as it is
    std::string rescuePassword{}; ///< in plain
    std::string project{};        ///< of the caller, not of the body: its runbooks and public ones; "": all
};
/// @throws Error InvalidInput naming the field, NotAcceptable (a verb or member newer than @p version)
VerbRequest verbFromBody(const nlohmann::json& body, Version version);

/// Ironic's PUT /v1/nodes/{ident}/states/power.
struct PowerRequest {
    std::string target;
    std::optional<std::int64_t> timeoutSeconds{};
};
PowerRequest powerFromBody(const nlohmann::json& body, Version version);

} // namespace bm::wire
