#pragma once
#include "common/http/request.h"
#include "common/model/grant.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace bm::api {

/// The least role that may; Nobody: no role does.
enum class Needs : std::uint8_t { Reader, Member, Manager, Admin, Nobody };

/// What a request is about; it decides how the users of a project come to it.
enum class Subject : std::uint8_t {
    Open,   ///< no login, as in Ironic
    System, ///< of the system alone
    Shared, ///< the same for everybody who may log in
    List,   ///< narrowed to what the project may see (SQL)
    Create, ///< whose the new record is, is looked at by its handler
    Node,
    Port,
    PortGroup,
    VolumeConnector,
    VolumeTarget,
    Allocation,
    Runbook,
};

/// Who may, by scope: users of the system, of the project that owns the record, of the one that leases it.
/// For Shared, List and Create, which have no record yet: owner is any project.
struct Access {
    Needs system = Needs::Admin;
    Needs owner = Needs::Nobody;
    Needs lessee = Needs::Nobody;
};

struct PolicyRow {
    std::string_view route; ///< "GET /v1/nodes/{ident}" or "ANY ..."
    std::string_view rule;  ///< Ironic's name, told when it refuses; bm's own begin with "bm:"
    Subject subject;
    Access access;
};

/// Every route of the operators' API, after Ironic's default policy (ironic/common/policy.py, "secure RBAC").
const std::vector<PolicyRow>& policyRows();
/// The row of a route; nullptr: there is none, and nobody but the system's administrators may.
const PolicyRow* policyOf(http::Method method, std::string_view route);

/// Rules without a route of their own: who sees a volume target's properties, who has a runbook's steps done.
const PolicyRow& targetPropertiesRow();
const PolicyRow& runbookUseRow();

/// Who may change a node's field by PATCH; the longest path that @p path begins with counts.
struct NodePatchRow {
    std::string_view path; ///< "/driver_info"
    std::string_view rule;
    Access access;
};
/// nullptr: as the route's own row.
const NodePatchRow* nodePatchPolicyOf(std::string_view path);

bool suffices(model::Role role, Needs needs) noexcept;

} // namespace bm::api
