#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "common/wire/json/json_writer.h"

#include <string>

namespace bm::api {

/// /v1/conductors, /v1/shards and /v1/volume: resources of the whole fleet, in Ironic's form.
class ConductorApi {
public:
    explicit ConductorApi(const ApiParts& parts) : parts_(parts), startedAt_(parts.context.clock.now()) {}
    void mount(http::Router& router);

private:
    void list(const http::Request& request, http::Response& response) const;
    void show(const http::Request& request, http::Response& response) const;
    void shards(const http::Request& request, http::Response& response) const;
    void volume(const http::Request& request, http::Response& response) const;
    void volumeOfNode(const http::Request& request, http::Response& response) const;
    void requireKnown(const std::string& name) const; ///< @throws Error NotFound: another conductor
    void write(wire::JsonWriter& out, const http::Request& request, bool detail) const;

    const ApiParts& parts_;
    model::UtcTime startedAt_;
};

} // namespace bm::api
