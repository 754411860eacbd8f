#pragma once
#include "common/wire/provision_request.h"
#include "conductor/core/deploy_order.h"

namespace bm::conductor::fleet {

/// What a client's provision body asks of a deployment.
DeployRequest deployRequestOf(const wire::ProvisionRequest& wanted);

} // namespace bm::conductor::fleet
