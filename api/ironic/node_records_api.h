#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Records of a node beyond its own row: firmware settings and versions, history, children, VIFs, inventory.
class NodeRecordsApi {
public:
    explicit NodeRecordsApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void biosSettings(http::Request& request, http::Response& response) const;
    void biosSetting(http::Request& request, http::Response& response) const;
    void firmware(http::Request& request, http::Response& response) const;
    void history(http::Request& request, http::Response& response) const;
    void historyEntry(http::Request& request, http::Response& response) const;
    void children(http::Request& request, http::Response& response) const;
    void inventory(http::Request& request, http::Response& response) const;
    void vifs(http::Request& request, http::Response& response) const;
    void attachVif(http::Request& request, http::Response& response) const;
    void detachVif(http::Request& request, http::Response& response) const;
    model::Node nodeOf(const http::Request& request) const;
    std::vector<model::NodeEvent> failures(const model::NodeId& node, std::int64_t after,
                                           std::size_t limit) const;
    std::optional<model::NodeEvent> failure(const model::NodeId& node, std::string_view uuid) const;

    const ApiParts& parts_;
};

} // namespace bm::api
