#pragma once
#include "common/wire/resources/versions.h"
#include "common/wire/steps/deploy_options.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bm::wire {

/// The parts of a client's config drive; JSON members as text, "" where absent.
struct ConfigDriveParts {
    std::string metaDataJson;
    std::string userData; ///< any bytes, or the JSON of an object
    std::string networkDataJson;
    std::string vendorDataJson;
};

/// bm's own POST /v1/nodes/{ident}/provision.
struct ProvisionRequest {
    std::string image; ///< name or id; "": the one of instance_info/image_source
    DeployOptions options{};
    std::string hostName;
    std::vector<std::string> sshKeys{};
    std::optional<ConfigDriveParts> parts{};
    std::string configDriveBase64; ///< a whole drive; overrides the parts
    bool configDrive = true;       ///< false: none
    std::string stepsJson{};       ///< Ironic's deploy_steps, canonical; they override deploy templates
    std::string project{}; ///< the user's, not of the body: uses its images and public ones; "": the system
};
/// @throws Error InvalidInput naming the field
ProvisionRequest provisionFromBody(const nlohmann::json& body);

/// Ironic's PUT /v1/nodes/{ident}/states/provision.
struct VerbRequest {
    ProvisionRequest deploy{};    ///< of active and rebuild: config drive and steps
    std::string target{};         ///< the client's text; the conductor checks it
    std::string stepsJson{};      ///< clean_steps or service_steps, canonical; "": none
    std::string runbook{};        ///< name or uuid of the runbook with the steps
    bool disableRamdisk = false;  ///< of clean and service: no agent, no restart of the machine
    std::string rescuePassword{}; ///< in plain
    /// The user's, not of the body: uses its runbooks and images, and public ones; "": the system, which uses
    /// all
    std::string project{};
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
