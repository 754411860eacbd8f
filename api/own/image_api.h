#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// bm's own /v1/images: the catalogue and uploads; for agents the manifest and the blocks.
class ImageApi {
public:
    explicit ImageApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);
    void mountBlocks(http::Router& router);

private:
    void add(http::Request& request, http::Response& response) const;
    void upload(http::Request& request, http::Response& response) const;
    void fetch(http::Request& request, http::Response& response) const;
    void list(http::Request& request, http::Response& response) const;
    void show(http::Request& request, http::Response& response) const;
    void change(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;
    void verify(http::Request& request, http::Response& response) const;
    void prune(http::Request& request, http::Response& response) const;
    void sendStored(const http::Request& request, http::Response& response, bool manifest) const;
    void sendObject(const http::Request& request, http::Response& response, bool manifest) const;

    const ApiParts& parts_;
};

} // namespace bm::api
