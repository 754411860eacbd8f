#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

#include <nlohmann/json_fwd.hpp>

namespace bm::api {

/// bm's own POST /v1/nodes/batch: enrols many nodes with their ports in one call. An entry is found again by
/// uuid, name or one of its MACs; what is as asked for stays unchanged, so the same call again changes
/// nothing. One entry's error does not touch the others.
class NodeBatch {
public:
    explicit NodeBatch(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void enrol(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api
