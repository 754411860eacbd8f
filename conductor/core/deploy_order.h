#pragma once
#include "common/wire/provision_request.h"

namespace bm::conductor {

/// The request of a deployment; prepareDeploy() makes the operation's wire::DeployOrder of it.
using DeployRequest = wire::ProvisionRequest;
/// The arguments of a verb of PUT states/provision.
using VerbOrder = wire::VerbRequest;

} // namespace bm::conductor
