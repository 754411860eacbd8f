#pragma once
#include "common/http/request.h"
#include "common/model/grant.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace bm::api {

/// The least role that is allowed; Nobody: none is.
enum class Needs : std::uint8_t { Reader, Member, Manager, Admin, Nobody };

/// The subject of a request. It determines how the policy applies to users of a project.
enum class Subject : std::uint8_t {
    Open,   ///< no login, as in Ironic
    System, ///< users of the system only
    Shared, ///< the same for every authenticated user
    List,   ///< the answer is restricted to the project's records
    Create, ///< the handler checks the owner of the new record
    Node,
    Port,
    PortGroup,
    VolumeConnector,
    VolumeTarget,
    Allocation,
    Runbook,
    Image, ///< the owner changes it; everybody who may use it counts as a lessee
};

/// The required role by scope: for users of the system, of the owner's project, of the lessee's project.
/// Shared, List and Create have no record yet; for them owner means any project.
struct Access {
    Needs system = Needs::Admin;
    Needs owner = Needs::Nobody;
    Needs lessee = Needs::Nobody;
};

struct PolicyRow {
    std::string_view route; ///< "GET /v1/nodes/{ident}" or "ANY ..."
    std::string_view rule;  ///< Ironic's name, part of the refusal; bm's own begin with "bm:"
    Subject subject;
    Access access;
};

/// All routes of the operators' API, after Ironic's default policy (ironic/common/policy.py, "secure RBAC").
const std::vector<PolicyRow>& policyRows();
/// The row of a route; nullptr without one: then only the system's administrators are allowed.
const PolicyRow* policyOf(http::Method method, std::string_view route);

/// The rule without a route: executing a runbook's steps.
const PolicyRow& runbookUseRow();

bool suffices(model::Role role, Needs needs) noexcept;

} // namespace bm::api
