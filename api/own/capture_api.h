#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "conductor/steps/captures.h"

namespace bm::api {

/// Captures of a node's disk: operators start them, the node's agent sends the blocks.
class CaptureApi {
public:
    explicit CaptureApi(const ApiParts& parts) : parts_(parts), captures_(parts.context) {}
    void mount(http::Router& router);
    void mountAgent(http::Router& router);

private:
    void begin(http::Request& request, http::Response& response);
    void open(http::Request& request, http::Response& response);
    void append(http::Request& request, http::Response& response);
    void finish(http::Request& request, http::Response& response);
    model::NodeId authorized(const http::Request& request) const;

    const ApiParts& parts_;
    conductor::Captures captures_;
};

} // namespace bm::api
