#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// bm's own /v1/image-tags: tags of images and their history.
class ImageTagApi {
public:
    explicit ImageTagApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    void list(http::Request& request, http::Response& response) const;
    void set(http::Request& request, http::Response& response) const;
    void history(http::Request& request, http::Response& response) const;
    void remove(http::Request& request, http::Response& response) const;

    const ApiParts& parts_;
};

} // namespace bm::api
