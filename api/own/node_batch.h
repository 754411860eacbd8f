#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

#include <nlohmann/json_fwd.hpp>

namespace bm::api {

/// bm's own POST /v1/nodes/batch: enrols many nodes with their ports and portgroups in one request. Finds an
/// existing node by uuid, name or one of its MACs. Leaves equal values unchanged, so a repeated request
/// changes nothing. An error of one entry does not affect the others.
class NodeBatch {
public:
    explicit NodeBatch(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void enrol(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api
